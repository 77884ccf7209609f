"""Standard output and error that take every text, whatever their encoding: tables have lines, and names any script."""

import codecs
import sys
import unicodedata
from contextlib import suppress

ERRORS = "videoai.readable"
PUNCTUATION = {"…": "...", "–": "-", "—": "-", "·": "*", "•": "*", "±": "+-", "×": "x"}


def make_streams_lenient() -> None:
    """Characters that a stream cannot encode are written as their nearest in ASCII, or as an escape."""
    codecs.register_error(ERRORS, _readable)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where something else took its place
            stream.reconfigure(errors=ERRORS)  # pyright: ignore[reportAttributeAccessIssue]


def _readable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    with suppress(UnicodeError):  # the bytes of a file name, which Python does not decode where the locale is C
        text = text.encode("utf-8", "surrogateescape").decode("utf-8")
    return "".join(map(_nearest, text)), error.end


def _nearest(character: str) -> str:
    if character in PUNCTUATION:
        return PUNCTUATION[character]
    name = unicodedata.name(character, "")
    if name.startswith("BOX DRAWINGS"):
        is_line = " AND " not in name
        return "-" if is_line and "HORIZONTAL" in name else "|" if is_line and "VERTICAL" in name else "+"
    return character.encode("ascii", "backslashreplace").decode()
