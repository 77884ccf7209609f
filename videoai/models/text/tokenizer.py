"""CLIP's tokenizer: lower-case byte pair encoding with a mark at the end of words (arXiv:2103.00020, section 2.4).

Hugging Face's ``tokenizers`` splits and merges; ``ftfy`` mends broken text, as in the authors' code. The marks of a
text's beginning and end cannot be written in a text.
"""

import html
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videoai.core.messages import truncated_list
from videoai.models.published.vocabulary import read_merges

BYTES = 256  # single bytes, and as many that end a word
MARK = "</w>"
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class Tokenizer:
    """Texts -> numbers of tokens.

    Args:
        vocabulary: number of tokens of the text transformer.
        context: the most tokens of a text, with the marks of its beginning and end.

    Raises: ValueError: another vocabulary.
    """

    def __init__(self, merges: Path, *, vocabulary: int, context: int) -> None:
        self.start, self.end, self.context = vocabulary - 2, vocabulary - 1, context
        self.encoder = new_encoder(read_merges(merges, vocabulary - 2 * BYTES - 2))

    def __call__(self, texts: list[str]) -> Tensor:
        """int64 [N, L], as long as the longest needs, zeros behind the others.

        Raises: ValueError: a text that is too long, or empty.
        """
        rows = [[self.start, *self.encoder.encode(cleaned(text)).ids, self.end] for text in texts]
        if empty := [text for text, row in zip(texts, rows, strict=True) if len(row) == 2]:
            raise ValueError(f"text {empty[0]!r} holds no word. Leave it out.")
        if long := [text for text, row in zip(texts, rows, strict=True) if len(row) > self.context]:
            most = self.context - 2
            raise ValueError(
                f"{truncated_list([repr(text) for text in long])}: longer than {most} tokens, which is all that the "
                "text transformer reads. Say it shorter."
            )
        tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
        for number, row in enumerate(rows):
            tokens[number, : len(row)] = torch.tensor(row)
        return tokens


def cleaned(text: str) -> str:
    """As the authors' code: mended, without HTML's entities, one space between words, in lower case."""
    import ftfy

    text = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", text).strip().lower()


def check_packages() -> None:
    """Raises: ImportError: naming the extra."""
    try:
        import ftfy  # noqa: F401
        import tokenizers  # noqa: F401
    except ImportError as error:
        raise ImportError(f"reading texts needs a package ({error.name}): pip install 'videoai[text]'") from error


def new_encoder(merges: list[tuple[str, str]]) -> Any:
    """A tokenizer of the library."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    singles = letters()
    names = [*singles, *(letter + MARK for letter in singles), *("".join(pair) for pair in merges)]
    vocabulary = {name: number for number, name in enumerate(names)}
    encoder = Tokenizer(models.BPE(vocabulary, merges, end_of_word_suffix=MARK))
    encoder.pre_tokenizer = pre_tokenizers.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return encoder


def letters() -> list[str]:
    """What stands for each byte, in the order of the vocabulary: printable ones for themselves, then the others as
    letters from U+0100 on (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(code) for code in printable] + [chr(0x100 + number) for number in range(BYTES - len(printable))]
