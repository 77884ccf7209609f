import copy
from contextlib import nullcontext

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import nn
from torch.utils.checkpoint import checkpoint

from videoai.engine.batch_norm import bn_stats_frozen, synchronize_batch_norms
from videoai.engine.parallel import running_statistics


class Checkpointed(nn.Module):
    """Computes its convolution and batch norm again in the backward pass, by the call that timm makes too."""

    def __init__(self, checkpointing: bool, **options: object) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv3d(3, 4, 3), nn.BatchNorm3d(4, **options), nn.ReLU())
        self.checkpointing, self.head = checkpointing, nn.Linear(4, 2)

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        maps = checkpoint(self.block, video, use_reentrant=False) if self.checkpointing else self.block(video)
        return self.head(maps.mean((2, 3, 4)))


def after_two_steps(checkpointing: bool, held: bool, sync: bool = False, **options: object) -> tuple[dict, dict]:
    """Buffers and gradients. sync: in one process SyncBatchNorm computes what a batch norm does, also on the CPU."""
    torch.manual_seed(0)
    model = Checkpointed(checkpointing, **options)
    assert not sync or synchronize_batch_norms(model) == 1
    for _ in range(2):
        loss = model(torch.randn(2, 3, 4, 6, 6)).square().sum()
        with bn_stats_frozen(model) if held else nullcontext():
            loss.backward()
    return dict(model.named_buffers()), {name: weight.grad for name, weight in model.named_parameters()}


@pytest.mark.parametrize("options", [{}, {"momentum": None}, {"track_running_stats": False}, {"sync": True}])
def test_computing_again_leaves_statistics_and_gradients_as_without(options):
    plain = {key: value for key, value in options.items() if key != "sync"}
    again, once = after_two_steps(True, True, **options), after_two_steps(False, False, **plain)
    for given, wanted in zip(again, once, strict=True):
        assert given.keys() == wanted.keys()
        assert all(torch.equal(given[name], wanted[name]) for name in wanted)


def test_without_holding_the_clips_would_count_twice():
    given, wanted = after_two_steps(True, False)[0], after_two_steps(False, False)[0]
    assert given["block.1.num_batches_tracked"] == 2 * wanted["block.1.num_batches_tracked"]
    assert not torch.equal(given["block.1.running_mean"], wanted["block.1.running_mean"])


def test_a_backward_pass_that_fails_gives_the_statistics_back():
    norm = nn.BatchNorm1d(2)
    with pytest.raises(ValueError, match="fails"), bn_stats_frozen(norm):
        raise ValueError("fails")
    norm(torch.randn(3, 2))
    assert norm.momentum == 0.1 and norm.num_batches_tracked == 1


def test_synchronized_norms_have_the_weights_names_and_outputs_of_those_before():
    """timm's norm with an activation in it keeps the activation."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), BatchNormAct2d(4), nn.Sequential(nn.BatchNorm2d(4)))
    images, before = torch.randn(2, 3, 6, 6), {key: value.clone() for key, value in model.state_dict().items()}
    weight, outputs = model[1].weight, copy.deepcopy(model)(images)
    assert synchronize_batch_norms(model) == 2
    assert model[1].weight is weight  # the optimizer's
    after = model.state_dict()
    assert list(after) == list(before) and all(torch.equal(after[key], before[key]) for key in before)
    assert torch.equal(model(images), outputs)


def test_statistics_that_are_the_same_everywhere_are_not_averaged():
    model = nn.Sequential(nn.BatchNorm3d(2), nn.BatchNorm3d(2))
    assert len(list(running_statistics(model))) == 4
    synchronize_batch_norms(model)
    assert list(running_statistics(model)) == []
