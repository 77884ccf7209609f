"""``videoai features`` and ``videoai search``."""

import json
import sys
from pathlib import Path

from videoai.cli.overrides import about_data, data_change, path_first
from videoai.compose.settings import from_arguments
from videoai.core.launcher import launched_processes, launched_rank
from videoai.core.messages import about, pluralize
from videoai.settings.features import (
    ExtractSettings,
    FeatureReportSettings,
    MapSettings,
    NeighborsSettings,
    ProbeSettings,
    SelectSettings,
    VideoSearchSettings,
)

PARTLY = 3  # exit code, as in predict
SHOWN = 3  # reasons


def extract(arguments: list[str]) -> int:
    """Exit code 1 when no video could be read, 3 when some could not."""
    words, rest = about_data(arguments)
    settings = from_arguments(ExtractSettings, rest).settings()
    change = data_change(words, settings.checkpoint)
    from videoai.run.features.extract import extract

    done = extract(settings, change)
    if launched_rank() > 0:  # the first process prints
        return 0
    rows, videos = pluralize(done.num_rows, "row"), pluralize(done.num_videos, "video")
    print(f"{rows} of {videos}, {done.num_features} features each: {done.path}")
    for video, error in done.errors[:SHOWN]:
        print(f"no features: {about(video, error)}", file=sys.stderr)
    if done.errors:
        print(f"{len(done.errors)} of {rows} have no features; the column error says why.", file=sys.stderr)
    if len(done.errors) == done.num_rows:
        return 1
    return PARTLY if done.errors and launched_processes() == 1 else 0  # torchrun would start all again


def select(arguments: list[str]) -> int:
    """A table, what it says, and where the files are."""
    settings = from_arguments(SelectSettings, with_table(arguments)).settings()
    from videoai.core.paths import display_path
    from videoai.report.selection import importance_note, selection_table
    from videoai.report.tables import as_text
    from videoai.run.features.select import select_features

    results = select_features(settings)
    print(as_text(selection_table(results["points"])))
    print(results["verdict"])
    if test := results.get("test"):
        print(f"On {test['rows']} rows of split test: {100 * test['selected']:.1f} %, all {100 * test['all']:.1f} %.")
    if results.get("fooled"):
        print(importance_note(results["fooled"], len(results["importance"])))
    names = sorted(path.name for path in Path(results["folder"]).iterdir())
    print(f"files: {display_path(results['folder'])}/ {' '.join(names)}")
    return 0


def probe(arguments: list[str]) -> int:
    """A table and where the file is."""
    settings = from_arguments(ProbeSettings, with_table(arguments)).settings()
    from videoai.core.paths import display_path
    from videoai.report.selection import probe_table
    from videoai.report.tables import as_text
    from videoai.run.features.probe import probe_features

    results = probe_features(settings)
    print(as_text(probe_table(results)))
    print(f"files: {display_path(results['folder'])}/ results.json")
    return 0


def map_rows(arguments: list[str]) -> int:
    """One sentence and where the files are."""
    settings = from_arguments(MapSettings, with_table(arguments)).settings()
    from videoai.core.paths import display_path
    from videoai.run.features.map import map_features

    done = map_features(settings)
    print(done.sentence)
    print(f"files: {display_path(done.folder)}/ map.png map.csv")
    return 0


def report(arguments: list[str]) -> int:
    """What the page says first, what was left out, and where it is."""
    settings = from_arguments(FeatureReportSettings, with_table(arguments)).settings()
    from videoai.run.features.report import report_features

    done = report_features(settings)
    print(done.headline)
    for reason in done.skipped:
        print(f"skipped {reason}", file=sys.stderr)
    print(f"files: {', '.join(done.files)}")
    return 0


def with_table(arguments: list[str]) -> list[str]:
    """``table=`` before a path that stands first."""
    path, rest = path_first(arguments)
    return [f"table={path}", *rest] if path else rest


def search(arguments: list[str]) -> int:
    """One line of JSON a query on standard output. Exit code 1 when none has features, 3 when some have none."""
    path, rest = path_first(arguments)
    settings = from_arguments(VideoSearchSettings, [*([f"index={path}"] if path else []), *rest]).settings()
    from videoai.run.features.search import search

    done = search(settings)
    for record in done.records:
        print(json.dumps(record, ensure_ascii=False), flush=True)
    if done.left_out:
        total = done.num_queries + done.left_out
        print(f"{done.left_out} of {total} queries have no features: {done.reasons[0]}", file=sys.stderr)
    if not done.num_queries:
        return 1
    return PARTLY if done.left_out else 0


def neighbors(arguments: list[str]) -> int:
    """What the neighbours say, and the paths of the tables."""
    settings = from_arguments(NeighborsSettings, with_table(arguments)).settings()
    from videoai.run.features.neighbors import neighbors

    done = neighbors(settings)
    print("\n".join(done.sentences))
    print(f"files: {', '.join(done.files)}")
    return 0
