"""Bundles: what ``export`` writes, a folder that is opened as a checkpoint is.

A bundle may come from a stranger. Its manifest is checked against a schema with bounds before anything is allocated by
its numbers, every file lies in the folder itself and has the SHA-256 that the manifest says, and nothing is unpickled.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from safetensors.torch import load_file

from videoai.core.checkpoint import FORMAT
from videoai.core.types import Channels, PastEnd, Sampling
from videoai.models.published.download import digest_of
from videoai.settings.export import ExportFormat, ExportPrecision
from videoai.settings.parse import parse
from videoai.settings.setting import setting

MANIFEST, VERSION = "manifest.json", 1
# The file that is opened; what else belongs to it.
NETWORK: dict[ExportFormat, str] = {
    "onnx": "model.onnx",
    "openvino": "model.xml",
    "torch_export": "model.pt2",
    "aoti": "compiled.pt2",
    "executorch": "model.pte",
    "coreml": "model.mlpackage.zip",
    "safetensors": "model.safetensors",
}
BESIDE: dict[ExportFormat, str] = {"openvino": "model.bin"}
# Parts of a checkpoint, beside its weights, that evaluate and predict read; and those of its config.
NO_CLIPS = ("localize", "gan")  # tasks that no export has
KEPT = ("config", "classes", "clip", "step", "versions", "tuned", "faces")
CONFIG = ("task", "model", "data", "loading", "finetune", "modalities", "audio")
MAX_MANIFEST_BYTES = 2**24
MAX_FRAMES, MAX_SIDE, MAX_OUTPUTS, MAX_FILES = 4096, 4096, 100_000, 32
HEX_DIGITS = 64  # a SHA-256 in hexadecimal


@dataclass(frozen=True, kw_only=True)
class BundleClip:
    """The clip, as ``ClipSpec`` has it, within bounds."""

    num_frames: int = setting(min=1, max=MAX_FRAMES, help="T")
    size: int = setting(min=1, max=MAX_SIDE, help="pixels, H and W")
    stride: int = setting(1, min=1, max=1000, help="frames between two frames of a clip")
    resize: int | None = setting(None, min=1, max=MAX_SIDE, help="pixels, short side before the crop of the centre")
    fps: float | None = setting(None, above=0, help="the rate that stride counts at; null = the file's own")
    sampling: Sampling = setting(help="dense or uniform")
    past_end: PastEnd = setting(help="what a clip shows that is longer than its video")
    mean: tuple[float, ...] = setting(length=3, help="of pixels in 0 .. 1, in the order of channels")
    std: tuple[float, ...] = setting(length=3, above=0, help="likewise")
    channels: Channels = setting(help="the order that the network takes")


@dataclass(frozen=True, kw_only=True)
class BundleState:
    """What stands in for the checkpoint: all of it but the weights."""

    config: dict[str, Any] = setting(help="task, model and data, as the checkpoint has them")
    classes: tuple[str, ...] = setting(help="names of the K outputs")
    step: int = setting(min=0, help="training step")
    versions: dict[str, Any] = setting(help="what wrote the checkpoint, and the fingerprint of its data")
    tuned: dict[str, Any] = setting({}, help="what validation chose beside the checkpoint")
    faces: dict[str, Any] | None = setting(None, help="how faces were cut out of the training videos")


@dataclass(frozen=True, kw_only=True)
class BundleManifest:
    """The content of ``manifest.json``."""

    bundle: int = setting(min=1, max=VERSION, help="version of this format")
    format: ExportFormat = setting(help="of the network")
    precision: ExportPrecision = setting(help="of its weights")
    num_values: int = setting(min=0, help="weights of the network")
    license: str | None = setting(None, help="of the weights that training began with, where it is known")
    activation: Literal["softmax", "sigmoid", "none"] = setting(help="from outputs to scores")
    clip: BundleClip = field()
    state: BundleState = field()
    versions: dict[str, Any] = setting(help="what wrote the bundle")
    verified: dict[str, Any] = setting(help="largest difference from the original on the stored clip, and its limit")
    milliseconds: dict[str, float] = setting(min=0, help="for one clip on the CPU that exported, by what computes it")
    judgement: dict[str, Any] | None = setting(help="the original and the export on the same videos; null = not there")
    files: dict[str, str] = setting(help="SHA-256 of every other file")


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest and files were checked; in a state it stands where the weights do."""

    folder: Path
    manifest: BundleManifest

    @property
    def network(self) -> Path:
        """The file of the network."""
        return self.folder / NETWORK[self.manifest.format]

    @property
    def sha256(self) -> str:
        """The digest of that file."""
        return self.manifest.files[self.network.name]


def is_bundle(source: str | Path) -> bool:
    """Whether a path is a folder with a manifest."""
    return os.path.isfile(os.path.join(source, MANIFEST))


def check_no_part(source: str | Path) -> None:
    """Raises: ValueError: a file of a bundle is given for its folder."""
    path = Path(source)
    if path.is_file() and is_bundle(path.parent):
        raise ValueError(f"{source}: is a file of an export. Give the folder: checkpoint={path.parent}")


def open_bundle(source: str | Path) -> dict[str, Any]:
    """What ``checkpoint.load`` gives of a checkpoint; ``model`` holds the weights, or a ``Bundle`` whose network is of
    another format.

    Raises: ValueError, OSError: naming the file and what is wrong with it.
    """
    bundle = Bundle(Path(source), read_manifest(Path(source)))
    check_files(bundle)
    manifest = bundle.manifest
    kept = {key: getattr(manifest.state, key) for key in KEPT if key != "clip"}
    kept = {key: value for key, value in kept.items() if value is not None}
    clip = {key: getattr(manifest.clip, key) for key in BundleClip.__dataclass_fields__}
    weights = load_file(bundle.network) if manifest.format == "safetensors" else bundle
    return {**kept, "format": FORMAT, "classes": list(manifest.state.classes), "clip": clip, "model": weights}


def read_manifest(folder: Path) -> BundleManifest:
    """Raises: ValueError: it is no manifest, or holds what no export writes."""
    path = folder / MANIFEST
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise ValueError(f"{path}: larger than {MAX_MANIFEST_BYTES // 2**20} MB, so it is no manifest of an export.")
    try:
        given = json.loads(path.read_bytes())
        manifest = parse(BundleManifest, given)
    except (ValueError, RecursionError, AttributeError) as error:
        raise ValueError(f"{path}: not a manifest of an export ({error}). Export the checkpoint again.") from error
    if not 1 <= len(manifest.state.classes) <= MAX_OUTPUTS:
        raise ValueError(f"{path}: {len(manifest.state.classes)} classes; 1 to {MAX_OUTPUTS} are possible.")
    if len(set(manifest.state.classes)) < len(manifest.state.classes):
        raise ValueError(f"{path}: names a class twice. Export the checkpoint again.")
    if (manifest.state.config.get("task") or {}).get("name") in NO_CLIPS:
        raise ValueError(f"{path}: a task of events or of generated clips, and a bundle answers for clips.")
    return manifest


def check_files(bundle: Bundle) -> None:
    """Raises: ValueError: a file that is not in the folder itself, is not there, or is not the one that was written."""
    files, format = bundle.manifest.files, bundle.manifest.format
    for name in (NETWORK[format], BESIDE.get(format, NETWORK[format])):
        if name not in files or len(files) > MAX_FILES:
            raise ValueError(f"{bundle.folder / MANIFEST}: {len(files)} files, and {name} must be one of them.")
    for name, digest in files.items():
        path = bundle.folder / name
        if not is_plain_name(name) or path.is_symlink():
            raise ValueError(f"{bundle.folder / MANIFEST}: names {name[:80]!r}; files lie in the folder itself.")
        if not path.is_file():
            raise ValueError(f"{path}: is not there, and the manifest names it. Copy the whole folder.")
        if len(digest) != HEX_DIGITS or digest_of(path) != digest:
            raise ValueError(f"{path}: changed since it was exported: its SHA-256 is another. Export again.")


def is_plain_name(name: str) -> bool:
    """Whether it names a file of the folder itself, on every system."""
    return bool(name) and name not in (".", "..") and not set(name) & {"/", "\\", ":", "\0"}
