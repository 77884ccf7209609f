"""Values, keys and defaults of settings, checked against one description."""

import re
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videoai.settings import benchmarks, datasets, gan, study, training, verbs
from videoai.settings.data import DataSettings
from videoai.settings.describe import DescribeSettings
from videoai.settings.layouts import LAYOUTS
from videoai.settings.model import OPTIMIZERS, SCHEDULES
from videoai.settings.parse import complete, describe, flatten, parse, to_dict, type_hints, unused
from videoai.settings.setting import checked, default_of, setting_of
from videoai.settings.tasks import MultiHead
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings

GIVEN = {
    "data": {"name": "motion16"},
    "clip": {"num_frames": 8, "size": 32},
    "model": {"name": "tiny_r3d"},
    "schedule": {"name": "cosine"},
}
JOBS = [
    training.TrainSettings,
    gan.TrainGanSettings,
    gan.EvaluateGanSettings,
    gan.GenerateSettings,
    verbs.EvaluateSettings,
    verbs.PredictSettings,
    DescribeSettings,
    verbs.PushSettings,
    datasets.InspectSettings,
    datasets.CheckSettings,
    datasets.PrepareSettings,
    benchmarks.DecodeSettings,
    benchmarks.LoaderSettings,
    study.FeatureStudySettings,
    study.GanStudySettings,
    study.MoreDataSettings,
    study.LabelNoiseSettings,
    study.ArchitecturesStudySettings,
]


def with_value(key: str, value: Any) -> dict[str, Any]:
    group, _, name = key.rpartition(".")
    if not group:
        return {**GIVEN, name: value}
    return {**GIVEN, group: {**GIVEN.get(group, {}), name: value}}


def groups(cls: type) -> list[type]:
    """A dataclass and all below it."""
    hints = type_hints(cls)
    below = [group for f in fields(cls) if is_dataclass(hints[f.name]) for group in groups(hints[f.name])]
    variants = [v for f in fields(cls) for v in (setting_of(f).variants or {}).values()]
    return [cls, *below, *variants]


ALL = list(dict.fromkeys(group for job in JOBS for group in groups(job)))


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_setting_is_explained_and_its_default_is_allowed(cls):
    assert cls.__doc__
    for f in fields(cls):
        if is_dataclass(type_hints(cls)[f.name]):
            continue
        about, default = setting_of(f), default_of(f)
        assert about.help, f"{cls.__name__}.{f.name} has no help"
        assert "\n" not in about.help
        if default is not MISSING and about.variants is None:
            checked(f.name, to_dict(default), type_hints(cls)[f.name], about)


LIMITED = [
    (cls, f.name, limit, sign)
    for cls in ALL
    for f in fields(cls)
    for mark, sign in (("min", -1), ("above", 0), ("max", 1), ("below", 0))
    if (limit := getattr(setting_of(f), mark)) is not None
]


@pytest.mark.parametrize(("cls", "name", "limit", "sign"), LIMITED, ids=lambda v: getattr(v, "__name__", str(v)))
def test_a_value_beyond_each_limit_is_refused(cls, name, limit, sign):
    (f,) = (f for f in fields(cls) if f.name == name)
    about, kind = setting_of(f), type_hints(cls)[name]
    beyond: Any = limit + sign * max(1, abs(limit)) * (1 if isinstance(limit, int) else 0.5)
    if "tuple" in str(kind):
        beyond = [beyond] * (about.length or 1)
    with pytest.raises(ValueError, match=f"{name}=.*give"):
        checked(name, beyond, kind, about)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("trainer.batch_size", 2.5, "give a whole number from 1 up"),
        ("trainer.batch_size", "many", "give a whole number from 1 up"),
        ("trainer.batch_size", True, "give a whole number from 1 up"),
        ("trainer.batch_size", None, "give a whole number from 1 up"),
        ("optim.lr", float("nan"), "give a number above 0"),
        ("trainer.num_threads", "all", "give a whole number from 1 to 1024, or auto"),
        ("finetune.freeze", "no", "give true or false"),
        ("finetune.freeze", 1, "give true or false"),
        ("augment.policy", "randaug", "Did you mean randaugment? Choose from randaugment, trivial, autoaugment, null"),
        ("imbalance.sampler", None, "Choose from uniform, sqrt, balanced"),
        ("augment.scale", [0.9, 0.5], "give [low, high], two numbers above 0 to 1, the lower one first"),
        ("augment.scale", 0.5, "give [low, high], two numbers above 0 to 1, the lower one first"),
        ("augment.ratio", ["a", "b"], "give [low, high], two numbers above 0, the lower one first"),
        ("augment.ratio", [1.0], "give [low, high], two numbers above 0, the lower one first"),
        (
            "augment.diff_augment",
            ["color", "flip"],
            "give a list of some of color, translation, cutout, such as [color]",
        ),
        ("clip.mean", [0.5, 0.5], "give a list of 3 numbers from 0 to 1, or null"),
        ("data.name", "motion61", "Did you mean motion16? Choose from: activitynet, "),
        ("optim.name", "sdg", "Did you mean sgd? Choose from: adamw, sgd"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_name(key, value, message):
    given = with_value(key, value)
    given.setdefault("optim", {}).setdefault("name", "adamw")
    with pytest.raises(ValueError, match=f"{re.escape(key)}=.*{re.escape(message)}"):
        parse(TrainSettings, given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"trainer": {"batch_sise": 3}}, "unknown setting 'trainer.batch_sise'. Did you mean trainer.batch_size"),
        ({"data": {"name": "folder", "rot": "x"}}, "unknown setting 'data.rot'. Did you mean data.root"),
        ({"data": {"name": "ucf101", "root": "x", "test_fraction": 0.1}}, "unknown setting 'data.test_fraction'"),
        ({"schedule": {"name": "cosine", "gamma": 0.1}}, "unknown setting 'schedule.gamma'"),
        ({"lr": 0.1}, "unknown setting 'lr'. Did you mean optim.lr"),
        ({"epochs": 3}, "unknown setting 'epochs'. Did you mean trainer.max_epochs"),
        ({"batch_size": 3}, "Did you mean trainer.batch_size"),
        ({"workers": 3}, "Did you mean loading.num_workers"),
        ({"sweep": {"trials": 3}}, "videoai train -m sweep.trials=30"),
        ({"gpus": 2}, "several: torchrun --nproc-per-node N -m videoai train"),
        ({"trainer": 3}, "trainer=3: a group of settings, such as trainer.batch_size=..."),
        ({"optim": "fast"}, "optim=fast: give {name: ...,"),
        ({"data": {"name": "folder"}}, "data.root is not set. Add data.root=..."),
    ],
)
def test_a_key_that_there_is_not_is_named_with_the_nearest(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(TrainSettings, {**GIVEN, **given})


def test_a_class_of_ones_own_takes_any_keys():
    settings = parse(TrainSettings, {**GIVEN, "optim": {"_target_": "torch.optim.Adam", "lr": 1e-3, "eps": 1e-6}})
    assert settings.optim == {"_target_": "torch.optim.Adam", "lr": 1e-3, "eps": 1e-6}
    data = parse(DataSettings, {"_target_": "mine.clips", "where": "x", "flip": 0.0})
    assert (data.source, data.flip, data.name) == ({"_target_": "mine.clips", "where": "x"}, 0.0, None)


def test_settings_become_plain_data_and_settings_again():
    settings = parse(TrainSettings, {**GIVEN, "augment": {"scale": [0.5, 1]}, "data": {"name": "csv", "path": "a.csv"}})
    plain = to_dict(settings)
    assert (plain["data"]["path"], plain["data"]["flip"], plain["augment"]["scale"]) == ("a.csv", "auto", [0.5, 1])
    assert parse(TrainSettings, plain) == settings


def test_a_single_name_stands_for_a_list_and_a_number_for_text():
    settings = parse(TrainSettings, {**GIVEN, "data": {"name": "motion16", "only": "left"}, "name": 7})
    assert (settings.data.only, settings.name) == (("left",), "7")


def test_repeats_must_fit_the_batch():
    with pytest.raises(ValueError, match="augment.repeats=3: .* so trainer.batch_size=16 must be a multiple"):
        parse(TrainSettings, with_value("augment.repeats", 3))
    parse(TrainSettings, with_value("augment.repeats", 4))


def test_repeats_must_fit_the_batch_of_a_gan():
    networks = {"generator": {"name": "conv3d"}, "discriminator": {"name": "dual"}}
    given = {"data": GIVEN["data"], "clip": GIVEN["clip"], "schedule": GIVEN["schedule"], "gan": networks}
    with pytest.raises(ValueError, match="augment.repeats=3: .* so trainer.batch_size=16 must be a multiple"):
        parse(gan.TrainGanSettings, {**given, "augment": {"repeats": 3}, "trainer": {"batch_size": 16}})
    parse(gan.TrainGanSettings, {**given, "augment": {"repeats": 4}, "trainer": {"batch_size": 16}})


def test_repeats_in_steps_fit_any_batch_but_not_generated_clips():
    spread = {**GIVEN, "augment": {**GIVEN.get("augment", {}), "repeats": 3, "repeats_in": "steps"}}
    parse(TrainSettings, spread)
    with pytest.raises(ValueError, match="augment.repeats_in=steps: not beside synthetic.source=bank"):
        parse(TrainSettings, {**spread, "synthetic": {"source": "bank"}})


def test_help_describes_every_setting_of_the_whole():
    whole = complete(TrainSettings, GIVEN)
    described = {one.key: one for one in describe(TrainSettings, whole)}
    leaves = {key for key in flatten(whole) if not isinstance(flatten(whole)[key], dict)}
    assert leaves - {"model.name", "task.name"} <= set(described) | {"data.name"}
    assert described["trainer.ema_decay"].allowed == "give a number from 0 up, below 1, or auto, or null"


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"augment.num_ops": 3}, ["augment.num_ops=3 has no effect: augment.policy=null; set augment.policy=rand"]),
        ({"augment.num_ops": 3, "augment.policy": "trivial"}, ["augment.num_ops=3 has no effect"]),
        ({"augment.num_ops": 3, "augment.policy": "randaugment"}, []),
        ({"finetune.unfreeze_epoch": 2.0}, ["finetune.unfreeze_epoch=2.0 has no effect: finetune.freeze=false"]),
        ({"finetune.unfreeze_epoch": 2.0, "finetune.freeze": True}, []),
        ({"augment.repeats_in": "steps"}, ["augment.repeats_in=steps has no effect: augment.repeats=1; set augment.r"]),
        ({"augment.repeats_in": "steps", "augment.repeats": 2}, []),
        ({"clip.fps": 5.0, "clip.sampling": "uniform"}, ["clip.fps=5.0 has no effect: clip.sampling=uniform"]),
    ],
)
def test_a_setting_that_needs_another_one_says_when_it_has_no_effect(changes, sentences):
    given = {key: dict(value) if isinstance(value, dict) else value for key, value in GIVEN.items()}
    for key, value in changes.items():
        group, name = key.split(".")
        given.setdefault(group, {})[name] = value
    said = list(unused(TrainSettings, complete(TrainSettings, given)))
    assert len(said) == len(sentences)
    assert all(one.startswith(sentence) for one, sentence in zip(said, sentences, strict=True))


def test_what_a_setting_needs_is_a_setting():
    known = {one.key for one in describe(TrainSettings, complete(TrainSettings, GIVEN))}
    known |= {
        "gan.ada_target",
        "gan.r1",
        "gan.generator.motion_code",
        "optim.momentum",
        "to",
        "faces",
        "hub",
        "events",
        "task.head",
        "shots",
    }
    needed = {re.split("[=>]", setting_of(f).needs)[0] for cls in ALL for f in fields(cls)}
    assert needed - {""} <= known


@pytest.mark.parametrize("table", [LAYOUTS, OPTIMIZERS, SCHEDULES], ids=["data", "optim", "schedule"])
def test_a_variant_is_called_by_its_own_name(table):
    for name, cls in table.items():
        (named,) = (f for f in fields(cls) if f.name == "name")
        assert default_of(named) == name


def test_paths_and_numbers_of_numpy_are_taken_as_text_and_numbers():
    given = {"checkpoint": Path("runs") / "best.pt", "batch_size": np.int64(3)}
    settings = parse(EvaluateSettings, given)
    assert (settings.checkpoint, settings.batch_size) == (str(Path("runs/best.pt")), 3)
    assert type(settings.batch_size) is int


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"step_timeout": 0}, "trainer.step_timeout=0: give a number above 0 to 1000000, or null."),
        ({"batch_size": "Auto"}, "trainer.batch_size=Auto: Did you mean auto? Give a whole number from 1 up, or auto."),
        ({"batch_size": -1}, "trainer.batch_size=-1: give a whole number from 1 up, or auto."),
        ({"compile": "on"}, "trainer.compile=on: Choose from auto, off, blocks, model."),
    ],
)
def test_limits_are_written_as_they_are_typed(given, message):
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}"):
        complete(TrainSettings, {**GIVEN, "trainer": given})


@pytest.mark.parametrize("kind", ["klass", "Value", 3])
def test_a_dictionary_of_choices_names_them_when_one_is_wrong(kind):
    annotation, about = setting_in_heads()
    with pytest.raises(ValueError, match=re.escape(f"task.heads={{verb: {kind}}}") + ".* of class or value"):
        checked("task.heads", {"verb": kind}, annotation, about)


def setting_in_heads() -> tuple[Any, Any]:
    heads = next(field for field in fields(MultiHead) if field.name == "heads")
    return type_hints(MultiHead)["heads"], setting_of(heads)
