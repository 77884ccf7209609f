"""The words that every section understands."""

import argparse
from pathlib import Path


def parse(what: str | None, *positional: str) -> argparse.Namespace:
    """``--device``, ``--small``, ``--work``, and words without a name."""
    parser = argparse.ArgumentParser(description=what)
    for name in positional:
        parser.add_argument(name)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("/tmp/gpu_check"))
    return parser.parse_args()
