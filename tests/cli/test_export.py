"""``videoai export``, as subprocesses on real files; bundles are used as checkpoints are, and without videoai."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

# The script runs where neither torch nor videoai can be imported.
ALONE = (
    "import sys, runpy; sys.modules |= {'torch': None, 'videoai': None}; sys.argv = sys.argv[1:]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


def alone(bundle: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ALONE, str(bundle / "run.py"), *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def bundle(evaluated_run, videoai_command, tmp_path_factory) -> Path:
    """The untrained network of ``evaluated_run`` as ONNX, judged on its test split."""
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    pytest.importorskip("onnxscript", reason="the extra export is not installed")
    cwd = tmp_path_factory.mktemp("export")
    checkpoint = evaluated_run / "checkpoints" / "best.pt"
    done = videoai_command("export", f"checkpoint={checkpoint}", "out=bundle", cwd=cwd, timeout=500)
    assert done.returncode == 0, done.stderr
    assert "judged: top1 on " in done.stdout and "0 videos answered otherwise" in done.stdout
    assert re.search(
        r"one clip on this CPU: torch .+ ms, onnxruntime .+ ms.*; fastest: (torch|onnxruntime|openvino)\n", done.stdout
    )
    assert "predict checkpoint=bundle input=VIDEO" in done.stdout
    return cwd / "bundle"


@pytest.mark.slow
def test_a_bundle_says_what_it_is_and_how_it_was_judged(bundle):
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert sorted(manifest["files"]) == ["clip.npz", "judgement.json", "model.onnx", "run.py"]
    assert manifest["clip"]["num_frames"] == 8 and manifest["activation"] == "softmax"
    assert manifest["verified"]["max_difference"] <= 1e-4  # float32 sums in another order
    judgement = json.loads((bundle / "judgement.json").read_text())
    assert judgement["split"] == "test" and judgement["loss"] == 0 and judgement["differing"] == []
    assert judgement["num_videos"] > 0 and judgement["p_value"] == 1


@pytest.mark.slow
def test_the_script_runs_without_torch_and_videoai(bundle, tmp_path):
    done = alone(bundle, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["max_difference"] <= told["limit"] <= 1e-4  # logits of fresh weights are below 1


@pytest.mark.slow
def test_the_script_answers_a_video_as_evaluate_does(bundle, evaluated_run, clip_folder, tmp_path):
    row = rows(evaluated_run / "test" / "predictions.csv")[0]
    done = alone(bundle, str(clip_folder / row["path"]), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    top = json.loads(done.stdout)["top"]
    assert [one["label"] for one in top] == [row["predicted"], row["top2"], row["top3"], row["top4"]]
    assert top[0]["score"] == pytest.approx(float(row["probability"]), abs=1e-4)


@pytest.mark.slow
def test_evaluate_and_predict_take_a_bundle_as_a_checkpoint(
    bundle, evaluated_run, clip_folder, videoai_command, tmp_path
):
    done = videoai_command("evaluate", f"checkpoint={bundle}", "run_dir=out", "num_workers=0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    before, after = rows(evaluated_run / "test" / "predictions.csv"), rows(tmp_path / "out" / "predictions.csv")
    assert [row["path"] for row in before] == [row["path"] for row in after]
    for one, other in zip(before, after, strict=True):
        assert other["predicted"] == one["predicted"]
        assert float(other["probability"]) == pytest.approx(float(one["probability"]), abs=1e-4)
    video = next(clip_folder.rglob("*.mp4"))
    answers = []
    for source in (bundle, evaluated_run / "checkpoints" / "best.pt"):
        done = videoai_command("predict", f"checkpoint={source}", f"input={video}", "run_dir=answers", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout)["top"])
    assert [one["label"] for one in answers[0]] == [one["label"] for one in answers[1]]


@pytest.mark.slow
def test_stream_and_its_benchmark_take_a_bundle(bundle, evaluated_run, clip_folder, videoai_command, tmp_path):
    video, lines = next(clip_folder.rglob("*.mp4")), []
    for number, source in enumerate((bundle, evaluated_run / "checkpoints" / "best.pt")):
        words = (f"checkpoint={source}", f"source={video}", "on_threshold=0.1", f"run_dir={number}")
        done = videoai_command("stream", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        lines.append([json.loads(line) for line in done.stdout.splitlines()])
    assert len(lines[0]) > 1
    for one, other in zip(*lines, strict=True):
        assert (one["label"], one["event"], one["span"]) == (other["label"], other["event"], other["span"])
        assert one["score"] == pytest.approx(other["score"], abs=1e-4)
    words = (f"checkpoint={bundle}", "source=synthetic://a?seconds=2", "out=figures.json")
    done = videoai_command("benchmark", "stream", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [one["pace"] for one in json.loads((tmp_path / "figures.json").read_text())] == ["max", "realtime"]


@pytest.mark.slow
def test_benchmark_export_times_what_is_installed_and_names_the_rest(evaluated_run, videoai_command, tmp_path):
    checkpoint = f"checkpoint={evaluated_run / 'checkpoints' / 'best.pt'}"
    words = ("benchmark", "export", checkpoint, "formats=[torch_export,coreml]", "out=figures.json")
    done = videoai_command(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    torch_row, graph, coreml = json.loads((tmp_path / "figures.json").read_text())
    assert torch_row["milliseconds"] > 0 and graph["milliseconds"] > 0 and graph["max_difference"] <= 1e-4
    assert "coreml" in coreml["reason"] and "milliseconds" not in coreml
    assert re.search(r"fastest: (torch|torch_export)\n", done.stdout)


def test_export_and_stream_from_python(evaluated_run, clip_folder, tmp_path):
    import videoai

    checkpoint = str(evaluated_run / "checkpoints" / "best.pt")
    words = {"format": "safetensors", "out": str(tmp_path / "out"), "num_workers": 0}
    done = videoai.export(checkpoint, data={"root": str(clip_folder)}, **words)
    assert done.judgement is not None and done.judgement.loss == 0 and done.max_difference == 0
    with pytest.raises(ValueError, match="is there already"):
        videoai.export(checkpoint, **words)
    video = str(next(clip_folder.rglob("*.mp4")))
    lines = videoai.stream(str(tmp_path / "out"), video, on_threshold=0.1, run_dir=str(tmp_path / "stream"))
    first = next(lines)
    assert first["event"] == "start"
    lines.close()  # whoever has seen enough leaves
    assert json.loads((tmp_path / "stream" / "summary.json").read_text())["windows"] >= 1


@pytest.mark.slow
def test_int8_takes_training_clips_and_is_judged(evaluated_run, videoai_command, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    checkpoint = f"checkpoint={evaluated_run / 'checkpoints' / 'best.pt'}"
    words = ("export", checkpoint, "precision=int8", "calibration_clips=4", "num_workers=0", "max_loss=1", "out=int8")
    done = videoai_command(*words, cwd=tmp_path, timeout=500)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "int8" / "judgement.json").read_text())
    assert told["max_difference"] > 1e-4  # 8 bits cannot be exact
    assert json.loads(alone(tmp_path / "int8", cwd=tmp_path).stdout)["max_difference"] > 0


@pytest.mark.slow
def test_openvino_in_smaller_numbers_is_judged(evaluated_run, videoai_command, tmp_path):
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    pytest.importorskip("nncf", reason="the extra openvino is not installed")
    checkpoint = f"checkpoint={evaluated_run / 'checkpoints' / 'best.pt'}"
    lost, sizes = {}, {}
    for precision in ("fp32", "fp16", "int8"):
        words = ("format=openvino", f"precision={precision}", f"out={precision}", "max_loss=1", "num_workers=0")
        done = videoai_command("export", checkpoint, *words, cwd=tmp_path, timeout=500)
        assert done.returncode == 0, done.stderr
        lost[precision] = json.loads((tmp_path / precision / "judgement.json").read_text())["max_difference"]
        sizes[precision] = (tmp_path / precision / "model.bin").stat().st_size
        assert alone(tmp_path / precision, cwd=tmp_path).returncode == 0
    assert lost["fp32"] < 1e-6 < lost["fp16"] < lost["int8"]
    assert sizes["fp32"] > 1.9 * sizes["fp16"] and sizes["fp32"] > 3.5 * sizes["int8"]


def test_a_folder_that_holds_something_is_not_replaced(evaluated_run, videoai_command, tmp_path):
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "mine.txt").write_text("mine")
    checkpoint = f"checkpoint={evaluated_run / 'checkpoints' / 'best.pt'}"
    done = videoai_command("export", checkpoint, "format=safetensors", "out=held", cwd=tmp_path)
    assert done.returncode == 1 and "is there already" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["held"]


def test_weights_alone_are_judged_and_used_likewise(evaluated_run, videoai_command, tmp_path):
    checkpoint = f"checkpoint={evaluated_run / 'checkpoints' / 'best.pt'}"
    words = ("export", checkpoint, "format=safetensors", "out=weights", "num_workers=0")
    done = videoai_command(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "judged: top1 on " in done.stdout
    assert not (tmp_path / "weights" / "run.py").exists()  # it would need videoai
    done = videoai_command(
        "evaluate", "checkpoint=weights", "run_dir=out", "num_workers=0", "report=false", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    scores = (tmp_path / "out" / "predictions.csv").read_text()
    assert scores == (evaluated_run / "test" / "predictions.csv").read_text()


def test_without_the_videos_it_says_that_nothing_was_judged(untrained, videoai_command, tmp_path):
    done = videoai_command("export", untrained, "format=safetensors", "out=weights", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not judged on videos" in done.stderr and "judged:" not in done.stdout
    assert json.loads((tmp_path / "weights" / "manifest.json").read_text())["judgement"] is None
