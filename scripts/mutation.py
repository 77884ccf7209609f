"""Plant single faults at random places of the code and see whether tests fail (mutation testing).

    make mutation                                                     # an hour on two cores
    python scripts/mutation.py --sample 80 --processes 1 --seed 1     # another, smaller sample

cosmic-ray knows the faults: another operator or comparison, a number that is one off, a condition turned round, a loop
that does not run, a decorator that is gone. The sample is drawn from all places where one can be planted, then one
fault at each, so that a place with many possible faults counts once. Every fault is planted in a copy of the tree, and
the mirrored test file runs; if it passes, those beside it do. What passes them all is planted once more, one after the
other, and all fast tests run.

A fault that passes is printed as a diff. It is a missing test, or it changes nothing that a user could see: only a
person can tell.
"""

import argparse
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.commands.init import init  # pyright: ignore[reportMissingImports]
from cosmic_ray.mutating import mutate_and_test  # pyright: ignore[reportMissingImports]
from cosmic_ray.work_db import WorkDB, use_db  # pyright: ignore[reportMissingImports]
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult  # pyright: ignore[reportMissingImports]

ROOT = Path(__file__).resolve().parents[1]
# Models are compared with golden logits and with their publishers' code; layouts with one data set each; clip_readers
# wraps decoders of others for the benchmark.
PACKAGES = ("core", "engine", "tasks", "inference", "data", "report", "gan", "models/heads.py")
LEFT_OUT = re.compile(r"data/layouts/|data/clip_readers|__init__\.py$")
# `|` stands nearly always in a type, where any other operator fails at import and tells nothing.
NO_FAULT = re.compile(r"ReplaceBinaryOperator_BitOr_|VariableReplacer|VariableInserter")
# Guards that no correct program reaches: frozen dataclasses, and zip over lists that are as long by construction.
GUARD = re.compile(r"@dataclass\(|strict=True")
TIMEOUT_SECONDS = 900  # limit of the tests of one fault; a loop that never ends counts as detected
ALL_TESTS = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]


def main() -> None:
    """Print the faults that passed, and the share that tests detected."""
    parser = argparse.ArgumentParser(description="Plant single faults and see whether tests fail.")
    parser.add_argument("--sample", type=int, default=300, help="faults to plant")
    parser.add_argument("--processes", type=int, default=2, help="faults at a time, each in a copy of the tree")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    given = parser.parse_args()
    logging.disable(logging.INFO)  # cosmic-ray tells each command
    started = time.monotonic()
    with TemporaryDirectory(prefix="videoai-mutation-") as folder:
        copies = copies_of_the_tree(Path(folder), given.processes)
        os.chdir(copies[0])
        check_tests_pass()
        faults = drawn(given.sample, given.seed)
        print(f"{len(faults)} faults", flush=True)
        shares = [faults[number :: given.processes] for number in range(given.processes)]
        with ProcessPoolExecutor(given.processes) as pool:
            results = [one for share in pool.map(plant_all, copies, shares) for one in share]
        near = sum(has_failed(result) for _, result in results)
        print(f"\n{near} of {len(results)} detected by the tests beside them; the others, by all tests:", flush=True)
        os.chdir(copies[0])
        results = [(fault, result if has_failed(result) else planted(fault, ALL_TESTS)) for fault, result in results]
    detected = sum(has_failed(result) for _, result in results)
    by_package = Counter(package_of(fault) for fault, _ in results)
    missed = Counter(package_of(fault) for fault, result in results if not has_failed(result))
    minutes = (time.monotonic() - started) / 60
    print(f"\n{detected} of {len(results)} detected ({detected / len(results):.1%}), {minutes:.0f} minutes")
    for package, count in sorted(by_package.items()):
        print(f"  {package:<10} {count - missed[package]} of {count}")


def copies_of_the_tree(folder: Path, count: int) -> list[Path]:
    """What git knows of the tree, as it is now: the files at work are never changed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    copies = [folder / str(number) for number in range(count)]
    for name in filter(None, listed.split("\0")):
        for copy in copies if (ROOT / name).exists() else ():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copies


def modules() -> list[Path]:
    """The files to plant faults in, relative to the tree."""
    below = (Path("videoai", name) for name in PACKAGES)
    files = (file for path in below for file in ([path] if path.suffix else path.rglob("*.py")))
    return sorted(file for file in files if not LEFT_OUT.search(file.as_posix()))


def drawn(count: int, seed: int) -> list[MutationSpec]:
    """One fault at each of ``count`` places."""
    places: dict[tuple[str, object, str], list[MutationSpec]] = {}
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init(modules(), database, {})
        for item in database.work_items:
            (fault,) = item.mutations
            if not NO_FAULT.search(fault.operator_name) and not is_guard(fault):
                kind = fault.operator_name.partition("_")[0]
                places.setdefault((fault.module_path.as_posix(), fault.start_pos, kind), []).append(fault)
    draw = random.Random(seed)
    chosen = draw.sample(sorted(places, key=str), min(count, len(places)))
    return [draw.choice(sorted(places[place], key=lambda fault: fault.operator_name)) for place in chosen]


def is_guard(fault: MutationSpec) -> bool:
    """Whether it turns off a guard."""
    if fault.operator_name != "core/ReplaceTrueWithFalse":
        return False
    return bool(GUARD.search(fault.module_path.read_text().splitlines()[fault.start_pos[0] - 1]))


def tests_of(module: Path) -> list[str]:
    """The mirrored test file, if there is one, then the others beside it."""
    folder = Path("tests", *module.parts[1:-1])
    files = sorted(folder.glob("test_*.py"))
    return [str(file) for file in sorted(files, key=lambda file: file.name != f"test_{module.name}")]


def pytest_command(*tests: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]


def check_tests_pass() -> None:
    """Raises: SystemExit: the tests fail without any fault, so every fault would count as detected."""
    command = [*pytest_command(*sorted({test for module in modules() for test in tests_of(module)})), "-n", "auto"]
    if subprocess.run(command, env={**os.environ, "PYTHONPATH": os.getcwd()}, check=False).returncode:
        raise SystemExit("The tests fail without any fault. Fix them first.")


def plant_all(copy: Path, faults: list[MutationSpec]) -> list[tuple[MutationSpec, WorkResult]]:
    """Plant one after the other in a copy of the tree."""
    os.chdir(copy)
    os.environ |= {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    results = [(fault, planted(fault, pytest_command(*tests_of(fault.module_path)))) for fault in faults]
    # cosmic-ray cannot plant some: an exception with a dot in its name
    return [(fault, result) for fault, result in results if result.worker_outcome == WorkerOutcome.NORMAL]


def planted(fault: MutationSpec, command: list[str]) -> WorkResult:
    """The result of tests with one fault in the current copy, printed."""
    os.environ["PYTHONPATH"] = os.getcwd()
    result = mutate_and_test([fault], " ".join(command), TIMEOUT_SECONDS)
    diff = "" if has_failed(result) else f"{os.linesep}{result.diff}"
    word = "detected" if has_failed(result) else "PASSED  "
    print(f"{word} {fault.module_path}:{fault.start_pos[0]} {fault.operator_name}{diff}", flush=True)
    return result


def has_failed(result: WorkResult) -> bool:
    """Whether a test failed."""
    return result.test_outcome != TestOutcome.SURVIVED


def package_of(fault: MutationSpec) -> str:
    return fault.module_path.parts[1]


if __name__ == "__main__":
    main()
