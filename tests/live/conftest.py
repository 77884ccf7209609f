"""Films in three colours, as cameras, phones and screen recorders write them, and a network that names the colour."""

import itertools
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from videoai.core.types import ClipSpec
from videoai.data.encode import write_clip
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.load import LoadedModel
from videoai.inference.predict import Predictor
from videoai.tasks.classify import Classify

COLORS = ("red", "green", "blue")
CLIP = ClipSpec(num_frames=4, size=16, stride=2, resize=20)
SEGMENTS = ((0, 17), (1, 9), (2, 14), (0, 6), (1, 21))  # colour, frames: 67 frames


class Colour(torch.nn.Module):
    """float [B, 3, T, H, W] -> logits [B, 3]: which channel is the brightest in the mean."""

    def forward(self, video):
        return 4.0 * video.mean((2, 3, 4))


def pictures(segments=SEGMENTS) -> np.ndarray:
    """uint8 [T, 24, 32, 3] with a little noise, and a corner that differs, so that a wrong turn shows."""
    colours = np.repeat([colour for colour, _ in segments], [frames for _, frames in segments])
    frames = np.random.default_rng(0).integers(0, 30, (len(colours), 24, 32, 3), dtype=np.uint8)
    frames[np.arange(len(colours)), :, :, colours] += 200
    frames[:, :6, :6] = 90
    return frames


def constant(path: Path) -> Path:
    write_clip(path, pictures(), 20.0)
    return path


def variable(path: Path) -> Path:
    """Frames every 30 to 130 ms."""
    ticks = [*itertools.accumulate(np.random.default_rng(1).integers(30, 130, len(pictures()) - 1).tolist(), initial=0)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15, options={"crf": "18", "g": "12"})
        stream.height, stream.width, stream.pix_fmt = 24, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for tick, picture in zip(ticks, pictures(), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def rotated(path: Path) -> Path:
    """A quarter to the right, by the display matrix of the track header (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(constant(path).read_bytes())
    one = 1 << 16
    struct.pack_into(">9i", data, data.index(b"tkhd") + 44, 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """film("constant"), film("variable") or film("rotated"): a path."""
    folder = tmp_path_factory.mktemp("films")
    made = {make.__name__: make(folder / f"{make.__name__}.mp4") for make in (constant, variable, rotated)}
    return lambda name: str(made[name])


@pytest.fixture
def predictor():
    """predictor(clip=..., ...): names the colour."""

    def new(clip: ClipSpec = CLIP, **more) -> Predictor:
        return Predictor(
            model=LoadedModel(Colour(), classes=list(COLORS), clip=clip).eval(),
            task=Classify(),
            to_input=ToModelInput(clip),
            precision=Precision("fp32", device=torch.device("cpu")),
            **more,
        )

    return new
