"""Elements of HTML and SVG. Every text is escaped unless it is ``Html``: no label or file name can be markup."""

from collections.abc import Iterable
from html import escape

# Control characters are no part of HTML, and would hide in a name: each is shown as its picture (U+2400 and on).
VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {127: 0x2421}
VOID = {"img", "meta", "br", "wbr", "input"}


class Html(str):
    """Text that is markup already."""


def tag(name: str, *children: object, **attributes: object) -> Html:
    """``tag("td", "a < b", class_="name", data_sort=3)`` -> ``<td class="name" data-sort="3">a &lt; b</td>``.

    Attributes: ``_`` stands for ``-`` and one at the end falls off; True is an attribute without a value, None and
    False leave it out.
    """
    given = {key: value for key, value in attributes.items() if value is not None and value is not False}
    written = "".join(_attribute(key, value) for key, value in given.items())
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Html:
    """Pieces one after the other, each escaped unless it is ``Html``."""
    return Html("".join(child if isinstance(child, Html) else text(child) for child in children))


def text(value: object) -> Html:
    """Escaped text. What is no Unicode, as bytes of a file name that is not UTF-8, is written as ``\\udcff``."""
    visible = str(value).translate(VISIBLE).encode("utf-8", "backslashreplace").decode()
    return Html(escape(visible))


def name(value: object) -> Html:
    """A name that people chose: text from right to left in it leaves the words beside it in their order."""
    return tag("bdi", value)


def _attribute(key: str, value: object) -> str:
    key = key.removesuffix("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{text(value)}"'
