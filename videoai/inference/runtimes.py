"""What runs the networks of a bundle: a function for each format, from files to a call. All compute on the CPU.

Some formats hold code, which runs as the file is opened; ``CODE`` says how, and they are opened on request alone.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from videoai.settings.export import ExportFormat

Run = Callable[[Tensor], Tensor]  # float32 [B, C, T, H, W] -> float32 [B, K]
# The modules that a runtime needs, and the extra that brings them; torch runs what is not named here.
NEEDS: dict[ExportFormat, tuple[str, str]] = {
    "onnx": ("onnxruntime", "export"),
    "openvino": ("openvino", "openvino"),
    "executorch": ("executorch.runtime", "executorch"),
    "coreml": ("coremltools", "coreml"),
}
CODE: dict[ExportFormat, str] = {
    "torch_export": "torch.export.load unpickles and evaluates parts of it",
    "aoti": "it holds a library of machine code",
    "executorch": "ExecuTorch checks too little of it: a damaged file reads and writes memory that is not its own",
}


def runtime_of(format: ExportFormat, name: str) -> ModuleType:
    """The module that runs a format. ``name``: in the message. Raises: ImportError: how to get it."""
    module, extra = NEEDS.get(format, ("torch", ""))
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{name} needs {module.split('.')[0]}: pip install 'videoai[{extra}]'") from error


def open_onnx(path: Path, video: Sequence[int], num_outputs: int) -> Run:
    """A session of ONNX Runtime; from bytes, so that the file cannot have others read.

    Args:
        video: [C, T, H, W] of the manifest.
    Raises: ValueError: no such network, or one for other clips or classes. ImportError.
    """
    runtime: Any = runtime_of("onnx", str(path))
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = torch.get_num_threads(), 3  # 3 = errors
    try:
        session = runtime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no base class
        raise cannot_open(path, f"ONNX Runtime {runtime.__version__}", error) from error
    inputs = [(one.name, one.shape[1:]) for one in session.get_inputs()]
    outputs = [(one.name, one.shape[1:]) for one in session.get_outputs()]
    check_shapes(path, inputs, outputs, video, num_outputs)
    return lambda clips: torch.from_numpy(session.run(None, {"video": clips.numpy()})[0])


def open_openvino(path: Path, video: Sequence[int], num_outputs: int) -> Run:
    """A compiled network of OpenVINO, from its own format or from ONNX; arguments and errors as ``open_onnx``."""
    runtime: Any = runtime_of("openvino", str(path))
    weights = path.with_suffix(".bin")
    data = (path.read_bytes(), weights.read_bytes()) if path.suffix == ".xml" else (path.read_bytes(),)
    core = runtime.Core()
    # Chips with bf16 would round to it unasked.
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    try:
        network = core.read_model(*data)
        inputs = [(one.any_name, fixed_dims(one.partial_shape)) for one in network.inputs]
        outputs = [(one.any_name, fixed_dims(one.partial_shape)) for one in network.outputs]
        check_shapes(path, inputs, outputs, video, num_outputs)
        compiled = core.compile_model(network, "CPU", options)
    except RuntimeError as error:
        raise cannot_open(path, f"OpenVINO {runtime.__version__}", error) from error
    return lambda clips: torch.from_numpy(compiled(clips.numpy())[0].copy())


def open_torch_export(path: Path, video: Sequence[int], num_outputs: int) -> Run:
    """A graph of torch.export, which runs code that the file holds."""
    try:
        return torch.export.load(path).module()
    except Exception as error:  # torch promises no class
        raise cannot_open(path, f"torch {torch.__version__}", error) from error


def open_aoti(path: Path, video: Sequence[int], num_outputs: int) -> Run:
    """A library of AOTInductor, which is machine code."""
    try:
        return torch._inductor.aoti_load_package(str(path))  # pyright: ignore[reportReturnType]
    except Exception as error:  # likewise
        raise cannot_open(path, f"torch {torch.__version__} on this processor", error) from error


def open_executorch(path: Path, video: Sequence[int], num_outputs: int) -> Run:
    """A program of ExecuTorch, for one clip at a time."""
    runtime: Any = runtime_of("executorch", str(path))
    try:
        program = runtime.Runtime.get().load_program(data := path.read_bytes())
        method = program.load_method("forward")
    except RuntimeError as error:
        raise cannot_open(path, "ExecuTorch", error) from error

    def run(clips: Tensor, held: tuple = (program, data)) -> Tensor:  # without them the method reads freed memory
        # A clone, since the next clip overwrites the output.
        return torch.cat([method.execute([one.contiguous()])[0].clone() for one in clips.split(1)])

    return run


OPENERS: dict[ExportFormat, Callable[[Path, Sequence[int], int], Run]] = {
    "onnx": open_onnx,
    "openvino": open_openvino,
    "torch_export": open_torch_export,
    "aoti": open_aoti,
    "executorch": open_executorch,
}


def fixed_dims(shape: Any) -> list[int]:
    """Dimensions of OpenVINO after the first; -1 = any size."""
    return [one.get_length() if one.is_static else -1 for one in list(shape)[1:]]


def check_shapes(path: Path, inputs: list, outputs: list, video: Sequence[int], num_outputs: int) -> None:
    """Raises: ValueError: not the manifest's clips and classes."""
    if (inputs, outputs) != ([("video", list(video))], [("logits", [num_outputs])]):
        raise ValueError(f"{path}: takes {inputs} and gives {outputs}; the manifest says {video} and {[num_outputs]}.")


def cannot_open(path: Path, what: str, error: Exception) -> ValueError:
    """In one line."""
    return ValueError(f"{path}: {what} cannot open it ({' '.join(str(error).split())[:200]}).")
