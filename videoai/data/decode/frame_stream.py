"""Decodes one video stream forward, without the pictures that are not requested.

    display order   I0 b1 B2 b3 P4 b5 B6 b7 P8      wanted: 0, 4, 8
    decoding order  I0 P4 B2 b1 b3 P8 B6 b5 b7      b1, b3, b5, b7: no picture refers to them, so they are skipped;
                                                    after P8 the decoder is drained instead of fed b5 and b7

A skipped picture changes no other one: in the codecs of SKIPS the stream itself marks pictures that none refers to, and
FFmpeg's ``skip_frame=NONREF`` drops exactly those. In files from x264 with default settings they are a little less
than half.
"""

import time
from collections.abc import Collection, Iterator
from itertools import chain, islice

import av.error
from av.packet import Packet as AVPacket
from av.video.frame import VideoFrame

from videoai.data.decode.ffmpeg import Packet, list_packets, open_stream
from videoai.data.decode.index import KeyFrame
from videoai.data.media import MAX_READ_SECONDS, BadVideo

# Where NONREF was seen to leave every other frame bit-identical. H.265 only without temporal layers, where such a
# picture may serve a higher layer (ITU-T H.265, 3.159). VP9 and AV1 have no such mark for FFmpeg to go by.
SKIPS = frozenset(("h264", "hevc", "mpeg2video", "mpeg4", "vp8"))

# Decoders that, emptied early, give what they hold. MPEG-4's repeats its last picture at the time of the last packet.
DRAINS = frozenset(("h264", "hevc"))

# Here a search by presentation time fails, and costs 2 ms more than one by decoding time.
SEARCHED_BY_DTS = frozenset(("mpegts", "mpeg"))

# The packets of a file this small are kept from listing them: 10 s of 1080p, of which a process reads one at a time.
KEPT_BYTES = 2**24
# Reading a packet between two pictures takes 14 us, and 5 us where several are read at once.
PACKETS_AHEAD = 8


class FrameStream:
    """The main video stream of one open file. Frames come out in the order they are shown, each with its pts."""

    def __init__(self, path: str, container_name: str, source: bytes | None = None) -> None:
        """``source``: the bytes of the file where they come from elsewhere; ``path`` then only names them."""
        self.path, self._container_name, self._source = path, container_name, source
        # Which of KeyFrame.ticks() to try first: the one that found the last key frame; at first, pts or dts.
        self._best = int(container_name in SEARCHED_BY_DTS)
        self._open(trusting=True)

    def list_packets(self) -> list[Packet]:
        """From the first key frame on, in decoding order. Reads the file to its end: then only ``seek`` leads on."""
        self.is_spent = True
        return list_packets(self._keep(self._container.demux(self.stream)), self.path)

    def frames(self, wanted: Collection[int] | None = None, *, drain: bool = False) -> Iterator[VideoFrame]:
        """Every frame from here on, or at least those with these pts, and perhaps others between them.

        Args:
            drain: give up going on behind the last wanted frame: it comes out at once, and not behind those that the
                decoder reads ahead to sort. Then only ``seek`` leads on.
        """
        self._latest = time.thread_time() + MAX_READ_SECONDS
        self._wanted, self._drain = wanted, drain and self.stream.codec_context.name in DRAINS
        self._unsent = set(wanted or ())
        self._last = max(wanted or (0,))
        self._skipped = {pts for pts in self._skipped if self.shown is None or pts is None or pts > self.shown}
        for frame in self._ahead:
            self.shown = frame.pts
            self.num_passed += 1
            yield frame

    def can_reach(self, pts: Collection[int]) -> bool:
        """Whether ``frames`` goes on to all of these without a seek."""
        is_behind = self.shown is not None and min(pts) <= self.shown
        return not (self.is_spent or is_behind) and self._skipped.isdisjoint(pts)

    def seek(self, key: KeyFrame) -> None:
        """To a key frame; to one before it where no search finds it; to the start where all searches end behind it."""
        if (place := self._kept_keys.get(key.pts)) is not None:
            self.stream.codec_context.flush_buffers()
            self.is_fresh = False
            self._restart(iter(self._kept[place:]))
            return
        ticks = key.ticks()
        early: dict[int, int] = {}  # pts reached: tick
        for place in sorted(range(len(ticks)), key=lambda place: place != self._best):
            pts = self._search(ticks[place], key)
            if pts == key.pts:
                self._best = place
                return
            if pts is not None and pts < key.pts:
                early[pts] = ticks[place]
        if not early or self._search(early[max(early)], key) is None:
            self.reopen()

    def reopen(self) -> None:
        """To the start, trusting no header and skipping nothing from now on: what came before was not as expected."""
        self.close()
        self._open(trusting=False)

    def close(self) -> None:
        self._ahead = iter(())  # ends the generator, which holds the container
        self._kept, self._kept_keys = [], {}
        self._container.close()

    def _open(self, *, trusting: bool) -> None:
        probe = not (trusting and self._container_name == "mov")
        self._container, self.stream = open_stream(self.path, self._container_name, self._source, probe=probe)
        self._skips = trusting and _marks_unreferenced(self.stream.codec_context)
        self._is_skipping = False
        self.is_fresh = True  # no seek yet: if a frame does not come now, it never does
        self._kept: list[AVPacket] = []  # all of a short file, once they are listed
        self._kept_keys: dict[int | None, int] = {}  # pts of each key frame among them: its place
        self._restart(self._container.demux(self.stream))

    def _keep(self, packets: Iterator[AVPacket]) -> Iterator[AVPacket]:
        """The same packets; those of a short file stay in memory, so that reading and seeking cost nothing later."""
        num_bytes = 0
        for packet in packets:
            num_bytes += packet.size
            if num_bytes > KEPT_BYTES:
                self._kept, self._kept_keys = [], {}
            else:
                if packet.is_keyframe:
                    self._kept_keys[packet.pts] = len(self._kept)
                self._kept.append(packet)
            yield packet

    def _search(self, tick: int, key: KeyFrame) -> int | None:
        """The pts of the key frame from which ``frames`` goes on now; None where the search failed or ended too far."""
        try:
            self._container.seek(tick, stream=self.stream)
            packets = self._container.demux(self.stream)
            first = next((packet for packet in packets if packet.is_keyframe or _is_behind(packet, key)), None)
        except av.error.FFmpegError:
            return None
        self.is_fresh = False
        if first is None or not first.is_keyframe:
            return None
        self._restart(chain([first], packets))
        return first.pts

    def _restart(self, packets: Iterator[AVPacket]) -> None:
        self.shown: int | None = None  # pts of the last frame that came out
        self.num_passed = 0  # frames that came out since the start, or since the last seek
        self.is_spent = False  # nothing more comes without a seek
        self._wanted: Collection[int] | None = None
        self._last = 0  # largest of the wanted pts
        self._unsent: set[int] = set()  # wanted, and their packets not yet met
        self._skipped: set[int | None] = set()
        self._drain = False
        self._latest = 0.0  # time.thread_time() at which to give up
        self._ahead: Iterator[VideoFrame] = self._decode(packets)

    def _decode(self, packets: Iterator[AVPacket]) -> Iterator[VideoFrame]:
        """Frames from the next key frame on."""
        started = False
        for packet in self._read_ahead(packets):
            is_end = packet.size == 0 and packet.pts is None and packet.dts is None
            started = started or packet.is_keyframe
            if not is_end and not (started and packet.size):  # an empty packet, a dropped frame in AVI, ends a decoder
                continue
            self._choose(packet)
            yield from packet.decode()
            if self._drain and not self._unsent:
                self.is_spent = True
                yield from self.stream.codec_context.decode(None)
                return
        self.is_spent = True

    def _read_ahead(self, packets: Iterator[AVPacket]) -> Iterator[AVPacket]:
        """The same packets, a few at a time."""
        while True:
            if time.thread_time() > self._latest:
                raise BadVideo(self.path, "timeout", "decode", f"more than {MAX_READ_SECONDS:g} s of processor time")
            batch: list[AVPacket] = []
            damage = None
            try:
                batch.extend(islice(packets, PACKETS_AHEAD))
            except av.error.FFmpegError as error:
                damage = error
            yield from batch  # those before the damage may be all that is wanted
            if damage:
                raise damage
            if len(batch) < PACKETS_AHEAD:
                return

    def _choose(self, packet: AVPacket) -> None:
        """Skip the picture of this packet if it is not requested and no other one refers to it."""
        is_wanted = self._wanted is None or packet.pts in self._wanted
        if not self._drain and packet.pts is not None and packet.pts > self._last:
            is_wanted = True  # by whoever reads on
        if is_wanted:
            self._unsent.discard(packet.pts)  # pyright: ignore[reportArgumentType]  # None is in no set of pts
        elif self._skips:
            self._skipped.add(packet.pts)
        if self._skips and self._is_skipping == is_wanted:
            self._is_skipping = not is_wanted
            self.stream.codec_context.skip_frame = "NONREF" if self._is_skipping else "DEFAULT"


def _is_behind(packet: AVPacket, key: KeyFrame) -> bool:
    return packet.dts is not None and packet.dts > key.dts


def _marks_unreferenced(codec: av.VideoCodecContext) -> bool:
    if codec.name == "hevc":
        header = codec.extradata or b""  # hvcC, ISO/IEC 14496-15, 8.3.3: byte 21 holds numTemporalLayers in bits 3-5
        return len(header) > 21 and header[0] == 1 and header[21] >> 3 & 7 == 1
    return codec.name in SKIPS
