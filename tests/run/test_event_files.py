"""The files of events that ``predict`` writes."""

from pathlib import Path

import pytest

from videoai.data.lists.from_files import from_csv
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


@pytest.mark.parametrize("label", ["background", "No_Action", "none"])
def test_what_lies_between_events_is_no_event(label: str, tmp_path: Path):
    windows = [
        {"start_seconds": start, "end_seconds": start + 1.0, "label": name, "probability": 0.8}
        for start, name in enumerate([label, "wave", label])
    ]
    files = EventFiles(tmp_path, ("csv", "vtt"), [Path("a")])
    files.add({"path": "a.mp4", "duration_seconds": 3.0, "timeline": windows})
    files.close()
    (line,) = (tmp_path / "events.csv").read_text().splitlines()[1:]
    assert line.endswith("a.mp4,wave,1.000,2.000,0.8000")
    assert label not in (tmp_path / "events" / "a.vtt").read_text()
