"""Print a command of the README, so that what runs in CI is what people read: ``readme_block.py NAME [WORD ...]``.

The block is the bash block after the marker ``<!-- ci: NAME -->``. WORDs go to the end of its last command, which
is how CI asks for a short form of the same command.
"""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"<!-- ci: (?P<name>[\w-]+) -->\s*\n```bash\n(?P<commands>.*?)\n```", re.DOTALL)


def readme_block(text: str, name: str, words: Sequence[str] = ()) -> str:
    """The commands of block ``name``, with ``words`` appended to the last one.

    Raises: ValueError: the text has no such block, or more than one.
    """
    blocks = [(match["name"], match["commands"].strip()) for match in BLOCK.finditer(text)]
    blocks_of_name = [commands for block_name, commands in blocks if block_name == name]
    if len(blocks_of_name) != 1:
        names = ", ".join(block_name for block_name, _ in blocks) or "none"
        raise ValueError(
            f"README.md: {len(blocks_of_name)} blocks named '{name}', expected one (blocks there: {names}). "
            f"Put <!-- ci: {name} --> on the line before a ```bash block."
        )
    return " ".join([blocks_of_name[0], *map(shlex.quote, words)])


def main(argv: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    if not argv:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(readme_block(README.read_text(encoding="utf-8"), argv[0], argv[1:]))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
