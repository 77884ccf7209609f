"""``videoai models [filter]``: the table of the zoo."""

from videoai.core.build import did_you_mean


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
    table = Table(title="models: videoai train model=NAME")
    for column in ("name", "family", "M params", "clip", "what", "paper"):
        table.add_column(column, justify="right" if column == "M params" else "left", no_wrap=column == "name")
    for name, card in rows.items():
        with torch.device("meta"):  # shapes without memory
            millions = sum(p.numel() for p in create_model(name, num_classes=400).parameters()) / 1e6
        table.add_row(name, card.family, f"{millions:.2f}", card.clip, card.summary, card.paper)
    Console(width=None).print(table)
    Console().print("clip = frames x stride x pixels; parameters for 400 classes", style="dim")
    return 0
