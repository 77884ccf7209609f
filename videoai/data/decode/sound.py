"""The sound of a stretch of a file by the file's own clock, through PyAV.

Every decoded frame of sound is put where its time says. Streams begin late, end early and have holes; what nobody
recorded is silence, and nothing moves. A stretch is decoded from a seek of its own, so that its samples depend on the
file and the two times alone.
"""

import time
from collections.abc import Iterator

import av
import av.error
import numpy as np
import numpy.typing as npt
import torch
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from torch import Tensor

from videoai.core.types import SOUND_RATE
from videoai.data.decode.ffmpeg import OPTIONS, as_bad_video
from videoai.data.media import MAX_READ_SECONDS, BadVideo, sniff

# Decoded before the stretch: frames of AAC overlap, MP3 borrows bits from up to 9 frames before, Opus wants 80 ms
# (RFC 7845, section 4.6).
PREROLL_SECONDS = 0.25
MARGIN_SECONDS = 0.04  # read on both sides, for the filter that resamples; whole samples at all usual rates
SNAP_SECONDS = 0.002  # containers round the times of frames to milliseconds; a real hole is larger
MAX_SOUND_SECONDS = 600.0  # the longest sound of a clip: 40 MB of samples, 0.3 GB while it becomes a spectrogram


def read_sound(path: str, start: float, end: float) -> Tensor | None:
    """The samples from ``start`` to ``end``, in seconds of the file's clock; silence where there are none.

    Returns: float32 [round((end - start) * SOUND_RATE)], mono, within about -1 .. 1; None = no audio stream that
    decodes.
    Raises: BadVideo: a stretch above MAX_SOUND_SECONDS, or a file that cannot be opened.
    """
    if end - start > MAX_SOUND_SECONDS:
        detail = f"a clip with {end - start:.0f} s of sound, above {MAX_SOUND_SECONDS:g}; choose clip.sampling=dense"
        raise BadVideo(path, "too_large", "decode", detail)
    with as_bad_video(path, "decode"):
        first, last = start - MARGIN_SECONDS, end + MARGIN_SECONDS
        native = _read(path, first, last, seek=True)
        if native is None:
            return None
        samples = resampled(native.samples, native.rate)
    margin, count = round(MARGIN_SECONDS * SOUND_RATE), round((end - start) * SOUND_RATE)
    whole = np.zeros(margin + count, np.float32)
    whole[: len(samples)] = samples[: len(whole)]
    return torch.from_numpy(whole[margin:])


def has_sound(path: str) -> bool:
    """Whether a file has an audio stream that this FFmpeg can decode; a file that cannot be opened has none."""
    try:
        with as_bad_video(path, "open"), _opened(path) as container:
            return _stream(container) is not None
    except BadVideo:
        return False


class Samples:
    """The samples of one stretch at the rate of the stream; frames are put in by their times."""

    def __init__(self, rate: int, start: float, end: float) -> None:
        self.rate, self.start = rate, start
        self.samples = np.zeros(round((end - start) * rate), np.float32)
        self._next: int | None = None  # the place behind the last frame

    def put(self, frame: AudioFrame) -> None:
        """A frame of another rate is left out."""
        if frame.sample_rate != self.rate or (frame.time is None and self._next is None):
            return
        place = self._next if frame.time is None else round((frame.time - self.start) * self.rate)
        assert place is not None
        if self._next is not None and abs(place - self._next) <= SNAP_SECONDS * self.rate:
            place = self._next
        self._next = place + frame.samples
        low, high = max(0, place), min(len(self.samples), self._next)
        if low < high:
            self.samples[low:high] = mono(frame)[low - place : high - place]


def mono(frame: AudioFrame) -> npt.NDArray[np.float32]:
    """The mean of the channels, float32 [n]."""
    array = frame.to_ndarray()
    channels = array if frame.format.is_planar else array.reshape(-1, len(frame.layout.channels)).T
    kind, zero = channels.dtype.kind, np.float32(128 if channels.dtype.kind == "u" else 0)
    scale = 1.0 if kind == "f" else 2.0 ** (8 * channels.dtype.itemsize - 1)
    return ((channels.astype(np.float32) - zero) / np.float32(scale)).mean(0, dtype=np.float32)


def resampled(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    """At SOUND_RATE, by FFmpeg's swresample, whose delay is compensated: sample 0 stays sample 0."""
    frame = AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate = rate
    resampler = AudioResampler(format="fltp", layout="mono", rate=SOUND_RATE)
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray()[0] for part in parts]) if parts else np.zeros(0, np.float32)


def _read(path: str, start: float, end: float, *, seek: bool) -> Samples | None:
    """None where there is no stream, or all of it is damaged."""
    with _opened(path) as container:
        if (stream := _stream(container)) is None:
            return None
        try:
            is_sought = seek and _seek(container, stream, start - PREROLL_SECONDS)
        except av.error.FFmpegError:  # nor can it be read on from where it is then
            return _read(path, start, end, seek=False)
        native, damaged, num_frames = Samples(stream.rate, start, end), 0, 0
        for frame in _decoded(container, stream, path):
            if frame is None:
                damaged += 1
                continue
            if not num_frames and is_sought and (frame.time is None or frame.time > start):
                return _read(path, start, end, seek=False)  # the search ended too far
            num_frames += 1
            if frame.time is not None and frame.time >= end:
                break
            native.put(frame)
        if is_sought and not num_frames:
            return _read(path, start, end, seek=False)
    return None if damaged and not num_frames else native


def _opened(path: str) -> InputContainer:
    return av.open(f"file:{path}", "r", format=sniff(path), options=OPTIONS, metadata_errors="ignore")


def _stream(container: InputContainer) -> AudioStream | None:
    """The main one, for one thread."""
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream) or stream.codec_context is None or not stream.rate:
        return None
    stream.codec_context.thread_count = 1
    return stream


def _seek(container: InputContainer, stream: AudioStream, seconds: float) -> bool:
    """Whether it was worth it: a stretch near the beginning is read from there. Raises: FFmpegError."""
    ticks = int(seconds / (stream.time_base or 1))
    if ticks <= (stream.start_time or 0):
        return False
    container.seek(ticks, stream=stream)
    return True


def _decoded(container: InputContainer, stream: AudioStream, path: str) -> Iterator[AudioFrame | None]:
    """Every frame from here on; None for a damaged packet, which leaves a hole."""
    latest = time.thread_time() + MAX_READ_SECONDS
    packets = container.demux(stream)
    while True:
        if time.thread_time() > latest:
            raise BadVideo(path, "timeout", "decode", f"more than {MAX_READ_SECONDS:g} s of processor time for sound")
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:  # the rest of the file is not there
            yield None
            return
        if packet is None:
            return
        try:
            yield from packet.decode()  # pyright: ignore[reportReturnType]
        except av.error.FFmpegError:
            yield None
