"""What a run of ``stream`` came to, as plain data and in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videoai.core.messages import about, pluralize
from videoai.core.paths import display_path
from videoai.live.session import Session
from videoai.live.stream import Stream

SUMMARY = "summary.json"


def summary_of(session: Session, seconds: float) -> dict[str, Any]:
    """Plain data on a run."""
    return {
        "seconds": round(seconds, 3),
        "mode": "frames" if session.plan.one_by_one else "windows",
        **session.measured.to_dict(),
        "streams": [summary_of_stream(stream) for stream in session.streams],
    }


def summary_of_stream(stream: Stream) -> dict[str, Any]:
    """Plain data on one source."""
    return {
        "stream": stream.name,
        "state": stream.state,
        **({"error": stream.error} if stream.error else {}),
        "media_seconds": round(stream.end_seconds or 0.0, 3),
        "fps": None if stream.rate is None else round(stream.rate, 3),
        "window_seconds": stream.length if stream.rate else None,
        "hop_seconds": stream.hop or None,
        "frames": stream.num_frames,
        "dropped": stream.dropped,
        "windows_skipped": stream.num_skipped,
        "reconnects": stream.num_reconnects,
        "read_ms": round(1000 * stream.read_seconds / stream.num_frames, 3) if stream.num_frames else None,
    }


def in_words(summary: Mapping[str, Any], folder: Path) -> str:
    """One line."""
    streams = summary["streams"]
    counts = {key: sum(one[key] for one in streams) for key in ("frames", "dropped", "windows_skipped", "reconnects")}
    delays = [
        f"{name} p50 {one['p50']:g}, p95 {one['p95']:g}, p99 {one['p99']:g} ms"
        for name, one in (("latency", summary["latency_ms"]), ("staleness", summary["staleness_ms"]))
        if one
    ]
    told, cut = ("answer", "step") if summary["mode"] == "frames" else ("window", "window")
    parts = [
        pluralize(summary["windows"], told),
        pluralize(counts["frames"], "frame"),
        f"{counts['dropped']} dropped",
        f"{counts['windows_skipped']} {cut}s left out",
        pluralize(counts["reconnects"], "reconnect"),
        *delays,
        f"{summary['seconds']:.1f} s",
    ]
    lost = [f"{name}: {pluralize(one['lost'], 'event')} lost" for name, one in summary["events"].items() if one["lost"]]
    told = "; ".join([", ".join(parts), *lost, *filter(None, map(unread, streams))])
    return f"{told}. {display_path(folder / SUMMARY)}"


def unread(stream: Mapping[str, Any]) -> str:
    """What kept a source from being read; nothing if it was read."""
    return about(stream["stream"], stream["error"]).rstrip(".") if stream["state"] == "failed" else ""
