import pytest
import torch

from videoai.models.attention import Block, DropPath, SelfAttention


@torch.no_grad()
def test_attention_is_the_textbook_formula() -> None:
    torch.manual_seed(0)
    layer, x_BLD = SelfAttention(16, num_heads=2), torch.randn(3, 5, 16)
    q, k, v = layer.qkv(x_BLD).split(16, dim=-1)
    heads = []
    for columns in (slice(0, 8), slice(8, 16)):
        weights = (q[..., columns] @ k[..., columns].transpose(1, 2) / 8**0.5).softmax(-1)
        heads.append(weights @ v[..., columns])
    torch.testing.assert_close(layer(x_BLD), layer.project(torch.cat(heads, dim=-1)))


@torch.no_grad()
def test_divided_attention_reaches_along_time_then_space_and_joint_reaches_everything() -> None:
    """One block, one token changed: divided attention over time alone stays in its place, over space it spreads."""
    torch.manual_seed(0)
    x, changed = torch.randn(1, 3, 4, 16), torch.randn(16)
    y = x.clone()
    y[0, 1, 2] = changed
    block = Block(16, 2, "divided", 0.0)
    moved = (block.time(x.transpose(1, 2)) - block.time(y.transpose(1, 2))).transpose(1, 2).abs().sum(-1)[0] > 1e-6
    assert moved.tolist() == [[False, False, True, False]] * 3
    for attention in ("joint", "divided"):
        block = Block(16, 2, attention, 0.0)
        assert ((block(x) - block(y)).abs().sum(-1) > 1e-7).all()


def test_drop_path_keeps_the_mean_and_drops_whole_clips() -> None:
    torch.manual_seed(0)
    layer, x = DropPath(0.25).train(), torch.ones(4000, 2, 3)
    out = layer(x)
    per_clip = out.flatten(1)
    assert torch.equal(per_clip.amin(1), per_clip.amax(1))
    assert out.mean().item() == pytest.approx(1.0, abs=0.03)  # 3 standard errors are 0.027
    assert torch.equal(layer.eval()(x), x)
