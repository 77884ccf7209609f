"""Large videos decoded on a GPU (NVDEC, through torchcodec), for ``decoder=nvdec``. Not run on a GPU yet."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from videoai.data.decode.choose import missing_torchcodec
from videoai.data.decode.pyav import PyAVVideo
from videoai.data.decode.torchcodec import TorchCodecVideo
from videoai.data.encode import write_clip
from videoai.data.media import BadVideo

logger = logging.getLogger(__name__)

MIN_SIDE = 720  # pixels of the short side; opening a smaller video on a GPU costs more than decoding it on a CPU
PROBE = (8, 256, 256)  # frames, height, width of the clip that is tried at the start


class NvdecVideo(TorchCodecVideo):
    """See decode.Video. A video of MIN_SIDE or more is decoded and scaled on the GPU. Smaller ones, and what NVDEC or
    torchcodec refuse, are read by PyAV. Frames are on the CPU in any case."""

    has_warned = False  # in this process: that a large video was left to PyAV

    def __init__(self, path: str | Path, source: bytes | None = None, *, device: str = "cuda") -> None:
        """``device``: where large videos are decoded; cuda, cuda:1. See TorchCodecVideo."""
        super().__init__(path, source, device=device)
        about = self._stream.stream
        if min(about.width, about.height) < MIN_SIDE:
            self.left_to_pyav = f"its short side is below {MIN_SIDE} pixels"

    def _read(self, wanted: list[int], size: int | tuple[int, int] | None) -> Tensor:
        before, index = self.left_to_pyav, self._device.index
        with torch.cuda.device(-1 if index is None else index):  # else the first GPU would get a context, too
            frames = self._by_torchcodec(wanted, size)
            if frames is not None:
                return frames.cpu()
        if self.left_to_pyav != before and not NvdecVideo.has_warned:
            NvdecVideo.has_warned = True
            words = "%s: read by PyAV and not on the GPU: %s. This process names no further ones"
            logger.warning(words, self.path, self.left_to_pyav)
        return PyAVVideo._read(self, wanted, size)


def check_nvdec(device: torch.device) -> None:
    """Raises: ValueError: nothing is decoded on this device; a small clip was tried."""
    why = f"device={device} is no NVIDIA GPU" if device.type != "cuda" else missing_torchcodec() or refused_clip(device)
    if why:
        raise ValueError(
            f"decoder=nvdec cannot be used here ({why}). It needs an NVIDIA GPU that decodes video, its library "
            "libnvcuvid (in Docker: -e NVIDIA_DRIVER_CAPABILITIES=compute,utility,video) and pip install "
            "'videoai[torchcodec]'. Else decoder=pyav, whose pixels differ a little: another training."
        )


def refused_clip(device: torch.device) -> str:
    """Why a small clip is not decoded on the device; "" = it is."""
    frames, height, width = PROBE
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    pictures = np.broadcast_to(ramp[None, None, :, None], (frames, height, width, 3))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "probe.mp4"
        write_clip(path, pictures)
        try:
            with TorchCodecVideo(path, device=str(device)) as video:
                video.frames(range(frames))
                return video.left_to_pyav
        except BadVideo as bad:
            return bad.detail or str(bad)
