import math
import os
import re
import subprocess
import sys
from importlib import import_module

import pytest
from torch._utils import ExceptionWrapper

from videoai.cli.help import usage
from videoai.cli.jobs import GROUPS
from videoai.cli.main import message_of


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["trian"], 2, "unknown verb 'trian'. Did you mean train?"),
        (["test"], 2, "unknown verb 'test'. Did you mean evaluate?"),
        (["train", "modle=r3d_18"], 1, "unknown setting 'modle'. Did you mean "),
        (["train", "trainer.max_steps"], 1, "settings are key=value"),
        (["train", "--config-dir", "nowhere"], 1, "no such folder"),
        (["train", "data=folder"], 1, "data.root is not set. Add data.root=..."),
        (["train", "data=folder", "data.root=nowhere"], 1, "nowhere"),
        (["train", "data=csv", "data.path=nowhere.csv"], 1, "nowhere.csv"),
        (["train", "data=folder", "data.root=."], 1, "video"),
        (["evaluate"], 1, "checkpoint is not set"),
        (["evaluate", "checkpoint=nowhere.pt"], 1, "nowhere.pt: no such checkpoint"),
        (["evaluate", "checkpoint=x.pt", "data=csv"], 1, "data.path is not set. Add data.path=..."),
        (["predict", "checkpoint=x.pt", "input="], 1, "input is empty"),
        (["predict", "checkpoint=x.pt", "input=nowhere.mp4"], 1, "nowhere.mp4: no such file"),
        (["models", "resnext"], 1, "no model matches 'resnext'"),
        (["models", "torchvison/r3d_18"], 1, "Did you mean torchvision/r3d_18"),
        (["models", "x=3"], 1, "'x=3': models takes words to look for"),
        (["train", "hydra.run.dir=x"], 1, "hydra.* are of no use here"),
        (["evaluate", "checkpoint=x.pt", "model=r3d_18"], 1, "unknown setting 'model'"),
        (["train", "device=cuda:7x"], 1, "device=cuda:7x"),
        (["explain", "checkpoint=x.pt", "input=y.mp4", "target=a,b"], 1, "target=a,b: more than one value. Give one"),
    ],
)
def test_a_mistake_is_one_clear_line_without_a_traceback(arguments, code, message, videoai_command, tmp_path):
    done = videoai_command(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []  # nothing half-written, no empty run folder


def test_debug_shows_the_traceback(videoai_command, tmp_path):
    done = videoai_command("evaluate", "checkpoint=nowhere.pt", "debug=true", cwd=tmp_path)
    assert "Traceback" in done.stderr


def test_help_lists_every_verb_and_each_verb_explains_itself(videoai_command, tmp_path):
    text = videoai_command("--help", cwd=tmp_path).stdout
    for verb in ("train", "evaluate", "predict", "models", "doctor"):
        assert verb in text
        assert verb in videoai_command(verb, "--help", cwd=tmp_path).stdout
    assert "max_steps" in videoai_command("train", "--help", cwd=tmp_path).stdout


def test_models_lists_and_filters(videoai_command, tmp_path):
    assert "r2plus1d_18" in videoai_command("models", cwd=tmp_path).stdout
    filtered = videoai_command("models", "lstm", cwd=tmp_path).stdout
    assert "cnn_lstm" in filtered
    assert "r3d_18" not in filtered
    assert "pretrained" not in filtered  # nobody publishes weights of these
    assert videoai_command("models", "debug=true", "lstm", cwd=tmp_path).stdout == filtered


def test_models_never_cuts_what_it_writes_to_a_pipe(videoai_command, tmp_path):
    text = videoai_command("models", cwd=tmp_path, COLUMNS="80").stdout
    assert "…" not in text and max(map(len, text.splitlines())) > 80
    assert all(line == line.rstrip() for line in text.splitlines())
    assert re.search(r"^videomae2_giant +\d+\.\d\d +\d+\.\d\d  16x4x224 ", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["slow_8x8_r50", "pytorchvideo/slow_r50"])
def test_one_model_is_shown_with_its_options_weights_and_recipes(videoai_command, tmp_path, name):
    text = videoai_command("models", name, cwd=tmp_path).stdout
    assert text.startswith("slow_8x8_r50: ")
    assert "  model.dropout: 0.5  # before the head" in text
    row = r"^pytorchvideo/slow_r50 +kinetics400 +8x8x224 +74\.6 .*Apache-2\.0 +parity +https://"
    assert re.search(row, text, re.MULTILINE)
    assert "recipes: experiment=slow_8x8_r50_k400" in text


def processor_seconds(*command: str) -> float:
    """User and system time of a Python process."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(sys.executable, [sys.executable, *command], os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    return usage.ru_utime + usage.ru_stime


# Inferred, not measured: train --help took 0.42 s of processor time on idle cores, and takes 2.54 times as many
# instructions as import hydra.
HYDRA_SECONDS = 0.165
LIMITS = {("-m", "videoai", "--help"): 0.5, ("-m", "videoai", "train", "--help"): 0.5, ("-c", "import videoai"): 0.2}


def test_help_and_import_are_quick():
    """0.5 s and 0.2 s of an idle machine, the interpreter's own start included. One that is slower or busy gets as much
    more time as it takes to import Hydra; the best of three, taken in turns."""
    hydra = ("-c", "import hydra")
    best = dict.fromkeys([hydra, *LIMITS], math.inf)
    for _ in range(3):
        best = {command: min(seconds, processor_seconds(*command)) for command, seconds in best.items()}
    slower = max(1.0, best[hydra] / HYDRA_SECONDS)
    for command, limit in LIMITS.items():
        assert best[command] < limit * slower, command


def test_help_imports_nothing_heavy():
    code = "import sys; from videoai.cli.main import main; main(); print(*sys.modules)"
    command = [sys.executable, "-c", code, "train", "--help"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert not {"torch", "numpy", "av", "timm", "rich"} & set(printed.splitlines()[-1].split())


@pytest.mark.parametrize("way", ["as it is", "from a worker", "as a cause"])
def test_an_error_in_code_of_ones_own_says_where_it_was_raised(way, tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("def read(index):\n    raise ValueError('boom\\nbang')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    read = import_module("broken").read

    def fail() -> None:
        try:
            read(0)
        except ValueError as error:
            if way == "as it is":
                raise
            if way == "as a cause":
                raise ValueError(str(error)) from error
            wrapped = ExceptionWrapper(where="in DataLoader worker process 0")  # what a worker sends
        wrapped.reraise()

    with pytest.raises(ValueError, match="boom") as raised:
        fail()
    assert message_of(raised.value) == "boom bang (in your own read, broken.py line 2)"


def test_sys_exit_in_code_of_ones_own_is_an_error_with_its_place(videoai_command, clip_folder, tmp_path):
    (tmp_path / "leaves.py").write_text("import sys\ndef videos():\n    sys.exit(0)\n")
    done = videoai_command("train", "data._target_=leaves.videos", "data.flip=0", cwd=tmp_path)
    assert done.returncode == 1
    assert "videoai: sys.exit(0) ended the command (in your own videos, leaves.py line 3)" in done.stderr


def test_a_limit_on_the_size_of_files_is_no_fault_of_videoai():
    error = RuntimeError("unable to resize file </torch_1> to the right size: File too large (27)")
    assert message_of(error).endswith("(27). Raise the limit on the size of files: ulimit -f unlimited")


def test_no_verb_of_the_help_runs_into_its_text():
    lines = [line for line in usage().splitlines() if line.startswith("  ")]
    for name, text in GROUPS.items():
        before = next(line for line in lines if line.endswith(text)).removesuffix(text)
        assert not before.strip() or before.endswith("  "), name
