"""``data.decoder`` and ``data.frame_fps`` as a person sets them, as subprocesses on real files."""

import numpy as np
import pytest
import yaml
from PIL import Image

SHORT = (
    "model=tiny_r3d",
    "clip=16x2x32",
    "data.num_workers=0",
    "trainer.batch_size=2",
    "trainer.tensorboard=false",
    "report=false",
)


@pytest.mark.slow
def test_auto_is_resolved_once_and_kept_by_a_continued_run(videoai_command, clip_folder, tmp_path):
    command = ("train", "data=folder", f"data.root={clip_folder}", "data.decoder=auto", "run_dir=run", *SHORT)
    done = videoai_command(*command, "trainer.max_steps=1", "trainer.precision=fp32", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "decoder: " in done.stderr
    chosen = yaml.safe_load((tmp_path / "run/config.yaml").read_text())["loading"]["decoder"]
    assert chosen in ("pyav", "torchcodec")
    again = videoai_command(*command, "trainer.max_steps=2", "trainer.precision=fp32", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "decoder: " not in again.stderr  # not measured again
    assert yaml.safe_load((tmp_path / "run/config.yaml").read_text())["loading"]["decoder"] == chosen


def test_decoding_on_a_gpu_is_refused_where_there_is_none(untrained, videoai_command, clip_folder, tmp_path):
    given = {
        "train": ("data=folder", f"data.root={clip_folder}", "loading.decoder=nvdec", "run_dir=run", *SHORT),
        "evaluate": (untrained, "data=folder", f"data.root={clip_folder}", "decoder=nvdec", "run_dir=scores"),
        "predict": (untrained, f"input={clip_folder}", "decoder=nvdec", "run_dir=answers"),
    }
    for verb, arguments in given.items():
        done = videoai_command(verb, *arguments, "device=cpu", cwd=tmp_path)
        assert done.returncode == 1, done.stderr
        assert "decoder=nvdec cannot be used here (device=cpu is no NVIDIA GPU)" in done.stderr
        assert "Else decoder=pyav, whose pixels differ a little" in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("last.pt"))


@pytest.mark.slow
def test_the_frame_rate_of_image_folders_says_how_long_a_clip_is(videoai_command, tmp_path):
    table = ["path,label,split"]
    for label in ("dark", "light"):
        for number in range(4):
            folder = tmp_path / f"{label}{number}"
            folder.mkdir()
            for frame in range(40):
                grey = np.full((32, 32, 3), 200 if label == "light" else 50, np.uint8)
                Image.fromarray(grey).save(folder / f"img_{frame:05}.jpg")
            table.append(f"{folder.name},{label},{'val' if number == 0 else 'train'}")
    (tmp_path / "clips.csv").write_text("\n".join(table))
    command = ("train", "data=csv", "data.path=clips.csv", *SHORT, "trainer.max_steps=1", "trainer.precision=fp32")
    done = videoai_command(*command, "run_dir=slow", "data.frame_fps=10", cwd=tmp_path)
    assert "clip: 16 frames, stride 2, 3.1 s, 32 px" in done.stderr  # 31 frames; 1.0 s at the 30 fps assumed
    done = videoai_command(*command, "run_dir=none", "data.frame_fps=0", cwd=tmp_path)
    assert done.returncode == 1 and "loading.frame_fps=0: give a number above 0, or null." in done.stderr
