"""The page of an explanation."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from videoai.core.messages import whole_percent
from videoai.report.page.document import document
from videoai.report.page.film import Film, screen, strip
from videoai.report.page.html import Html, join, name, tag
from videoai.report.page.importance_chart import importance_chart
from videoai.report.page.summary import Section

METHOD_WORDS = {
    "grad_cam": ("Grad-CAM", "arXiv:1610.02391"),
    "layer_cam": ("LayerCAM", "IEEE TIP 30, 2021"),
    "attention_rollout": ("gradient-weighted attention rollout", "arXiv:2103.15679"),
    "occlusion": ("occlusion of blurred blocks", "arXiv:1311.2901"),
    "temporal_occlusion": ("occlusion of stretches that stand still", "arXiv:1311.2901"),
    "integrated_gradients": ("integrated gradients", "arXiv:1703.01365"),
}
CAVEAT = (
    "A heat shows what this network's answer depends on, not why, and not whether the answer is right. Methods differ: "
    "compare two of them before you conclude."
)
Told = Mapping[str, Any]


def explanation_page(told: Told, frames: Tensor, colours: Tensor, sheet: bytes) -> bytes:
    """The file. frames, colours: uint8 [T, C, H, W]. sheet: the contact sheet, PNG."""
    method, paper = METHOD_WORDS[told["method"]]
    seconds = [one["seconds"] for one in told["frames"]]
    window = told["window"]
    films = [Film(one, seconds[0], seconds[-1]) for one in (frames, colours)]
    title = Path(told["path"]).name
    sections = [
        Section("Heat", twins(films, title)),
        Section(
            "Over time",
            importance_chart("share of the heat in each frame", seconds, [one["share"] for one in told["frames"]]),
        ),
        Section("Contact sheet", tag("img", src=_png(sheet), alt="frames above their heats", style="max-width:100%")),
        Section("How it was made", facts(told, f"{method} ({paper})")),
    ]
    return document(
        title=title,
        headline=f"“{told['target']}” ({score_words(told)}): {sentence(told)}",
        notes=[CAVEAT],
        tiles=[
            ("strongest frame", f"{max(told['frames'], key=lambda one: one['share'])['seconds']:.2f} s"),
            ("window", f"{window['start_seconds']:.2f} to {window['end_seconds']:.2f} s"),
            ("frames", str(len(seconds))),
            ("method", method),
        ],
        sections=sections,
    )


def sentence(told: Told) -> str:
    """Where and when the heat lies, in words."""
    shares = sorted((one["share"] for one in told["frames"]), reverse=True)
    half = next(count for count in range(1, len(shares) + 1) if sum(shares[:count]) >= 0.5 * sum(shares))
    if not sum(shares):
        return "no place of this clip speaks for it."
    place = told["hottest"]["place"]
    return f"half of the heat lies in {half} of {len(shares)} frames; the hottest place is {place}."


def score_words(told: Told) -> str:
    """A probability as a share, a value as a number."""
    return whole_percent(told["score"]) if 0 <= told["score"] <= 1 else f"{told['score']:.4g}"


def twins(films: Sequence[Film], title: str) -> Html:
    """The clip and its heat, each of which a click plays."""
    made = [strip(one) for one in films]
    captions = ("what the network saw", "what its answer depends on")
    shown = [
        tag("figure", screen(one, f"{title}, {caption}"), tag("figcaption", caption), class_="film")
        for one, caption in zip(made, captions, strict=True)
    ]
    return join([tag("p", "A click plays.", class_="hint"), tag("div", *shown, class_="twins")])


def facts(told: Told, method: str) -> Html:
    """Where it comes from."""
    rows = [
        ("video", told["path"]),
        ("method", method),
        *([("layer", told["layer"])] if told["layer"] else []),
        ("class explained", told["target"]),
    ]
    cells = [tag("tr", tag("th", key, scope="row"), tag("td", name(value))) for key, value in rows]
    return tag("div", tag("table", tag("tbody", *cells), class_="facts"), class_="scroll")


def _png(sheet: bytes) -> str:
    return "data:image/png;base64," + b64encode(sheet).decode()
