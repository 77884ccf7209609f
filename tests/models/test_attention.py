import pytest
import torch

from videoai.models.attention import Block, DividedBlock, DropPath, SelfAttention


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
def test_a_bias_of_keys_changes_nothing_that_is_why_there_may_be_none() -> None:
    torch.manual_seed(0)
    without, full, x_BLD = SelfAttention(16, 2, key_bias=False), SelfAttention(16, 2), torch.randn(3, 5, 16)
    assert without.q_bias is not None and without.v_bias is not None
    torch.nn.init.normal_(without.q_bias)
    torch.nn.init.normal_(without.v_bias)
    full.project, full.qkv.weight = without.project, without.qkv.weight
    for key_bias in (torch.zeros(16), torch.randn(16)):
        full.qkv.bias.copy_(torch.cat([without.q_bias, key_bias, without.v_bias]))
        torch.testing.assert_close(without(x_BLD), full(x_BLD))


@torch.no_grad()
def test_more_batch_dimensions_are_attended_apart() -> None:
    torch.manual_seed(0)
    layer, x_BTLD = SelfAttention(16, 2), torch.randn(2, 3, 5, 16)
    torch.testing.assert_close(layer(x_BTLD)[1, 2], layer(x_BTLD[1, 2][None])[0])


@torch.no_grad()
def test_divided_attention_over_time_stays_in_its_place_and_the_class_token_sees_every_frame() -> None:
    torch.manual_seed(0)
    block, x_BLD = DividedBlock(16, 2, 32, num_frames=3), torch.randn(1, 1 + 3 * 4, 16)
    y_BLD = x_BLD.clone()
    y_BLD[0, 1 + 1 * 4 + 2] = torch.randn(16)  # frame 1, place 2
    times = [block.over_time(z[:, 1:].unflatten(1, (3, 4))) for z in (x_BLD, y_BLD)]
    moved = (times[0] - times[1]).abs().sum(-1)[0] > 1e-6
    assert moved.tolist() == [[False, False, True, False]] * 3
    assert ((block(x_BLD) - block(y_BLD)).abs().sum(-1) > 1e-7).all()


@torch.no_grad()
def test_a_joint_block_reaches_every_token() -> None:
    torch.manual_seed(0)
    block, x_BLD = Block(16, 2, 32), torch.randn(1, 5, 16)
    y_BLD = x_BLD.clone()
    y_BLD[0, 3] = torch.randn(16)
    assert ((block(x_BLD) - block(y_BLD)).abs().sum(-1) > 1e-7).all()


def test_drop_path_keeps_the_mean_and_drops_whole_clips() -> None:
    torch.manual_seed(0)
    layer, x = DropPath(0.25).train(), torch.ones(4000, 2, 3)
    out = layer(x)
    per_clip = out.flatten(1)
    assert torch.equal(per_clip.amin(1), per_clip.amax(1))
    assert out.mean().item() == pytest.approx(1.0, abs=0.03)  # 3 standard errors are 0.027
    assert torch.equal(layer.eval()(x), x)
