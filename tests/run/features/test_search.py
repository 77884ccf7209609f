from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videoai.data.feature_index import open_index
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.data.fingerprint import video_fingerprint
from videoai.run.features import search as module
from videoai.run.features.query import extraction
from videoai.run.features.search import search
from videoai.settings.features import VideoSearchSettings

CLIP = {"num_frames": 8, "size": 32, "sampling": "dense"}
NETWORK = {"weights": "ab", "layer": "pooled", "clip": CLIP, "window_seconds": None, "stride_seconds": None}
FEATURES = {"a.mp4": [[1, 0], [1, 0.1]], "b.mp4": [[1, 0.2], [0, 1]], "c.mp4": [[1, 1]], "broken.mp4": [None]}


def write(path: Path, features: dict[str, list[Any]] = FEATURES, **changed: Any) -> str:
    """A table of films beside it, which are written where they are not there."""
    films = path.parent / "films"
    films.mkdir(exist_ok=True)
    rows, vectors = [], []
    for video, windows in features.items():
        if not (films / video).exists():
            (films / video).write_bytes(video.encode())
        for second, vector in enumerate(windows):
            print_of, error = video_fingerprint(str(films / video)), None if vector else "missing"
            rows.append(FeatureRow(video, float(second), second + 1.0, "train", video[0], None, print_of, error))
            vectors.append(vector or [np.nan, np.nan])
    about = {**NETWORK, "root": str(films), **changed}
    write_table(path, iter([Block(rows, np.array(vectors, np.float32))]), 2, about)
    return str(path)


def asked(tmp_path: Path, query: str, **changed: Any) -> list[dict[str, Any]]:
    given = {"index": str(tmp_path / "index.npz"), "query": query, "run_dir": str(tmp_path / "found"), "device": "cpu"}
    return [*search(VideoSearchSettings(**{**given, **changed})).records]


def videos(record: dict[str, Any]) -> list[tuple[str, float]]:
    return [(match["video"], match["start_seconds"]) for match in record["matches"]]


def test_a_match_says_where_what_and_how_similar(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    write(tmp_path / "index.npz")
    query = write(tmp_path / "query.npz", {"new.mp4": [[2, 0]]})
    (record,) = asked(tmp_path, query, top_k=2)
    match = {"video": "a.mp4", "start_seconds": 0.0, "end_seconds": 1.0, "label": "a", "similarity": 1.0}
    assert record == {
        "query": "new.mp4",
        "start_seconds": 0.0,
        "end_seconds": 1.0,
        "matches": [
            match,
            match | {"start_seconds": 1.0, "end_seconds": 2.0, "similarity": pytest.approx(0.995, abs=1e-3)},
        ],
    }
    assert "1 row without features left out, such as broken.mp4: missing" in caplog.text
    assert (tmp_path / "found" / "matches.jsonl").read_text().count("\n") == 1


def test_windows_of_the_querys_own_video_are_no_matches_unless_asked(tmp_path: Path):
    index = write(tmp_path / "index.npz")
    records = asked(tmp_path, index, top_k=9)
    assert [record["query"] for record in records] == ["a.mp4", "a.mp4", "b.mp4", "b.mp4", "c.mp4"]
    assert all(record["query"] not in dict(videos(record)) for record in records)
    assert videos(records[0]) == [("b.mp4", 0.0), ("c.mp4", 0.0), ("b.mp4", 1.0)]
    (first, *_) = asked(tmp_path, index, exclude_same_video=False, top_k=1)
    assert videos(first) == [("a.mp4", 0.0)]


@pytest.mark.parametrize(
    ("name", "content", "is_own"),
    [("a.mp4", b"a.mp4", True), ("copy of a.mp4", b"a.mp4", False), ("a.mp4", b"another", False)],
)
def test_a_moved_video_is_the_same_and_a_copy_of_another_name_is_a_match(
    tmp_path: Path, name: str, content: bytes, is_own: bool
):
    write(tmp_path / "index.npz")
    (other := tmp_path / "elsewhere").mkdir()
    (other / "films").mkdir()
    (other / "films" / name).write_bytes(content)
    (record,) = asked(tmp_path, write(other / "query.npz", {name: [[1, 0]]}), top_k=1)
    assert videos(record) == ([("b.mp4", 0.0)] if is_own else [("a.mp4", 0.0)])


def test_files_of_the_index_that_changed_or_are_gone_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    many = {f"{letter}.mp4": [[1, 0]] for letter in "abcdefgh"}
    write(tmp_path / "index.npz", many)
    query = write(tmp_path / "query.npz", {"new.mp4": [[1, 0]]})
    for letter in "abcde":
        (tmp_path / "films" / f"{letter}.mp4").write_bytes(b"another film")
    (tmp_path / "films" / "h.mp4").unlink()
    asked(tmp_path, query)
    assert "it was made, 5 of 8 videos changed: a.mp4, b.mp4, c.mp4 and 2 more. Extract" in caplog.text
    assert "it was made, 1 of 8 videos went away: h.mp4. If they moved, add root=FOLDER" in caplog.text
    caplog.clear()
    asked(tmp_path, query, check_files="matches", top_k=2)
    assert "2 of 2 videos changed: a.mp4, b.mp4." in caplog.text


def test_of_very_many_videos_those_of_the_matches_are_checked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MANY", 2)
    caplog.set_level("INFO")
    index = write(tmp_path / "index.npz")
    for video in ("a.mp4", "c.mp4"):
        (tmp_path / "films" / video).unlink()
    query = write(tmp_path / "query.npz", {"new.mp4": [[1, 1]]})
    asked(tmp_path, query, top_k=1)
    assert "1 of 1 video went away: c.mp4" in caplog.text
    assert "check_files=all takes all" in caplog.text
    caplog.clear()
    asked(tmp_path, index, root=str(tmp_path / "moved"), check_files="all")
    assert "3 of 3 videos went away" in caplog.text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"layer": "outputs"}, "layer: outputs, not pooled"),
        ({"clip": {**CLIP, "num_frames": 16}}, "clip.num_frames: 16, not 8"),
        ({"weights": "cd"}, "weights: cd, not ab"),
    ],
)
def test_features_of_another_kind_are_refused_with_what_differs(tmp_path: Path, changed: dict[str, Any], message: str):
    write(tmp_path / "index.npz")
    query = write(tmp_path / "query.npz", {"new.mp4": [[1, 0]]}, **changed)
    with pytest.raises(ValueError, match=message):
        asked(tmp_path, query)
    assert not (tmp_path / "found").exists()


def test_other_windows_of_the_same_network_are_compared_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    write(tmp_path / "index.npz")
    query = write(tmp_path / "query.npz", {"new.mp4": [[1, 0]]}, window_seconds=2.0)
    assert len(asked(tmp_path, query)) == 1
    assert "the windows of the query are others than those of the index: window_seconds 2.0, not None" in caplog.text


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        ({"checkpoint": "hf://somebody/model"}, "not fetched on its word. Add checkpoint=hf://somebody/model"),
        ({"checkpoint": "gone.pt", "folder": "/nowhere"}, "made with /nowhere/gone.pt, which is not there"),
        ({}, "which is not there. Say where it is: checkpoint=PATH"),
    ],
)
def test_a_network_that_the_index_names_and_that_is_not_there_is_asked_for(
    tmp_path: Path, recorded: dict[str, Any], message: str
):
    write(tmp_path / "index.npz", **recorded)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        asked(tmp_path, str(tmp_path / "films" / "a.mp4"))


@pytest.mark.parametrize(("given", "expected"), [(None, 12.5), (25.0, 25.0)])
def test_a_query_is_extracted_as_its_index_was(tmp_path: Path, given: float | None, expected: float):
    recorded = {"window_seconds": 16 / 30, "stride_seconds": 4 / 30, "preset": "thumos14", "precision": "bf16"}
    index = write(tmp_path / "index.npz", checkpoint="a.pt", frame_fps=12.5, **recorded)
    settings = VideoSearchSettings(index=index, query="new.mp4", frame_fps=given)
    made = extraction(settings, open_index(index), tmp_path / "query")
    assert (made.preset, made.window_seconds, made.precision, made.layer) == ("thumos14", None, "bf16", "pooled")
    assert (made.format, made.frame_fps, made.input) == ("npz", expected, "new.mp4")
    write(tmp_path / "old.npz", layer="outputs")
    with pytest.raises(ValueError, match="does not say its precision. Make it again"):
        extraction(settings, open_index(tmp_path / "old.npz"), tmp_path / "query")


def test_an_answer_that_is_not_read_to_its_end_leaves_no_file(tmp_path: Path):
    index = write(tmp_path / "index.npz")
    settings = VideoSearchSettings(index=index, query=index, run_dir=str(tmp_path / "found"), device="cpu")
    records = search(settings).records
    next(records)
    records.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert not (tmp_path / "found" / "matches.jsonl").exists()
