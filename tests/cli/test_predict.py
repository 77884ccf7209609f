"""``videoai predict``, as subprocesses on real files."""

import json

import av
import pytest


def test_labelled_copies_bear_the_names_of_their_sources(untrained, videoai_command, clip_folder, tmp_path):
    command = ("predict", untrained, f"input={clip_folder}/u*", "annotate=true", "run_dir=out")
    done = videoai_command(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    named = [json.loads(line)["annotated"] for line in done.stdout.splitlines()]
    assert named == [f"out/labelled/up_{i}.mp4" for i in range(6)]
    assert all((tmp_path / name).stat().st_size > 1000 for name in named)


def test_a_folder_of_images_is_a_video_of_the_rate_that_is_given(untrained, videoai_command, clip_folder, tmp_path):
    (tmp_path / "frames").mkdir()
    with av.open(clip_folder / "up" / "up_0.mp4") as file:
        for number, frame in enumerate(file.decode(video=0)):
            frame.to_image().save(tmp_path / "frames" / f"img_{number:05d}.jpg")
    command = ("predict", untrained, "run_dir=out")
    done = videoai_command(*command, "input=frames", "frame_fps=8", "annotate=true", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["duration_seconds"] == pytest.approx((number + 1) / 8)
    with av.open(tmp_path / "out/labelled/frames.mp4") as copy:
        assert float(copy.streams.video[0].average_rate) == pytest.approx(8)
    above = videoai_command(*command, "input=.", cwd=tmp_path)
    assert json.loads(above.stdout.splitlines()[0])["duration_seconds"] == pytest.approx((number + 1) / 30, abs=1e-3)


@pytest.mark.slow
def test_a_limit_on_the_size_of_files_leaves_whole_lines_and_whole_copies(
    untrained, where_files_are_limited, clip_folder, tmp_path
):
    command = ("predict", untrained, f"input={clip_folder}/up", "run_dir=out")
    done = where_files_are_limited(*command, "annotate=true", cwd=tmp_path, kib=2)
    assert done.returncode == 1
    assert "out/labelled/up_0.mp4: the limit on the size of a file is too low" in done.stderr
    assert list((tmp_path / "out/labelled").iterdir()) == []
    done = where_files_are_limited(*command, cwd=tmp_path, kib=1)
    assert done.returncode == 1
    assert "predictions.jsonl: the limit on the size of a file is too low" in done.stderr
    written = (tmp_path / "out/predictions.jsonl").read_text()
    assert written == done.stdout
    assert 0 < len(written.splitlines()) < 6


def test_the_exit_code_says_that_some_videos_could_not_be_read(untrained, videoai_command, clip_folder, tmp_path):
    for number in range(2):
        (tmp_path / f"{number}.mp4").symlink_to(clip_folder / "up" / f"up_{number}.mp4")
    assert videoai_command("predict", untrained, "input=.", "run_dir=../out", cwd=tmp_path).returncode == 0
    (tmp_path / "2.mp4").write_bytes(b"no video")
    done = videoai_command("predict", untrained, "input=.", "run_dir=../out", cwd=tmp_path)
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 3 and "1 of 3 videos could not be read." in done.stderr
    assert videoai_command("predict", untrained, "input=2.mp4", "run_dir=../out", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("word", ["merge_seconds=1", "min_seconds=0.5", "threshold=0.3"])
def test_a_setting_of_events_is_refused_where_none_are_found(word, untrained, videoai_command, clip_folder, tmp_path):
    done = videoai_command("predict", untrained, f"input={clip_folder}/up", word, "run_dir=out", cwd=tmp_path)
    assert done.returncode == 1
    assert word in done.stderr and "Leave" in done.stderr
