"""``videoai JOB key=value ...``: finds the job, runs it, turns errors into one line and an exit code."""

import gc
import logging
import os
import re
import sys
import sysconfig
import traceback
import warnings
from importlib import import_module
from pathlib import Path

from videoai.cli.complain import complain
from videoai.cli.help import group_help, job_help, usage
from videoai.cli.jobs import GROUPS, Command, find
from videoai.cli.streams import make_streams_lenient
from videoai.core.build import IMPORTED_TARGETS
from videoai.core.launcher import LostProcess, launched_rank
from videoai.core.slurm import name_processes

USAGE_ERROR = 2
WORKER_FRAME = re.compile(r'^ +File "(.+)", line (\d+), in (\S+)', re.MULTILINE)
# In front of the message, which may have several lines: the last line of a traceback that is not indented.
LAST_LINE = re.compile(r"\n(?=[\w.]+(?:Error|Exception|Warning|Video|Interrupt)\w*: )")
SPACE = (
    "If memory ran out: a smaller trainer.batch_size with trainer.accumulate gives the same batch; "
    "loading.num_workers=0 needs the least memory, also of /dev/shm. If a video crashed the decoder: "
    "loading.isolated=true continues without it, and videoai data check names it."
)


def main() -> int:
    """The entry point of the ``videoai`` command."""
    make_streams_lenient()
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if arguments[0] in ("-V", "--version"):
        print(f"videoai {import_module('videoai').__version__}")
        return 0
    wants_help = any(flag in arguments for flag in ("-h", "--help"))
    words = [word for word in arguments if word not in ("-h", "--help")]
    if wants_help and len(words) == 1 and words[0] in GROUPS:
        print(group_help(words[0]))
        return 0
    try:
        command = find(words)
    except ValueError as error:
        return complain(str(error), USAGE_ERROR if words[0] not in GROUPS else 1)
    code = run(command, wants_help=wants_help)
    if code == 0:
        # Ends loaders that cycles keep alive: at exit, Python would wait for their processes, deaf to SIGTERM. After an
        # error the traceback holds a loader, and its queues would be collected before it could tell its workers to end:
        # it then waits ten seconds for each. At exit data/loader.py ends them.
        gc.collect()
    return code


def run(command: Command, *, wants_help: bool = False) -> int:
    """Run a job; errors that a user can fix are one line, with the traceback under debug=true."""
    # timm and pytorchvideo still decorate with it; nothing that a user could fix
    warnings.filterwarnings("ignore", message=".*torch.jit.script", category=FutureWarning)
    if os.getcwd() not in sys.path:
        # For a custom class, by _target_; last, so that no file there hides a library.
        sys.path.append(os.getcwd())
    module, _, function = command.job.function.partition(":")
    try:
        set_up_logging()
        if command.note:
            logging.getLogger(__name__).warning("%s", command.note)
        if wants_help:
            print(job_help(command))
            return 0
        return getattr(import_module(module), function)(command.rest)
    except KeyboardInterrupt as stopped:
        return complain(f"stopped. {stopped}".rstrip(), 130)
    except SystemExit as ended:  # by code of the user's own
        if not (place := own_place(ended)):
            raise
        return complain(f"sys.exit({ended.code!r}) ended the command ({place})", 1)
    except BrokenPipeError:  # | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the one place where everything ends: a line for people, everything for debug=true
        if any(argument.replace(" ", "").lower() == "debug=true" for argument in command.rest):
            traceback.print_exc()
        return complain(message_of(error), getattr(error, "exit_code", 1), lost=isinstance(error, LostProcess))


def set_up_logging() -> None:
    """The first of several processes prints all, the others warnings alone. Raises: ValueError: RANK is no number."""
    name_processes(os.environ)
    level = logging.INFO if launched_rank() == 0 else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", handlers=[StandardError()])
    for client in ("httpx", "httpx2"):  # huggingface_hub's clients print a line for each request
        logging.getLogger(client).setLevel(logging.WARNING)


class StandardError(logging.StreamHandler):
    """Writes to what ``sys.stderr`` is at the time: rich stands in while it shows a bar, and puts lines above it."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self.stream = sys.stderr
        super().emit(record)


def message_of(error: Exception) -> str:
    """One line. An error from a data worker carries its traceback as text: its last line is the message."""
    text = str(error).strip()
    if "Original Traceback" in text:
        text = LAST_LINE.split(text)[-1].partition(": ")[2]
    if any(words in text for words in ("out of memory", "can't allocate memory", "DataLoader worker", "Bus error")):
        return f"{text.splitlines()[0][:200]} {SPACE}"
    if "File too large" in text and isinstance(error, RuntimeError):  # torch's shared memory
        return f"{text.splitlines()[0][:200]}. Raise the limit on the size of files: ulimit -f unlimited"
    expected = (
        isinstance(error, ValueError | OSError | ImportError) or hasattr(error, "exit_code") or hasattr(error, "reason")
    )
    place = own_place(error)
    if expected and text:
        line = " ".join(text.split("\n")) if len(text) < 2000 else text
        return f"{line} ({place})" if place else line
    first = text.splitlines()[0] if text else "no message"
    fault = "a fault in videoai: please report it"
    if own := [target for target in IMPORTED_TARGETS if not target.startswith("torch.")]:
        fault = f"from what your own {', '.join(own)} returned or changed, or a fault in videoai"
    return f"{type(error).__name__}: {first} ({place or fault}; debug=true shows where)"


def own_place(error: BaseException) -> str | None:
    """Where an error comes from: the innermost frame that is neither ours nor installed; None = there is none."""
    installed = (str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"), "<")
    for file, line, name in reversed(frames_of(error)):
        if not file.startswith(installed) and not {"site-packages", "dist-packages"} & set(Path(file).parts):
            return f"in your own {name}, {os.path.relpath(file)} line {line}"
    return None


def frames_of(error: BaseException) -> list[tuple[str, int, str]]:
    """(file, line, function) of each frame, the innermost last: those of the error, of what caused it, and of a data
    worker."""
    chain: list[BaseException] = [error]
    while cause := chain[-1].__cause__:
        chain.append(cause)
    own = [(frame.f_code, line) for one in chain for frame, line in traceback.walk_tb(one.__traceback__)]
    frames = [(code.co_filename, line, code.co_qualname) for code, line in own]
    return frames + [(file, int(line), name) for file, line, name in WORKER_FRAME.findall(str(error))]


if __name__ == "__main__":
    sys.exit(main())
