"""Frame by frame: every causal model of the zoo gives after each frame what it gives of the clip so far."""

import copy
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from videoai.models import MODELS, create_model
from videoai.models.memory import State, is_causal

# Light stand-ins for networks of ImageNet's size; the rest is built as it is
SMALL: dict[str, dict[str, Any]] = {
    "tiny_causal_r2plus1d": {"width": 4, "temporal_difference": "append"},
    "small_causal_r2plus1d": {"width": 4},
    "movinet_a0_stream": {},
    "movinet_a1_stream": {},
    "movinet_a2_stream": {},
    "tsn_r50": {"backbone": "resnet10t", "consensus": "attention", "temporal_difference": "append"},
    "tsn_r101": {"backbone": "tiny", "consensus": "max"},
    "tsm_online_r50": {"backbone": "resnet14t"},
    "cnn_lstm": {"backbone": "tiny", "hidden_size": 8, "num_layers": 2},
    "cnn_lstm_attention": {"backbone": "tiny", "hidden_size": 8},
    "cnn_gru": {"backbone": "tiny", "hidden_size": 8, "num_layers": 2, "pool": "last"},
    "cnn_rnn": {"backbone": "tiny", "hidden_size": 8, "pool": "max"},
    "tiny_cnn_gru": {},
    "convlstm_r18": {"backbone": "resnet10t", "hidden_size": 8, "temporal_difference": "only"},
    "tiny_convlstm": {"pool": "last"},
    "clip_b32": {"size": 32},
    "clip_b16": {"size": 32},
    "clip_l14": {"size": 28},
}
SLOW = {"movinet_a1_stream", "movinet_a2_stream", "clip_b32", "clip_b16"}
NIGHTLY = {"clip_l14"}  # the code of the other two, and 1.2 GB
CAUSAL = list(SMALL)
QUICK = ["tiny_causal_r2plus1d", "tiny_convlstm", "tiny_cnn_gru", "cnn_lstm_attention", "tsn_r101"]
TOLERANCE = 1e-5  # logits are of the size of 1; other batch sizes round otherwise


def build(name: str, seed: int = 0) -> Any:
    """In eval mode, with nothing left at the zero that it starts at."""
    torch.manual_seed(seed)
    model = create_model(name, num_classes=4, **SMALL[name]).eval()
    for parameter in model.parameters():
        if not parameter.detach().any():
            nn.init.constant_(parameter, 0.3)
    head = getattr(model, "head", None)
    assert isinstance(head, nn.Linear)
    nn.init.normal_(head.weight, std=head.in_features**-0.5)
    return model


def clip(model: Any, num_frames: int, batch: int = 2, seed: int = 1) -> Tensor:
    side = getattr(model, "size", 32)
    return torch.randn(batch, 3, num_frames, side, side, generator=torch.Generator().manual_seed(seed))


def steps(model: Any, video: Tensor, state: State | None = None) -> tuple[Tensor, State]:
    """Logits [T, B, K], and the last state."""
    answers = []
    for frame in video.unbind(2):
        logits, state = model.step(frame, state)
        answers.append(logits)
    assert state is not None
    return torch.stack(answers), state


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] * (name in SLOW) + [pytest.mark.nightly] * (name in NIGHTLY)


every_causal_model = pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in CAUSAL])


@pytest.mark.slow  # builds all, without memory
def test_the_causal_models_of_the_zoo_are_these() -> None:
    """A new one is put here, with a line in SMALL, and is compared below."""
    with torch.device("meta"):
        found = [name for name in MODELS if is_causal(create_model(name, num_classes=2))]
    assert sorted(found) == sorted(CAUSAL)


@every_causal_model
@torch.inference_mode()
def test_steps_over_a_clip_are_its_forward_pass_at_any_length(name: str) -> None:
    model = build(name)
    video = clip(model, 6)
    answers, _ = steps(model, video)
    for number in (1, 2, 6):
        torch.testing.assert_close(answers[number - 1], model(video[:, :, :number]), rtol=0, atol=TOLERANCE)
    assert (answers[0] - answers[-1]).abs().max() > 100 * TOLERANCE  # or frames would not count


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(num_frames=st.integers(1, 24), seed=st.integers(0, 1000), name=st.sampled_from(QUICK))
@torch.inference_mode()
def test_steps_are_the_forward_pass_for_lengths_that_nobody_chose(num_frames: int, seed: int, name: str) -> None:
    model = build(name, seed)
    video = clip(model, num_frames, batch=1 + seed % 3, seed=seed)
    answers, _ = steps(model, video)
    torch.testing.assert_close(answers[-1], model(video), rtol=0, atol=TOLERANCE)


@every_causal_model
@torch.inference_mode()
def test_a_state_is_the_callers_has_one_size_and_goes_on_in_a_batch(name: str) -> None:
    model = build(name)
    before = copy.deepcopy(model.state_dict())
    video, other = clip(model, 4, batch=1), clip(model, 3, batch=1, seed=2)
    _, state = steps(model, video[:, :, :3])
    kept = [tensor.clone() for tensor in state]
    answers, later = steps(model, video[:, :, 3:], state)
    _, other_state = steps(model, other)  # two videos in turn
    again, _ = steps(model, video[:, :, 3:], state)
    assert torch.equal(answers, again)
    assert all(torch.equal(a, b) for a, b in zip(state, kept, strict=True))
    assert [tensor.shape for tensor in state] == [tensor.shape for tensor in later]
    assert all(tensor.shape[0] == 1 for tensor in state)
    assert (state[0].item(), later[0].item(), other_state[0].item()) == (3, 4, 3)
    joined = tuple(torch.cat(pair) for pair in zip(state, other_state, strict=True))
    both, _ = model.step(video[:, :, 3].repeat(2, 1, 1, 1), joined)
    torch.testing.assert_close(both[:1], answers[0], rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(both[1:], steps(model, video[:, :, 3:], other_state)[0][0], rtol=0, atol=TOLERANCE)
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


@torch.inference_mode()
def test_a_thousand_frames_are_no_less_exact() -> None:
    model = build("tiny_causal_r2plus1d").double()
    video = clip(model, 1000, batch=1)
    wanted = model(video.double())
    answers, state = steps(model.float(), video)
    torch.testing.assert_close(answers[-1].double(), wanted, rtol=0, atol=TOLERANCE)
    assert state[0].item() == 1000


@pytest.mark.parametrize(
    "name", ["tsm_r50", "cnn_bilstm", "tiny_r2plus1d", "movinet_a0", "trn_r50", "xclip_b32", "tanet_r50"]
)
def test_a_network_that_reads_frames_to_come_refuses(name: str) -> None:
    with torch.device("meta"):
        model: Any = create_model(name, num_classes=2)
    assert not is_causal(model)
    with pytest.raises(ValueError, match="frames that are still to come, so it answers for whole clips alone"):
        model.step(torch.zeros(1, 3, 32, 32))


def test_a_model_without_the_contract_is_not_causal() -> None:
    assert not is_causal(nn.Linear(1, 1))
    assert not is_causal(create_model("tiny_r3d", num_classes=2))
