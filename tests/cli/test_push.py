"""``videoai push`` and ``hf://OWNER/NAME``, as subprocesses against a stand-in of the hub on this machine."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

REPOSITORY = "me/motions"


@pytest.fixture
def hub(standins: Path) -> Iterator[Any]:
    from hub import Hub  # pyright: ignore[reportMissingImports]

    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def command(hub, videoai_command, tmp_path) -> Callable[..., CompletedProcess[str]]:
    """``videoai ...`` for somebody with a token of the stand-in, and an empty cache."""
    known = {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_standin", "HF_HOME": str(tmp_path / "cache"), "NO_PROXY": "*"}

    def run(*words: str, **environment: str) -> CompletedProcess[str]:
        # without Xet, huggingface_hub sends large files by HTTP
        return videoai_command(*words, cwd=tmp_path, **known | {"HF_HUB_DISABLE_XET": "1"} | environment)

    return run


@pytest.fixture
def push(command, evaluated_run) -> Callable[..., CompletedProcess[str]]:
    return lambda *words, **environment: command(
        "push", str(evaluated_run), f"hub={REPOSITORY}", "license=mit", *words, **environment
    )


def tree(hub: Any, revision: str = "main") -> dict[str, bytes]:
    """The files of the repository."""
    repository = hub.repositories[REPOSITORY]
    return repository.trees[repository.find(revision)]


def test_a_pushed_run_predicts_and_evaluates_elsewhere(hub, push, command, evaluated_run, clip_folder, tmp_path):
    done = push()
    assert done.returncode == 0, done.stderr
    assert f"use: videoai predict checkpoint=hf://{REPOSITORY} input=FILE" in done.stdout
    best = evaluated_run / "checkpoints" / "best.pt"
    assert tree(hub)["best.pt"] == best.read_bytes()
    assert f"videoai predict checkpoint=hf://{REPOSITORY} input=" in tree(hub)["README.md"].decode()

    video = f"input={clip_folder}/up/up_0.mp4"
    there = command("predict", f"checkpoint=hf://{REPOSITORY}", video, "run_dir=p")
    assert there.returncode == 0, there.stderr
    asked = len(hub.asked)
    offline = command("predict", f"checkpoint=hf://{REPOSITORY}", video, "run_dir=p", HF_HUB_OFFLINE="1")
    assert offline.stdout == there.stdout and len(hub.asked) == asked
    assert command("predict", f"checkpoint={best}", video, "run_dir=p").stdout == there.stdout

    (commit,) = hub.repositories[REPOSITORY].branches["main"][1:]
    scored = command("evaluate", f"checkpoint=hf://{REPOSITORY}@{commit}", "num_workers=0")
    assert scored.returncode == 0, scored.stderr
    (results,) = (tmp_path / "runs" / f"me-motions-{commit}" / "test").rglob("results.json")
    again = json.loads(results.read_text())
    assert again["checkpoint"] == f"hf://{REPOSITORY}@{commit}"
    before = json.loads(tree(hub)["evaluation/results.json"])
    assert {**again, "checkpoint": before["checkpoint"]} == before


@pytest.mark.slow
def test_training_starts_from_weights_of_the_hub(push, command, clip_folder):
    push()
    data = ("data=folder", f"data.root={clip_folder}", "data.flip=0", "loading.num_workers=0")
    clip = ("clip.num_frames=8", "clip.size=32", "model=tiny_r3d")
    short = ("trainer.max_epochs=null", "trainer.max_steps=1", "trainer.batch_size=2", "trainer.precision=fp32")
    done = command("train", *data, *clip, *short, f"weights=hf://{REPOSITORY}", "trainer.num_threads=1", "run_dir=run")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith(f"weights hf://{REPOSITORY}: ")]
    assert line.endswith("loaded 44/44 tensors")


def test_a_second_push_is_another_commit_without_files_of_another_evaluation(hub, push):
    repository = hub.add(REPOSITORY)
    kept = {"notes.md": b"by hand", "evaluation/average_precision.png": b"of another task"}
    repository.commit("main", {**tree(hub), **kept})
    assert push().returncode == 0
    assert tree(hub)["notes.md"] == b"by hand"
    assert [name for name in tree(hub) if name.startswith("evaluation/")] == [
        f"evaluation/{name}"
        for name in ("results.json", "confusion.csv", "confusion.png", "per_class.csv", "predictions.csv")
    ]
    assert len(repository.branches["main"]) == 3


def test_a_branch_is_made_and_main_stays(hub, push, command, clip_folder):
    hub.add(REPOSITORY)
    done = push("revision=v2")
    assert done.returncode == 0, done.stderr
    assert "best.pt" in tree(hub, "v2") and "best.pt" not in tree(hub)
    assert f"checkpoint=hf://{REPOSITORY}@v2" in tree(hub, "v2")["README.md"].decode()
    done = command("predict", f"checkpoint=hf://{REPOSITORY}", f"input={clip_folder}/up/up_0.mp4")
    assert done.returncode == 1
    assert f"hf://{REPOSITORY}: it has no best.pt. Name another file of it: hf://{REPOSITORY}/FILE" in done.stderr


def test_what_should_be_private_never_becomes_public(hub, push, command, clip_folder):
    assert push("private=true").returncode == 0
    assert hub.repositories[REPOSITORY].private
    stranger = command("predict", f"checkpoint=hf://{REPOSITORY}", f"input={clip_folder}/up", HF_TOKEN="hf_other")
    assert stranger.returncode == 1 and "or not yours to see. If it is private: hf auth login" in stranger.stderr
    hub.add(REPOSITORY)  # a public one
    done = push("private=true")
    assert done.returncode == 1 and f"hub={REPOSITORY}: is public already, and private=true" in done.stderr
    assert len(hub.repositories[REPOSITORY].branches["main"]) == 1


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        ([], {"HF_TOKEN": "hf_other"}, "You need a token that may write there: hf auth login, or set HF_TOKEN"),
        (["license=gemma"], {}, '"license" must be one of'),
        ([], {"HF_ENDPOINT": "http://127.0.0.1:9"}, f"hub={REPOSITORY}: the hub cannot be used ("),
    ],
    ids=["no token", "a licence that this hub does not know", "no hub"],
)
def test_a_push_that_fails_says_why_on_one_line(words, environment, message, hub, push):
    done = push(*words, **environment)
    assert done.returncode == 1 and message in done.stderr
    assert "Traceback" not in done.stderr
    assert all(
        [*repository.trees.values()][-1].keys() == {".gitattributes"} for repository in hub.repositories.values()
    )


@pytest.mark.parametrize(
    ("location", "environment", "message"),
    [
        ("hf://me", {}, "hf://me: write hf://OWNER/NAME, hf://OWNER/NAME@REVISION or hf://OWNER/NAME/FILE."),
        ("hf://me/nothing", {}, "hf://me/nothing: no such repository on the hub, or not yours to see."),
        ("hf://me/motions@gone", {}, "hf://me/motions@gone: the repository has no such branch, tag or commit."),
        ("hf://me/motions", {"HF_HUB_OFFLINE": "1"}, "neither in the cache of huggingface_hub nor to be fetched ("),
        ("hf://me/motions/notes.pt", {}, "cannot be read as a checkpoint"),
    ],
    ids=["no name", "no repository", "no revision", "offline", "no checkpoint"],
)
def test_a_checkpoint_that_cannot_be_had_says_why_on_one_line(
    location, environment, message, hub, command, clip_folder
):
    hub.add(REPOSITORY).commit("main", {"notes.pt": b"text"})
    done = command("predict", f"checkpoint={location}", f"input={clip_folder}/up", **environment)
    assert done.returncode == 1 and message in done.stderr
    assert "Traceback" not in done.stderr
