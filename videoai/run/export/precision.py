"""A network with smaller numbers: fp16, or int8 with ranges from training clips or found as it runs."""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from torch import Tensor

from videoai.run.evaluate import Split
from videoai.run.export.network_file import first_line, quiet
from videoai.settings.export import ExportFormat, ExportPrecision, ExportSettings


def check_precision(settings: ExportSettings, split: Split | None) -> None:
    """Raises: ValueError: a precision that the format does not have, or one without the clips that it needs.
    ImportError: what quantises is not installed."""
    format, precision = settings.format, settings.precision
    if precision == "fp32":
        return
    if (format, precision) not in CONVERTERS:
        having = ", ".join(sorted({one for one, what in CONVERTERS if what == precision}))
        raise ValueError(f"precision={precision} is of format={having}, and format={format} keeps fp32.")
    if precision == "int8" and not (split and len(split.manifest.splits["train"])):
        raise ValueError(
            "precision=int8 takes the ranges of activations from training clips, and there are none here. Say where "
            "they lie, data.root=PATH, or take precision=int8_dynamic"
        )
    if (format, precision) == ("openvino", "int8") and find_spec("nncf") is None:
        raise ImportError("format=openvino precision=int8 needs nncf: pip install 'videoai[openvino]'")


def convert(settings: ExportSettings, path: Path, clips: Sequence[Tensor]) -> None:
    """Replace the file of a network. ``clips``: for int8. Raises: ValueError: it cannot be converted."""
    with quiet(), TemporaryDirectory() as folder:
        made = Path(folder) / path.name
        try:
            CONVERTERS[settings.format, settings.precision](path, made, clips)
        except Exception as error:  # their errors share no base class
            raise ValueError(
                f"precision={settings.precision}: the network cannot be converted: {first_line(error)}"
            ) from error
        for part in {made, made.with_suffix(".bin")}:
            if part.is_file():
                (path.parent / part.name).write_bytes(part.read_bytes())


def _to_fp16(source: Path, target: Path, clips: Sequence[Tensor]) -> None:
    """Inputs and outputs stay float32."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), target)


def _to_dynamic_int8(source: Path, target: Path, clips: Sequence[Tensor]) -> None:
    """Weights of matrix products; ONNX Runtime has no dynamic convolution over time and space."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    prepared = _prepared(source, target)
    quantize_dynamic(prepared, target, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QInt8)


def _to_static_int8(source: Path, target: Path, clips: Sequence[Tensor]) -> None:
    """Weights and activations, QDQ; the weights of each channel have a scale of their own."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Clips(CalibrationDataReader):
        def __init__(self) -> None:
            self.rest: Iterator[dict[str, np.ndarray]] = ({"video": clip.numpy()} for clip in clips)

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.rest, None)

    prepared = _prepared(source, target)
    quantize_static(prepared, target, Clips(), quant_format=QuantFormat.QDQ, per_channel=True)


def _prepared(source: Path, target: Path) -> Path:
    """With batch norms in their convolutions, as quantisation wants it."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = target.with_name("prepared.onnx")
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    return prepared


def _to_fp16_openvino(source: Path, target: Path, clips: Sequence[Tensor]) -> None:
    """Weights in half the bytes; it computes in float32."""
    import openvino

    openvino.save_model(openvino.Core().read_model(source), target, compress_to_fp16=True)


def _to_int8_openvino(source: Path, target: Path, clips: Sequence[Tensor]) -> None:
    """Weights and activations, by NNCF, with ranges from the clips."""
    import nncf  # pyright: ignore[reportMissingImports]
    import openvino

    network = openvino.Core().read_model(source)
    made = nncf.quantize(network, nncf.Dataset([clip.numpy() for clip in clips]), subset_size=len(clips))
    openvino.save_model(made, target, compress_to_fp16=False)


Converter = Callable[[Path, Path, Sequence[Tensor]], None]
CONVERTERS: dict[tuple[ExportFormat, ExportPrecision], Converter] = {
    ("onnx", "fp16"): _to_fp16,
    ("onnx", "int8"): _to_static_int8,
    ("onnx", "int8_dynamic"): _to_dynamic_int8,
    ("openvino", "fp16"): _to_fp16_openvino,
    ("openvino", "int8"): _to_int8_openvino,
}
