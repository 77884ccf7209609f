"""``videoai VERB key=value ...``: finds the verb, runs it, turns errors into one line and an exit code."""

import gc
import logging
import os
import sys
import sysconfig
import traceback
import warnings
from importlib import import_module
from pathlib import Path

VERBS = {  # verb -> (module:function, one line of help)
    "train": ("videoai.cli.train:main", "train a model, or continue a run"),
    "evaluate": ("videoai.cli.evaluate:main", "score a checkpoint on a split of a data set"),
    "predict": ("videoai.cli.predict:main", "name the action in your video files"),
    "generate": ("videoai.cli.generate:main", "fill a folder with clips of a trained generator"),
    "data": ("videoai.cli.data:main", "inspect, check and prepare videos"),
    "benchmark": ("videoai.cli.benchmark:main", "measure how fast videos are decoded and loaded here"),
    "study": ("videoai.cli.study:main", "compare ways to train, over seeds: does an augmenter help?"),
    "models": ("videoai.cli.models:main", "list the models"),
    "doctor": ("videoai.cli.doctor:main", "check this installation and say how to mend it"),
}
USAGE = """\
videoai trains, evaluates and ships video action-recognition models.

usage: videoai VERB [key=value ...]

{verbs}

start here:
  videoai train                                        train on the built-in clips; a few minutes on a CPU
  videoai train data=folder data.root=PATH             train on your clips: one sub-folder a class
  videoai evaluate checkpoint=runs/NAME/checkpoints/best.pt
  videoai predict  checkpoint=runs/NAME/checkpoints/best.pt input=VIDEO

more:
  videoai VERB --help    what a verb takes          videoai train --cfg     print the composed settings
  videoai --version      the version                debug=true              show the traceback of an error

exit codes: 0 done, 1 error, 2 unknown verb, 75 stopped by SIGTERM after saving, 130 stopped by Ctrl-C (training saves
first)
"""
USAGE_ERROR = 2
# Groups of settings that the help of train prints whole, and of which file.
SHOWN = (("trainer", "default"), ("augment", "none"), ("synthetic", "default"), ("imbalance", "default"))
SPACE = (
    "If memory ran out: a smaller trainer.batch_size with trainer.accumulate gives the same batch; data.num_workers=0 "
    "needs the least memory, also of /dev/shm. If a video crashed the decoder: data.isolated=true goes on without it, "
    "and videoai data check names it."
)


def main() -> int:
    """The entry point of the ``videoai`` command."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if arguments[0] in ("-V", "--version"):
        print(f"videoai {import_module('videoai').__version__}")
        return 0
    verb, rest = arguments[0], arguments[1:]
    if verb not in VERBS:
        near = import_module("difflib").get_close_matches(verb, VERBS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        return complain(f"unknown verb '{verb}'.{hint} The verbs: {', '.join(VERBS)}. See videoai --help", USAGE_ERROR)
    if any(flag in rest for flag in ("-h", "--help")):
        print(verb_help(verb, [word for word in rest if not word.startswith("-")]))
        return 0
    code = run(verb, rest)
    gc.collect()  # ends loaders that cycles keep alive: at exit, Python would wait for their processes, deaf to SIGTERM
    return code


def usage() -> str:
    """The text of ``videoai --help``."""
    return USAGE.format(verbs="\n".join(f"  {verb:<10}{text}" for verb, (_, text) in VERBS.items()))


def verb_help(verb: str, words: list[str]) -> str:
    """What a verb takes. A settings file explains itself, so its text is the help."""
    from videoai.cli.config import CONFIGS

    if verb in ("data", "benchmark", "study"):
        return import_module(f"videoai.cli.{verb}").job_help(next(iter(words), None))
    task = next((f"_{word.removeprefix('task=')}" for word in words if word.startswith("task=")), "")
    file = CONFIGS / f"{verb}{task.replace('_classify', '')}.yaml"
    lines = [f"videoai {verb}: {VERBS[verb][1]}", ""]
    if not file.exists():
        shows = " [word ...]; when one model is left: its options, weights and recipes" if verb == "models" else ""
        lines.append(f"usage: videoai {verb}{shows}")
        return "\n".join(lines)
    text = file.read_text()
    lines.append(text)
    if verb == "train":
        for folder in sorted(path for path in CONFIGS.iterdir() if path.is_dir()):
            if f"- {folder.name}: " in text or folder.name in ("clip", "augment"):  # these two are picked by others
                lines.append(f"{folder.name + '=':<12}{' '.join(sorted(path.stem for path in folder.glob('*.yaml')))}")
    if file.stem == "train":
        for group, name in SHOWN:
            settings = (CONFIGS / group / f"{name}.yaml").read_text().splitlines()
            lines += ["", *(line if line.startswith("#") else f"{group}.{line}" for line in settings)]
    if verb == "train":
        lines += ["", "Your own YAML: --config-dir DIR. Settings of another choice: videoai train data=csv --cfg"]
    return "\n".join(lines)


def run(verb: str, arguments: list[str]) -> int:
    """Run a verb; errors that a person can mend are one line, with the traceback under debug=true."""
    # timm and pytorchvideo still decorate with it; nothing that the reader of a command line could mend
    warnings.filterwarnings("ignore", message=".*torch.jit.script", category=FutureWarning)
    level = logging.INFO if os.environ.get("RANK", "0") == "0" else logging.WARNING  # of several processes one speaks
    logging.basicConfig(level=level, format="%(message)s", handlers=[StandardError()])
    if os.getcwd() not in sys.path:
        sys.path.append(
            os.getcwd()
        )  # for a model of one's own, by _target_; last, so that no file there hides a library
    module, _, function = VERBS[verb][0].partition(":")
    try:
        return getattr(import_module(module), function)(arguments)
    except KeyboardInterrupt:
        return complain("stopped.", 130)
    except BrokenPipeError:  # | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the one place where everything ends: a line for people, everything for debug=true
        if any(argument.replace(" ", "").lower() == "debug=true" for argument in arguments):
            traceback.print_exc()
        return complain(message_of(error), getattr(error, "exit_code", 1))


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
        text = text.splitlines()[-1].partition(": ")[2]
    if any(words in text for words in ("out of memory", "can't allocate memory", "DataLoader worker", "Bus error")):
        return f"{text.splitlines()[0][:200]} {SPACE}"
    expected = (
        isinstance(error, ValueError | OSError | ImportError) or hasattr(error, "exit_code") or hasattr(error, "reason")
    )
    if expected and text:
        return " ".join(text.split("\n")) if len(text) < 2000 else text
    first = text.splitlines()[0] if text else "no message"
    return f"{type(error).__name__}: {first} ({whose_fault(error)}; debug=true shows where)"


def whose_fault(error: Exception) -> str:
    """A model or data set of one's own runs under videoai: the innermost file that is neither ours nor installed."""
    installed = (str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"), "<")
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = frame.f_code.co_filename
        if not file.startswith(installed) and not {"site-packages", "dist-packages"} & set(Path(file).parts):
            return f"in your own {frame.f_code.co_qualname}, {os.path.relpath(file)} line {line}"
    return "a fault in videoai: please report it"


def complain(message: str, code: int) -> int:
    """Print to standard error. Returns: the exit code."""
    print(f"videoai: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
