import math
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

from videoai.core.types import Clips, ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.score import view_outputs
from videoai.report.metrics import top_k_accuracy
from videoai.tasks.classify import Classify
from videoai.tasks.multi_label import MultiLabel

OPTIONS = {
    "num_videos": 3,
    "num_views": 2,
    "to_input": ToModelInput(ClipSpec(num_frames=2, size=4)),
    "precision": Precision("fp32", device=torch.device("cpu")),
}


class Brightness(torch.nn.Module):
    def forward(self, video: torch.Tensor) -> torch.Tensor:
        mean = video.mean((1, 2, 3, 4))
        return torch.stack([-mean, mean], 1)


def clips(values: list[int], labels: list[int], index: list[int], view: list[int], errors: list[str]) -> Clips:
    video = torch.tensor(values, dtype=torch.uint8).view(-1, 1, 1, 1, 1).expand(-1, 2, 3, 4, 4)
    return Clips(video, torch.tensor(labels), torch.tensor(index), torch.tensor(view), errors)


def score(*batches: Clips, task=Classify(), **changes):  # noqa: B008 (without state)
    """The views, as the task reads them."""
    views = view_outputs(Brightness().eval(), batches, **{**OPTIONS, **changes})
    top1 = top_k_accuracy(views.outputs, views.targets) if views.targets.ndim == 1 else math.nan
    loss = float(task.view_loss(views.outputs, views.targets))
    return SimpleNamespace(scores=task.scores(views), errors=views.errors, clip_top1=top1, loss=loss)


GOOD = clips([90, 250, 10, 130], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1], [""] * 4)  # the views disagree
BAD = clips([0], [0], [2], [0], ["c.mp4: corrupt"])


def logits_of(given: Clips) -> torch.Tensor:
    return Brightness()(ToModelInput(ClipSpec(num_frames=2, size=4))(given).video)


def test_probabilities_are_averaged_over_views_and_an_unreadable_video_has_none():
    scored = score(GOOD, BAD)
    expected = logits_of(GOOD).double().softmax(1).view(2, 2, 2).mean(1)
    torch.testing.assert_close(scored.scores[:2], expected)
    assert scored.scores[2].isnan().all()
    assert scored.errors == ["", "", "c.mp4: corrupt"]
    assert scored.clip_top1 == pytest.approx(0.5)  # two of the four readable clips: one view of each video is wrong
    assert scored.loss == pytest.approx(torch.nn.functional.cross_entropy(logits_of(GOOD), GOOD.label).item())


def test_clips_in_another_order_keep_their_labels_and_scores():
    rows = [2, 0, 3, 1]
    shuffled = [Clips(*(part[row : row + 1] for part in GOOD[:5])) for row in rows]
    one, other = score(GOOD, BAD), score(BAD, *shuffled)
    assert torch.equal(one.scores[:2], other.scores[:2])
    assert (one.clip_top1, one.errors) == (other.clip_top1, other.errors)
    assert one.loss == pytest.approx(other.loss)


def test_progress_counts_videos_and_not_their_views(monkeypatch):
    done = []
    monkeypatch.setattr("videoai.inference.score.counting", lambda what, total: nullcontext(done.append))
    score(GOOD, BAD)
    assert done == [2, 1]


def test_the_size_of_a_forward_pass_does_not_change_the_scores():
    one, other = score(GOOD, BAD), score(GOOD, BAD, max_views=1)
    assert torch.equal(one.scores[:2], other.scores[:2])
    assert (one.loss, one.clip_top1) == (other.loss, other.clip_top1)


def test_a_forward_pass_that_memory_does_not_suffice_for_is_halved_until_it_does(caplog):
    sizes = []

    class Small(Brightness):
        def forward(self, video: torch.Tensor) -> torch.Tensor:
            sizes.append(len(video))
            if len(video) > room:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().forward(video)

    room = 1
    views = view_outputs(Small().eval(), [GOOD, BAD, GOOD], **OPTIONS)
    assert sizes == [4, 2, 1, 1, 1, 1, 1, 1, 1, 1]  # what was learned from the first batch holds for the others
    assert torch.equal(views.outputs.sort(0).values, torch.cat([logits_of(GOOD)] * 2).sort(0).values)
    assert [message.partition(": ")[2] for message in caplog.messages] == ["2 from here on", "1 from here on"]
    room = 0
    with pytest.raises(torch.OutOfMemoryError):
        view_outputs(Small().eval(), [GOOD], **OPTIONS)


def test_outputs_of_many_batches_stay_in_order():
    views = view_outputs(Brightness().eval(), [GOOD] * 40, **OPTIONS)
    assert views.index.tolist() == [0] * 80 + [1] * 80
    assert torch.equal(views.outputs, torch.cat([logits_of(GOOD)[rows].repeat(40, 1) for rows in ([0, 1], [2, 3])]))


def test_nothing_readable_is_an_error_that_names_the_first():
    with pytest.raises(ValueError, match="none of the 3 videos could be read; the first: c.mp4: corrupt"):
        score(BAD)


def test_videos_with_several_labels_are_scored_by_their_best_view():
    several = GOOD._replace(label=torch.tensor([[1.0, 1.0]] * 2 + [[1.0, 0.0]] * 2))
    unread = BAD._replace(label=torch.tensor([[0.0, 1.0]]))
    scored = score(several, unread, task=MultiLabel())
    logits = logits_of(several)
    expected = logits.double().sigmoid().view(2, 2, 2).amax(1)
    torch.testing.assert_close(scored.scores[:2], expected)
    assert scored.scores[2].isnan().all()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, several.label)
    assert scored.loss == pytest.approx(loss.item())
