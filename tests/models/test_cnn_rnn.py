import pytest
import torch
from torch import Tensor

from videoai.models import create_model
from videoai.models.cnn_rnn import Cell, CnnRnn
from videoai.models.frames import Pool
from videoai.models.layers import Difference

POOLS = ["last", "mean", "max", "attention"]


def tiny(
    *,
    cell: Cell = "lstm",
    pool: Pool = "mean",
    bidirectional: bool = False,
    temporal_difference: Difference = "append",
) -> CnnRnn:
    torch.manual_seed(0)
    return CnnRnn(
        4,
        backbone="tiny",
        cell=cell,
        pool=pool,
        hidden_size=8,
        bidirectional=bidirectional,
        temporal_difference=temporal_difference,
    ).eval()


@pytest.fixture
def video() -> Tensor:
    return torch.randn(2, 3, 6, 32, 32, generator=torch.Generator().manual_seed(1))


def frames_of(model: CnnRnn, video: Tensor) -> Tensor:
    """What the RNN reads, frame by frame: [B, T, D]."""
    return torch.stack([model.norm(model.backbone(video[:, :, t])) for t in range(video.shape[2])], dim=1)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@torch.inference_mode()
def test_the_order_of_frames_matters(cell: Cell, pool: Pool, video: Tensor) -> None:
    model = tiny(
        cell=cell, pool=pool, temporal_difference="none"
    )  # with a difference even order-free pooling sees order
    shuffled = video[:, :, [3, 0, 5, 1, 4, 2]]
    assert not torch.allclose(model(video), model(shuffled), rtol=1e-3)


@torch.inference_mode()
def test_features_are_the_rnns_outputs_before_pooling(video: Tensor) -> None:
    model = tiny(temporal_difference="none")
    outputs = model.rnn(frames_of(model, video))[0]
    torch.testing.assert_close(model.forward_features(video), outputs)
    torch.testing.assert_close(model.forward_head(outputs, pre_logits=True), outputs.mean(1))


@torch.inference_mode()
def test_last_of_a_bidirectional_network_is_each_directions_own_last(video: Tensor) -> None:
    model = tiny(cell="gru", pool="last", bidirectional=True, temporal_difference="none")
    final_states = model.rnn(frames_of(model, video))[1]  # [2 directions, B, D]
    pooled = model.pool(model.forward_features(video))
    torch.testing.assert_close(pooled, torch.cat([final_states[0], final_states[1]], dim=1))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pool", POOLS)
def test_every_combination_trains(pool: Pool, bidirectional: bool, video: Tensor) -> None:
    model = tiny(pool=pool, bidirectional=bidirectional).train()
    model(video).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize(
    ("option", "given", "nearest"), [("pool", "maen", "mean"), ("temporal_difference", "apend", "append")]
)
def test_a_misspelt_choice_is_refused_with_the_nearest(option: str, given: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=rf"model\.{option}='{given}' is unknown\. Did you mean {nearest}\?"):
        create_model("cnn_lstm", num_classes=2, backbone="tiny", **{option: given})


@pytest.mark.parametrize("temporal_difference", ["none", "append", "only"])
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@torch.inference_mode()
def test_steps_over_a_clip_are_its_forward_pass(
    cell: Cell, pool: Pool, temporal_difference: Difference, video: Tensor
) -> None:
    model = tiny(cell=cell, pool=pool, temporal_difference=temporal_difference)
    others, state, other = video.flip(2), None, None
    for number in range(video.shape[2]):  # two streams in turn
        logits, state = model.step(video[:, :, number], state)
        other_logits, other = model.step(others[:, :, number], other)
        seen = slice(number + 1)
        torch.testing.assert_close(logits, model(video[:, :, seen]), rtol=0, atol=1e-5)  # rounding of other batches
        torch.testing.assert_close(other_logits, model(others[:, :, seen]), rtol=0, atol=1e-5)


def test_a_network_that_reads_backwards_has_no_step(video: Tensor) -> None:
    with pytest.raises(ValueError, match="whole clips alone"):
        tiny(bidirectional=True).step(video[:, :, 0])
