"""A recorded run, once more: the same lines, but for times of the clock; under load, with gaps, cut off, damaged."""

import io
import json
import time
from dataclasses import fields
from itertools import pairwise

import pytest
import torch

from tests.live.conftest import CLIP
from tests.live.test_follow import Away, network, session  # noqa: F401 (network is a fixture)
from tests.live.test_session import session as windows
from videoai.live.recording import FOLDER, FRAMES, JUDGED, Recorder, recording_at
from videoai.live.replay import RecordedSource, Replay
from videoai.live.session import Session
from videoai.live.sources import FileSource
from videoai.live.synthetic import SyntheticSource

CLOCK = ("t_wall", "latency_ms")


def recorded(run, folder, *, most_bytes=2**30):
    """Lines of a run, and its recorder."""
    names = [stream.name for stream in run.streams]
    recorder = Recorder(folder, {"streams": names}, most_bytes=most_bytes)
    run.record, run.ended = recorder.record, recorder.ended
    lines = list(run.run())
    recorder.close()
    return lines, recorder


def replayed(like, folder):
    """Lines of a run that was recorded in a folder; ``like``: a session that judges as it did."""
    recording = recording_at(str(folder))
    assert recording
    own = {one.name: getattr(like, one.name) for one in fields(Session) if one.init}
    own["sources"] = [RecordedSource(name) for name in recording.about["streams"]]
    return list(Replay(**own, recording=recording).run())


def timeless(lines):
    return [{key: value for key, value in line.items() if key not in CLOCK} for line in lines]


def slow(run, seconds=0.12):
    """The same, too slow to keep up."""
    ask = run.followers
    run.followers = {
        name: lambda window, one=one: time.sleep(seconds) or one(window)  # type: ignore[func-returns-value]
        for name, one in ask.items()
    }
    return run


@pytest.mark.slow
def test_a_run_that_left_frames_out_under_load_is_repeated(network, tmp_path):  # noqa: F811
    sources = [SyntheticSource(f"synthetic://{name}?seed={seed}&seconds=4", CLIP) for seed, name in enumerate("ab")]

    def fresh():
        return session(network, sources, policy="latest", realtime=True)

    lines, _ = recorded(slow(fresh()), tmp_path)
    assert lines[-1]["dropped"] > 0 or any(line["dropped"] for line in lines)
    assert timeless(replayed(fresh(), tmp_path)) == timeless(lines)


def test_a_run_with_an_outage_is_repeated(network, tmp_path):  # noqa: F811
    pictures = torch.randint(0, 255, (40, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    lines, _ = recorded(session(network, [Away(pictures)]), tmp_path)
    assert max(late["t_media"] - early["t_media"] for early, late in pairwise(lines)) > 0.4
    again = replayed(session(network, [Away(pictures)]), tmp_path)
    assert timeless(again) == timeless(lines)


def test_windows_of_several_sources_are_repeated_in_the_same_passes(film, predictor, tmp_path):
    paths = [film("constant"), film("variable")]
    lines, recorder = recorded(windows(predictor(), paths, max_batch=3), tmp_path)
    sizes = []
    like = windows(predictor(), paths, max_batch=3)
    like.judge = lambda clips: sizes.append(len(clips)) or predictor().scores(clips)
    assert timeless(replayed(like, tmp_path)) == timeless(lines)
    written = [json.loads(line) for line in (tmp_path / FOLDER / JUDGED).read_text().splitlines()]
    assert sizes == [len(line["windows"]) for line in written if "windows" in line] and max(sizes) > 1
    assert recorder.to_dict()["recording_is_whole"]
    held = {(one["stream"], number) for line in written for one in line.get("windows", ()) for number in one["numbers"]}
    places = {tuple(place) for line in written for one in line.get("windows", ()) for place in one["places"]}
    assert len(places) == len(held)  # each frame once, though windows overlap


def test_a_recording_that_was_cut_off_is_repeated_until_there(film, network, tmp_path, caplog):  # noqa: F811
    source = FileSource(film("constant"), CLIP)
    lines, _ = recorded(session(network, [source]), tmp_path)
    judged = tmp_path / FOLDER / JUDGED
    judged.write_bytes(judged.read_bytes()[:2000])  # in the middle of a line
    again = replayed(session(network, [source]), tmp_path)
    assert "the recording ends at" in caplog.text
    seen = [line for line in timeless(again) if line["window"]]
    assert 3 < len(seen) < len(lines) and seen == timeless(lines)[: len(seen)]


def test_a_full_recording_ends_and_the_stream_goes_on(film, network, tmp_path, caplog):  # noqa: F811
    source = FileSource(film("constant"), CLIP)
    whole = list(session(network, [source]).run())
    lines, recorder = recorded(session(network, [source]), tmp_path, most_bytes=5000)
    assert timeless(lines) == timeless(whole)
    assert not recorder.to_dict()["recording_is_whole"] and "nothing more is recorded" in caplog.text
    assert recorder.num_bytes < 5000 + 8 * (3 * CLIP.size**2 + 100)  # frames of the pass that filled it
    assert 0 < len(replayed(session(network, [source]), tmp_path)) < len(lines)


def test_damaged_frames_are_an_error_that_says_where(film, network, tmp_path):  # noqa: F811
    source = FileSource(film("constant"), CLIP)
    recorded(session(network, [source]), tmp_path)
    frames = tmp_path / FOLDER / FRAMES
    frames.write_bytes(frames.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"frames\.bin: damaged at byte"):
        replayed(session(network, [source]), tmp_path)


def test_a_disk_that_takes_half_of_a_frame_at_once_harms_no_recording(film, network, tmp_path):  # noqa: F811
    class Full(io.FileIO):
        def write(self, data):
            return super().write(memoryview(data)[: 1 + len(data) // 2])

    run = session(network, [FileSource(film("constant"), CLIP)])
    recorder = Recorder(tmp_path, {"streams": [run.streams[0].name]}, most_bytes=2**30)
    recorder.frames.close()
    recorder.frames = Full(tmp_path / FOLDER / FRAMES, "w")  # as on a disk that fills up: short writes, no error
    run.record, run.ended = recorder.record, recorder.ended
    lines = list(run.run())
    recorder.close()
    again = replayed(session(network, [FileSource(film("constant"), CLIP)]), tmp_path)
    assert timeless(again) == timeless(lines)


@pytest.mark.parametrize(("name", "place"), [("about.json", "about.json"), (JUDGED, f"{JUDGED}:1")])
@pytest.mark.parametrize("text", ["x", "[]", '{"format": 1'])
def test_a_damaged_recording_is_an_error_that_says_where(film, network, tmp_path, name, place, text):  # noqa: F811
    recorded(session(network, [FileSource(film("constant"), CLIP)]), tmp_path)
    (tmp_path / FOLDER / name).write_text(text + "\n")
    with pytest.raises(ValueError, match=f"{place}: .*damaged"):
        replayed(session(network, []), tmp_path)


def test_another_format_is_refused(film, network, tmp_path):  # noqa: F811
    recorded(session(network, [FileSource(film("constant"), CLIP)]), tmp_path)
    about = tmp_path / FOLDER / "about.json"
    about.write_text(about.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(ValueError, match="format 2; this version reads 1"):
        recording_at(str(tmp_path))
    assert recording_at(str(tmp_path / "nowhere")) is None
