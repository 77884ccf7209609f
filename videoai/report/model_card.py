"""The model card of a published checkpoint: README.md with the metadata that the Hugging Face hub reads.

Fields of the metadata: https://huggingface.co/docs/hub/model-cards.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from videoai.core.messages import command_line, pluralize
from videoai.report.tables import of_classes, percent

NAMED_CLASSES = 100  # more are counted in the card, and listed in per_class.csv
# key of results.json: name of the row, type of the metric where the hub has one
METRICS = {
    "video_top1": ("top-1 accuracy", "accuracy"),
    "video_top5": ("top-5 accuracy", "top_5_accuracy"),
    "mean_class_accuracy": ("mean class accuracy", "balanced_accuracy"),
    "mAP": ("mAP", "mean_average_precision"),
    "micro_f1": ("micro F1", "f1"),
    "macro_f1": ("macro F1", "f1"),
}


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What a card says."""

    name: str  # OWNER/NAME, or that of the folder
    checkpoint: str  # how the checkpoint is named in commands: hf://OWNER/NAME, or its file
    license: str
    model: str
    classes: Sequence[str]
    clip: Mapping[str, Any]
    data: str  # what the evaluated videos are called
    sizes: Mapping[str, int]  # videos of each split of the training data; {} = not known here
    weights: str  # what training started from; "" = from scratch
    results: Mapping[str, Any]  # those of results.json that follow from its tables
    trust: Sequence[str] = ()  # packages of the user's own that the checkpoint needs


def model_card(facts: CardFacts) -> str:
    """The text of README.md."""
    metadata = yaml.safe_dump(_metadata(facts), sort_keys=False, allow_unicode=True)
    return (
        f"---\n{metadata}---\n\n"
        + "\n\n".join(
            [
                f"# {_inline(facts.name)}",
                f"{_inline(facts.model)}, which tells {pluralize(len(facts.classes), 'action')} in videos apart, "
                f"trained with videoai {f'from {_inline(facts.weights)}' if facts.weights else 'from scratch'}.",
                _usage(facts),
                f"## Classes\n\n{_classes(facts.classes)}",
                f"## Clip\n\n{_clip(facts.clip)}",
                *([f"## Data\n\n{_sizes(facts)}"] if facts.sizes else []),
                _results(facts),
            ]
        )
        + "\n"
    )


def _metadata(facts: CardFacts) -> dict[str, Any]:
    metrics = [
        {"type": kind, "name": name, "value": facts.results[key]}
        for key, (name, kind) in METRICS.items()
        if facts.results.get(key) is not None
    ]
    result = {
        "task": {"type": "video-classification"},
        "dataset": {"name": facts.data, "type": "videos", "split": facts.results["split"]},
        "metrics": metrics,
    }
    return {
        "license": facts.license,
        "library_name": "videoai",
        "pipeline_tag": "video-classification",
        "tags": ["action-recognition", "video", facts.model],
        "model-index": [{"name": facts.name.rpartition("/")[2], "results": [result]}],
    }


def _usage(facts: CardFacts) -> str:
    command = command_line("predict", f"checkpoint={facts.checkpoint}", "input=film.mp4", trust=facts.trust)
    trust = f", trust={list(facts.trust)!r}" if facts.trust else ""
    python = (
        f"import videoai\n\nmodel = videoai.load({facts.checkpoint!r}{trust})\n"
        '(answer,) = model.predict("film.mp4")\nprint(answer.to_dict()["top"])'
    )
    return f"## How to use\n\n```bash\n{command}\n```\n\n```python\n{python}\n```"


def _classes(classes: Sequence[str]) -> str:
    named = ", ".join(map(_inline, classes[:NAMED_CLASSES]))
    more = len(classes) - NAMED_CLASSES
    return named + (f" and {more} more: `evaluation/per_class.csv`" if more > 0 else "")


def _clip(clip: Mapping[str, Any]) -> str:
    """How the model sees a video, as a sentence."""
    rate = f"at {clip['fps']:g} frames a second" if clip.get("fps") else f"stride {clip['stride']}"
    taken = "spread over the whole video" if clip.get("sampling") == "uniform" else rate
    return (
        f"{clip['num_frames']} frames, {taken}; short side {clip['resize'] or clip['size']} px, centre crop of "
        f"{clip['size']} x {clip['size']} px. videoai does this by itself."
    )


def _sizes(facts: CardFacts) -> str:
    return _table(("split", "videos"), [(split, str(count)) for split, count in facts.sizes.items()])


def _results(facts: CardFacts) -> str:
    results = facts.results
    rows = [(name, percent(results[key])) for key, (name, _) in METRICS.items() if key in results]
    if interval := results.get("top1_interval95"):
        low, high = (100 * bound for bound in interval)
        rows[0] = (rows[0][0], f"{rows[0][1]} (95 % interval {low:.1f} .. {high:.1f} %)")
    rows += [("videos", str(results["n_total"])), ("of these unreadable", str(results["n_bad"]))]
    about = f"Split `{results['split']}` of {_inline(facts.data)}, views {results['views']}{of_classes(results)}."
    about += {
        "val": " This split also chose the checkpoint, so the numbers flatter.",
        "train": " These are training videos: the numbers say nothing about others.",
        "all": " This may hold training videos, so the numbers may flatter.",
    }.get(results["split"], "")
    return (
        f"## Results\n\n{about}\n\n{_table(('metric', 'value'), rows)}\n\nEvery number was computed again from "
        "`evaluation/` when this card was written. What was evaluated is `best.pt` with SHA-256\n"
        f"`{results['checkpoint_sha256']}`."
    )


def _table(header: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    lines = [header, ("---", "---:"), *((_inline(name), value) for name, value in rows)]
    return "\n".join(f"| {name} | {value} |" for name, value in lines)


def _inline(text: str) -> str:
    """A name on one line of Markdown, where nothing in it is markup."""
    plain = html.escape(" ".join(text.encode("utf-8", "backslashreplace").decode().split()), quote=False)
    return "".join(f"\\{sign}" if sign in "\\`*_[]|#" else sign for sign in plain)
