"""Runs ``videoai`` commands in processes that are forked from one that has imported torch and what else is slow.

A command is as much a process of its own as ``python -m videoai``: arguments, folder, environment, standard streams and
exit code are its own. It only does not import torch again, which takes longer than most commands of the tests do.
Reads a request, one JSON object a line, from standard input, and answers with the exit code.
"""

import atexit
import gc
import json
import os
import signal
import sys
import threading
import time
from importlib import import_module
from typing import NoReturn

PRELOADED = (
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "torchvision.transforms.v2",
    "torch.utils.tensorboard",
    "videoai.run.evaluate",
    "videoai.run.predict",
    "videoai.run.train",
    "videoai.tasks.classify",
)
NO_ANSWER = 0.002  # seconds between two looks at a command
TIMED_OUT = "timeout"


def serve() -> None:
    """Answer requests until standard input ends."""
    for module in PRELOADED:
        import_module(module)
    from videoai.cli.main import main

    gc.freeze()  # a collection in a command looks at the command's own objects only
    for line in sys.stdin.buffer:
        request = json.loads(line)
        sys.stdout.flush()  # before fork: what is buffered would be written twice
        if not (child := os.fork()):
            become(request)
            leave(main())
        sys.stdout.write(json.dumps(wait(child, request["timeout"])) + "\n")
        sys.stdout.flush()


def become(request: dict) -> None:
    """Take over folder, environment, arguments and standard streams of the request."""
    os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["videoai", *request["arguments"]]
    sys.path[0] = request["cwd"]  # as python -m does
    for path, mode, stream in (
        (os.devnull, os.O_RDONLY, 0),
        (request["stdout"], os.O_WRONLY, 1),
        (request["stderr"], os.O_WRONLY, 2),
    ):
        opened = os.open(path, mode)
        os.dup2(opened, stream)
        os.close(opened)


def leave(code: int) -> NoReturn:
    """End the process as Python does, but without freeing every object of every library, which takes a second."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def wait(child: int, timeout: float) -> int | str:
    """The exit code; a command that takes longer than ``timeout`` seconds is killed with all that it started."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(NO_ANSWER)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMED_OUT


if __name__ == "__main__":
    serve()
