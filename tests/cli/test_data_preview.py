import json

import pytest
from PIL import Image


def test_a_picture_and_a_record_are_written_and_named(clip_folder, videoai_command, tmp_path):
    words = (
        "model=tiny_r3d",
        "clip=16x2x32",
        "clip.num_frames=4",
        "classes=2",
        "draws=1",
        "out=shown/clips",
        "loading.decoder=pyav",
    )
    done = videoai_command("data", "preview", str(clip_folder), *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "files: shown/clips.png shown/clips.json" in done.stdout
    assert "2 videos of train, 4 clips." in done.stdout
    with Image.open(tmp_path / "shown" / "clips.png") as image:
        assert image.height > 4 * 32  # a row for each clip
    assert all(
        len(clip["frames"]) == 4 for clip in json.loads((tmp_path / "shown" / "clips.json").read_text())["clips"]
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "videoai data preview PATH"),
        (("nowhere",), "nowhere: no such file or folder"),
        (("clips", "split=trian"), "split=trian"),
    ],
)
def test_a_mistake_is_one_clear_line(words, message, videoai_command, tmp_path):
    done = videoai_command("data", "preview", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert message in done.stderr
