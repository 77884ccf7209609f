"""``videoai models [filter]``: the table of the zoo; with one model's name also its published weights."""

import sys
from typing import TYPE_CHECKING, Any

from videoai.core.build import did_you_mean

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 160  # columns in a file or a pipe
RIGHT = ("M params", "GFLOPs", "K400", "SSv2", "top-1")


def main(arguments: list[str]) -> int:
    """Print the models whose row contains every word of the filter. Raises: ValueError: none does."""
    from rich.console import Console

    from videoai.models.table import MODELS

    words = [word.lower() for word in arguments]
    names = [name for name, card in MODELS.items() if all(word in f"{name} {card}".lower() for word in words)]
    if not names:
        raise ValueError(
            f"no model matches '{' '.join(arguments)}'.{did_you_mean(words[0], list(MODELS))} All: videoai models"
        )
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    exact = len(words) == 1 and words[0] in MODELS
    console.print(model_table(words if exact else names))
    if exact:
        console.print(weights_table(words[0]))
    console.print(
        "\nclip = frames x stride x pixels; parameters at 400 classes; GFLOPs = 1e9 multiply-adds a view."
        "\nK400, SSv2: the publishers' own top-1 with clips x crops; parity = our logits are those of their code."
        "\nuse: videoai train model=NAME [model.pretrained=true | weights=ID]; videoai models NAME lists its weights",
        style="dim",
        markup=False,
    )
    return 0


def model_table(names: list[str]) -> "Table":
    """One row a model."""
    from videoai.models.sizes import sizes
    from videoai.models.table import MODELS

    rows = []
    for name in names:
        card, size = MODELS[name], sizes()[name]
        rows.append(
            {
                "name": name,
                "M params": f"{size.parameters / 1e6:.2f}",
                "GFLOPs": f"{size.gflops:.2f}",
                "clip": card.clip,
                **published(name),
                "what": card.summary,
            }
        )
    return table(rows)


def published(name: str) -> dict[str, str]:
    """What a model's published weights promise: top-1 on the two usual sets, licence, how far we checked."""
    from videoai.models.published import find, weights_of
    from videoai.models.table import MODELS

    default = MODELS[name].pretrained
    rows = list(weights_of(name).values())
    if default:
        rows.insert(0, find(default))
    claims = {}
    for column, dataset in (("K400", "kinetics400"), ("SSv2", "ssv2")):
        row = next((row for row in rows if row.dataset == dataset and row.top1), None)
        claims[column] = f"{row.top1:.1f} ({row.views})" if row else ""
    verified = "" if not rows else "parity" if any(row.verified == "parity" for row in rows) else "no"
    return {**claims, "licence": rows[0].licence if rows else "", "verified": verified}


def weights_table(name: str) -> "Table":
    """One row for each of a model's published weights."""
    from videoai.models.published import weights_of

    rows = [
        {
            "weights": identifier,
            "trained on": row.dataset,
            "clip": f"{row.clip.num_frames}x{row.clip.stride}x{row.clip.size}",
            "top-1": "" if row.top1 is None else f"{row.top1:.1f} ({row.views})",
            "licence": row.licence,
            "verified": row.verified,
            "from": row.url or f"by hand: {row.page}",
        }
        for identifier, row in weights_of(name).items()
    ]
    return table(rows or [{"weights": "none published"}])


def table(rows: list[dict[str, Any]]) -> "Table":
    """Dicts of the same keys as a table; the last column wraps."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for column in rows[0]:
        last = column == list(rows[0])[-1]
        made.add_column(
            column,
            justify="right" if column in RIGHT else "left",
            no_wrap=not last or column == "what",
            overflow="fold" if last and column != "what" else "ellipsis",
        )
    for row in rows:
        made.add_row(*row.values())
    return made
