import pytest
import torch

from videoai.attribution.grad_cam import grad_cam
from videoai.inference.explain import ClipOutputs, place_words, suited_method
from videoai.inference.exported import ExportedNetwork
from videoai.models.ensemble import Ensemble
from videoai.models.per_frame import PerFrame


@pytest.mark.parametrize(("frames", "size"), [(32, 32), (16, 64), (16, 32)])
def test_grad_cam_of_a_localiser_reads_the_body_and_no_steps_in_time(frames, size):
    torch.manual_seed(0)
    network = PerFrame(5, body={"name": "tiny_r3d"}, head={"name": "ms_tcn"}).eval()
    heat, layer = grad_cam(ClipOutputs(network), torch.randn(1, 3, frames, size, size), 2)
    assert layer == "stages.1" and heat.shape == (frames, size, size)


def test_an_ensemble_is_explained_without_layers():
    network = Ensemble(2, members=[{"name": "tiny_r3d"}, {"name": "tiny_r3d"}])
    assert suited_method(network, "auto") == "occlusion"
    with pytest.raises(ValueError, match="method=grad_cam reads a layer, and an ensemble has those of 2 networks"):
        suited_method(network, "grad_cam")


def test_places_have_names():
    assert [place_words(*at) for at in ((0.1, 0.1), (0.5, 0.5), (0.9, 0.5), (0.5, 1.0))] == [
        "the upper left",
        "the centre",
        "the middle right",
        "the lower centre",
    ]


def test_an_export_is_explained_without_gradients():
    network = ExportedNetwork(lambda video: video.mean((2, 3, 4)), "00" * 32)
    assert suited_method(network, "auto") == "occlusion"
    with pytest.raises(ValueError, match="method=integrated_gradients needs gradients"):
        suited_method(network, "integrated_gradients")
