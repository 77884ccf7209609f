"""The files of events that ``predict`` writes."""

from pathlib import Path

import pytest

from videoai.data.lists.manifest import from_csv
from videoai.run.event_files import EventFiles

EVENTS = [{"label": "wave", "start_seconds": 0.5, "end_seconds": 1.5, "score": 0.9}]


@pytest.mark.parametrize("name", ["a.mp4", "films/b.mp4", "../c, d.mp4"])
def test_a_table_of_events_finds_videos_that_were_named_from_another_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).touch()
    (here / "out").mkdir()
    files = EventFiles(here / "out", ("csv",), [Path("a")])
    files.add({"path": name, "duration_seconds": 2.0, "events": EVENTS})
    assert files.close() == ["events.csv"]
    read = from_csv(here / "out" / "events.csv", multi_label=True, val_fraction=0, test_fraction=0)
    assert [Path(item.path).resolve() for item in read.splits["train"]] == [Path(name).resolve()]
