import re

import pytest

from videoai.cli.config import complete
from videoai.run.limits import LIMITS, NULLABLE, POSITIVE, refuse_nonsense


def test_the_defaults_make_sense():
    for data in ("motion16", "folder", "csv"):
        refuse_nonsense(complete({"data": data})[0])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trainer.batch_size", 0),
        ("trainer.batch_size", 2.5),
        ("trainer.batch_size", "many"),
        ("trainer.batch_size", True),
        ("trainer.max_steps", 0),
        ("trainer.log_every", 0),
        ("trainer.eval_every", -1),
        ("trainer.patience", 0),
        ("trainer.max_grad_norm", -1),
        ("trainer.max_grad_norm", 0),
        ("trainer.ema_decay", 2),
        ("trainer.label_smoothing", 1.5),
        ("trainer.l1", -0.1),
        ("optim.lr", 0),
        ("optim.lr", float("nan")),
        ("data.flip", 2),
        ("data.max_bad_fraction", -1),
        ("augment.mixup", -1),
        ("augment.num_ops", 0),
        ("augment.magnitude", 31),
        ("augment.magnitude", 4.5),
        ("augment.erase", 1.5),
        ("augment.speed", 0.5),
        ("augment.time_jitter", 2),
        ("augment.frame_drop", 1.0),
        ("augment.repeats", 0),
        ("data.reverse", -0.1),
        ("imbalance.effective_number", 1),
        ("imbalance.focal", -1),
        ("clip.fps", 0),
        ("clip.stride", 0),
        ("clip.num_frames", 0),
        ("clip.size", 0),
        ("trainer.accumulate", 0),
        ("trainer.save_every", 0),
        ("trainer.max_epochs", 0),
        ("trainer.ema_decay", -0.1),
        ("optim.weight_decay", -0.1),
        ("augment.shift", 1.1),
        ("augment.color_jitter", 1.1),
        ("augment.cutmix", -1),
        ("seed", -1),
    ],
)
def test_nonsense_is_refused_by_name(key, value):
    with pytest.raises(ValueError, match=f"{key}={value}: give a"):
        refuse_nonsense(complete({key: value})[0])


def test_null_is_allowed_where_it_means_something():
    refuse_nonsense(complete({"trainer.max_grad_norm": None, "trainer.max_epochs": None})[0])
    with pytest.raises(ValueError, match="trainer.batch_size=None: give a whole number from 1 up"):
        refuse_nonsense(complete({"trainer.batch_size": None})[0])


def test_every_name_in_the_lists_is_a_limited_setting():
    names = {key.rpartition(".")[2] for key in LIMITS}
    assert set(NULLABLE) <= names
    assert set(POSITIVE) <= names


@pytest.mark.parametrize("value", ["no", "off", 1, "maybe"])
def test_only_true_and_false_are_true_and_false(value):
    with pytest.raises(ValueError, match=f"finetune.freeze={value}: give true or false"):
        refuse_nonsense({"finetune": {"freeze": value}})
    with pytest.raises(ValueError, match="give true or false. Published weights by id: weights=ID"):
        refuse_nonsense({"model": {"pretrained": "torchvision/r3d_18"}})
    refuse_nonsense({"finetune": {"freeze": True}, "model": {"pretrained": False}, "annotate": True})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("augment.policy", "randaug", "Did you mean 'randaugment'? Choose from null, randaugment, trivial"),
        ("imbalance.sampler", "even", "Choose from uniform, sqrt, balanced"),
        ("imbalance.sampler", None, "Choose from uniform, sqrt, balanced"),
        ("trainer.metric", "macro_f2", "Did you mean 'macro_f1'?"),
    ],
)
def test_a_name_that_is_no_choice_is_refused(key, value, message):
    with pytest.raises(ValueError, match=f"{key}={value}:.*{re.escape(message)}"):
        refuse_nonsense(complete({key: value})[0])


def test_repeats_must_fit_the_batch():
    with pytest.raises(ValueError, match="augment.repeats=3: .* so trainer.batch_size=16 must be a multiple"):
        refuse_nonsense(complete({"augment.repeats": 3})[0])
    refuse_nonsense(complete({"augment.repeats": 4})[0])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("augment.scale", [0.0, 1.0]),
        ("augment.scale", [0.9, 0.5]),
        ("augment.scale", [0.5, 1.5]),
        ("augment.scale", 0.5),
        ("augment.ratio", [-1.0, 2.0]),
        ("augment.ratio", ["a", "b"]),
        ("augment.ratio", [1.0]),
    ],
)
def test_a_range_that_is_none_is_refused(key, value):
    with pytest.raises(ValueError, match=re.escape(f"{key}={value}: give [low, high], two numbers above 0")):
        refuse_nonsense({"augment": {key.partition(".")[2]: value}})


@pytest.mark.parametrize("value", ["color", ["color", "flip"]])
def test_a_list_holds_only_what_there_is(value):
    with pytest.raises(ValueError, match="augment.diff_augment=.*: give a list of some of color, translation, cutout"):
        refuse_nonsense(complete({"augment.diff_augment": value})[0])
