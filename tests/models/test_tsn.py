import pytest
import torch

from videoai.models import create_model

PARAMETERS = {"tsn_r50": 24_327_632, "tsn_r101": 43_319_760}  # mmaction2, at 400 classes


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_as_published(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("consensus", ["mean", "max", "attention"])
@torch.inference_mode()
def test_the_order_of_frames_does_not_matter(consensus: str) -> None:
    model = create_model("tsn_r50", num_classes=4, backbone="tiny", consensus=consensus).eval()
    video = torch.randn(2, 3, 4, 32, 32)
    torch.testing.assert_close(model(video), model(video.flip(2)))


@torch.inference_mode()
def test_a_difference_knows_the_order_of_frames() -> None:
    model = create_model("tsn_r50", num_classes=4, backbone="tiny", temporal_difference="append").eval()
    video = torch.randn(2, 3, 4, 32, 32)
    assert not torch.allclose(model(video), model(video.flip(2)), rtol=1e-3)


def test_a_misspelt_consensus_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"model\.consensus='maen' is unknown\. Did you mean mean\?"):
        create_model("tsn_r50", num_classes=4, backbone="tiny", consensus="maen")
