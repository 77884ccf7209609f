"""One decoded frame -> RGB pixels, scaled and turned the way a player shows it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter


class Shown(NamedTuple):
    """Size and orientation as shown. Stored pictures are transposed first, then flipped."""

    height: int
    width: int
    is_transposed: bool
    flip_x: bool
    flip_y: bool


def shown_as(frame: VideoFrame) -> Shown:
    """Reads the display matrix (ISO/IEC 14496-12, 8.3.2): x' = a x + c y, y' = b x + d y, with y downwards.

    Phones store turned and mirrored pictures. Pixels that are not square are not evened out.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    a, b, _, c, d = np.frombuffer(bytes(matrix), dtype=np.int32)[:5].tolist() if matrix else (1, 0, 0, 0, 1)
    if abs(b) > abs(a):
        return Shown(frame.width, frame.height, True, c < 0, b < 0)
    return Shown(frame.height, frame.width, False, a < 0, d < 0)


def check_request(path: str, wanted: Sequence[int], num_frames: int, size: int | tuple[int, int] | None) -> None:
    """Raises: ValueError: not what Video.frames takes."""
    if not len(wanted) or min(wanted) < 0 or max(wanted) >= num_frames:
        given = f"{min(wanted)} .. {max(wanted)}" if len(wanted) else "no index"
        raise ValueError(f"{path}: frames {given} requested, but the video has frames 0 .. {num_frames - 1}")
    if size is not None and min((size,) if isinstance(size, int) else size) < 1:
        raise ValueError(f"{path}: size is {size}; the short side or (height, width) must be 1 or more")


def target_size(shown: Shown, size: int | tuple[int, int] | None) -> tuple[int, int]:
    """(H, W) for a wanted short side, (H, W) or None, as in Video.frames."""
    if isinstance(size, int):
        scale = size / min(shown.height, shown.width)
        return round(shown.height * scale), round(shown.width * scale)
    return size or (shown.height, shown.width)


def rgb(frame: VideoFrame, scaler: VideoReformatter, shown: Shown, height: int, width: int) -> npt.NDArray[np.uint8]:
    """uint8 [H, W, C], perhaps a view into FFmpeg's memory. The stream declares range and matrix of its colours.

    Args:
        scaler: kept between frames, as building one costs more than scaling a small frame.
        height, width: as shown.
    """
    stored_height, stored_width = (width, height) if shown.is_transposed else (height, width)
    # FFmpeg has fast code for two ways: colours without scaling to interleaved bytes, and scaling to planes of G, B, R.
    # Scaling to interleaved bytes takes three times as long (0.87 against 0.31 ms from 640x360 to 455x256).
    is_scaled = (stored_height, stored_width) != (frame.height, frame.width)
    scaled = scaler.reformat(
        frame,
        width=stored_width,
        height=stored_height,
        format="gbrp" if is_scaled else "rgb24",
        interpolation=Interpolation.BILINEAR,
        threads=1,
    )
    if is_scaled:
        picture = np.stack([_rows(scaled.planes[place], stored_width) for place in (2, 0, 1)], axis=-1)
    else:
        picture = _rows(scaled.planes[0], 3 * stored_width).reshape(stored_height, stored_width, 3)
    if shown.is_transposed:
        picture = picture.swapaxes(0, 1)
    return picture[:: -1 if shown.flip_y else 1, :: -1 if shown.flip_x else 1]


def yuv420_shape(height: int, width: int) -> list[int]:
    """[3 H / 2, W] of the planes of 4:2:0, which hold one row or column more where a side is odd."""
    return [(height + height % 2) * 3 // 2, width + width % 2]


def to_yuv420(picture: npt.NDArray[np.uint8], scaler: VideoReformatter) -> npt.NDArray[np.uint8]:
    """uint8 [H, W, 3] RGB -> uint8 [3 H / 2, W], planes of 4:2:0 in BT.601, limited range. An odd side becomes even:
    the last row or column comes twice."""
    height, width, _ = picture.shape
    padded = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = VideoFrame.from_ndarray(padded, format="rgb24")
    options = {"dst_colorspace": Colorspace.ITU601, "dst_color_range": ColorRange.MPEG}
    return np.asarray(scaler.reformat(frame, format="yuv420p", threads=1, **options).to_ndarray(), dtype=np.uint8)


def from_yuv420(planes: npt.NDArray[np.uint8], scaler: VideoReformatter) -> npt.NDArray[np.uint8]:
    """The other way, of the even size; perhaps a view into FFmpeg's memory."""
    frame = VideoFrame.from_ndarray(planes, format="yuv420p")
    options = {"src_colorspace": Colorspace.ITU601, "src_color_range": ColorRange.MPEG}
    plane = scaler.reformat(frame, format="rgb24", threads=1, **options).planes[0]
    return _rows(plane, 3 * frame.width).reshape(frame.height, frame.width, 3)


def _rows(plane: VideoPlane, num_bytes: int) -> npt.NDArray[np.uint8]:
    """[H, num_bytes]; lines are padded for alignment."""
    pixels = np.frombuffer(plane, dtype=np.uint8)  # pyright: ignore[reportCallIssue, reportArgumentType]  # PyAV's stub
    return pixels.reshape(-1, plane.line_size)[: plane.height, :num_bytes]
