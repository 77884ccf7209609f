"""How many clips each class has."""

from collections.abc import Sequence

from videoai.report.page.html import Html, join, name, tag

MAX_CLASSES = 100  # rows of the table


def counts_table(counts: Sequence[tuple[str, Sequence[int]]], splits: Sequence[str]) -> Html:
    """Clips of each class in each split, as bars. counts: a class, and its clips in each of ``splits``."""
    most = [max((row[at] for _, row in counts), default=0) or 1 for at in range(len(splits))]
    body = []
    for title, row in counts[:MAX_CLASSES]:
        bars = [
            tag("td", tag("i", style=f"width:{100 * count / top:.1f}%"), tag("b", count), class_="bar")
            for count, top in zip(row, most, strict=True)
        ]
        body.append(tag("tr", tag("th", name(title), scope="row"), *bars))
    head = tag("tr", tag("th", "clips of class"), *(tag("th", split) for split in splits))
    more = len(counts) - MAX_CLASSES
    rest = tag("p", f"{more} more classes.", class_="hint") if more > 0 else ""
    made = tag("table", tag("thead", head), tag("tbody", *body), class_="bars")
    return Html(tag("div", made, class_="scroll") + join([rest]))
