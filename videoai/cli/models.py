"""``videoai models [filter]``: the table of the zoo."""

import sys

from videoai.core.build import did_you_mean

WIDTH = 160  # columns in a file or a pipe


def main(arguments: list[str]) -> int:
    """Print the models whose row contains every word of the filter. Exit code 1 when none does."""
    import torch
    from rich.console import Console
    from rich.table import Table

    from videoai.models import MODELS, create_model

    words = [word.lower() for word in arguments]
    rows = {name: card for name, card in MODELS.items() if all(word in f"{name} {card}".lower() for word in words)}
    if not rows:
        raise ValueError(
            f"no model matches '{' '.join(arguments)}'.{did_you_mean(words[0], list(MODELS))} All: videoai models"
        )
    table = Table(box=None, pad_edge=False)
    for column in ("name", "M params", "clip", "family", "what"):
        table.add_column(column, justify="right" if column == "M params" else "left", no_wrap=column != "what")
    for name, card in rows.items():
        with torch.device("meta"):  # shapes without memory
            millions = sum(p.numel() for p in create_model(name, num_classes=400).parameters()) / 1e6
        table.add_row(name, f"{millions:.2f}", card.clip, card.family, f"{card.summary} ({card.paper})")
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table)
    console.print(
        "\nclip = frames x stride x pixels; parameters for 400 classes. Use: videoai train model=NAME", style="dim"
    )
    return 0
