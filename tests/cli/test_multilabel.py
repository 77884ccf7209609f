"""Several labels a clip, from the table to the reports, as subprocesses on real files."""

import csv
import json
from pathlib import Path

import pytest
import torch
from sklearn.metrics import average_precision_score

from videoai.data.encode import write_clip
from videoai.data.motion16.motion import CLASSES, render
from videoai.report.derived import derived_results

FAST = (
    *("clip.size=32", "clip.resize=32", "trainer.batch_size=6", "trainer.precision=fp32", "trainer.log_every=1"),
    *("trainer.tensorboard=false", "report=false", "data.num_workers=0", "data.multi_label=true", "data.flip=0"),
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def trained(multi_label_csv, videoai_command, tmp_path_factory):
    """One short run that most tests here look at."""
    cwd = tmp_path_factory.mktemp("project")
    done = videoai_command(
        *("train", "data=csv", f"data.path={multi_label_csv}", *FAST, "trainer.max_steps=4", "run_dir=run"),
        *("augment.mixup=0.3", "imbalance.pos_weight=0.5", "imbalance.focal=1"),
        cwd=cwd,
    )
    assert done.returncode == 0, done.stderr
    return cwd, done


def test_training_is_judged_by_map_and_says_that_labels_are_several(trained):
    cwd, done = trained
    assert "val mAP" in done.stdout
    assert "multi-label: 1.5 labels a clip, 2 at most." in done.stderr
    assert "6 clips have no label: examples of none of the classes." in done.stderr
    state = torch.load(cwd / "run/checkpoints/best.pt", weights_only=True)
    assert state["config"]["task"] == {"name": "multi_label"}
    assert state["config"]["trainer"]["metric"] == "map"
    assert set(state["metrics"]) == {"map", "micro_f1", "macro_f1", "hit1", "loss"}


def test_evaluation_writes_what_anybody_can_check(trained, videoai_command, multi_label_csv):
    cwd, _ = trained
    done = videoai_command("evaluate", "checkpoint=run/checkpoints/best.pt", "views=2x3", "run_dir=eval", cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert "mAP" in done.stdout and "average_precision.png" in done.stdout
    results = json.loads((cwd / "eval/results.json").read_text())
    scores, predictions = rows(cwd / "eval/scores.csv"), rows(cwd / "eval/predictions.csv")
    listed = {line["path"]: line["label"] for line in rows(multi_label_csv) if line["split"] == "test"}
    given = [listed[str((multi_label_csv.parent / row["path"]).resolve())] for row in predictions]
    assert [row["labels"] for row in predictions] == ["|".join(sorted(labels.split("|"))) for labels in given]
    classes = list(scores[0])[1:]
    precisions = [
        average_precision_score([name in labels.split("|") for labels in given], [float(row[name]) for row in scores])
        for name in classes
    ]
    assert results["mAP"] == pytest.approx(sum(precisions) / len(classes), abs=1e-5)  # scores have six decimals
    assert results["mAP_of_chance"] == pytest.approx((4 + 4 * 2) / 8 / 5, abs=1e-6)


def test_an_unreadable_test_video_has_score_0_is_listed_and_stays_in_the_count(
    trained, videoai_command, multi_label_csv, tmp_path
):
    cwd, _ = trained
    lines = multi_label_csv.read_text().splitlines()
    broken = next(line for line in lines if line.endswith("leftwards,test")).partition(",")[0]
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    table = tmp_path / "broken.csv"
    table.write_text(multi_label_csv.read_text().replace(broken, str(tmp_path / "broken.mp4")))
    done = videoai_command(
        *("evaluate", "checkpoint=run/checkpoints/best.pt", "data=csv", f"data.path={table}", "data.multi_label=true"),
        *("split=test", "run_dir=broken"),
        cwd=cwd,
    )
    assert done.returncode == 0, done.stderr
    assert "unreadable (have score 0)" in done.stdout
    results = json.loads((cwd / "broken/results.json").read_text())
    assert (results["n_total"], results["n_bad"]) == (8, 1)
    assert results["bad_videos"][0]["path"] == "broken.mp4"
    assert {row["num_videos"] for row in rows(cwd / "broken/per_class.csv") if row["name"] == "leftwards"} == {"2"}


def test_prediction_marks_what_is_above_the_threshold(trained, videoai_command, clip_folder):
    cwd, _ = trained
    video = clip_folder / "left" / "left_0.mp4"
    done = videoai_command(
        "predict", "checkpoint=run/checkpoints/best.pt", f"input={video}", "run_dir=out", "annotate=true", cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["multi_label"] is True
    assert len(record["top"]) == 5
    above = [answer["label"] for answer in record["top"] if answer["probability"] >= record["threshold"]]
    assert above == [answer["label"] for answer in record["top"] if answer["predicted"]] == record["labels"]
    assert Path(cwd / record["annotated"]).exists()


@pytest.fixture(scope="module")
def tuned(multi_label_csv, videoai_command, tmp_path_factory):
    """A run with enough validation videos for a threshold of one class."""
    cwd = tmp_path_factory.mktemp("tuned")
    turn = dict(zip("012345", ("train", "val", "val", "val", "val", "test"), strict=True))
    lines = [(line["path"], line["label"]) for line in rows(multi_label_csv)]
    table = [f"{path},{labels},{turn[path[-5]]}" for path, labels in lines]
    (cwd / "clips.csv").write_text("\n".join(["path,label,split", *table]) + "\n")
    done = videoai_command(
        *("train", "data=csv", "data.path=clips.csv", *FAST, "trainer.max_steps=4", "run_dir=run"), cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return cwd


@pytest.mark.slow
def test_thresholds_are_tuned_on_val_and_used_by_evaluate_and_predict(tuned, videoai_command, clip_folder):
    checkpoint = "checkpoint=run/checkpoints/best.pt"
    kept = torch.load(tuned / "run/checkpoints/best.pt", weights_only=True)["tuned"]
    assert kept["is_tuned"] == [True, False, False, False, False]  # 8 val clips are horizontal, 4 of each direction
    done = videoai_command("evaluate", checkpoint, "views=2x1", "run_dir=eval", cwd=tuned)
    assert done.returncode == 0, done.stderr
    assert "thresholds: of 1 of 5 classes tuned on val (best F1); 0.5 for leftwards, rightwards" in done.stderr
    results = json.loads((tuned / "eval/results.json").read_text())
    assert list(results["thresholds"].values()) == pytest.approx(kept["thresholds"], abs=1e-6)
    page = (tuned / "eval/report.html").read_text()
    assert "chosen on the validation split, by F1" in page and "with one view a video" in page
    video = clip_folder / "left" / "left_0.mp4"
    record = json.loads(videoai_command("predict", checkpoint, f"input={video}", "run_dir=out", cwd=tuned).stdout)
    above = [one["label"] for one in record["top"] if one["probability"] >= one["threshold"]]
    assert above == record["labels"]


@pytest.mark.slow
def test_one_threshold_may_be_asked_for_and_one_label_has_none(tuned, videoai_command, clip_folder):
    checkpoint = "checkpoint=run/checkpoints/best.pt"
    done = videoai_command("evaluate", checkpoint, "threshold=0.5", "run_dir=half", cwd=tuned)
    assert done.returncode == 0 and "thresholds:" not in done.stderr
    results = json.loads((tuned / "half/results.json").read_text())
    assert results["threshold"] == 0.5 and "thresholds" not in results
    video = clip_folder / "left" / "left_0.mp4"
    done = videoai_command("predict", "checkpoint=run/checkpoints/best.pt", f"input={video}", "threshold=0", cwd=tuned)
    assert len(json.loads(done.stdout)["labels"]) == 5
    assert videoai_command("evaluate", checkpoint, "threshold=1.5", cwd=tuned).returncode == 1


@pytest.mark.slow
def test_a_continued_run_has_the_weights_of_one_that_never_stopped(videoai_command, multi_label_csv, tmp_path):
    command = ("train", "data=csv", f"data.path={multi_label_csv}", *FAST, "augment.cutmix=1", "augment.mixup=0.3")
    for run, steps in (("r", 2), ("r", 5), ("s", 5)):
        done = videoai_command(*command, f"run_dir={run}", f"trainer.max_steps={steps}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    first, second = (torch.load(tmp_path / run / "checkpoints/last.pt", weights_only=True) for run in "rs")
    assert all(torch.equal(first["model"][key], second["model"][key]) for key in second["model"])
    assert first["metrics"] == second["metrics"] and first["tuned"] == second["tuned"]


@pytest.mark.slow
def test_inspect_check_and_prepare_take_several_labels(videoai_command, multi_label_csv, tmp_path):
    several = ("data=csv", f"data.path={multi_label_csv}", "data.multi_label=true")
    inspected = videoai_command("data", "inspect", str(multi_label_csv), cwd=tmp_path)
    assert inspected.returncode == 0, inspected.stderr
    assert "data.multi_label=true" in inspected.stdout.splitlines()[-1]
    assert "labels in all (5 classes)" in inspected.stdout
    checked = videoai_command("data", "check", *several, "out=check", "num_workers=1", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr + checked.stdout
    prepared = videoai_command("data", "prepare", *several, "out=made", "short_side=32", "num_workers=0", cwd=tmp_path)
    assert prepared.returncode == 0, prepared.stderr
    command = prepared.stdout.splitlines()[-1].removeprefix("next: videoai ").split()
    assert "data.multi_label=true" in command
    done = videoai_command(*command, *FAST, "trainer.max_steps=1", "run_dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


LABELS = {
    "left": "horizontal|leftwards",
    "right": "horizontal|rightwards",
    "shake_h": "horizontal|oscillating",
    "up": "vertical",
    "shake_v": "vertical|oscillating",
    "swing": "rotation|oscillating",
    "spin_cw": "rotation",
    "pulse": "oscillating",
}


@pytest.mark.nightly
def test_labels_that_clips_share_are_learnt(videoai_command, tmp_path):
    lines = ["path,label,split"]
    for split, count in (("train", 60), ("val", 8), ("test", 12)):
        for name, labels in LABELS.items():
            for index in range(count):
                draw = {"label": CLASSES.index(name), "seed": 0, "split": split, "index": index}
                frames, _ = render(**draw, level="easy", size_px=32)
                (tmp_path / split).mkdir(exist_ok=True)
                write_clip(tmp_path / split / f"{name}_{index}.mp4", frames)
                lines.append(f"{split}/{name}_{index}.mp4,{labels},{split}")
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
    done = videoai_command(
        *("train", "data=csv", "data.path=clips.csv", "augment=shift", *FAST, "trainer.batch_size=16", "run_dir=run"),
        *("trainer.max_epochs=12", "trainer.eval_every=90"),
        cwd=tmp_path,
        timeout=280,
        OMP_NUM_THREADS="1",
    )
    assert done.returncode == 0, done.stderr
    done = videoai_command("evaluate", "checkpoint=run/checkpoints/best.pt", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "run/test/results.json").read_text())
    assert results["mAP_of_chance"] == pytest.approx((3 + 1 + 1 + 4 + 2 + 2) / 8 / 6, abs=1e-6)
    assert results["mAP"] > 0.7


@pytest.mark.slow
def test_a_column_for_each_class_with_gaps_trains_is_scored_and_counted(videoai_command, multi_label_csv, tmp_path):
    names = ("horizontal", "leftwards", "vertical")
    lines = ["path,split,horizontal,leftwards,vertical"]
    for number, line in enumerate(rows(multi_label_csv)):
        has = [str(int(name in line["label"].split("|"))) for name in names]
        if number % 4 == 0:
            has[1] = ""
        lines.append(",".join([line["path"], line["split"], *has]))
    (tmp_path / "wide.csv").write_text("\n".join(lines) + "\n")
    given = ("data=csv", "data.path=wide.csv", f"data.label_columns=[{','.join(names)}]")
    done = videoai_command("train", *given, *FAST, "trainer.max_steps=2", "run_dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not annotated: 6 pairs of a clip and a class (8.3%), most of leftwards (6 of 24 clips)" in done.stderr
    done = videoai_command("evaluate", "checkpoint=run/checkpoints/best.pt", "run_dir=eval", cwd=tmp_path)
    assert done.returncode == 0 and "not annotated" in done.stdout, done.stderr
    results = json.loads((tmp_path / "eval/results.json").read_text())
    gaps = [row["unknown_labels"] for row in rows(tmp_path / "eval/predictions.csv")]
    assert results["not_annotated"] == sum(map(bool, gaps)) > 0
    scores = [float(row["leftwards"]) for row in rows(tmp_path / "eval/scores.csv")]
    has = [row["labels"].split("|") for row in rows(tmp_path / "eval/predictions.csv")]
    kept = [number for number, gap in enumerate(gaps) if not gap]
    truth = ["leftwards" in has[number] for number in kept]
    precision = average_precision_score(truth, [scores[number] for number in kept])
    row = next(row for row in rows(tmp_path / "eval/per_class.csv") if row["name"] == "leftwards")
    assert float(row["average_precision"]) == pytest.approx(precision, abs=1e-5)
    derived_results(tmp_path / "eval", ["horizontal", "leftwards", "vertical"])
    several = (*given, "data.multi_label=true")
    out = tmp_path.with_name(f"{tmp_path.name}-made")
    made = ("to=shards", f"out={out}", "short_side=32", "num_workers=0")
    prepared = videoai_command("data", "prepare", *several, *made, cwd=tmp_path)
    assert prepared.returncode == 0, prepared.stderr
    assert "unknown_labels" in (out / "clips.csv").read_text().splitlines()[0]
    packed = ("data=shards", f"data.path={out}", *(word for word in FAST if "multi_label" not in word))
    done = videoai_command("train", *packed, "trainer.max_steps=1", "run_dir=packed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
