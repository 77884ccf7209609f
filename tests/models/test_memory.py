"""Activation checkpointing keeps less: the bytes that autograd holds between the passes, counted on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model

pytestmark = pytest.mark.slow


class Kept:
    """Storages that live until the backward pass, each counted once. Held, so that no address is used twice."""

    def __init__(self, model: nn.Module) -> None:
        self.own = {p.untyped_storage().data_ptr() for p in model.parameters()}
        self.storages: dict[int, torch.UntypedStorage] = {}

    def add(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.own:
            self.storages[storage.data_ptr()] = storage
        return tensor

    def megabytes(self) -> float:
        return sum(storage.nbytes() for storage in self.storages.values()) / 1e6

    @contextmanager
    def watch(self, blocks: list[nn.Module]) -> Iterator[None]:
        """What is saved for the backward pass, and what goes into a block: a checkpoint keeps that."""
        hooks = [block.register_forward_pre_hook(self._add_inputs) for block in blocks]
        with torch.autograd.graph.saved_tensors_hooks(self.add, lambda tensor: tensor):
            yield
        for hook in hooks:
            hook.remove()

    def _add_inputs(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        for tensor in inputs:
            self.add(tensor)


def blocks_of(name: str, model: Any) -> list[nn.Module]:
    return list(model.blocks) if name == "hiera_b" else [*model.layer1, *model.layer2, *model.layer3, *model.layer4]


@pytest.mark.parametrize(("name", "options"), [("hiera_b", {"num_frames": 4, "size": 64}), ("r3d_18", {})])
def test_checkpointing_keeps_little_more_than_what_goes_into_the_blocks(name: str, options: dict[str, Any]) -> None:
    megabytes = []
    for checkpointing in (False, True):
        torch.manual_seed(0)
        model: Any = create_model(name, num_classes=5, **options).train()
        model.set_grad_checkpointing(checkpointing)
        kept = Kept(model)
        with kept.watch(blocks_of(name, model)):
            logits = model(torch.randn(1, 3, 4, 64, 64))
        assert logits.requires_grad
        megabytes.append(kept.megabytes())
    everything, checkpoints = megabytes
    assert 0 < checkpoints < 0.4 * everything
