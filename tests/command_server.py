"""Runs ``videoai`` commands in processes that are forked from one that has imported torch and what else is slow.

A command is as much a process of its own as ``python -m videoai``: arguments, folder, environment, standard streams and
exit code are its own. It only does not import torch again, which takes longer than most commands of the tests do.
Reads a request, one JSON object a line, from standard input, and answers with the exit code.
"""

import json
import os
import signal
import sys
import time
from importlib import import_module

PRELOADED = (
    "torchvision.transforms.v2",
    "torch.utils.tensorboard",
    "videoai.run.evaluate",
    "videoai.run.predict",
    "videoai.run.train",
    "videoai.tasks.classify",
)
NO_ANSWER = 0.002  # seconds between two looks at a command
TIMED_OUT = "timeout"


def serve() -> int:
    """Answer requests until standard input ends. Returns, in a forked process, the exit code of its command."""
    for module in PRELOADED:
        import_module(module)
    from videoai.cli.main import main

    for line in sys.stdin.buffer:
        request = json.loads(line)
        sys.stdout.flush()  # before fork: what is buffered would be written twice
        if not (child := os.fork()):
            become(request)
            return main()
        sys.stdout.write(json.dumps(wait(child, request["timeout"])) + "\n")
    return 0


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
    sys.exit(serve())
