from typing import Any

import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model
from videoai.models.published.trn import from_mmaction2
from videoai.models.trn import Relation


def tiny(name: str = "trn_multiscale_r50", num_frames: int = 5) -> Any:
    torch.manual_seed(0)
    model: Any = create_model(name, num_classes=4, backbone="tiny", num_frames=num_frames).eval()
    nn.init.normal_(model.project.weight)  # at the initial 0.001 all frames look alike
    return model


@pytest.fixture
def video() -> Tensor:
    return torch.randn(2, 3, 5, 32, 32, generator=torch.Generator().manual_seed(1))


def test_parameters_are_as_published() -> None:
    with torch.device("meta"):
        model = create_model("trn_multiscale_r50", num_classes=174)
    # mmaction2: 26.64 M. It has seven biases of 174 classes, which are one here
    assert sum(p.numel() for p in model.parameters()) == 26_641_154 - 6 * 174


@pytest.mark.parametrize("name", ["trn_r50", "trn_multiscale_r50"])
@torch.inference_mode()
def test_the_order_of_frames_matters_and_evaluation_draws_nothing(name: str, video: Tensor) -> None:
    model = tiny(name)
    assert not torch.allclose(model(video), model(video.flip(2)), rtol=1e-3)
    assert torch.equal(model(video), model(video))


@torch.inference_mode()
def test_evaluation_is_the_mean_over_the_draws_of_training() -> None:
    torch.manual_seed(0)
    relation, x = Relation(2, num_frames=5, width=8), torch.randn(1, 5, 256)
    drawn = torch.stack([relation(x).sum(1) for _ in range(4000)])
    assert relation(x).shape == (1, 3, 8)  # three of the ten pairs
    relation.eval()
    assert relation(x).shape == (1, 10, 8)
    torch.testing.assert_close(drawn.mean(0), relation(x).sum(1), rtol=0, atol=4 * drawn.std().item() / 4000**0.5)


@torch.inference_mode()
def test_one_classifier_of_the_joined_scales_is_one_of_each_added_up(video: Tensor) -> None:
    model = tiny(num_frames=8).double()  # seven scales of large numbers: float32 loses the fifth digit
    video = torch.cat([video, video[:, :, :3]], dim=2).double()
    theirs = {f"cls_head.consensus.fc_fusion_scales.{i}.3.weight": torch.randn(4, 256).double() for i in range(7)}
    theirs |= {f"cls_head.consensus.fc_fusion_scales.{i}.3.bias": torch.randn(4).double() for i in range(7)}
    model.head.load_state_dict({k.removeprefix("head."): v for k, v in from_mmaction2(theirs).items()})
    x = model.project(torch.stack([model.backbone(video[:, :, t]) for t in range(8)], dim=1))
    wanted = torch.zeros(2, 4).double()
    for i, relation in enumerate(model.relations):
        values = relation.mlp(x[:, relation.tuples].flatten(2))
        scores = values @ theirs[f"cls_head.consensus.fc_fusion_scales.{i}.3.weight"].T
        scores = scores + theirs[f"cls_head.consensus.fc_fusion_scales.{i}.3.bias"]
        wanted += min(3, len(relation.tuples)) * scores.mean(1)
    torch.testing.assert_close(model(video), wanted)


def test_a_clip_of_another_length_is_refused(video: Tensor) -> None:
    with pytest.raises(ValueError, match=r"num_frames=5, but the clip has 4 frames\. Set model\.num_frames=4"):
        tiny()(video[:, :, :4])
    with pytest.raises(ValueError, match=r"model\.num_frames=16: relations are of 2 to 12 frames"):
        tiny(num_frames=16)


def test_a_file_without_a_scale_is_refused() -> None:
    with pytest.raises(ValueError, match=r"fc_fusion_scales\.0\.3\.weight or bias is missing"):
        from_mmaction2({})
