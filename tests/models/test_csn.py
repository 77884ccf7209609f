import pytest
import torch
from torch import nn

from videoai.models import create_model
from videoai.models.csn import CSN, ircsn_r50

# at 400 classes; the publishers' tables say 22.21, 13.13, 29.70 and 33.02 M
PARAMETERS = {
    "csn_r101": (22_213_776, 1e-5),
    "ircsn_r50": (13_131_152, 1e-3),
    "ircsn_r152": (29_703_568, 1e-3),
    "ipcsn_r152": (33_016_592, 1e-3),
}


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_it_has_the_published_parameters_and_epsilon(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    parameters, eps = PARAMETERS[name]
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert {module.eps for module in model.modules() if isinstance(module, nn.BatchNorm3d)} == {eps}


def test_channels_meet_in_pointwise_convolutions_only() -> None:
    with torch.device("meta"):
        model = CSN(5, depths=(1, 1, 1, 1), interaction="preserved")
    convs = [module for name, module in model.named_modules() if isinstance(module, nn.Conv3d) and "stem" not in name]
    assert {conv.kernel_size for conv in convs if conv.groups == 1} == {(1, 1, 1)}
    assert {conv.kernel_size for conv in convs if conv.groups > 1} == {(3, 3, 3)}


@torch.inference_mode()
def test_the_order_of_frames_matters_and_their_number_is_an_eighth() -> None:
    torch.manual_seed(0)
    model, video = ircsn_r50(4).eval(), torch.randn(1, 3, 16, 64, 64)
    features = model.forward_features(video)
    assert features.shape == (1, 2048, 2, 2, 2)
    assert not torch.allclose(features, model.forward_features(video.flip(2)), rtol=1e-3)


def test_an_unknown_interaction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.interaction='preserve' is unknown\. Did you mean preserved\?"):
        CSN(4, depths=(1, 1, 1, 1), interaction="preserve")  # pyright: ignore[reportArgumentType]
