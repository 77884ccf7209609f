import logging
from typing import Any

import pytest
import torch
from torch import Tensor

from videoai.models import create_model
from videoai.models.heads import with_head
from videoai.models.internvideo2 import InternVideo2, internvideo2_s, sincos_3d

# the reference code's own, at 400 classes and 8 frames
PARAMETERS = {"internvideo2_s": 23_352_976, "internvideo2_b": 89_748_112, "internvideo2_l": 309_238_416}


def small(num_frames: int = 4, size: int = 28) -> InternVideo2:
    torch.manual_seed(0)
    return internvideo2_s(4, num_frames=num_frames, size=size).eval()


def clips(*size: int) -> Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_parameters_are_the_published_ones(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, num_classes=400)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@torch.inference_mode()
def test_the_order_of_frames_matters() -> None:
    model, video = small(), clips(4, 28, 28)
    for block in model.blocks:
        block.get_parameter("scale1").fill_(1.0)  # at the initial 1e-5 the blocks are all but silent
        block.get_parameter("scale2").fill_(1.0)
    wanted, given = (model.forward_head(model.forward_features(v), pre_logits=True) for v in (video, video.flip(2)))
    assert (given - wanted).norm() > 1e-2 * wanted.norm()


def test_positions_start_as_waves_of_time_columns_and_rows() -> None:
    place = sincos_3d((2, 3, 4), 16)[1, 2, 3]  # T, H, W
    angles = torch.tensor([1.0, 0.01])
    torch.testing.assert_close(place[:4], torch.cat([angles.sin(), angles.cos()]))
    assert place[4] == torch.tensor(3.0).sin() and place[10] == torch.tensor(2.0).sin()


def test_published_positions_are_resampled_to_the_clip_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="videoai"):
        fitted = small().fit_state_dict({"positions.joint": sincos_3d((8, 16, 16), 384).flatten(1, 2)})
    assert fitted["positions.joint"].shape == (4, 4, 384)
    assert "positions of 8x256 (T, H*W) tokens are resampled to 4x4" in caplog.text


def test_an_attentive_probe_reads_the_tokens_and_not_what_the_pool_gives() -> None:
    probed: Any = with_head(small(), "attentive", 7)
    assert probed(clips(4, 28, 28)).shape == (2, 7)
    assert probed.num_features == 384 and small().num_features == 768


def test_another_clip_than_the_model_was_built_for_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a clip of 8x28x28 \(T, H, W\), but the model is built for 4x28x28\. Set"):
        small()(clips(8, 28, 28))
    with pytest.raises(ValueError, match=r"a clip of 4x32x32 \(T, H, W\) does not divide into 1x14x14 patches"):
        small(size=32)
