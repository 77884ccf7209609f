import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model
from videoai.models.cnn_rnn import Cell, CnnRnn, Pool
from videoai.models.layers import Difference


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


@pytest.mark.parametrize("pool", ["last", "mean", "attention"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@torch.inference_mode()
def test_the_order_of_frames_matters(cell: Cell, pool: Pool, video: Tensor) -> None:
    model = tiny(
        cell=cell, pool=pool, temporal_difference="none"
    )  # with a difference even order-free pooling sees order
    shuffled = video[:, :, [3, 0, 5, 1, 4, 2]]
    assert not torch.allclose(model.forward_features(video), model.forward_features(shuffled), rtol=1e-3)


@torch.inference_mode()
def test_frames_are_folded_and_unfolded_in_order(video: Tensor) -> None:
    model = tiny(temporal_difference="none")
    frames = torch.stack([model.norm(model.backbone(video[:, :, t])) for t in range(6)], dim=1)
    torch.testing.assert_close(model.forward_features(video), model.rnn(frames)[0].mean(1))


@torch.inference_mode()
def test_last_of_a_bidirectional_network_is_each_directions_own_last(video: Tensor) -> None:
    model = tiny(cell="gru", pool="last", bidirectional=True, temporal_difference="none")
    frames = torch.stack([model.norm(model.backbone(video[:, :, t])) for t in range(6)], dim=1)
    final_states = model.rnn(frames)[1]  # [2 directions, B, D]
    torch.testing.assert_close(model.forward_features(video), torch.cat([final_states[0], final_states[1]], dim=1))


@torch.inference_mode()
def test_attention_weights_sum_to_one(video: Tensor) -> None:
    model = tiny(pool="attention")
    constant = torch.ones(2, 6, model.num_features)
    torch.testing.assert_close(model._over_time(constant), torch.ones(2, model.num_features))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pool", ["last", "mean", "attention"])
def test_every_combination_trains(pool: Pool, bidirectional: bool, video: Tensor) -> None:
    model = tiny(pool=pool, bidirectional=bidirectional).train()
    model(video).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_a_timm_backbone_takes_the_difference_channels() -> None:
    model = CnnRnn(4, backbone="resnet18", temporal_difference="append")
    first = next(m for m in model.backbone.modules() if isinstance(m, nn.Conv2d))
    assert first.in_channels == 6


def test_an_unknown_backbone_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"backbone='resnet-18' is neither 'tiny' nor .*Did you mean 'resnet18'\?"):
        CnnRnn(4, backbone="resnet-18")


def test_the_tiny_backbone_has_no_pretrained_weights() -> None:
    with pytest.raises(ValueError, match="tiny has no pretrained weights"):
        CnnRnn(4, backbone="tiny", backbone_pretrained=True)


def test_pretrained_backbones_without_network_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    import timm

    monkeypatch.setattr(timm, "create_model", no_network)
    with pytest.raises(OSError, match=r"backbone=resnet18: cannot fetch its pretrained weights \(no network\)"):
        CnnRnn(4, backbone="resnet18", backbone_pretrained=True)


@pytest.mark.parametrize(
    ("option", "given", "nearest"),
    [("cell", "ltsm", "lstm"), ("pool", "avgmean", "mean"), ("temporal_difference", "apend", "append")],
)
def test_a_misspelt_choice_is_refused_with_the_nearest(option: str, given: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=rf"model\.{option}='{given}' is unknown\. Did you mean '{nearest}'\?"):
        create_model("cnn_lstm", num_classes=2, backbone="tiny", **{option: given})
