"""Settings of ``export``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.loading import NumWorkers
from videoai.settings.setting import setting
from videoai.settings.verbs import CHECKPOINT_HELP, Split

ExportFormat = Literal["onnx", "openvino", "torch_export", "aoti", "executorch", "coreml", "safetensors"]
ExportPrecision = Literal["fp32", "fp16", "int8", "int8_dynamic"]


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """Write a checkpoint as a bundle that other programs run, if it is as good on your own videos."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP)
    format: ExportFormat = setting(
        "onnx",
        help="onnx and openvino = with a script that needs no videoai; torch_export, aoti (compiled for this "
        "processor) and executorch (phones) = files that run code as they are opened; coreml (Apple) = written, not "
        "run here; safetensors = weights",
    )
    precision: ExportPrecision = setting(
        "fp32",
        help="fp16 and int8 are of format=onnx and openvino, int8_dynamic of onnx: int8 = weights and activations, "
        "with ranges from training clips; int8_dynamic = the weights of matrix products, which suits transformers",
    )
    calibration_clips: int = setting(64, min=1, max=4096, needs="precision=int8", help="training clips for int8")
    out: str | None = setting(
        None, path=True, help="a new folder; null = FORMAT or FORMAT-PRECISION in the checkpoint's run"
    )
    max_loss: float = setting(
        0.005,
        min=0,
        max=1,
        help="the export is refused where it loses more of the task's metric than this: 0.005 = half a point of top-1",
    )
    split: Split = setting("auto", help="whose videos judge the export; auto = test, else val, else all")
    batch_size: int = setting(16, min=1, help="clips in one forward pass of the judgement")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode; 0 = none; auto = the cores")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoint's model comes from")
    debug: bool = setting(False, help="true = show the traceback of an error")
