import json

import pytest


@pytest.mark.slow
def test_decoders_are_compared_on_the_same_clips(videoai_command, clip_folder, tmp_path):
    arguments = ["clips=[8x2,4x1]", "readers=[videoai,sequential]", "repeats=1", "max_videos=3", "out=figures.json"]
    done = videoai_command("benchmark", "decode", f"input={clip_folder}", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "8x2: 3 videos; frames equal to a full sequential decode in 3 of 3" in done.stderr
    rows = json.loads((tmp_path / "figures.json").read_text())
    assert [(row["clip"], row["reader"], row["videos"]) for row in rows] == [
        *(("8x2", "videoai", 3), ("8x2", "sequential", 3)),
        *(("4x1", "videoai", 3), ("4x1", "sequential", 3)),
    ]
    assert all(0 < row["ms"] < 1000 and row["failed"] == 0 for row in rows)
    assert rows[0]["ratio"] == 1
    assert "sequential" in done.stdout


@pytest.mark.slow
def test_several_clips_of_each_video_are_compared_with_the_least_that_ffmpeg_needs(
    videoai_command, clip_folder, tmp_path
):
    arguments = ["clips=[4x1]", "clips_per_video=3", "readers=[videoai,floor]", "repeats=2", "max_videos=2"]
    ways = ["per_video=true", "compare=false", "out=figures.json"]
    done = videoai_command("benchmark", "decode", f"input={clip_folder}", *arguments, *ways, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "figures.json").read_text())
    names = list(dict.fromkeys(row["video"] for row in rows))
    assert [(row["video"], row["reader"]) for row in rows] == [(n, r) for n in names for r in ("videoai", "floor")]
    assert len(names) == 2
    assert all(name in done.stdout for name in names)
    assert "equal to a full sequential decode" not in done.stderr
    assert all(row["cpu_ms"] > 0 and row["ratio_low"] <= row["ratio"] <= row["ratio_high"] for row in rows)


@pytest.mark.slow
def test_a_video_that_cannot_be_read_is_left_out_and_named(videoai_command, clip_folder, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "good.mp4").write_bytes(next(clip_folder.rglob("*.mp4")).read_bytes())
    (folder / "bad.mp4").write_text("ffconcat version 1.0")
    arguments = ["clips=[4x1]", "readers=[videoai]", "repeats=1"]
    done = videoai_command("benchmark", "decode", "input=some", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "left out: some/bad.mp4: unknown_format" in done.stderr
    (folder / "good.mp4").unlink()
    done = videoai_command("benchmark", "decode", "input=some", *arguments, cwd=tmp_path)
    assert (done.returncode, "none of 1 videos can be read" in done.stderr) == (1, True)


@pytest.mark.slow
def test_the_loader_is_measured_with_the_settings_of_train(videoai_command, clip_folder, tmp_path):
    arguments = ["data=folder", f"data.root={clip_folder}", "clip.num_frames=8", "clip.size=32", "clip.resize=32"]
    own = ["seconds=0.5", "repeats=2", "num_workers=1", "rivals=false", "out=figures.json"]
    done = videoai_command("benchmark", "loader", *arguments, *own, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "figures.json").read_text())
    assert row["loader"] == "videoai"
    assert 0 < row["low"] <= row["clips_per_second"] <= row["high"]
    assert row["cpu_ms"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "choose from decode, loader"),
        (["decode", "input=.", "clips=[16]"], "is not FRAMESxSTRIDE"),
        (["decode", "input=.", "clips=[4x1]", "readers=[decrod]"], "'decrod' is not known"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, message, videoai_command, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    done = videoai_command("benchmark", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert message in done.stderr


@pytest.mark.slow
def test_stream_measures_both_paces(videoai_command, judge_run, tmp_path):
    checkpoint = judge_run / "checkpoints" / "best.pt"
    words = (f"checkpoint={checkpoint}", "source=synthetic://a?seconds=3", "device=cpu", "out=figures.json")
    done = videoai_command("benchmark", "stream", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    fast, live = json.loads((tmp_path / "figures.json").read_text())
    assert (fast["pace"], live["pace"]) == ("max", "realtime")
    assert fast["real_time_factor"] < live["real_time_factor"] and 0.8 < live["real_time_factor"] < 2
    assert fast["fps"] > live["fps"] and fast["streams"][0]["frames"] == live["streams"][0]["frames"] == 45
    assert "forward pass" in done.stdout and "/" in done.stdout
    assert not [*tmp_path.glob("runs*")]


def test_stream_wants_sources_that_end(videoai_command, tmp_path):
    done = videoai_command("benchmark", "stream", "checkpoint=a.pt", "source=synthetic://a", cwd=tmp_path)
    assert done.returncode == 1 and "has no end" in done.stderr
