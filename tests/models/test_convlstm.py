from typing import Any

import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model
from videoai.models.convlstm import ConvLstm


@pytest.fixture
def video() -> Tensor:
    return torch.randn(2, 3, 5, 32, 32, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def test_on_maps_of_one_pixel_it_is_an_lstm() -> None:
    torch.manual_seed(0)
    ours, lstm = ConvLstm(6, 4, kernel_size=1), nn.LSTM(6, 4, batch_first=True)
    gates = [0, 1, 3, 2]  # PyTorch's order: in, forget, new, out

    def in_pytorchs_order(weight: Tensor) -> Tensor:
        return weight.flatten(1).unflatten(0, (4, 4))[gates].flatten(0, 1)

    nn.init.normal_(ours.from_state.weight)
    lstm.weight_ih_l0.data = in_pytorchs_order(ours.from_input.weight)
    lstm.weight_hh_l0.data = in_pytorchs_order(ours.from_state.weight)
    assert ours.from_state.bias is not None
    lstm.bias_ih_l0.data = ours.from_state.bias.view(4, 4)[gates].flatten()
    lstm.bias_hh_l0.data.zero_()
    x = torch.randn(2, 6, 5, 1, 1)
    torch.testing.assert_close(ours(x)[..., 0, 0], lstm(x[..., 0, 0].transpose(1, 2))[0].transpose(1, 2))


@pytest.mark.parametrize("pool", ["last", "mean", "max", "attention"])
@torch.inference_mode()
def test_the_order_of_frames_matters(pool: str, video: Tensor) -> None:
    torch.manual_seed(0)
    model = create_model("tiny_convlstm", num_classes=4, pool=pool).eval()
    assert not torch.allclose(model(video), model(video.flip(2)), rtol=1e-3)


@torch.inference_mode()
def test_states_know_the_past_only(video: Tensor) -> None:
    model: Any = create_model("tiny_convlstm", num_classes=4).eval()
    changed = video.clone()
    changed[:, :, 3] += 1.0
    before, after = model.forward_features(video), model.forward_features(changed)
    torch.testing.assert_close(before[:, :, :3], after[:, :, :3])
    assert not torch.allclose(before[:, :, 3:], after[:, :, 3:], rtol=1e-3)


def test_a_backbone_without_maps_is_refused() -> None:
    model = create_model("convlstm_r18", num_classes=4, backbone="vit_tiny_patch16_224")
    with pytest.raises(ValueError, match=r"VisionTransformer returns no maps\. Choose a convolutional network"):
        model(torch.randn(1, 3, 1, 224, 224))
