"""``export``: write the network, prove it on a stored clip, judge it on videos, and only then give it its folder."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor, nn

from videoai.core.files import write_together
from videoai.core.launcher import launched_processes
from videoai.core.paths import display_path
from videoai.inference.bundle import NETWORK, Bundle, open_bundle
from videoai.inference.exported import ExportedNetwork
from videoai.inference.load import LoadedModel, from_state, open_checkpoint
from videoai.inference.runtimes import open_openvino
from videoai.inference.video_features import KEY as FEATURES
from videoai.models.published.download import digest_of
from videoai.report.result_files import json_bytes
from videoai.run.checkpoint_data import DataChange
from videoai.run.export.held_folder import held_folder
from videoai.run.export.judge import Judgement, calibration_clips, judge, open_judging
from videoai.run.export.manifest import manifest_of, write_manifest
from videoai.run.export.network_file import check_can_write, write_network
from videoai.run.export.precision import check_precision, convert
from videoai.run.export.stored_clip import FILE as CLIP_FILE
from videoai.run.export.stored_clip import clip_bytes, outputs_of_clip, rendered_clip
from videoai.run.export.timing import milliseconds
from videoai.run.export.verify import rendered_clips, verify
from videoai.run.training.folder import default_run_dir
from videoai.settings.export import ExportSettings
from videoai.tasks.answering import answering_task
from videoai.tasks.supervised import SupervisedTask

SCRIPT = "run.py"
SCRIPTED = ("onnx", "openvino")  # formats that the script runs
SHOWN = 20  # differing videos in a message


@dataclass(frozen=True)
class Exported:
    """What an export gave."""

    folder: str
    files: list[str]
    max_difference: float | None  # between outputs and the original's, on a rendered clip; None = not run here
    limit: float  # what is allowed
    milliseconds: dict[str, float]  # for one clip on this machine's CPU, by what computes it
    judgement: Judgement | None  # None = the videos were not there

    @property
    def fastest(self) -> str:
        """What answers first."""
        return min(self.milliseconds, key=self.milliseconds.__getitem__)


def export(settings: ExportSettings, change: DataChange = DataChange()) -> Exported:  # noqa: B008 (frozen)
    """Write the bundle of a checkpoint. It gets its folder when all is done, so it is there whole or not at all.

    ``change``: other videos to judge by than the checkpoint's, or what is changed of its own.

    Raises: ValueError, OSError, ImportError: what cannot be exported and why, or a loss above ``max_loss``.
    """
    if launched_processes() > 1:
        raise ValueError("export runs in one process: start it without torchrun.")
    out = new_folder(settings)
    state = open_checkpoint(settings.checkpoint)
    task, original = exportable(state, settings)
    check_can_write(settings.format, original.model)
    split = open_judging(settings, change, state, task)
    check_precision(settings, split)
    with held_folder(out) as held:
        folder = held / "bundle"
        clips = calibration_clips(settings, split, state, original) if split and settings.precision == "int8" else []
        bundle = written(settings, folder, state, task, original, clips)
        network = opened(bundle, state, settings)
        verified = verify(bundle.network.name, original, network, is_exact=settings.precision == "fp32")
        judged = judge(settings, split, state, task, original, network) if split and network else None
        if judged and judged.is_refused:
            raise refused(out, judged)
        times = milliseconds({"torch": original.model, **timed(bundle, network)}, rendered_clips(original)[:1])
        write_manifest(bundle, verified, judged, times)
        open_bundle(folder)  # what cannot be opened is not written
        os.replace(folder, out)
    refusal(out).unlink(missing_ok=True)
    return Exported(
        str(out), sorted(one.name for one in out.iterdir()), **verified, milliseconds=times, judgement=judged
    )


def new_folder(settings: ExportSettings) -> Path:
    """``out``, or FORMAT-PRECISION in the checkpoint's run. Raises: ValueError: it holds something."""
    out = Path(settings.out) if settings.out else default_run_dir(settings.checkpoint) / default_name(settings)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"out={display_path(out)}: is there already. Choose a new folder: out=DIR")
    return out


def default_name(settings: ExportSettings) -> str:
    """``onnx``, ``onnx-int8``"""
    return settings.format if settings.precision == "fp32" else f"{settings.format}-{settings.precision}"


def exportable(state: dict[str, Any], settings: ExportSettings) -> tuple[SupervisedTask, LoadedModel]:
    """The task and the network of a checkpoint. Raises: ValueError: one that no bundle describes yet, and why."""
    source = settings.checkpoint
    if isinstance(state["model"], Bundle):
        raise ValueError(f"{source}: is an export already. Export the checkpoint that it was made from.")
    if state.get(FEATURES):
        raise ValueError(f"{source}: learned from features of another network, and a bundle holds one network.")
    if state["clip"].get("sound"):
        raise ValueError(f"{source}: hears, and a bundle reads pictures alone. Train with modalities=[v].")
    task = answering_task(state, source, trust=settings.trust)
    if not isinstance(task, SupervisedTask):
        raise ValueError(f"{source}: finds events in windows that overlap; a bundle answers for clips.")
    return task, from_state(state, trust=settings.trust)


def written(
    settings: ExportSettings,
    folder: Path,
    state: Mapping[str, Any],
    task: SupervisedTask,
    original: LoadedModel,
    clips: Sequence[Tensor],
) -> Bundle:
    """The files of a bundle but for its manifest. ``clips``: for int8."""
    file = folder / NETWORK[settings.format]
    folder.mkdir()
    write_network(settings.format, file, original.model, original.clip, state)
    if settings.precision != "fp32":
        convert(settings, file, clips)
    frames = rendered_clip(original.clip)
    files = {CLIP_FILE: clip_bytes(frames, outputs_of_clip(original.model, frames, original.clip))}
    if settings.format in SCRIPTED:
        files[SCRIPT] = Path(__file__).with_name("standalone.py").read_bytes()
    write_together({folder / name: data for name, data in files.items()})
    return Bundle(folder, manifest_of(settings, state, task, original, digest_of(file)))


def opened(bundle: Bundle, state: Mapping[str, Any], settings: ExportSettings) -> nn.Module | None:
    """The network of the file that was written; None = not here, but where Core ML runs."""
    if settings.format == "coreml":
        return None
    weights = load_file(bundle.network) if settings.format == "safetensors" else bundle
    trust = [*settings.trust, settings.format]  # made here and now
    return from_state({**state, "ema": None, "model": weights}, trust=trust).model


def refused(out: Path, judged: Judgement) -> ValueError:
    """The error, and the whole judgement in a file beside the folder that was not made."""
    write_together({refusal(out): json_bytes(judged.to_dict())})
    shown = "; ".join(f"{one['path']} ({one['original']} -> {one['export']})" for one in judged.differing[:SHOWN])
    return ValueError(
        f"the export loses {judged.loss:.4f} of {judged.metric}, and max_loss={judged.max_loss:g}, so it was not "
        f"written. {judged.sentence()}: {shown}. All of it is in {display_path(refusal(out))}"
    )


def refusal(out: Path) -> Path:
    """Where the judgement on an export goes that was not written."""
    return out.with_name(f"{out.name}-refused.json")


def timed(bundle: Bundle, network: nn.Module | None) -> dict[str, nn.Module]:
    """The export in all that runs it here, beside the original; weights alone are computed as the original is."""
    format = bundle.manifest.format
    if network is None or format == "safetensors":
        return {}
    if format != "onnx":
        return {format: network}
    return {"onnxruntime": network, **in_openvino(bundle)}


def in_openvino(bundle: Bundle) -> dict[str, nn.Module]:
    """A file of ONNX in OpenVINO, where that is installed and takes it."""
    clip, num_outputs = bundle.manifest.clip, len(bundle.manifest.state.classes)
    try:
        run = open_openvino(bundle.network, [3, clip.num_frames, clip.size, clip.size], num_outputs)
    except (ImportError, ValueError):
        return {}
    return {"openvino": ExportedNetwork(run, bundle.sha256)}
