import pytest
import torch

from videoai.core.seeding import generator_for
from videoai.core.types import Clips, ClipSpec
from videoai.data.normalize import ToModelInput


def clips(num: int = 4) -> Clips:
    video = torch.randint(0, 256, (num, 5, 3, 8, 6), dtype=torch.uint8, generator=generator_for(0, "v"))
    return Clips(video, torch.arange(num) % 3, torch.arange(num), torch.zeros(num, dtype=torch.int64), [""] * num)


@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_model_input_is_permuted_scaled_and_normalised_once_in_the_order_of_the_model(channels):
    given, mean, std = clips(), (0.1, 0.2, 0.3), (0.5, 0.25, 0.125)
    batch = ToModelInput(ClipSpec(num_frames=5, size=6, mean=mean, std=std, channels=channels))(given)
    assert batch.video.shape == (4, 3, 5, 8, 6)
    for number, name in enumerate(channels):
        expected = (given.video[:, :, "rgb".index(name)] / 255 - mean[number]) / std[number]
        torch.testing.assert_close(batch.video[:, number], expected, rtol=0, atol=1e-6)
    assert torch.equal(batch.label, given.label)
