import sys

import pytest
import torch

import videoai
from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.inference.load import from_state, open_checkpoint, read_weights

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
    with pytest.raises(ValueError, match="expected a checkpoint of videoai or a plain state dict"):
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
