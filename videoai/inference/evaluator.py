"""A frozen network that extracts features and class probabilities of clips, real and generated, to measure a GAN."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.core.checkpoint import weights_hash
from videoai.core.types import Clips, ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.inference.load import LoadedModel, from_state, open_checkpoint
from videoai.models import create_model
from videoai.models.heads import needs
from videoai.models.published import find, is_published

Corruption = Callable[[Tensor], Tensor]  # uint8 [B, T, C, H, W] -> the same shape


class Extracted(NamedTuple):
    """Features and probabilities of N clips, on the CPU."""

    features: Tensor  # float [N, D], pooled, before the classifier
    probability: Tensor  # float [N, K]; [N, 0] for a network without classes
    label: Tensor  # int64 [N]
    index: Tensor  # int64 [N], number of the clip in its list; unreadable ones are missing

    def of(self, rows: Tensor) -> "Extracted":
        """The rows of a mask or of indices."""
        return Extracted(*(column[rows] for column in self))


class Evaluator:
    """A frozen classifier of real clips, or any network of the zoo as an encoder of features alone."""

    def __init__(self, network: nn.Module, *, clip: ClipSpec, classes: list[str], name: str) -> None:
        """Raises: ValueError: a network without ``forward_features`` and ``forward_head``."""
        needs(network, "forward_features", "forward_head", setting=name)
        self.network, self.clip, self.classes, self.name = network.eval(), clip, classes, name
        self.hash = weights_hash(network)
        self.to_input = ToModelInput(clip)

    def to(self, device: torch.device) -> "Evaluator":
        """The same, on a device."""
        self.network, self.to_input = self.network.to(device), self.to_input.to(device)
        return self

    @torch.no_grad()
    def extract(self, video: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [B, T, C, H, W] of any length and size -> features [B, D], probabilities [B, K]."""
        features = self.network.forward_features(self.to_input.normalized(resample_clip(video, self.clip)))  # pyright: ignore[reportCallIssue]
        pooled = self.network.forward_head(features, pre_logits=True)  # pyright: ignore[reportCallIssue]
        if not self.classes:
            return pooled.float().cpu(), torch.empty(len(video), 0)
        logits = self.network.forward_head(features)  # pyright: ignore[reportCallIssue]
        return pooled.float().cpu(), logits.float().softmax(1).cpu()

    def extract_batches(self, batches: Iterable[Clips], corruption: Corruption = lambda video: video) -> Extracted:
        """Every readable clip of the batches, after ``corruption``. Raises: ValueError: there is none."""
        parts = []
        for clips in batches:
            readable = torch.tensor([row for row, error in enumerate(clips.error) if not error], dtype=torch.int64)
            if len(readable):
                outputs = self.extract(corruption(clips.video[readable]))
                parts.append((*outputs, clips.label[readable], clips.index[readable]))
        if not parts:
            raise ValueError("none of the clips could be read.")
        return Extracted(*(torch.cat(column) for column in zip(*parts, strict=True)))


def load_evaluator(checkpoint_path: str) -> Evaluator:
    """A classifier from its checkpoint. Raises: FileNotFoundError, ValueError."""
    return evaluator_of(from_state(open_checkpoint(checkpoint_path)), checkpoint_path)


def evaluator_of(loaded: LoadedModel, name: str) -> Evaluator:
    """A classifier that is loaded already."""
    return Evaluator(loaded.model, clip=loaded.clip, classes=loaded.classes, name=name)


def load_encoder(source: str) -> Evaluator:
    """Features alone: of published weights by id, also such as have no classes, or of a checkpoint.

    Raises: FileNotFoundError, OSError, ValueError.
    """
    if not is_published(source):
        return load_evaluator(source)
    row = find(source)
    network = create_model(row.model, weights=source, num_classes=0)
    return Evaluator(network, clip=row.clip, classes=[], name=source.partition(":")[0])


def resample_clip(video: Tensor, clip: ClipSpec) -> Tensor:
    """uint8 [B, T, C, H, W] -> as many frames of the side that ``clip`` has: nearest in time, bilinear in space.

    Not cropped: a network that looks at larger pictures sees the whole of these.
    """
    frames, size = video.shape[1], video.shape[-1]
    if frames != clip.num_frames:
        video = video[:, (torch.arange(clip.num_frames) + 0.5).mul(frames / clip.num_frames).long()]
    if size == clip.size == video.shape[-2]:
        return video
    flat = F.interpolate(video.flatten(0, 1).float(), size=(clip.size, clip.size), mode="bilinear", antialias=True)
    return flat.round().clamp(0, 255).to(torch.uint8).unflatten(0, video.shape[:2])
