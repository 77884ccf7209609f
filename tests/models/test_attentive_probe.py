from typing import Any

import pytest
import torch
from torch import Tensor

from videoai.models.attentive_probe import AttentiveProbe, to_tokens


def probe(width: int = 16, num_classes: int = 5, **options: Any) -> AttentiveProbe:
    torch.manual_seed(0)
    return AttentiveProbe(width, num_classes, **{"num_heads": 4, **options})


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("shape", [(2, 7, 16), (2, 16, 4, 3, 2)])
def test_it_reads_tokens_and_maps_and_trains(shape: tuple[int, ...], depth: int) -> None:
    head = probe(depth=depth)
    logits = head(noise(*shape))
    assert logits.shape == (2, 5)
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert [n for n, p in head.named_parameters() if p.grad is None or not p.grad.any()] == []


@torch.inference_mode()
def test_without_classes_it_gives_the_pooled_vector() -> None:
    head = probe(num_classes=0)
    tokens = noise(2, 7, 16)
    assert torch.equal(head(tokens), head.pool(tokens))
    head.reset_classifier(3)
    assert head(tokens).shape == (2, 3)
    assert torch.equal(head(tokens, pre_logits=True), head.pool(tokens))


def test_as_many_heads_as_go_into_both_the_width_and_16() -> None:
    heads = {width: AttentiveProbe(width, 5).pool.cross.num_heads for width in (48, 24, 10)}
    assert heads == {48: 16, 24: 8, 10: 2}


@torch.inference_mode()
def test_the_order_of_tokens_does_not_matter_but_each_token_does() -> None:
    head = probe(depth=2)
    for linear in head.modules():
        if isinstance(linear, torch.nn.Linear):
            torch.nn.init.normal_(linear.weight, std=0.25)  # the initial 0.02 is made for wide tokens
    tokens = noise(2, 7, 16)
    torch.testing.assert_close(head(tokens), head(tokens.flip(1)))
    changed = tokens.clone()
    changed[:, 3] = noise(2, 8, 16)[:, 7]
    assert not torch.allclose(head(tokens), head(changed), atol=1e-4)


def test_maps_of_two_pathways_meet_on_their_coarsest_grid() -> None:
    slow, fast = noise(2, 6, 2, 4, 4), noise(2, 3, 8, 4, 4)
    tokens = to_tokens((slow, fast))
    assert tokens.shape == (2, 2 * 4 * 4, 9)
    torch.testing.assert_close(tokens[:, 0, :6], slow[:, :, 0, 0, 0])
    torch.testing.assert_close(tokens[:, 16, 6:], fast[:, :, 4:, 0, 0].mean(2))  # the second half of the frames


def test_what_it_cannot_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"maps of \(2, 4, 4\) and \(5, 4, 4\) \(T, H, W\) have no common grid"):
        to_tokens((noise(2, 6, 2, 4, 4), noise(2, 3, 5, 4, 4)))
    with pytest.raises(ValueError, match=r"shape \[2, 16\]; it reads tokens \[B, L, D\] or a map"):
        to_tokens(noise(2, 16))
    with pytest.raises(ValueError, match="num_heads=5 must divide the token width 16"):
        probe(num_heads=5)
    with pytest.raises(ValueError, match="depth=0 must be at least 1"):
        probe(depth=0)
