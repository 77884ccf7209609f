"""What ``push`` writes and what it refuses, without a network."""

import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file

import videoai
from videoai.core import checkpoint
from videoai.run.push import push
from videoai.settings.verbs import PushSettings


@pytest.fixture
def run(evaluated_run: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(evaluated_run, tmp_path / "motions")


def push_to(folder: Path, run_folder: Path, **settings: Any) -> Path:
    push(PushSettings(**{"run": str(run_folder), "local_dir": str(folder), "license": "mit", **settings}))
    return folder


def results_file(run: Path) -> Path:
    """results.json of the evaluation."""
    return next(run.rglob("results.json"))


def test_the_folder_holds_what_was_evaluated_and_a_card_of_its_numbers(run, tmp_path):
    out = push_to(tmp_path / "out", run)
    best = (run / "checkpoints" / "best.pt").read_bytes()
    assert (out / "best.pt").read_bytes() == best
    results = json.loads((out / "evaluation" / "results.json").read_text())
    _, head, text = (out / "README.md").read_text().split("---\n", 2)
    metadata = yaml.safe_load(head)
    assert (metadata["license"], metadata["library_name"]) == ("mit", "videoai")
    assert metadata["pipeline_tag"] == "video-classification"
    (scored,) = metadata["model-index"][0]["results"]
    assert {metric["name"]: metric["value"] for metric in scored["metrics"]} == {
        "top-1 accuracy": results["video_top1"],
        "mean class accuracy": results["mean_class_accuracy"],
        "macro F1": results["macro_f1"],
    }
    low, high = (100 * bound for bound in results["top1_interval95"])
    assert f"{100 * results['video_top1']:.1f} % (95 % interval {low:.1f} .. {high:.1f} %)" in text
    assert sha256(best).hexdigest() in text
    assert "down, left, right, up" in text and "8 frames, stride 2" in text
    sizes = {name: int(count) for name, count in re.findall(r"\| (train|val|test) \| (\d+) \|", text)}
    assert sum(sizes.values()) == 24 and sizes["test"] == results["n_total"]
    weights = load_file(out / "model.safetensors")
    assert {key: value.shape for key, value in weights.items()} == {
        key: value.shape for key, value in videoai.load(run / "checkpoints" / "best.pt").model.state_dict().items()
    }


@pytest.mark.parametrize("name", ["comparison-other.csv", "notes.csv", "picture.png"])
def test_what_evaluate_did_not_write_is_not_published(name, run, tmp_path):
    wanted = [path.name for path in (push_to(tmp_path / "before", run) / "evaluation").iterdir()]
    results_file(run).with_name(name).write_text("not checked")
    found = [path.name for path in (push_to(tmp_path / "after", run) / "evaluation").iterdir()]
    assert sorted(found) == sorted(wanted) and "confusion.png" in found and "predictions.csv" in found


def edit(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    """A change of one file of the evaluation."""

    def make(run: Path) -> None:
        path = results_file(run).with_name(name)
        before = path.read_text()
        path.write_text(change(before))
        assert path.read_text() != before

    return make


def set_result(key: str, value: Any) -> Callable[[Path], None]:
    return edit("results.json", lambda text: json.dumps({**json.loads(text), key: value}))


def relabel(text: str) -> str:
    """The first video as if it had been recognised."""
    header, first, *rest = text.splitlines()
    path, label, predicted, _, *others = first.split(",")
    other = next(name for name in ("down", "left", "right", "up") if name not in (label, predicted))
    label = predicted if label != predicted else other
    return "\n".join([header, ",".join([path, label, predicted, "1", *others]), *rest]) + "\n"


def rewrite_best(run: Path, **changes: Any) -> None:
    path = run / "checkpoints" / "best.pt"
    checkpoint.save(path, {**checkpoint.load(path), **changes})


def drop(name: str) -> Callable[[Path], None]:
    return lambda run: results_file(run).with_name(name).unlink()


REFUSED = {
    "a better accuracy": (set_result("video_top1", 0.999), r"results\.json: video_top1 is 0\.999, and 0\.\d+ by pred"),
    "a narrower interval": (set_result("top1_interval95", [0.7, 0.8]), r"top1_interval95 is \[0\.7, 0\.8\], and \["),
    "more videos": (set_result("n_total", 400), r"n_total is 400, and \d+ by predictions\.csv"),
    "another label": (edit("predictions.csv", relabel), r"one of them was changed|one was changed"),
    "a better class": (edit("per_class.csv", lambda t: t.replace("0.", "1.")), r"per_class\.csv: does not follow"),
    "a class that the model lacks": (
        edit("predictions.csv", lambda t: t.replace("up", "upp")),
        r"no class of the chec",
    ),
    "weights trained on": (lambda run: rewrite_best(run, step=7), r"of another checkpoint .* than .*best\.pt"),
    "classes in another order": (
        lambda run: rewrite_best(run, classes=["up", "right", "left", "down"]),
        r"of another checkpoint",
    ),
    "results of another file": (set_result("checkpoint_sha256", "0" * 64), r"of another checkpoint"),
    "results from before": (set_result("checkpoint_sha256", None), r"of another checkpoint"),
    "no evaluation": (drop("results.json"), r"not evaluated yet: videoai evaluate checkpoint=\S+best\.pt"),
    "no predictions": (drop("predictions.csv"), r"predictions\.csv.* Evaluate it again: videoai evaluate checkpoint="),
    "half of results.json": (edit("results.json", lambda text: text[:50]), r"results\.json: is damaged"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_proven_is_not_published(change, message, run, tmp_path):
    change(run)
    with pytest.raises(ValueError, match=message):
        push_to(tmp_path / "out", run)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"license": "Apache 2.0"}, r"license=Apache 2.0: the hub knows no such licence. Did you mean apache-2.0\?"),
        ({"license": "MIT"}, r"license=MIT: .* Did you mean mit\?"),
        ({"license": "cc-by-4"}, r"license=cc-by-4: .* Did you mean cc-by-4.0\?"),
        ({"license": "all rights reserved"}, r"licence\. Give apache-2.0, .* or other\."),
        ({"local_dir": None}, "where to. Give hub=OWNER/NAME, or local_dir=DIR"),
        ({"hub": "nobody"}, "hub=nobody: give OWNER/NAME"),
        ({"local_dir": "."}, r"local_dir=\.: is there already\. Choose a new folder"),
        ({"run": "nowhere"}, r"nowhere: no checkpoints/best\.pt in it"),
        ({"results": "nowhere"}, "nowhere: no results.json, so it was not evaluated yet"),
    ],
    ids=str,
)
def test_settings_that_do_not_go_together_are_refused(settings, message, run, tmp_path):
    with pytest.raises(ValueError, match=message):
        push_to(tmp_path / "out", run, **settings)


def test_training_data_that_are_gone_are_left_out_of_the_card(run, tmp_path, caplog):
    state = checkpoint.load(run / "checkpoints" / "best.pt")
    state["config"]["data"]["root"] = str(tmp_path / "gone")
    rewrite_best(run, config=state["config"])
    digest = sha256((run / "checkpoints" / "best.pt").read_bytes()).hexdigest()
    set_result("checkpoint_sha256", digest)(run)
    assert "## Data" not in (push_to(tmp_path / "out", run) / "README.md").read_text()
    assert "the card leaves out how many videos there are: " in caplog.text
