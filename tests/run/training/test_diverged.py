"""What a run that diverged advises is a command that is accepted."""

import shlex
from contextlib import ExitStack

import pytest

from tests.run.training.test_same_run import settings_of
from videoai.engine.interrupt import Interrupt
from videoai.run.training.diverged import advice
from videoai.run.training.folder import RunFolder
from videoai.run.training.open_run import Run


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """A run in the folder ``r`` that holds these checkpoints."""
    monkeypatch.chdir(tmp_path)

    def make(*held, task="classify", **changes):
        folder = RunFolder(tmp_path / "r")
        for name in held:
            path = folder.path / "checkpoints" / f"{name}.pt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        settings = settings_of(task, **changes)
        return Run(folder=folder, settings=settings, state=None, interrupt=Interrupt(), closing=ExitStack())

    return make


@pytest.mark.parametrize(
    ("held", "last_is_sound", "start", "words"),
    [
        ((), True, "take smaller steps", "optim.lr=0.01"),
        (("last",), True, "go on from last.pt", "optim.lr=0.01 run_dir=r-2 weights=r/checkpoints/last.pt"),
        (("last",), False, "take smaller steps", "optim.lr=0.01 run_dir=r-2"),
        (("best", "last"), False, "go on from best.pt", "optim.lr=0.01 run_dir=r-2 weights=r/checkpoints/best.pt"),
    ],
)
def test_a_lower_rate_is_for_another_folder_and_starts_from_the_best_weights(run_of, held, last_is_sound, start, words):
    said = advice(run_of(*held, **{"optim.lr": 0.1}), precision="fp32", last_is_sound=last_is_sound)
    assert said.startswith(f"To {start}") and said.endswith(f"add to the command: {words}")


def test_what_else_would_help_or_be_refused_is_among_the_words(run_of, tmp_path):
    (tmp_path / "r-2").mkdir()
    run = run_of("best", resume="old.pt", **{"optim.lr": 0.1, "trainer.max_grad_norm": None})
    words = shlex.split(advice(run, precision="bf16", last_is_sound=True).partition("command: ")[2])
    more = ["trainer.max_grad_norm=1", "trainer.precision=fp32", "run_dir=r-3", "weights=r/checkpoints/best.pt"]
    assert words == ["optim.lr=0.01", *more, "resume=auto"]


def test_a_generator_starts_again(run_of):
    words = advice(run_of("last", task="gan"), precision="fp32", last_is_sound=True).partition("command: ")[2]
    assert words == "optim.lr_generator=4e-05 optim.lr_discriminator=8e-05 run_dir=r-2"


@pytest.mark.slow
def test_the_words_that_are_printed_are_accepted(videoai_command, clip_folder, tmp_path):
    data = ("data=folder", f"data.root={clip_folder}", "data.flip=0", "loading.num_workers=0", "run_dir=run")
    command = ("train", *data, "model=tiny_r3d", "trainer.precision=fp32", "trainer.batch_size=4", "logger=[]")
    wild = (*command, "optim=sgd", "schedule=constant", "optim.lr=1e30", "trainer.max_steps=9", "trainer.eval_every=1")
    done = videoai_command(*wild, cwd=tmp_path)
    assert done.returncode == 1 and "nan" in done.stderr
    words = shlex.split(done.stderr.strip().rpartition("add to the command: ")[2])
    again = videoai_command(*wild, *words, "optim.lr=0.01", "trainer.max_steps=1", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
