"""Every YAML composes; every model builds from its YAML and maps its own clip to logits."""

import re
from dataclasses import replace
from typing import Any

import pytest
import torch

from videoai.compose.files import CONFIGS
from videoai.compose.settings import Composed, from_arguments
from videoai.core.types import ClipSpec
from videoai.engine.optim import build_optimizer
from videoai.engine.schedule import Schedule
from videoai.inference.initial_weights import resolve_weights
from videoai.inference.load import build_model
from videoai.models import MODELS
from videoai.models.published import find
from videoai.models.sizes import sizes
from videoai.settings.gan import TrainGanSettings
from videoai.settings.parse import unused
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import PredictSettings

GROUPS = sorted(path for path in CONFIGS.iterdir() if path.is_dir())
EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))


def compose(*words: str, cls: type = TrainSettings) -> Composed:
    return from_arguments(cls, words)


MODEL_FILES = sorted(path.stem for path in (CONFIGS / "model").glob("*.yaml"))


def rows_of_choices(*left_out: str) -> list[dict[str, str]]:
    """As many rows as the largest group has files, each with a file of every group, so that every file is in one."""
    files = {group.name: sorted(file.stem for file in group.glob("*.yaml")) for group in GROUPS}
    files = {group: names for group, names in files.items() if group not in left_out and names}
    longest = max(map(len, files.values()))
    return [{group: names[row % len(names)] for group, names in files.items()} for row in range(longest)]


@pytest.mark.parametrize("row", rows_of_choices("model", "experiment", "gan"), ids=lambda row: f"clip={row['clip']}")
def test_every_choice_composes(row: dict[str, str]):
    """Models and experiments compose in the tests that build them, GANs below."""
    composed = compose(*(f"{group}={name}" for group, name in row.items()))
    assert row.items() <= composed.choices.items()
    assert list(unused(TrainSettings, composed.whole)) == []
    if row.get("clip") != "auto":  # whose numbers come from the data
        ClipSpec(**composed.whole["clip"])


@pytest.mark.parametrize("name", sorted(file.stem for file in (CONFIGS / "gan").glob("*.yaml")))
def test_every_gan_composes(name: str):
    composed = compose(f"gan={name}", cls=TrainGanSettings)
    assert composed.choices["gan"] == name
    assert list(unused(TrainGanSettings, composed.whole)) == []


def test_every_model_has_a_yaml_and_the_other_way_round():
    assert set(MODEL_FILES) == {*MODELS, "auto"}


LARGE = 5_000_000  # parameters: their networks have more blocks of the same kind


def by_size(names: dict[str, str]) -> list[Any]:
    """Slow: names whose model is large."""
    return [
        pytest.param(name, marks=[pytest.mark.slow] if sizes()[model].parameters > LARGE else [])
        for name, model in names.items()
        if name != "auto"  # which has no network of its own
    ]


@pytest.mark.parametrize("name", by_size({name: name for name in MODEL_FILES}))
def test_every_model_builds_from_its_yaml_and_maps_its_clip_to_logits(name):
    config = compose(f"model={name}").whole
    clip = ClipSpec(**config["clip"])
    with torch.device("meta"):  # shapes without memory or arithmetic
        model = build_model(config["model"], num_classes=7).eval()
        logits = model(torch.empty(2, 3, clip.num_frames, clip.size, clip.size))
    assert logits.shape == (2, 7)


def model_of(experiment: str) -> str:
    text = (CONFIGS / "experiment" / f"{experiment}.yaml").read_text()
    return re.findall(r"override /model: (\w+)", text)[0]


@pytest.mark.parametrize("name", by_size({name: model_of(name) for name in EXPERIMENTS}))
def test_every_experiment_is_ready_to_train_but_for_its_data(name):
    """Its weights are of its model and clip, its model takes the clip, and its optimizer tells the layers apart."""
    place = "root" if "data.root=" in (CONFIGS / "experiment" / f"{name}.yaml").read_text() else "path"
    written = compose(f"experiment={name}", f"data.{place}=clips")
    assert list(unused(TrainSettings, written.whole)) == []
    composed = written.settings()
    assert composed.name == name
    settings = resolve_weights(composed)
    without_network = {"inflate": None} if settings.model.get("inflate") else {}
    with torch.device("meta"):
        model = build_model({**settings.model, **without_network}, num_classes=7)
    for key in ("num_frames", "size"):
        assert settings.model.get(key) in (None, getattr(settings.clip, key))
    optim = {**settings.optim, "lr": 0.1} if settings.optim["lr"] == "auto" else settings.optim
    assert build_optimizer(optim, model, layer_decay=settings.finetune.layer_decay).param_groups
    Schedule(total_steps=1000, **settings.schedule)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_says_where_it_comes_from_and_how_to_run_it(name):
    text = (CONFIGS / "experiment" / f"{name}.yaml").read_text()
    assert re.search(r"arXiv:\d{4}\.\d{4,5}|nvGesture", text)
    command = re.search(r"#   videoai train experiment=(\S+) data\.(?:path|root)=\S+(?: weights=(\S+))?", text)
    assert command and command[1] == name
    if command[2]:
        assert f"override /model: {find(command[2]).model}\n" in text


def test_a_model_brings_its_clip_and_a_data_set_its_augmentation_unless_told_otherwise():
    composed = compose("model=r3d_18", "data=folder", "data.root=x")
    assert (composed.choices["clip"], composed.choices["augment"]) == (MODELS["r3d_18"].clip, "standard")
    composed = compose("model=r3d_18", "clip=16x2x32", "augment=strong")
    assert (composed.whole["clip"]["size"], composed.choices["augment"]) == (32, "strong")


def test_an_experiment_brings_its_weights():
    assert compose("experiment=umt_base_k400", "data.path=x").settings().weights == "umt/umt_vit_base_k710_f8"


def test_motion16_is_not_mirrored_unless_asked_and_then_renamed():
    from videoai.data.augment.directions import resolve_directions
    from videoai.data.motion16.motion import CLASSES, REVERSED

    data = compose().settings().data
    assert (data.flip, data.reverse) == (0, 0)
    turned = resolve_directions(replace(data, flip=0.5, reverse=0.5), CLASSES)
    mirrored = {name: CLASSES[turned.flip_labels[label]] for label, name in enumerate(CLASSES)}
    assert (mirrored["left"], mirrored["spin_cw"], mirrored["orbit_ccw"]) == ("right", "spin_ccw", "orbit_cw")
    assert all(mirrored[name] == name for name in ("up", "approach", "speed_up", "shake_h", "shake_v", "swing"))
    assert {name: CLASSES[turned.reverse_labels[label]] for label, name in enumerate(CLASSES)} == REVERSED


@pytest.mark.parametrize(
    "value", ["a b/c (1).mp4", "x=[1],{2}.mp4", 'say "hi".mp4', "films/*.mp4", "back\\slash.mp4", "ü.mp4"]
)
def test_paths_are_taken_as_typed(value):
    assert compose("checkpoint=c.pt", f"input={value}", cls=PredictSettings).settings().input == value
    assert compose(f"weights={value}").settings().weights == value


def test_a_users_own_folder_of_yaml_is_searched(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mynet.yaml").write_text(
        "defaults:\n  - /clip@_global_.clip: 16x2x32\n_target_: mynet.Net\nwidth: 3\n"
    )
    composed = compose("--config-dir", str(tmp_path), "model=mynet", "model.width=5")
    assert composed.settings().model == {"_target_": "mynet.Net", "width": 5}
    assert composed.choices["model"] == "mynet"


def test_the_presets_of_augmentation_keep_their_values():
    off = compose("augment=none").whole["augment"]
    keys = ("scale", "ratio", "shift", "color_jitter", "mixup", "cutmix")
    kept = {
        "none": ([1.0, 1.0], [1.0, 1.0], 0.0, 0.0, 0.0, 0.0),
        "shift": ([1.0, 1.0], [1.0, 1.0], 0.125, 0.2, 0.0, 0.0),
        "standard": ([0.5, 1.0], [0.75, 1.3333], 0.0, 0.0, 0.0, 0.0),
        "strong": ([0.25, 1.0], [0.75, 1.3333], 0.0, 0.3, 0.2, 1.0),
    }
    for name, values in kept.items():
        assert compose(f"augment={name}").whole["augment"] == {**off, **dict(zip(keys, values, strict=True))}
