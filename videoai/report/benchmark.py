"""Tables of what was measured by ``videoai benchmark``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from videoai.report.encoders import short_names

if TYPE_CHECKING:
    from rich.table import Table


def decode_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The figures of ``run.benchmarks.decode.benchmark_decode``: a line for each clip and reader, or for each video."""
    from rich.table import Table

    table = Table(title="Clips, from opening the file to the frames in memory, one thread", show_edge=False)
    if rows[0]["video"]:
        return _fill_by_video(table, rows)
    table.add_column("clip")
    table.add_column("reader")
    for name in ("ms", "clips/s", "CPU ms", f"times {rows[0]['reader']} (quartiles)", "+MB", "videos"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(row["clip"], row["reader"], *_figures(row))
    return table


def _fill_by_video(table: Table, rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each video: CPU ms of the first reader, and the others in times the first (quartiles)."""
    lines: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        cells = lines.setdefault((row["video"], row["clip"]), [])
        times = f"{row['ratio']:.2f} ({row['ratio_low']:.2f}..{row['ratio_high']:.2f})" if "ms" in row else "-"
        cells.append(times if cells or times == "-" else f"{row['cpu_ms']:.1f}")
    first, *others = dict.fromkeys(row["reader"] for row in rows)
    for name in ("video", "clip"):
        table.add_column(name, no_wrap=True)
    for name in (f"{first} CPU ms", *(f"{name}, times" for name in others)):
        table.add_column(name, justify="right", no_wrap=True)
    for names, cells in lines.items():
        table.add_row(*names, *cells)
    return table


def _figures(row: Mapping[str, Any]) -> list[str]:
    failed = f" ({row['failed']} failed)" if row["failed"] else ""
    if "ms" not in row:
        return ["-"] * 5 + [f"0{failed}"]
    times = f"{row['ratio']:.2f} ({row['ratio_low']:.2f} .. {row['ratio_high']:.2f})"
    rates = (f"{row['ms']:.2f}", f"{row['clips_per_second']:.0f}", f"{row['cpu_ms']:.2f}")
    return [*rates, times, f"{row['extra_mb']:.0f}", f"{row['videos']}{failed}"]


def loader_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The figures of ``run.benchmarks.loader.benchmark_loader``, one row a loader."""
    from rich.table import Table

    table = Table(title="Training clips, decoded, augmented and in batches", show_edge=False)
    table.add_column("loader")
    for name in ("clips/s (turns)", "CPU ms a clip", "videoai is faster by"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        rate = f"{row['clips_per_second']:.1f} ({row['low']:.1f} .. {row['high']:.1f})"
        table.add_row(row["loader"], rate, f"{row['cpu_ms']:.2f}", f"{row['ratio']:.2f}x")
    return table


def export_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The figures of ``run.benchmarks.export.benchmark_export``."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="One clip on this CPU", show_edge=False)
    table.add_column("format", no_wrap=True)
    for name in ("milliseconds", "megabytes", "largest difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for row in rows:
        if "reason" in row:
            table.add_row(row["format"], "-", "-", "-", escape(row["reason"]))  # videoai[EXTRA]
        else:
            difference = "-" if row["max_difference"] is None else f"{row['max_difference']:.1e}"
            milliseconds = float(f"{row['milliseconds']:.3g}")  # three digits, and no exponent
            table.add_row(row["format"], f"{milliseconds:g}", f"{row['megabytes']:.1f}", difference)
    return table


def stream_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The figures of ``run.benchmarks.stream.benchmark_stream``: a column for each checkpoint and pace."""
    from rich.table import Table

    table = Table(title="Streams: milliseconds as p50 / p95 / p99", show_edge=False)
    table.add_column("pace")
    checkpoints = [*dict.fromkeys(row["checkpoint"] for row in rows)]
    names = dict(zip(checkpoints, short_names(checkpoints), strict=True))
    for row in rows:
        name = f"{names[row['checkpoint']]}\n" if len(names) > 1 else ""
        table.add_column(f"{name}{row['pace']}", justify="right", no_wrap=True)
    for name, cells in zip(STREAM_FIGURES, zip(*map(_stream_figures, rows), strict=True), strict=True):
        table.add_row(name, *cells)
    return table


STREAM_FIGURES = (
    *("real-time factor", "processor seconds a second of media", "frames a second", "windows", "dropped frames"),
    *(
        "windows left out",
        "reading a frame, processor ms",
        "waiting",
        "forward pass",
        "telling",
        "latency",
        "staleness",
    ),
    "memory, MB a minute",
    "events told in time",
    "events found at IoU .5, F1",
    "seconds to tell an event",
)


def _stream_figures(row: Mapping[str, Any]) -> list[str]:
    streams, slope = row["streams"], row["memory_mb_per_minute"]
    delays = [row[f"{name}_ms"] for name in ("queue", "model", "tell", "latency", "staleness")]
    return [
        f"{row['real_time_factor']:.3f}",
        f"{row['cpu_factor']:.3f}",
        f"{row['fps']:.1f}",
        str(row["windows"]),
        str(sum(one["dropped"] for one in streams)),
        str(sum(one["windows_skipped"] for one in streams)),
        f"{sum(one['read_ms'] for one in streams) / len(streams):.2f}",
        *(f"{one['p50']:g} / {one['p95']:g} / {one['p99']:g}" if one else "-" for one in delays),
        "-" if slope is None else f"{slope:+.2f}",
        *(_truth_figures(row["truth"]) if row["truth"] else ["-"] * 3),
    ]


def _truth_figures(truth: Mapping[str, Any]) -> list[str]:
    seconds = truth["seconds_to_detect"]
    return [
        f"{truth['events_detected']} of {truth['events']}",
        f"{truth['events_found']} of {truth['events']}, {100 * truth['event_f1']:.1f} %",
        f"{seconds['p50']:.2f} / {seconds['p95']:.2f}" if seconds else "-",
    ]
