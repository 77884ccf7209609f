import json
import sys
from argparse import Namespace

import pytest
import torch
from safetensors.torch import save_file

import videoai
from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.inference.load import from_state, open_checkpoint, read_weights
from videoai.models.weights import load_partial

CLIP = ClipSpec(num_frames=4, size=16)


def state(model: torch.nn.Module, **changes) -> dict:
    known = {
        "format": 1,
        "config": {"model": {"name": "frame_only"}},
        "classes": ["a", "b", "c"],
        "clip": CLIP.to_dict(),
    }
    return {**known, "model": model.state_dict(), "ema": None, "step": 1, **changes}


@pytest.fixture
def model() -> torch.nn.Module:
    torch.manual_seed(0)
    return videoai.create_model("frame_only", num_classes=3)


def test_a_checkpoint_becomes_a_model_with_classes_and_clip(model, tmp_path):
    checkpoint.save(tmp_path / "best.pt", state(model))
    loaded = videoai.load(tmp_path / "best.pt")
    assert loaded.classes == ["a", "b", "c"]
    assert loaded.clip == CLIP
    assert not loaded.training
    video = torch.randn(2, 3, 4, 16, 16)
    assert torch.equal(loaded(video), model.eval()(video))


def test_the_averaged_weights_are_used_when_there_are_any(model):
    average = torch.optim.swa_utils.AveragedModel(model)
    with torch.no_grad():
        next(average.parameters()).add_(1.0)
    loaded = from_state(state(model, ema=average.state_dict()))
    assert torch.equal(next(loaded.parameters()), next(average.parameters()))


def test_a_model_of_the_users_own_is_built_only_when_trusted(tmp_path, monkeypatch):
    (tmp_path / "own_net_for_test.py").write_text(
        "import torch\nclass Net(torch.nn.Linear):\n    def __init__(self, num_classes):\n        "
        "super().__init__(2, num_classes)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    given = state(torch.nn.Linear(2, 3), config={"model": {"_target_": "own_net_for_test.Net"}})
    with pytest.raises(ValueError, match=r"Add 'trust=\[own_net_for_test\]'"):
        from_state(given)
    assert "own_net_for_test" not in sys.modules
    assert from_state(given, trust=["own_net_for_test"]).model.out_features == 3


def test_weights_come_from_checkpoints_and_plain_state_dicts(model, tmp_path):
    checkpoint.save(tmp_path / "best.pt", state(model))
    torch.save(model.state_dict(), tmp_path / "plain.pt")
    assert read_weights(tmp_path / "best.pt")[0].keys() == read_weights(tmp_path / "plain.pt")[0].keys()


def test_other_files_are_refused_as_weights(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "x.pt")
    with pytest.raises(
        ValueError, match="expected a checkpoint of videoai or a state dict of tensors, .*It holds epoch"
    ):
        read_weights(tmp_path / "x.pt")
    with pytest.raises(FileNotFoundError, match="neither a file nor published weights"):
        read_weights(tmp_path / "y.pt")


def test_faults_of_a_published_checkpoint_speak_of_the_setting_that_was_given():
    with pytest.raises(ValueError, match=r"^checkpoint=torchvision/r3d_81: no such published weights. Did you mean"):
        open_checkpoint("torchvision/r3d_81")


def test_the_model_below_an_attentive_head_is_what_others_start_from(tmp_path):
    from videoai.models.heads import with_head

    torch.manual_seed(0)
    probed = with_head(videoai.create_model("tiny_r3d", num_classes=3), "attentive", 3)
    checkpoint.save(tmp_path / "probe.pt", state(probed))
    below, _ = read_weights(tmp_path / "probe.pt")
    assert torch.equal(below["stem.0.weight"], probed.get_parameter("model.stem.0.weight"))
    assert not any(key.startswith(("model.", "probe.")) for key in below)


def test_weights_that_are_not_finite_answer_nothing(model):
    with torch.no_grad():
        model.head.bias[0] = float("nan")
    with pytest.raises(ValueError, match=r"head\.bias holds numbers that are not finite"):
        from_state(state(model))


def test_weights_that_are_no_file_say_what_would_be(tmp_path):
    with pytest.raises(ValueError, match=rf"weights={tmp_path} is a folder\. Give a file in it"):
        read_weights(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"weights=r3d_18: neither a file nor published weights"):
        read_weights("r3d_18")


@pytest.fixture(scope="module")
def own_net() -> dict[str, torch.Tensor]:
    """What somebody trained on three classes, in torchvision's own names."""
    from torchvision.models.video import mc3_18

    torch.manual_seed(0)
    return mc3_18(weights=None, num_classes=3).state_dict()


@pytest.mark.parametrize("wrapped", ["plain", "prefix", "keys"])
def test_a_published_network_trained_on_other_classes_is_a_checkpoint(own_net, tmp_path, caplog, wrapped):
    prefixed = {f"module.{name}": tensor for name, tensor in own_net.items()}
    content = {"plain": own_net, "prefix": prefixed, "keys": {"epoch": 3, "state_dict": prefixed}}[wrapped]
    file = tmp_path / "mine.pth"
    torch.save(content, file)
    if wrapped != "plain":
        names = {"id2label": {"0": "up", "2": "down", "1": "left"}}
        (tmp_path / "config.json").write_text(json.dumps(names), encoding="utf-8")
    loaded = from_state(open_checkpoint(f"torchvision/mc3_18:{file}"))
    assert loaded.classes == (["class 0", "class 1", "class 2"] if wrapped == "plain" else ["up", "left", "down"])
    assert ("they are numbered (id2label" in caplog.text) == (wrapped == "plain")
    assert torch.equal(loaded.model.get_parameter("fc.weight"), own_net["fc.weight"])


def test_names_for_another_number_of_classes_are_not_used(own_net, tmp_path, caplog):
    torch.save(own_net, tmp_path / "mine.pth")
    (tmp_path / "config.json").write_text('{"id2label": {"0": "up"}}', encoding="utf-8")
    assert open_checkpoint(f"torchvision/mc3_18:{tmp_path}/mine.pth")["classes"][0] == "class 0"
    assert "config.json names 1 classes, and the file has 3" in caplog.text


@pytest.mark.parametrize("content", ["ema", "lightning", "safetensors"])
def test_weights_of_other_training_scripts_are_read(model, tmp_path, content):
    plain, path = model.state_dict(), tmp_path / ("x.safetensors" if content == "safetensors" else "x.pt")
    if content == "safetensors":
        save_file(plain, path)
    elif content == "ema":
        torch.save({"model": {}, "ema": {"decay": 0.9, "module": plain}, "args": Namespace(lr=1)}, path)
    else:
        torch.save({"state_dict": {f"model.{name}": tensor for name, tensor in plain.items()}}, path)
    (tmp_path / "config.json").write_text('{"id2label": {"0": "up", "1": "down", "2": "left"}}', encoding="utf-8")
    tensors, classes = read_weights(path)
    assert classes == ["up", "down", "left"]
    target = videoai.create_model("frame_only", num_classes=3)
    assert load_partial(target, tensors).loaded == len(plain)
    assert all(torch.equal(tensor, plain[name]) for name, tensor in target.state_dict().items())
