"""Several heads on one body: blocks of outputs, masks, and what is refused."""

import math

import pytest
import torch
from torch.nn import functional as F

from videoai.compose.settings import from_keywords
from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import TargetColumn
from videoai.settings.training import TrainSettings
from videoai.tasks.head_blocks import HeadsLoss
from videoai.tasks.multi_head import MultiHead

NAN = math.nan
KINDS = {"verb": "class", "pain": "value", "noun": "class"}
COLUMNS = (
    *(TargetColumn("verb", "class", ("close", "open")), TargetColumn("pain", "value")),
    TargetColumn("noun", "class", ("cup", "door", "tap")),
)
CLIPS = [(0.0, 1.0, 2.0), (1.0, None, 0.0), (None, 3.0, 1.0)]


def data(rows=CLIPS, columns=COLUMNS) -> Manifest:
    items = [VideoItem(f"{at}.mp4", 0, values=row) for at, row in enumerate(rows)]
    return Manifest(("clip",), {"train": items, "val": items, "test": []}, "clips.csv", columns=columns)


def settings(**changes: object) -> TrainSettings:
    return from_keywords(TrainSettings, {"task": {"name": "multi_head", "heads": KINDS}, **changes}).settings()


def measured(**options) -> MultiHead:
    return MultiHead(heads=KINDS, **options, **MultiHead(heads=KINDS).decided(data()))


def test_outputs_are_named_by_head_and_class_and_sizes_are_kept():
    assert MultiHead(heads=KINDS).decided(data()) == {
        "sizes": [2, 1, 3],
        "mean": [0.0, 2.0, 0.0],
        "std": [1.0, 1.0, 1.0],
    }
    assert measured().outputs(data()) == [
        *("verb: close", "verb: open", "pain", "noun: cup", "noun: door", "noun: tap"),
    ]


def test_targets_are_blocks_and_a_missing_one_is_no_number():
    task = measured()
    target = task.target(data(), task.outputs(data()), "here")
    assert target(VideoItem("x.mp4", 0, values=(1.0, None, 2.0)), ()).nan_to_num(-1).tolist() == [0, 1, -1, 0, 0, 1]


def test_classes_are_matched_by_name():
    task = measured()
    outputs, fewer = (
        task.outputs(data()),
        data([(0.0, 1.0, 0.0)], (*COLUMNS[:2], TargetColumn("noun", "class", ("tap",)))),
    )
    assert task.target(fewer, outputs, "best.pt")(fewer.splits["train"][0], ()).tolist() == [1, 0, 1, 0, 0, 1]
    other = data([(0.0, 1.0, 0.0)], (*COLUMNS[:2], TargetColumn("noun", "class", ("fork",))))
    with pytest.raises(ValueError, match=r'class mismatch: best.pt was trained on \["cup", .* in noun, .*\["fork"\]'):
        task.target(other, outputs, "best.pt")


def test_the_loss_is_the_weighted_mean_of_heads_each_over_its_known_targets():
    task = measured(weights={"verb": 3.0})
    outputs = torch.randn(2, 6, generator=torch.Generator().manual_seed(0), requires_grad=True)
    targets = torch.tensor([[1.0, 0, NAN, 0, 0, 1], [NAN, NAN, 3.0, 1, 0, 0]])
    loss = HeadsLoss(task.heads, task.weights)(outputs, targets)
    verb = F.cross_entropy(outputs[:1, :2], torch.tensor([0]))
    pain = (outputs[1, 2] - 1).square()
    noun = F.cross_entropy(outputs[:, 3:], torch.tensor([2, 0]))
    assert loss.item() == pytest.approx(((3 * verb + pain + noun) / 5).item(), abs=1e-6)
    loss.backward()
    assert outputs.grad is not None
    assert outputs.grad.isfinite().all()
    assert outputs.grad[1, :2].abs().sum() == 0
    assert outputs.grad[0, 2] == 0


def test_each_head_may_choose_the_best_checkpoint():
    task = measured()
    assert {*task.metrics} == {"mean", "joint_top1", "verb_top1", "verb_uar", "pain_ccc", "noun_top1", "noun_uar"}
    assert task.resolve_metric("noun_top1", "here") == "noun_top1"
    with pytest.raises(ValueError, match="trainer.metric=verb_ccc: choose from mean, joint_top1, verb_top1"):
        task.resolve_metric("verb_ccc", "here")
    scores = torch.tensor([[0.9, 0.1, 1.0, 0.1, 0.2, 0.7], [NAN] * 6]).double()
    targets = torch.tensor([[1.0, 0, 1.0, 0, 0, 1], [0, 1.0, 3.0, 1, 0, 0]])
    found = task.measure(scores, targets)
    assert (found["verb_top1"], found["joint_top1"]) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": {}}, "task.heads={}: name the columns and their kinds"),
        ({"heads": {"a: b": "class"}}, "the name 'a: b' holds ': '"),
        ({"heads": {"a": "votes"}}, "task.heads={a: votes}: a head is of kind class or value"),
        ({"heads": {"verb": "class"}, "weights": {"verbs": 1.0}}, "task.weights names verbs, .*Did you mean verb"),
        ({"heads": {"verb": "class"}, "weights": {"verb": 0.0}}, "task.weights are 0 for every head"),
        ({"heads": {"verb": "class"}, "sizes": [1, 2]}, "task.sizes: give a number for each of verb"),
    ],
)
def test_heads_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MultiHead(**options)


def test_what_cannot_be_learned_is_refused():
    MultiHead(heads=KINDS).validate(data(), settings())
    with pytest.raises(ValueError, match="imbalance.sampler=sqrt"):
        MultiHead(heads=KINDS).validate(data(), settings(imbalance={"sampler": "sqrt"}))
    with pytest.raises(ValueError, match="augment.cutmix"):
        MultiHead(heads=KINDS).validate(data(), settings(augment={"cutmix": 1.0}))
    alone = (TargetColumn("verb", "class", ("open",)), *COLUMNS[1:])
    with pytest.raises(ValueError, match=r'the column verb has \["open"\], and a head of kind class needs two'):
        MultiHead(heads=KINDS).validate(data([(0.0, *row[1:]) for row in CLIPS], alone), settings())
