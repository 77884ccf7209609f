"""``videoai models [word ...]``: the table of the zoo. When one model is left: its options, weights and recipes."""

import shutil
import sys
import textwrap
from collections.abc import Iterator

from videoai.compose.files import CONFIGS
from videoai.core.messages import command_line, did_you_mean

RIGHT = ("M params", "GFLOPs")
NARROWEST = 24  # columns of a terminal that are worth wrapping text into
LEGEND = """
clip = frames x stride x pixels; parameters at 400 classes; GFLOPs = 1e9 multiply-adds a view.
K400, SSv2: the publishers' own top-1 with clips x crops; parity = our logits are those of their code."""

Row = dict[str, str]


def main(arguments: list[str]) -> int:
    """Print the models that every word is found in. Raises: ValueError: none is, or a word is a setting."""
    words = [word.lower() for word in arguments if not word.lower().startswith("debug=")]
    if settings := [word for word in words if "=" in word]:
        raise ValueError(f"'{settings[0]}': models takes words to look for, such as: videoai models slowfast k400")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None  # None = a file or a pipe: never wrap
    names = matching(words)
    lines = details(names[0], width) if len(names) == 1 else overview(names, width)
    print("\n".join(lines))
    return 0


def matching(words: list[str]) -> list[str]:
    """Names of models, in the order of the table: the one that is called so or that these weights belong to, otherwise
    all in whose row every word stands. Raises: ValueError: there is none."""
    from videoai.models.published import all_weights
    from videoai.models.table import MODELS

    if len(words) == 1:
        owners = {identifier.lower(): row.model for identifier, row in all_weights().items()}
        if one := words[0] if words[0] in MODELS else owners.get(words[0]):
            return [one]
    texts = {name: f"{name} {card._replace(builder='', pretrained=None)}".lower() for name, card in MODELS.items()}
    names = [name for name, text in texts.items() if all(word in text for word in words)]
    if not names:
        known = [*MODELS, *all_weights()]
        raise ValueError(f"no model matches '{' '.join(words)}'.{did_you_mean(words[0], known)} All: videoai models")
    return names


def overview(names: list[str], width: int | None) -> Iterator[str]:
    """One row a model, and how to use them."""
    yield from table([model_row(name) for name in names], width)
    yield LEGEND
    yield f"use: {training_of(names[0])}"
    yield f"its options, weights and recipes: {command_line('models', names[0])}"


def training_of(name: str) -> str:
    """The command that trains a model, from its published weights where there are any."""
    from videoai.models.table import MODELS

    return command_line("train", f"model={name}", *(["model.pretrained=true"] if MODELS[name].pretrained else []))


def model_row(name: str) -> Row:
    """A model's facts, and what its published weights promise: top-1 on the two usual sets, licence, verification."""
    from videoai.models.published import find, weights_of
    from videoai.models.sizes import sizes
    from videoai.models.table import MODELS

    card, size = MODELS[name], sizes()[name]
    weights = list(weights_of(name).values())
    if card.pretrained:
        weights.insert(0, find(card.pretrained))
    claims = {}
    for column, dataset in (("K400", "kinetics400"), ("SSv2", "ssv2")):
        best = next((row for row in weights if row.dataset == dataset and row.top1), None)
        claims[column] = f"{best.top1:.1f} ({best.views})" if best else ""
    return {
        "name": name,
        "M params": f"{size.parameters / 1e6:.2f}",
        "GFLOPs": f"{size.gflops:.2f}",
        "clip": card.clip,
        **claims,
        "licence": weights[0].licence if weights else "",
        "verified": "parity" if any(row.verified == "parity" for row in weights) else "no" if weights else "",
        "what": card.summary,
    }


def details(name: str, width: int | None) -> Iterator[str]:
    """Everything about one model."""
    from videoai.models.sizes import sizes
    from videoai.models.table import MODELS

    card, size = MODELS[name], sizes()[name]
    yield f"{name}: {card.summary}"
    yield f"{card.family}; {card.paper}"
    yield f"clip {card.clip} (frames x stride x pixels); {size.gflops:.2f} GFLOPs (1e9 multiply-adds) a view"
    yield f"{size.parameters / 1e6:.2f} M parameters at 400 classes"
    yield from ("", "options:", *(f"  model.{line}" for line in options(name)))
    weights = weights_table(name, width)
    yield from ("", *(weights or ["weights: none are published"]))
    if recipes := experiments(name):
        yield f"\nrecipes: {', '.join(f'experiment={recipe}' for recipe in recipes)}"
    yield f"\nuse: {training_of(name)}"
    if card.pretrained:
        yield f"model.pretrained=true is weights={card.pretrained}; weights=ID takes another row"


def options(name: str) -> list[str]:
    """The lines of its YAML that can be set, each with its comment."""
    lines = (CONFIGS / "model" / f"{name}.yaml").read_text().splitlines()
    return lines[lines.index(f"name: {name}") + 1 :]


def experiments(name: str) -> list[str]:
    """The recipes for this model."""
    return sorted(
        file.stem
        for file in (CONFIGS / "experiment").glob("*.yaml")
        if f"override /model: {name}" in map(str.strip, file.read_text().replace("- ", "").splitlines())
    )


def weights_table(name: str, width: int | None) -> list[str]:
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
    return list(table(rows, width)) if rows else []


def table(rows: list[Row], width: int | None) -> Iterator[str]:
    """Rows of the same keys as aligned text. Nothing is ever cut: in a terminal the last column is wrapped, the others
    are as wide as they need."""
    *columns, last = rows[0]
    widths = {column: max(len(column), *(len(row[column]) for row in rows)) for column in columns}
    indent = sum(widths.values()) + 2 * len(columns)
    room = width - indent if width and width - indent >= NARROWEST else None
    for row in ({column: column for column in rows[0]}, *rows):
        cells = [row[c].rjust(widths[c]) if c in RIGHT else row[c].ljust(widths[c]) for c in columns]
        text = textwrap.wrap(row[last], room, break_on_hyphens=False) if room else [row[last]]
        yield "  ".join([*cells, text[0] if text else ""]).rstrip()
        yield from (" " * indent + line for line in text[1:])
