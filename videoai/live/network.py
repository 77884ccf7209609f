"""Cameras and streams of the network, through PyAV. What they send is decoded as it comes."""

import errno
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

import av
import av.error
import torch
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from torch import Tensor

from videoai.core.types import ClipSpec
from videoai.data.augment.transforms import center_crop
from videoai.data.decode.picture import Shown as Shape
from videoai.data.decode.picture import rgb, shown_as, target_size
from videoai.data.media import FORMAT_WHITELIST, MAX_PIXELS
from videoai.live.regions import Region
from videoai.live.sources import Part, Shown, Source, Timing, parts_of

# Neither file nor data: a playlist from the network must not open what lies on this machine.
PROTOCOLS = "rtsp,rtsps,rtmp,rtmps,rtp,rtcp,udp,tcp,tls,srt,srtp,http,https,httpproxy,crypto"
FORMATS = f"{FORMAT_WHITELIST},rtsp,sdp,rtp,hls,mpjpeg,mjpeg"
OPEN_SECONDS, READ_SECONDS = 10.0, 5.0  # without an answer, or a packet, the connection counts as lost
JUMP_SECONDS = 10.0  # a clock that leaps so far has been set anew


class Lost(OSError):
    """A connection that ended; the source may come back."""


@dataclass(frozen=True)
class NetworkSource:
    """A stream by its URL, or a camera of this machine, ``/dev/video0``."""

    url: str
    clip: ClipSpec
    view_side: int | None = None
    regions: Sequence[Region] = ()
    is_live: bool = True
    number: int | None = None  # tells apart those whose URLs differ in what is not told

    @property
    def name(self) -> str:
        """The URL without user, password and query, which may hold a key."""
        told = without_secrets(self.url)
        return told if self.number is None else f"{told} ({self.number})"

    def frames(self, tell: Callable[[Timing], None]) -> Iterator[Shown]:
        """Never ends of itself. Raises: Lost. ValueError: it is a file, or no video."""
        try:
            with self._open() as container:
                tell(Timing(None, by_number=self.clip.fps is None or self.clip.sampling == "uniform"))
                yield from self._shown(container)
        except av.error.FFmpegError as error:  # its text would hold the URL
            raise Lost(in_words(error)) from None
        raise Lost("the sender ended it")

    def _open(self) -> InputContainer:
        common = {"max_pixels": str(MAX_PIXELS)}
        timeout = (OPEN_SECONDS, READ_SECONDS)
        if self.url.startswith("/dev/"):
            return av.open(self.url, "r", format="v4l2", options=common, timeout=timeout)
        options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS}
        if self.url.startswith("rtsp"):
            options["rtsp_transport"] = "tcp"  # UDP loses packets, and pictures with them
        return av.open(self.url, "r", options={**common, **options}, timeout=timeout, metadata_errors="ignore")

    def _shown(self, container: InputContainer) -> Iterator[Shown]:
        if not container.streams.video:
            raise ValueError("it sends no video")
        if container.duration and self.url.startswith("http"):
            raise ValueError(f"a file of {container.duration / av.time_base:.0f} s and no stream; download it")
        taken = Pictures(self.clip, self.view_side, self.regions)
        first, last = None, 0.0
        for frame in decoded(container):
            seconds = frame.time
            if seconds is not None:
                first = seconds if first is None else first
                seconds -= first
                if abs(seconds - last) > JUMP_SECONDS:
                    raise Lost(f"its clock leapt by {seconds - last:.1f} s")
                last = seconds
            yield Shown(seconds, taken.parts(frame, seconds or 0.0))


class Pictures:
    """Frames as a model gets them, of the shape that the first one has."""

    def __init__(self, clip: ClipSpec, view_side: int | None, regions: Sequence[Region]) -> None:
        self.clip, self.view_side, self.regions = clip, view_side, regions
        self.scalers: dict[object, VideoReformatter] = defaultdict(VideoReformatter)  # one a size
        self.shape: Shape | None = None

    def parts(self, frame: VideoFrame, seconds: float) -> Sequence[Part | None]:
        """One a region. Raises: ValueError: a region that shows nothing."""
        self.shape = self.shape or shown_as(frame)
        if self.regions:
            whole = self._scaled(frame, self.shape, min(self.shape.height, self.shape.width))
            return parts_of(whole, self.regions, seconds, self.clip, self.view_side)
        picture = center_crop(self._scaled(frame, self.shape, self.clip.short_side), self.clip.size).clone()
        if self.view_side is None:
            return [Part(picture)]
        view = self._scaled(frame, self.shape, min(self.view_side, self.shape.height, self.shape.width))
        return [Part(picture, view)]

    def _scaled(self, frame: VideoFrame, shape: Shape, side: int) -> Tensor:
        height, width = target_size(shape, side)
        picture = rgb(frame, self.scalers[frame.height, frame.width, side], shape, height, width)
        return torch.from_numpy(picture.copy()).permute(2, 0, 1)


def decoded(container: InputContainer) -> Iterator[VideoFrame]:
    """Whole frames. What the network damaged is left out."""
    for packet in container.demux(container.streams.video[0]):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        yield from (frame for frame in frames if isinstance(frame, VideoFrame) and not frame.is_corrupt)


def told_apart(sources: Sequence[Source]) -> list[Source]:
    """Numbers those of one name: cameras of one recorder differ in the query alone."""
    alike = Counter(one.name for one in sources)
    seen = Counter[str]()
    found = list[Source]()
    for source in sources:
        seen[source.name] += 1
        if isinstance(source, NetworkSource) and alike[source.name] > 1:
            found.append(replace(source, number=seen[source.name]))
        else:
            found.append(source)
    return found


def in_words(error: av.error.FFmpegError) -> str:
    """FFmpeg's own words, but for those that say something else than what happened."""
    if isinstance(error, av.error.ExitError):
        return f"no video came for {OPEN_SECONDS:g} s when opened, or {READ_SECONDS:g} s later"
    if isinstance(error, av.error.InvalidDataError):
        return "no answer, or none that is a video: are address, user and password right?"
    if error.errno == errno.EIO:
        return "no connection (input/output error): is the host's name right?"
    return error.strerror or type(error).__name__


def without_secrets(url: str) -> str:
    """``rtsp://user:password@host/cam?key=1`` -> ``rtsp://host/cam``"""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")) if parts.scheme else url
