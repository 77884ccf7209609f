"""``videoai evaluate`` on other data than the checkpoint's, as subprocesses on real files."""

import csv
import json

import pytest

from videoai.core import checkpoint


def test_a_test_split_alone_of_some_classes_in_any_order_is_scored(untrained, videoai_command, clip_folder, tmp_path):
    lines = ["path,label,split", "up/up_0.mp4,up,test", "left/left_1.mp4,left,test", "up/up_2.mp4,up,test"]
    (tmp_path / "table.csv").write_text("\n".join(lines))
    data = ("data=csv", "data.path=table.csv", f"data.root={clip_folder}")
    more = ("run_dir=out", "num_workers=0", "report=false")
    done = videoai_command("evaluate", untrained, *data, *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 videos of split test" in done.stderr
    assert not (tmp_path / "out/report.html").exists() and (tmp_path / "out/confusion.png").exists()
    assert "(2 of 4 classes present)" in done.stdout
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert (results["n_total"], results["classes"], results["classes_present"]) == (3, 4, 2)
    rows = list(csv.DictReader((tmp_path / "out/predictions.csv").read_text().splitlines()))
    assert sorted(row["label"] for row in rows) == ["left", "up", "up"]
    assert all(row["path"].startswith(row["label"]) for row in rows)  # by name, though label 0 is `left` here
    right = {label: [row["predicted"] == label for row in rows if row["label"] == label] for label in ("left", "up")}
    assert results["mean_class_accuracy"] == sum(sum(hits) / len(hits) for hits in right.values()) / 2


def test_data_that_has_moved_is_missed_with_the_way_out(untrained, videoai_command, tmp_path):
    state = checkpoint.load(untrained.removeprefix("checkpoint="))
    state["config"]["data"] = {"name": "folder", "root": str(tmp_path / "gone")}
    checkpoint.save(tmp_path / "best.pt", state)
    done = videoai_command("evaluate", "checkpoint=best.pt", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("If the data has moved: data.root=PATH\n")


@pytest.mark.slow
def test_a_single_class_is_scored_and_an_unknown_one_is_refused(untrained, videoai_command, clip_folder, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "up").symlink_to(clip_folder / "up")
    command = ("evaluate", untrained, "data=folder", "data.root=data", "run_dir=out", "num_workers=0")
    done = videoai_command(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out/results.json").read_text())["n_total"] == 6
    (tmp_path / "data" / "sideways").symlink_to(clip_folder / "left")
    done = videoai_command(*command, cwd=tmp_path)
    assert done.returncode == 1
    assert 'trained on ["down", "left", "right", "up"]' in done.stderr
    assert 'only in the data: ["sideways"]; only in the checkpoint: ["down", "left", "right"]' in done.stderr


@pytest.mark.slow
def test_a_limit_on_the_size_of_files_leaves_no_part_of_the_results(
    untrained, where_files_are_limited, clip_folder, tmp_path
):
    command = (
        "evaluate",
        untrained,
        "data=folder",
        f"data.root={clip_folder}",
        "split=all",
        "run_dir=out",
        "num_workers=0",
    )
    done = where_files_are_limited(*command, cwd=tmp_path, kib=8)  # the tables fit, the page does not
    assert done.returncode == 1
    assert "report.html: the limit on the size of a file is too low for" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_refused_before_the_work(untrained, videoai_command, clip_folder, tmp_path):
    (tmp_path / "file").touch()
    for verb in (("evaluate", "data=folder", f"data.root={clip_folder}"), ("predict", f"input={clip_folder}/up")):
        done = videoai_command(*verb, untrained, "run_dir=file/out", cwd=tmp_path)
        assert done.returncode == 1
        assert "run_dir=file/out: cannot write there (Not a directory). Choose another run_dir=PATH" in done.stderr
        assert done.stdout == ""
