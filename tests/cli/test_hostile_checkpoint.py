"""A stranger's checkpoint does not act, whichever verb opens it: nothing is fetched, written, rendered or started."""

import json
import os
import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from videoai.cli.jobs import find
from videoai.cli.main import run as run_job
from videoai.core import checkpoint
from videoai.inference.evaluator import load_encoder, load_evaluator
from videoai.inference.load import from_state, load, read_weights
from videoai.inference.load_generator import load_generator

CLASSES = ["down", "left", "right", "up"]
ACTS = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "os.exec")
ACTS += ("os.mkdir", "os.rename", "os.remove")
SEEN: list[str] | None = None  # what Python's audit hook saw since somebody looks; a hook cannot be taken away


def run(verb: str, words: list[str]) -> int:
    return run_job(find([verb, *words]))


def _hook(event: str, details: tuple[Any, ...]) -> None:
    if SEEN is None:
        return
    if event in ACTS:
        SEEN.append(f"{event} {details}")
    elif (
        event == "open" and not str(details[0]).endswith((".pyc", os.devnull)) and "__pycache__" not in str(details[0])
    ):
        path, mode, flags = details
        writes = set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or "hostile" in str(path):
            SEEN.append(f"open {path} {mode} {flags}")


sys.addaudithook(_hook)


@contextmanager
def nothing_happens(folder: Path) -> Iterator[None]:
    """Refutes every connection, process, write and look into what is called hostile; and files that came or went."""
    global SEEN
    before, SEEN = sorted(folder.rglob("*")), []
    try:
        yield
        actual = SEEN
    finally:
        SEEN = None
    assert actual == []
    assert sorted(folder.rglob("*")) == before


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    """Remembers in ``asked`` what is asked for, and answers with a file of references that runs a command."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append(self.path)  # pyright: ignore[reportAttributeAccessIssue]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            """Silent."""

    here = HTTPServer(("127.0.0.1", 0), Answer)
    here.asked = []  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=here.serve_forever, daemon=True).start()
    yield here
    here.shutdown()
    here.server_close()


@pytest.fixture(scope="module")
def states(untrained, untrained_gan) -> dict[str, dict[str, Any]]:
    classifier, gan = checkpoint.load(untrained.removeprefix("checkpoint=")), checkpoint.load(untrained_gan)
    for state in (classifier, gan):
        state["versions"]["data"] = "0" * 16
    for verb in ("evaluate", "gan", "study"):
        import_module(f"videoai.cli.{verb}")
    for module in ("evaluate", "gan.evaluate", "gan.generate", "study.feature_augment"):
        import_module(f"videoai.run.{module}")
    return {"classifier": classifier, "gan": gan}


def command(verb: str, folder: Path) -> list[str]:
    own = ["checkpoint=own.pt", "num_workers=0", "device=cpu"]
    return {
        "evaluate": ["evaluate", *own, "run_dir=out"],
        "evaluate task=gan": ["evaluate", "task=gan", *own, "judge=judge.pt", "run_dir=out", "cas=false"],
        "generate": ["generate", *own, "output=out", "judge=judge.pt", "per_class=1"],
        "study": ["study", "feature_augment", *own, "run_dir=out"],
    }[verb]


@pytest.fixture
def hostile(states, tmp_path, monkeypatch, server):
    """``hostile(verb, node)``: the command, in a folder with a checkpoint whose data node is ``node``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    os.mkfifo(tmp_path / "hostile.fifo")
    gadget = "{{ cycler.__init__.__globals__.os.system('touch %s') }}" % (tmp_path / "ran")
    references = {"version": 1, "templates": {"u": gadget}, "refs": {"prepare.json": ["{{u}}"]}}
    (tmp_path / "hostile.json").write_text(json.dumps(references))

    def write(verb: str, node: Any) -> list[str]:
        kind = "gan" if verb in ("evaluate task=gan", "generate") else "classifier"
        state = states[kind]
        checkpoint.save(tmp_path / "own.pt", {**state, "config": {**state["config"], "data": node}})
        checkpoint.save(tmp_path / "judge.pt", states["classifier"])
        server.asked.clear()
        return command(verb, tmp_path)

    return write


def nodes(folder: Path, port: int, clips: Path) -> dict[str, tuple[Any, str]]:
    """A node of each kind, and what is said of it."""
    good = {"name": "folder", "root": str(clips)}
    http, references = f"http://127.0.0.1:{port}", f"{folder}/hostile.json"
    urls = {
        "reference": f"reference://x::file://{references}",
        "http": f"{http}/set",
        "memory": "memory://set",
        "zip": f"zip://set::{http}/set.zip",
        "cached": f"simplecache::{http}/set",
        "s3": "s3://bucket/set",
    }
    actual: dict[str, tuple[Any, str]] = {
        name: ({"name": "shards", "path": url}, "is a URL; a checkpoint may only") for name, url in urls.items()
    }
    actual |= {
        "rendering": (
            {"name": "motion16", "size": "tiny", "level": "easy", "seed": 7, "root": f"{folder}/elsewhere"},
            "To render them, add to the command: data=motion16 data.size=tiny data.level=easy data.seed=7\n",
        ),
        "code": ({"_target_": "os.mkdir", "path": f"{folder}/ran"}, "code from outside videoai"),
        "layout": ({"name": f"../../../../../..{folder}/hostile"}, "a layout that this videoai does not have"),
        "pipe": ({"name": "csv", "path": f"{folder}/hostile.fifo"}, "is no regular file"),
        "device": ({"name": "csv", "path": "/dev/zero"}, "is no regular file"),
        "relative": ({"name": "csv", "path": "hostile.json"}, "is not a plain absolute path"),
        "quarantine": (good | {"quarantine": f"{http}/q.csv"}, "data.quarantine="),
        "classes": ({"name": "list", "root": str(clips), "class_names": f"{folder}/hostile.fifo"}, "data.class_names="),
        "number": (good | {"split_seed": 10**300}, "is too large"),
        "nothing": ("data", "which is no set of settings"),
    }
    return actual


EVERYWHERE = ("reference", "rendering", "code", "layout", "pipe")  # one of each kind, for verbs that share the check
KINDS = ("reference", "http", "memory", "zip", "cached", "s3", "rendering", "code", "layout", "pipe", "device")
KINDS += ("relative", "quarantine", "classes", "number", "nothing")
CASES = [("evaluate", kind) for kind in KINDS]
CASES += [(verb, kind) for verb in ("evaluate task=gan", "generate", "study") for kind in EVERYWHERE]


@pytest.mark.parametrize(("verb", "kind"), CASES)
def test_a_checkpoint_s_data_do_not_act(verb, kind, hostile, server, clip_folder, tmp_path, capsys):
    node, said = nodes(tmp_path, server.server_port, clip_folder)[kind]
    arguments = hostile(verb, node)
    with nothing_happens(tmp_path):
        assert run(arguments[0], arguments[1:]) == 1
    errors = capsys.readouterr().err
    assert said in errors
    assert "checkpoint=own.pt names" in errors and "Traceback" not in errors
    assert server.asked == []


@pytest.mark.parametrize("extra", [[], ["data.num_workers=0"], ["data.root=elsewhere"]])
def test_the_layout_is_checked_before_hydra_reads_a_file_of_its_name(hostile, tmp_path, capsys, extra):
    """A name with a path in it would be composed as the person's own YAML, which may name code."""
    (tmp_path / "hostile.yaml").write_text("name: folder\nroot: x\n_target_: os.mkdir\n")
    for verb in ("evaluate", "evaluate task=gan", "generate", "study"):
        arguments = hostile(verb, {"name": f"../../../../../../../../..{tmp_path}/hostile", "root": "/tmp"})
        with nothing_happens(tmp_path):
            assert run(arguments[0], [*arguments[1:], *extra]) == 1
        assert "a layout that this videoai does not have" in capsys.readouterr().err


def test_what_needs_the_network_alone_looks_at_no_data(hostile, states, tmp_path):
    hostile("generate", {"name": "csv", "path": f"{tmp_path}/hostile.fifo", "num_workers": 100_000})
    config = {**states["classifier"]["config"], "data": {"_target_": "os.mkdir", "path": f"{tmp_path}/ran"}}
    checkpoint.save(tmp_path / "judge.pt", {**states["classifier"], "config": config})
    with nothing_happens(tmp_path):
        assert (
            load("judge.pt").classes
            == load_evaluator("judge.pt").classes
            == load_encoder("judge.pt").classes
            == CLASSES
        )
        assert read_weights("judge.pt")[1] == CLASSES
        assert load_generator("own.pt").classes == CLASSES


def test_a_checkpoint_fetches_no_weights_that_its_model_began_with(states):
    config = {"model": {"name": "c2d_r50", "inflate": "resnet50.a1_in1k", "pretrained": True}, "data": {}}
    state = {**states["classifier"], "config": config}
    with nothing_happens(Path(__file__).parent), pytest.raises(ValueError, match="its weights are not those of"):
        from_state(state)  # it gets as far as the weights, which are those of another model


@pytest.mark.parametrize("given", [["data=folder"], []])
def test_the_users_own_data_are_read_instead(hostile, server, clip_folder, capsys, given):
    theirs = {"name": "folder", "root": f"http://127.0.0.1:{server.server_port}/", "num_workers": 100_000}
    arguments = hostile("evaluate", theirs)
    code = run("evaluate", [*arguments[1:], *given, f"data.root={clip_folder}", "split=all"])
    errors = capsys.readouterr().err
    if given:
        assert code == 0, errors
        assert json.loads(Path("out/results.json").read_text())["n_total"] == 24
    else:  # where the data lie, of the checkpoint's list, which these are not
        assert code == 1 and "the list of videos is not the one that own.pt was trained with" in errors
    assert server.asked == []


@pytest.mark.parametrize("verb", ["evaluate task=gan", "generate", "study"])
def test_every_verb_takes_data_of_the_users_own(verb, hostile, server, clip_folder, capsys):
    """Their list is compared: for another list the verbs would say what is not so, or find nothing new in it."""
    arguments = hostile(verb, {"name": "folder", "root": f"http://127.0.0.1:{server.server_port}/"})
    assert run(arguments[0], [*arguments[1:], "data=folder", f"data.root={clip_folder}"]) == 1
    errors = capsys.readouterr().err
    assert "the list of videos is not the one that own.pt was trained with" in errors or "has not seen" in errors
    assert server.asked == []


@pytest.mark.slow
def test_the_command_that_is_printed_can_be_pasted(hostile, videoai_command, tmp_path):
    """As a person runs it: refused, then with what the message says."""
    hostile("evaluate", {"name": "motion16", "size": "tiny", "seed": 3, "only": ["left", "$(touch ran)"]})
    done = videoai_command("evaluate", "checkpoint=own.pt", cwd=tmp_path)
    assert done.returncode == 1
    printed = done.stderr.partition("add to the command: ")[2]
    assert shlex.split(printed) == ["data=motion16", "data.size=tiny", "data.seed=3", "data.only=[left]"]
    assert not (tmp_path / "ran").exists() and not (tmp_path / "cache").exists()
