"""What is checked, the most valuable first: a command each, and how long it may take."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
MODELS = ("r3d_18", "videomae_base", "slowfast_8x8_r50", "mvit_v2_s", "vjepa2_l")
SMALL_MODELS = MODELS[:2]  # in a rehearsal
EXTRA_SECONDS = 60.0
LOADER = "data=folder data.flip=0 augment=standard repeats=1"


class Section(NamedTuple):
    """One check."""

    name: str
    seconds: float  # its limit, of 8 minutes for all
    command: Sequence[str]
    figures: Path | None = None  # a JSON file that the command writes; None = what it gives to rows.add
    environment: Mapping[str, str] = {}  # beside that of this process


NAMES = (
    "install",
    "machine",
    *(f"train_{name}" for name in MODELS[:2]),
    "tests",
    *(f"train_{name}" for name in MODELS[2:]),
    "run",
    "processes",
    "several_gpus",
    "train_gan",
    "loader_112",
    "nvdec",
    "compile",
    "loader_224",
    "decode",
    "doctor",
)


def sections(options: argparse.Namespace, work: Path) -> list[Section]:
    """All of them, in the order of ``NAMES``. ``work``: a folder for clips and runs."""
    how = ["--device", options.device, "--work", str(work), *(["--small"] if options.small else [])]
    wheels = ["--wheels", str(options.wheels.resolve())] if options.wheels else []
    models = SMALL_MODELS if options.small else MODELS
    everything = [
        script("install", 60, "install.py", "--site", str(work / "site"), *wheels),
        script("machine", 40, "machine.py", *how),
        *(script(f"train_{name}", 75 if name == "vjepa2_l" else 60, "training.py", name, *how) for name in models),
        Section("tests", 90, [sys.executable, "-m", "pytest", *tests(options.device)]),
        # cuBLAS reads the variable when CUDA starts, and only a deterministic run needs it
        script("run", 80, "whole_run.py", *how)._replace(environment={"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}),
        script("processes", 40, "processes.py", *how),
        script("several_gpus", 90, "several_gpus.py", *how),
        script("train_gan", 40, "gan_training.py", *how),
        script("compile", 110, "compiling.py", *how),
        *(loader(size, options.small, work) for size in (112, 224)),
        script("nvdec", 60, "nvdec.py", *how),
        decoders(options.small, work),
        Section("doctor", 40, [sys.executable, "-m", "videoai", "doctor"]),
    ]
    return sorted(everything, key=lambda section: NAMES.index(section.name))


def script(name: str, seconds: float, file: str, *arguments: str) -> Section:
    """A file of this folder; it sees one GPU, as Hugging Face would take all, unless it is about several."""
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    environment = {} if name in ("machine", "several_gpus") else {"CUDA_VISIBLE_DEVICES": seen}
    return Section(name, seconds, [sys.executable, str(HERE / file), *arguments], environment=environment)


def tests(device: str) -> list[str]:
    """Tests with the mark gpu; without a GPU they are collected only."""
    files = [file for file in sorted((CHECKOUT / "tests").rglob("test_*.py")) if "mark.gpu" in file.read_text()]
    how = ["-n", "8", "--dist", "load"] if device == "cuda" else ["-n", "0", "--collect-only"]
    marks = ["-q", "-m", "gpu and not nightly", "-p", "no:cacheprovider"]
    return [*marks, *how, *(str(file.relative_to(CHECKOUT)) for file in files)]


def loader(size: int, small: bool, work: Path) -> Section:
    """Training clips a second, of videos of 340 x 256."""
    how_long = "seconds=1 rivals=false trainer.batch_size=2" if small else "seconds=5"
    settings = f"{LOADER} {how_long} data.root={work}/clips/small clip=16x4x{size}"
    return videoai(f"loader_{size}", 40, f"benchmark loader {settings}", work)


def decoders(small: bool, work: Path) -> Section:
    """Every decoder for the CPU that is installed, on videos of 1280 x 720."""
    what = "small max_videos=1 repeats=1" if small else "large max_videos=4 repeats=2"
    return videoai("decode", 30, f"benchmark decode input={work}/clips/{what}", work)


def videoai(name: str, seconds: float, words: str, work: Path) -> Section:
    """A benchmark of videoai on made clips, which writes its figures."""
    figures = work / f"{name}.json"
    make = shlex.join([sys.executable, str(HERE / "clips.py"), str(work / "clips")])
    command = f"{make} && {shlex.quote(sys.executable)} -m videoai {words} out={figures}"
    return Section(name, seconds, ["bash", "-c", command], figures)


def extra_section(text: str) -> Section:
    """``NAME=COMMAND`` of the command line."""
    name, _, command = text.partition("=")
    return Section(name, EXTRA_SECONDS, shlex.split(command))
