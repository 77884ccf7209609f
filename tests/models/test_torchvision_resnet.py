"""Parity with torchvision itself."""

import pytest
import torch
from torchvision.models import get_model

from videoai.models import create_model


@pytest.mark.parametrize("name", ["r3d_18", "mc3_18", "r2plus1d_18"])
@torch.inference_mode()
def test_the_same_weights_give_torchvisions_logits(name: str) -> None:
    torch.manual_seed(0)
    reference = get_model(name, weights=None, num_classes=6).eval()
    model = create_model(name, num_classes=6).eval()
    model.load_state_dict(reference.state_dict())  # strict: the names are torchvision's
    video = torch.randn(1, 3, 4, 32, 32)
    torch.testing.assert_close(model(video), reference(video))
