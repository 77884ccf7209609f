"""Networks of other programs, called as a network of torch is."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from videoai.inference.bundle import Bundle

ONNX_EXTRA = "pip install 'videoai[export]'"


class ExportedNetwork(nn.Module):
    """video: float32 [B, C, T, H, W], normalised -> outputs float32 [B, K]. It computes on the CPU.

    The digest of its file is a buffer, so that ``weights_hash`` tells networks apart.
    """

    digest: Tensor

    def __init__(self, run: Callable[[Tensor], Tensor], sha256: str) -> None:
        super().__init__()
        self.run = run
        self.register_buffer("digest", torch.tensor(list(bytes.fromhex(sha256)), dtype=torch.uint8))

    def forward(self, video: Tensor) -> Tensor:
        """Raises: ValueError: another precision is asked for than the one that it was exported with."""
        if torch.is_autocast_enabled(video.device.type):
            raise ValueError("precision: an exported network computes as it was exported. Leave precision out.")
        return self.run(video.cpu().contiguous()).to(video.device)


def open_network(bundle: Bundle) -> ExportedNetwork:
    """The network of a bundle. Raises: ValueError: not one for the manifest's clips. ImportError: what runs it."""
    clip = bundle.manifest.clip
    shape = [3, clip.num_frames, clip.size, clip.size]
    run = open_onnx(bundle.network.read_bytes(), str(bundle.network), shape, len(bundle.manifest.state.classes))
    return ExportedNetwork(run, bundle.sha256)


def open_onnx(data: bytes, name: str, shape: list[int], num_outputs: int) -> Callable[[Tensor], Tensor]:
    """A session of ONNX Runtime; from bytes, so that the file cannot have others read.

    Args:
        name: in messages. shape: [C, T, H, W].
    """
    runtime = onnxruntime(name)
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = torch.get_num_threads(), 3  # 3 = errors
    try:
        session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no base class
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{name}: ONNX Runtime {runtime.__version__} cannot open it ({reason}).") from error
    inputs = [(one.name, one.shape[1:]) for one in session.get_inputs()]
    outputs = [(one.name, one.shape[1:]) for one in session.get_outputs()]
    if (inputs, outputs) != ([("video", shape)], [("logits", [num_outputs])]):
        raise ValueError(f"{name}: takes {inputs} and gives {outputs}; the manifest says {shape} and {[num_outputs]}.")
    return lambda video: torch.from_numpy(session.run(None, {"video": video.numpy()})[0])


def onnxruntime(name: str) -> Any:
    """The module. Raises: ImportError: how to get it."""
    try:
        import onnxruntime as runtime
    except ImportError as error:
        raise ImportError(f"{name} needs ONNX Runtime: {ONNX_EXTRA}") from error
    return runtime
