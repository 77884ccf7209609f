"""One section after the other, each in a process of its own; then one page that says how each of them ended."""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from page import Result, write_page
from process import run
from sections import CHECKOUT, NAMES, Section, extra_section, sections

MINUTES = 8.0  # for everything; the limits of the sections are made for it
LEAST_SECONDS = 5.0  # a section does not begin with less


def main(arguments: list[str]) -> int:
    """Returns: 0 = every section ran, or had nothing to do here."""
    options = parse(arguments)
    began, results = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="gpu_check") as folder:
        work = Path(folder)
        for section in chosen(options, work):
            left = 60 * options.minutes - (time.monotonic() - began)
            results.append(run_section(section, left, options, work))
            print(f"[{time.monotonic() - began:4.0f} s] {section.name}: {results[-1].said}", flush=True)
            write_page(options.out, results, arguments)  # after each: what ends this process leaves a page
    print(f"written: {options.out / 'gpu_check.md'} and gpu_check.json")
    return int(any(result.status not in ("ok", "skipped") for result in results))


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="gpu_check.sh",
        description=f"Checks videoai on the GPU of this machine. Sections, in their order: {', '.join(NAMES)}.",
    )
    parser.add_argument("--out", type=Path, default=Path("gpu_check"), help="folder of the page; ./gpu_check")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true", help="small models and clips and two steps: a rehearsal")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for everything; each section gets its share")
    parser.add_argument("--only", default="", metavar="NAME,...", help="these sections alone")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels to install, for a machine without network")
    parser.add_argument(
        "--extra", action="append", default=[], metavar="NAME=COMMAND", help="one more section, before the others"
    )
    options = parser.parse_args(arguments)
    if unknown := {*filter(None, options.only.split(","))} - {*NAMES}:
        parser.error(f"--only {','.join(sorted(unknown))}: choose from {', '.join(NAMES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    return options


def chosen(options: argparse.Namespace, work: Path) -> list[Section]:
    """Those of ``--extra``, then those of ``--only``, or all."""
    wanted = options.only.split(",") if options.only else NAMES
    listed = [section for section in sections(options, work) if section.name in wanted]
    return [*map(extra_section, options.extra), *listed]


def run_section(section: Section, left: float, options: argparse.Namespace, work: Path) -> Result:
    """Run one section within its limit and within the ``left`` seconds of everything."""
    limit = min(section.seconds * options.minutes / MINUTES, left)
    if limit < LEAST_SECONDS:
        return Result(section.name, "not run", "no time was left", section.command)
    rows = work / f"{section.name}.jsonl"
    paths = [str(work / "site"), str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "GPU_CHECK_ROWS": str(rows),
        **section.environment,
    }
    ended = run(section.command, seconds=limit, environment=environment, log=work / f"{section.name}.log", cwd=CHECKOUT)
    return Result.of(section, ended, rows)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # ends the section that runs
    sys.exit(main(sys.argv[1:]))
