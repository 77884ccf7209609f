"""The line that ends a command with an error. An error that the processes of torchrun share is printed once.

torchrun gives each process a file for its error, LOG/LOCAL_RANK/error.json, and ends with a report of what stands in
these files. Its own decorator ``record`` writes them, but with a traceback in the place of the message, and takes an
import of torch (https://docs.pytorch.org/docs/stable/elastic/errors.html).
"""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from videoai.core.launcher import launched_processes, launched_rank

FILE = "TORCHELASTIC_ERROR_FILE"
PATIENCE = 3.0  # seconds for the first process to fail, too; processes that share an error differ by less


def complain(message: str, code: int, *, lost: bool = False) -> int:
    """Print to standard error, unless the first process of this machine printed the same; or anything, where this one
    ``lost`` another and only follows it. Returns: the exit code."""
    file = os.environ.get(FILE)
    if file and file != os.devnull:
        # Before the wait, in which torchrun may end this process. Its report takes the earliest error for the cause.
        leave_for_torchrun(Path(file), message, seconds=int(time.time()) + lost)
        first = said_by_first(Path(file))
        if first == message or (first and lost):
            return code
    print(f"videoai: {prefix()}{message}", file=sys.stderr)
    return code


def leave_for_torchrun(file: Path, message: str, seconds: int) -> None:
    """Write the message as torchrun reads it: torch.distributed.elastic.multiprocessing.errors.ErrorHandler."""
    content = {"message": message, "extraInfo": {"timestamp": str(seconds)}}
    with suppress(OSError):  # the message is printed in any case
        file.write_text(json.dumps({"message": content}))


def said_by_first(file: Path) -> str | None:
    """The message of the first process of this machine, for which the others wait; None = it has none."""
    first = file.parents[1] / "0" / file.name
    end = time.monotonic() + (PATIENCE if file != first else 0)
    while time.monotonic() < end:
        with suppress(OSError, ValueError, LookupError):  # not there yet, half written, or by other code
            return json.loads(first.read_text())["message"]["message"]
        time.sleep(0.02)
    return None


def prefix() -> str:
    """Which of several processes it is; the first needs no name."""
    with suppress(ValueError):  # RANK is no number, which is the message
        return f"process {rank} of {launched_processes()}: " if (rank := launched_rank()) else ""
    return ""
