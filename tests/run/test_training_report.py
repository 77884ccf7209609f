"""``RUN/report/``: the page at the end of a training run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import videoai

CLIP = {"num_frames": 8, "size": 32, "stride": 2}
TRAINER = {"max_epochs": None, "max_steps": 2, "batch_size": 8, "precision": "fp32", "num_threads": 1}


def trained(clip_folder: Path, run_dir: Path, **settings: Any):
    data = {"name": "folder", "root": str(clip_folder), "flip": 0.0}
    given = {"data": data, "clip": CLIP, "trainer": TRAINER, "loading": {"num_workers": 0}, "logger": []}
    return videoai.train(given, run_dir=str(run_dir), **settings)


@pytest.fixture(scope="module")
def run(clip_folder, tmp_path_factory):
    return trained(clip_folder, tmp_path_factory.mktemp("report") / "run", augment={"mixup": 0.8, "shift": 0.2})


def test_a_run_ends_with_a_page_about_its_best_checkpoint_on_val(run):
    folder = Path(run.run_dir) / "report"
    assert run.report == str(folder / "report.html")
    assert {"report.html", "results.png", "labels.png", "results.json", "predictions.csv"} <= {
        path.name for path in folder.iterdir()
    }
    results = json.loads((folder / "results.json").read_text())
    assert results["split"] == "val" and results["video_top1"] == pytest.approx(run.best_value, abs=1e-6)
    made = (folder / "report.html").read_text()
    for part in ("Training", "Confusions", "Training clips", "Data"):
        assert f"<h2>{part}</h2>" in made
    assert "The validation split also chose the checkpoint" in made
    assert results["fit"] == {"kind": "unknown", "text": run.verdict} and run.verdict.startswith(
        "Cannot tell from 2 ev"
    )
    assert f"<p>{run.verdict}</p>" in made
    assert "videoai.train(yaml.safe_load(open(" in made


def test_training_clips_are_shown_with_what_they_teach_after_mixing(run):
    made = (Path(run.run_dir) / "report/report.html").read_text()
    shown = made.split('id="training-clips"')[1].split("</section>")[0]
    assert shown.count('data-frames="8"') == 8
    assert re.search(r"<bdi>\w+ \d+ %, \w+ \d+ %</bdi>", shown)  # two classes with their weights


def test_a_page_that_cannot_be_written_costs_a_line_and_not_the_run(clip_folder, tmp_path, caplog):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/report").write_text("a file where the folder should be")
    done = trained(clip_folder, tmp_path / "run")
    assert done.report is None and Path(done.checkpoint).exists()
    (line,) = [record.getMessage() for record in caplog.records if "no report" in record.getMessage()]
    assert "the run is saved" in line and "\n" not in line


def test_report_false_leaves_it_out(clip_folder, tmp_path):
    done = trained(clip_folder, tmp_path / "run", report=False)
    assert done.report is None and not (tmp_path / "run/report").exists()
