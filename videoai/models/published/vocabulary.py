"""The vocabulary that CLIP's text transformers read by: one file of pairs to merge, the most frequent first."""

import gzip
from pathlib import Path

from videoai.models.published.download import fetch, warn_if_other_digest

NAME = "openai/bpe_simple_vocab_16e6"  # in the cache of weights
PAGE = "https://github.com/openai/CLIP"
URL = (
    "https://raw.githubusercontent.com/openai/CLIP/d05afc436d78f1c48dc0dbf8e5980a9d471f35f6/clip/"
    "bpe_simple_vocab_16e6.txt.gz"
)  # MIT; X-CLIP has the same file
SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
BESIDE = ("merges.txt", "bpe_simple_vocab_16e6.txt.gz")  # as Hugging Face's repositories and the authors' hold it


def find_vocabulary(weights: str) -> Path:
    """The file beside that of ``ID:FILE``; else OpenAI's own, from the cache or the network.

    Raises: OSError, ValueError: it cannot be had, or another file came.
    """
    file = weights.partition(":")[2]
    beside = [Path(file).expanduser().with_name(name) for name in BESIDE] if file else []
    if held := next((path for path in beside if path.is_file()), None):
        if held.suffix == ".gz":
            warn_if_other_digest(NAME, held, SHA256)
        return held
    try:
        return fetch(NAME, url=URL, page=PAGE, sha256=SHA256)
    except OSError as error:
        there = f" Or put merges.txt of the same repository beside {file}." if file else ""
        raise OSError(f"{weights} reads texts by a vocabulary: {error}{there}") from error


def read_merges(path: Path, number: int) -> list[tuple[str, str]]:
    """The first ``number`` pairs. Raises: ValueError: fewer, or something else."""
    content = path.read_bytes()
    try:
        lines = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"vocabulary {path}: cannot be read ({type(error).__name__}). Fetch it again.") from error
    pairs = [tuple(line.split()) for line in lines[1 : number + 1]]  # the first line names the format
    if len(pairs) != number or any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            f"vocabulary {path}: holds {sum(len(pair) == 2 for pair in pairs)} pairs, and the weights were trained "
            f"with {number}. Give the merges.txt that was published with them."
        )
    return pairs  # pyright: ignore[reportReturnType]
