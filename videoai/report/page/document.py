"""One file of HTML: a head, what matters most, and sections. It holds its style, its script and its pictures."""

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from videoai.report.page.html import join, name, tag, text
from videoai.report.page.summary import Section

PACKAGE = "videoai.report.page"  # where page.html, page.css and page.js lie


def document(
    *,
    title: str,
    headline: str,
    notes: Sequence[str] = (),
    tiles: Sequence[tuple[str, str]] = (),
    sections: Sequence[Section],
) -> bytes:
    """The file, UTF-8; it asks no network for anything. tiles: name and value of the numbers below the headline."""
    filled = {
        "title": text(title),
        "eyebrow": name(title),
        "headline": text(headline),
        "notes": join(tag("p", note) for note in notes),
        "tiles": join(tag("div", tag("dt", one), tag("dd", value)) for one, value in tiles),
        "links": join(tag("a", one.title, href=f"#{anchor(one.title)}") for one in sections),
        "sections": join(tag("section", tag("h2", one.title), one.body, id=anchor(one.title)) for one in sections),
        **{kind: (files(PACKAGE) / f"page.{kind}").read_text("utf-8") for kind in ("css", "js")},
    }
    template = Template((files(PACKAGE) / "page.html").read_text("utf-8"))
    return template.substitute(filled).encode("utf-8")


def anchor(title: str) -> str:
    """What links to a section name."""
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())
