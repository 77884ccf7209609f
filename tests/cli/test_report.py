"""``report.html`` of ``videoai evaluate``, as a subprocess on real files."""

import json
import os
import shutil

import pytest


@pytest.fixture(scope="module")
def odd_clips(clip_folder, tmp_path_factory):
    """Class folders with a broken video and one whose name is not UTF-8."""
    root = tmp_path_factory.mktemp("odd")
    for name in ("left", "right", "up"):
        (root / name).mkdir()
        shutil.copy(clip_folder / name / f"{name}_1.mp4", root / name)
    shutil.copy(clip_folder / "up/up_0.mp4", os.fsencode(root) + b"/up/caf\xe9.mp4")
    (root / "left/broken.mp4").write_bytes(b"no video")
    return root


def test_an_evaluation_writes_a_page_with_what_its_ablations_cost(untrained, videoai_command, odd_clips, tmp_path):
    ablate = ("shuffle", "single_frame", "reverse")
    words = ("data=folder", f"data.root={odd_clips}", "run_dir=out dir", "num_workers=0")
    words += (f"ablate=[{','.join(ablate)}]", "fiftyone=true")
    done = videoai_command("evaluate", untrained, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "report.html" in done.stdout and "frames shuffled" in done.stdout
    results = json.loads((tmp_path / "out dir/results.json").read_text())
    assert tuple(results["ablations"]) == ablate
    for one in results["ablations"].values():
        low, high = one["loss_interval95"]
        assert one["loss"] == pytest.approx(results["video_top1"] - one["right"]) and low <= one["loss"] <= high
    samples = json.loads((tmp_path / "out dir/fiftyone/samples.json").read_text())["samples"]
    assert len(samples) == results["n_total"] and all(os.path.isfile(one["filepath"]) for one in samples)
    assert [one["prediction"] for one in samples if "error" in one] == [None]
    made = (tmp_path / "out dir/report.html").read_text()
    assert results["ablations"]["reverse"]["sentence"] in made
    assert made.count('data-frames="8"') == 4 and "caf\\udce9.mp4" in made
    assert "Unreadable videos: 1" in made and "broken.mp4" in made
    assert "&#x27;run_dir=out dir&#x27;" in made  # as a shell takes it
