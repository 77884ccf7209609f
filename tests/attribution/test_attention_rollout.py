import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.attribution.attention_rollout import AttentionWatcher, attention_rollout, rolled_out
from videoai.attribution.maps import NoMap
from videoai.models import create_model


@pytest.mark.parametrize("options", [{}, {"scale": 0.3}, {"is_causal": True}, {"attn_mask": True}, {"attn_mask": 0.0}])
def test_attention_step_by_step_is_torchs_own(options):
    draw = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, 5, 4, generator=draw) for _ in range(3))
    if options.get("attn_mask") is True:
        options = {"attn_mask": torch.rand(5, 5, generator=draw).ge(0.3) | torch.eye(5).bool()}
    elif "attn_mask" in options:
        options = {"attn_mask": torch.randn(5, 5, generator=draw)}
    wanted = F.scaled_dot_product_attention(q, k, v, **options)
    with AttentionWatcher() as watcher:
        found = F.scaled_dot_product_attention(q, k, v, **options)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(watcher.weights[0].sum(-1), torch.ones(2, 3, 5))


def test_relevance_of_two_layers_is_that_of_the_papers_equation():
    first, second = torch.tensor([[0.1, 0.2], [0.3, 0.4]]), torch.tensor([[0.5, 0.6], [0.0, 0.0]])
    # R1 = I + A1 = [[1.1, .2], [.3, 1.4]]; R2 = R1 + A2 R1; the second token is not read after the last layer
    wanted = torch.tensor([1.1 + 0.5 * 1.1 + 0.6 * 0.3, 0.2 + 0.5 * 0.2 + 0.6 * 1.4])
    torch.testing.assert_close(rolled_out([first, second]), wanted)


class Reader(nn.Module):
    """A class token that attends to bright patches, and hands on their brightness."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, 2, kernel_size=(1, 4, 4), stride=(1, 4, 4), bias=False)
        nn.init.constant_(self.stem.weight, 1 / 12)

    def forward(self, video: Tensor) -> Tensor:
        x = self.stem(video).flatten(2).mT  # [1, L, 2]
        token = torch.ones(1, 1, 2)
        tokens = torch.cat([token, x], 1)[:, None]
        read = F.scaled_dot_product_attention(tokens, tokens, tokens)
        return read[:, 0, 0]


def test_the_heat_lies_on_the_patch_that_is_attended_to():
    video = torch.zeros(1, 3, 2, 16, 16)
    video[:, :, 1, 8:12, 4:8] = 5.0
    heat = attention_rollout(Reader(), video, 0)
    assert heat.shape == (2, 16, 16)
    time, row, column = torch.unravel_index(heat.argmax(), heat.shape)
    assert int(time) == 1 and 8 <= int(row) < 12 and 4 <= int(column) < 8


def test_a_network_without_attention_is_refused():
    with pytest.raises(NoMap, match="method=grad_cam"):
        attention_rollout(create_model("tiny_r3d", num_classes=2).eval(), torch.randn(1, 3, 8, 32, 32), 0)


def test_attention_over_time_and_over_space_apart_is_refused():
    with pytest.raises(NoMap, match="attend to each other"):
        attention_rollout(create_model("tiny_video_transformer", num_classes=2).eval(), torch.randn(1, 3, 8, 64, 64), 0)
