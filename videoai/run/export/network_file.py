"""The file of a network in each format."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from videoai.core.files import write_atomic
from videoai.core.types import ClipSpec
from videoai.inference.exported import ONNX_EXTRA, onnxruntime
from videoai.inference.load import averaged
from videoai.settings.export import ExportFormat

MAX_PROTOBUF_BYTES = 2**31 - 1  # https://protobuf.dev/programming-guides/proto-limits/
EXAMPLES = 2  # clips of the example: with one, torch.export takes the batch for constant


def check_can_write(format: ExportFormat, model: nn.Module) -> None:
    """Raises: ImportError: what writes it is not installed. ValueError: it does not fit into the format."""
    if format != "onnx":
        return
    onnxruntime("format=onnx")
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(f"format=onnx needs onnx and onnxscript: {ONNX_EXTRA}") from error
    num_bytes = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    if num_bytes > MAX_PROTOBUF_BYTES:
        raise ValueError(
            f"format=onnx: the weights take {num_bytes / 2**30:.1f} GB, and one file of ONNX holds 2 GB. Take "
            "format=safetensors"
        )


def write_network(format: ExportFormat, path: Path, model: nn.Module, clip: ClipSpec, state: Mapping[str, Any]) -> None:
    """Raises: ValueError: the network cannot be written so, and why. OSError: no room."""
    if format == "safetensors":
        weights = averaged(state) or state["model"]
        # cloned, since the format knows no tensors that share memory
        write_atomic(path, save({key: value.clone().contiguous() for key, value in weights.items()}))
    else:
        write_onnx(path, traced(model, clip))


def traced(model: nn.Module, clip: ClipSpec) -> torch.export.ExportedProgram:
    """The network as a graph for any number of clips. Raises: ValueError: torch cannot follow it, and where."""
    video = torch.zeros(EXAMPLES, 3, clip.num_frames, clip.size, clip.size)
    batch = torch.export.Dim("batch", min=1)
    with quiet(), torch.no_grad():
        try:
            return torch.export.export(model, (video,), dynamic_shapes=({0: batch},), strict=False)
        except Exception as error:  # torch promises no class
            raise ValueError(f"torch.export cannot follow {type(model).__name__}: {first_line(error)}") from error


def write_onnx(path: Path, program: torch.export.ExportedProgram) -> None:
    """One file with its weights. Raises: ValueError: an operation that ONNX does not have."""
    with quiet():
        try:
            made = torch.onnx.export(
                program, dynamo=True, input_names=["video"], output_names=["logits"], verbose=False
            )
            assert made is not None
            made.save(path)
        except Exception as error:  # likewise
            raise ValueError(f"torch.onnx cannot write the network: {first_line(error)}") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the exporters say to their own authors."""
    loggers = [logging.getLogger(name) for name in ("onnxscript", "onnx_ir", "torch.onnx")]
    levels = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def first_line(error: Exception) -> str:
    """What it says, in short."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines)[:300]}"
