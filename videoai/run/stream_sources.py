"""What ``stream`` is given as sources, as it is opened."""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from videoai.core.types import ClipSpec
from videoai.data.lists.split_folders import VIDEO_EXTENSIONS
from videoai.inference.predict import LIVE, find_videos
from videoai.live.network import NetworkSource
from videoai.live.regions import Region, read_regions
from videoai.live.sources import FileSource, Source
from videoai.live.stream import Policy
from videoai.live.synthetic import SCHEME as SYNTHETIC
from videoai.live.synthetic import SyntheticSource, options_of
from videoai.settings.stream import StreamSettings

CALLED = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps")  # these have a host that answers


def policy_of(settings: StreamSettings) -> Policy:
    """``auto`` resolved. Raises: ValueError: windows of a file would be left out though nobody is in a hurry."""
    if settings.policy == "auto":
        return "latest" if settings.pace == "realtime" or all(map(is_live, settings.source)) else "block"
    if all(map(is_live, settings.source)):
        if settings.policy == "block" or settings.pace != "max":
            given = f"policy={settings.policy}" if settings.policy == "block" else f"pace={settings.pace}"
            raise ValueError(f"{given}: a camera waits for nobody and has its own pace. Leave it out.")
        return settings.policy
    if settings.policy != "block" and settings.pace == "max":
        raise ValueError(
            f"policy={settings.policy}: at pace=max a file has no clock to keep up with. Add pace=realtime, or take "
            "policy=block."
        )
    return settings.policy


def located(given: str) -> str:
    """A source as it is opened. Raises: FileNotFoundError, ValueError: not one video, or nothing that is read."""
    if is_live(given):
        url = f"/dev/video{given}" if given.isdigit() else given
        if url.startswith("/dev/") and not os.path.exists(url):
            raise FileNotFoundError(f"source={given}: there is no camera {url}.")
        check_url(url)
        return url
    if given.startswith(f"{SYNTHETIC}://"):
        options_of(given)
        return given
    videos = find_videos(given, VIDEO_EXTENSIONS, "source")
    if len(videos) > 1:
        raise ValueError(
            f"source={given}: {len(videos)} videos, which would all run at once. Name each, source=[{videos[0]},...]; "
            "predict takes folders."
        )
    return videos[0]


def check_url(url: str) -> None:
    """Raises: ValueError: a URL that no attempt can reach. Others, such as udp://@:5000, may listen on any host."""
    try:
        parts = urlsplit(url)
        is_there = parts.scheme not in CALLED or bool(parts.hostname and parts.port != 0)
    except ValueError:  # a port that is no number, or too large
        is_there = False
    if not is_there:
        shown = f"{url.partition('://')[0]}://..." if "@" in url else url  # without a password
        raise ValueError(f"source={shown}: give a host and a port from 1 to 65535, as in rtsp://10.0.0.7:554/cam.")


def regions_of(path: str | None, places: Sequence[str]) -> Mapping[str, Sequence[Region]]:
    """The regions of each source. Raises: FileNotFoundError, ValueError: no such table, or a source without any."""
    if path is None:
        return {one: [] for one in places}
    if odd := [one for one in places if one.startswith(f"{SYNTHETIC}://")]:
        raise ValueError(f"regions={path}: {odd[0]} shows one thing in the size of the model. Leave regions out.")
    regions = read_regions(path, places)
    if moving := [one for one in places if is_live(one) and any(region.seconds is not None for region in regions[one])]:
        raise ValueError(f"regions={path}: the column seconds, but nobody knows yet where things are in {moving[0]}.")
    return regions


def source_of(
    place: str, clip: ClipSpec, reading: Mapping[str, Any], view_side: int | None, regions: Sequence[Region] = ()
) -> Source:
    """place: what ``located`` gives. view_side: pixels of the pictures for people; None = nobody looks."""
    if is_live(place):
        return NetworkSource(place, clip, view_side, regions)
    if place.startswith(f"{SYNTHETIC}://"):
        return SyntheticSource(place, clip, view_side)
    return FileSource(place, clip, reading, view_side, regions)


def is_live(given: str) -> bool:
    """Whether a source is a camera, or a stream of the network."""
    scheme, has_scheme, _ = given.partition("://")
    is_camera = given.startswith("/dev/video") or (given.isdigit() and not os.path.exists(given))
    return is_camera or (bool(has_scheme) and scheme.lower() in {*LIVE, "http", "https"})
