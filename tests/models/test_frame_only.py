import torch

from videoai.models.frame_only import FrameOnly


@torch.no_grad()
def test_only_the_middle_frame_counts() -> None:
    torch.manual_seed(0)
    model, video = FrameOnly(4).eval(), torch.randn(2, 3, 9, 32, 32)
    logits = model(video)
    others = torch.randn_like(video)
    others[:, :, 4] = video[:, :, 4]
    assert torch.equal(model(others), logits)
    others[:, :, 4] = 0.0
    assert not torch.allclose(model(others), logits)
