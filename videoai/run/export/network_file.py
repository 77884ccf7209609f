"""The file of a network in each format."""

import io
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn
from torch.export import ExportedProgram

from videoai.core.files import write_atomic
from videoai.core.types import ClipSpec
from videoai.inference.load import averaged
from videoai.inference.runtimes import NEEDS, runtime_of
from videoai.run.export.device_file import write_coreml, write_executorch
from videoai.settings.export import ExportFormat

LOUD = (
    "onnxscript",
    "onnx_ir",
    "torch.onnx",
    "torch.utils.cpp_extension",
    "torch.utils._pytree",
    "coremltools",
    "nncf",
)
MAX_PROTOBUF_BYTES = 2**31 - 1  # https://protobuf.dev/programming-guides/proto-limits/
# Modules that write a format beside those that run it.
WRITTEN_WITH: dict[ExportFormat, tuple[str, ...]] = {"onnx": ("onnx", "onnxscript"), "executorch": ("executorch.exir",)}


def check_can_write(format: ExportFormat, model: nn.Module) -> None:
    """Raises: ImportError: what writes it is not installed. ValueError: it does not fit into the format."""
    with quiet():
        runtime_of(format, f"format={format}")
    for module in WRITTEN_WITH.get(format, ()):
        if find_spec(module) is None:
            raise ImportError(f"format={format} needs {module}: pip install 'videoai[{NEEDS[format][1]}]'")
    if format == "aoti" and not any(map(shutil.which, ("g++", "clang++", "c++", "cl"))):
        raise ValueError("format=aoti compiles the network with a C++ compiler, and there is none. Install g++")
    num_bytes = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    if format == "onnx" and num_bytes > MAX_PROTOBUF_BYTES:
        raise ValueError(
            f"format=onnx: the weights take {num_bytes / 2**30:.1f} GB, and one file of ONNX holds 2 GB. Take "
            "format=openvino or format=safetensors"
        )


def write_network(format: ExportFormat, path: Path, model: nn.Module, clip: ClipSpec, state: Mapping[str, Any]) -> None:
    """Raises: ValueError: the network cannot be written so, and why. OSError: no room."""
    if format == "safetensors":
        weights = averaged(state) or state["model"]
        # cloned, since the format knows no tensors that share memory
        write_atomic(path, save({key: value.clone().contiguous() for key, value in weights.items()}))
        return
    program = traced(model, clip, one_clip=format == "executorch")
    with quiet(), torch.no_grad():
        try:
            WRITERS[format](path, program, clip)
        except Exception as error:  # their errors share no base class
            raise ValueError(f"format={format}: cannot write the network: {first_line(error)}") from error


def traced(model: nn.Module, clip: ClipSpec, *, one_clip: bool = False) -> ExportedProgram:
    """The network as a graph for any number of clips, or for one. Raises: ValueError: torch cannot follow it."""
    # With one clip as the example, torch.export takes the batch for constant.
    video = torch.zeros(1 if one_clip else 2, 3, clip.num_frames, clip.size, clip.size)
    shapes = None if one_clip else ({0: torch.export.Dim("batch", min=1)},)
    with quiet(), torch.no_grad():
        try:
            return torch.export.export(model, (video,), dynamic_shapes=shapes, strict=False)
        except Exception as error:  # torch promises no class
            raise ValueError(f"torch.export cannot follow {type(model).__name__}: {first_line(error)}") from error


def write_onnx(path: Path, program: ExportedProgram, clip: ClipSpec) -> None:
    """One file with its weights."""
    made = torch.onnx.export(program, dynamo=True, input_names=["video"], output_names=["logits"], verbose=False)
    assert made is not None
    made.save(path)


def write_openvino(path: Path, program: ExportedProgram, clip: ClipSpec) -> None:
    """Two files, of the graph and of the weights."""
    import openvino

    network = openvino.convert_model(program)
    # The converter forgets all sizes but that of the channels; with them it computes faster.
    network.reshape([-1, 3, clip.num_frames, clip.size, clip.size])
    network.inputs[0].get_tensor().set_names({"video"})
    network.outputs[0].get_tensor().set_names({"logits"})
    openvino.save_model(network, path, compress_to_fp16=False)


def write_torch_export(path: Path, program: ExportedProgram, clip: ClipSpec) -> None:
    """The graph as torch saves it."""
    torch.export.save(program, path)


def write_aoti(path: Path, program: ExportedProgram, clip: ClipSpec) -> None:
    """A library of machine code for this processor and this torch."""
    torch._inductor.aoti_compile_and_package(program, package_path=str(path))


WRITERS: dict[ExportFormat, Callable[[Path, ExportedProgram, ClipSpec], None]] = {
    "onnx": write_onnx,
    "openvino": write_openvino,
    "torch_export": write_torch_export,
    "aoti": write_aoti,
    "executorch": write_executorch,
    "coreml": write_coreml,
}


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the exporters say to their own authors."""
    loggers = [logging.getLogger(name) for name in LOUD]
    levels = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.ERROR)
        with warnings.catch_warnings(), redirect_stderr(bars := io.StringIO()), redirect_stdout(bars):
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def first_line(error: Exception) -> str:
    """What it says, in short."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines)[:300]}"
