"""Install what videoai and its tests need and is not here: from a folder of wheels, or from the package index."""

import argparse
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from rows import add, skip

CHECKOUT = Path(__file__).resolve().parents[2]
FOR_TESTS = ["pytest", "pytest-xdist", "hypothesis", "imageio-ffmpeg"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--site", type=Path, required=True, help="where wheels are unpacked")
    options = parser.parse_args()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    absent = missing()
    if options.wheels:
        wheels = sorted(map(str, options.wheels.glob("*.whl")))
        add(wheels=", ".join(Path(wheel).name for wheel in wheels))
        sys.exit(subprocess.call([*pip, "--no-index", "--no-deps", "--target", str(options.site), *wheels]))
    if not absent:
        skip("everything is here")
    add(missing=", ".join(absent))
    sys.exit(subprocess.call([*pip, *absent]))


def missing() -> list[str]:
    """Requirements of which no version is installed; doctor says which are too old."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return [wanted for wanted in [*project["dependencies"], *FOR_TESTS] if not is_installed(wanted)]


def is_installed(requirement: str) -> bool:
    """``torch>=2.11`` -> whether there is any torch."""
    name = re.match(r"[\w.-]+", requirement)
    assert name
    try:
        metadata.version(name.group())
    except metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main()
