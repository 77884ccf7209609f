"""Runs that an earlier version began continue, evaluate, predict and generate to the numbers which that version wrote.

``tests/fixtures/runs`` holds four run folders as commit 21383c1 left them, their clips (rendered by
``videoai.data.motion``), ``begin.sh`` with the commands that began them, and ``expected.json``: what the same commit
wrote when it continued and used them by the command lines below. To make ``expected.json`` again:

    git worktree add /tmp/old 21383c1 && cp -r tests/fixtures tests/test_old_runs.py /tmp/old/tests && cd /tmp/old
    VIDEOAI_OLD_RUNS=write python -m pytest -n0 -m "" tests/test_old_runs.py

and to make the run folders too, run ``begin.sh`` of that commit in a copy of the folder first, without films, ``.lock``
and the best.pt of gan and probe. The GAN's run was begun again by that commit with one micro-batch a step; with several
its spectral norm and ADA differ since. Never write either with later code: then the test would compare it with itself.

By hand, words that were renamed since, and without the top-k of k classes, which no report has any more.

The tolerances are for other machines, whose kernels add in another order. On the machine that wrote the fixtures
(torch 2.15, x86) equal code gives equal bits, for one thread adds in one order: ``VIDEOAI_OLD_RUNS=exact`` asks for
that.
"""

import csv
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

RUNS = Path(__file__).parent / "fixtures" / "runs"
MODE = os.environ.get("VIDEOAI_OLD_RUNS")
# Measured with ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 beside AVX2. Answers: 1e-6. Training: 1e-4, for
# resized pixels round otherwise there, and Adam makes steps of one size of small gradients too.
ANSWERS, TRAINING = (0.0, 0.0) if MODE == "exact" else (1e-4, 1e-3)

# What a user of that version typed.
MOVED = "data.root=clips num_workers=0 device=cpu"
COMMANDS = {
    "single_evaluate": f"evaluate checkpoint=single/checkpoints/best.pt {MOVED} run_dir=out views=2x3",
    "single_predict": "predict checkpoint=single/checkpoints/best.pt input='clips/test/*/*_0.mp4' run_dir=out "
    "device=cpu window_seconds=1 top_k=4",
    "several_evaluate": "evaluate checkpoint=several/checkpoints/best.pt data.path=clips/clips.csv run_dir=out "
    "num_workers=0 device=cpu",
    "several_predict": "predict checkpoint=several/checkpoints/last.pt input=clips/test/left run_dir=out device=cpu",
    "probe_evaluate": f"evaluate checkpoint=probe/checkpoints/last.pt {MOVED} run_dir=out split=all",
    "gan_evaluate": "evaluate task=gan checkpoint=gan/checkpoints/last.pt judge=single/checkpoints/best.pt "
    f"{MOVED} run_dir=out per_class=4 cas=false",
    "gan_generate": "generate checkpoint=gan/checkpoints/last.pt judge=single/checkpoints/best.pt "
    f"{MOVED} output=out per_class=2 min_confidence=0.2 min_recall=0",
}
SLOW = {"several_predict", "probe", "probe_evaluate", "gan", "gan_evaluate", "gan_generate"}


def begun() -> dict[str, list[str]]:
    """The commands of ``begin.sh`` by the folders of their runs."""
    text = (RUNS / "begin.sh").read_text().replace("\\\n", " ")
    commands = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("videoai ")]
    return {words[-1].removeprefix("run_dir="): words for words in commands}


def cases(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in names]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The run folders and clips in another place than they were made in, as after a move."""
    return shutil.copytree(RUNS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.json"))


@pytest.fixture(scope="module")
def compare() -> Callable[[str, Any, float], None]:
    """Compare with what 21383c1 wrote; later versions may write more."""
    path = RUNS / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}

    def check(name: str, actual: Any, tolerance: float) -> None:
        if MODE == "write":
            expected[name] = actual
            path.write_text(json.dumps(expected, sort_keys=True).replace("}, ", "},\n ") + "\n")
        different = list(differences(expected[name], actual, name, tolerance))
        assert not different, "\n".join(different[:20])

    return check


def differences(expected: Any, actual: Any, where: str, tolerance: float) -> Iterator[str]:
    """Where ``actual`` lacks or contradicts something; of fractions by the tolerance, which from 1 on is relative."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            yield from differences(value, actual.get(key, "missing"), f"{where}.{key}", tolerance)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for place, value in enumerate(expected):
            yield from differences(value, actual[place], f"{where}[{place}]", tolerance)
    elif isinstance(expected, float) and isinstance(actual, int | float):
        if abs(actual - expected) > tolerance * max(1.0, abs(expected)):
            yield f"{where}: was {expected}, is {actual}"
    elif actual != expected:
        yield f"{where}: was {expected}, is {actual}"


@pytest.mark.parametrize("run", cases(begun()))
def test_an_old_run_continues_to_the_old_weights(run, folder, videoai_command, compare):
    words = begun()[run]
    longer = [re.sub(r"^trainer\.max_steps=(\d+)$", lambda m: f"trainer.max_steps={int(m[1]) + 4}", w) for w in words]
    assert longer != words
    done = videoai_command(*longer, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "continuing" in done.stderr
    found = {"metrics": measured(folder / run / "metrics.jsonl"), "weights": weights(folder / run)}
    compare(run, found, TRAINING)


def measured(path: Path) -> list[dict[str, Any]]:
    """The losses of training, and all that validation wrote."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line if line["split"] == "val" else {key: line[key] for key in ("step", "loss")} for line in lines]


def weights(run: Path) -> dict[str, list[list[float]]]:
    """Every tensor of the model and of its moving average, in order: the mean of its values and of their sizes."""
    state = torch.load(run / "checkpoints" / "last.pt", weights_only=True)
    parts = {part: [tensor.double() for tensor in (state[part] or {}).values()] for part in ("model", "ema")}
    return {
        part: [[tensor.mean().item(), tensor.abs().mean().item()] for tensor in tensors]
        for part, tensors in parts.items()
    }


@pytest.mark.parametrize("name", cases(COMMANDS))
def test_an_old_command_line_gives_the_old_answer(name, folder, videoai_command, compare):
    done = videoai_command(*shlex.split(COMMANDS[name]), cwd=folder)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    files = sorted(path for path in (folder / "out").rglob("*.*") if path.suffix in (".json", ".csv"))
    assert said or files
    found = {"said": said, "files": {str(path.relative_to(folder / "out")): content(path) for path in files}}
    compare(name, found, ANSWERS)


def content(path: Path) -> Any:
    """A file of JSON, or the rows of a CSV file with numbers as numbers."""
    if path.suffix == ".json":
        return json.loads(path.read_text())
    with path.open(newline="") as file:
        return [{key: number(value) for key, value in row.items()} for row in csv.DictReader(file)]


def number(text: str) -> float | str:
    """Only what is written with a point: hashes may look like numbers."""
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text
