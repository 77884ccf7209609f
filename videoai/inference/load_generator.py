"""From the checkpoint of a GAN to its generator, with nothing else."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from videoai.core import checkpoint
from videoai.core.build import build
from videoai.core.types import ClipSpec
from videoai.gan import GENERATORS
from videoai.inference.load import averaged


class LoadedGenerator(nn.Module):
    """A generator in evaluation mode with what it was trained on. latent: float [B, latent_size], label: int64 [B] ->
    float [B, 3, T, H, W] in [-1, 1]."""

    def __init__(self, generator: nn.Module, *, classes: list[str], clip: ClipSpec) -> None:
        super().__init__()
        self.generator, self.classes, self.clip = generator, classes, clip
        self.num_classes, self.latent_size = len(classes), int(generator.latent_size)  # pyright: ignore[reportArgumentType]
        self.num_frames, self.size = clip.num_frames, clip.size

    def forward(self, latent: Tensor, label: Tensor) -> Tensor:
        return self.generator(latent, label)


def load_generator(path: str | Path, *, trust: Sequence[str] = (), device: str = "cpu") -> LoadedGenerator:
    """The averaged generator (the last one of a run without an average), with ``.classes`` (index = label) and
    ``.clip``.

    ``trust`` names packages of your own that it may be imported from.

    Raises: FileNotFoundError, ValueError: naming the file and what is wrong with it.
    """
    state = checkpoint.load(path)
    if state["config"].get("task") not in ("gan", {"name": "gan"}):
        raise ValueError(f"checkpoint={path}: not a GAN, so it generates no clips. Train one: videoai gan train")
    clip = ClipSpec(**state["clip"])
    node = state["config"]["gan"]["generator"]
    generator = build_network(node, GENERATORS, "gan.generator", len(state["classes"]), clip, trust)
    generator.load_state_dict(averaged(state) or _generator_of(state["model"]))
    return LoadedGenerator(generator, classes=list(state["classes"]), clip=clip).to(device).eval()


def build_network(
    node: dict[str, object],
    table: dict[str, str],
    where: str,
    num_classes: int,
    clip: ClipSpec,
    trust: Sequence[str],
) -> nn.Module:
    """A generator or a discriminator from its config node, with fresh weights."""
    facts = {"num_classes": num_classes, "num_frames": clip.num_frames, "size": clip.size}
    return build(node, table, where=where, trust=trust, **facts)


def _generator_of(model: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    prefix = "generator."
    return {key.removeprefix(prefix): value for key, value in model.items() if key.startswith(prefix)}
