"""Write what is derived from the zoo's table: videoai/models/sizes.json and docs/models.md.

python scripts/write_zoo.py            both
python scripts/write_zoo.py --page     the page alone, from the sizes that are there
"""

import json
import re
import sys
from pathlib import Path

from videoai.compose.files import CONFIGS
from videoai.models import names
from videoai.models.published import all_weights
from videoai.models.sizes import FILE, measure, sizes
from videoai.models.table import MODELS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "models.md"
HEAD = """\
# The models

Written by `python scripts/write_zoo.py` from the zoo's own tables; `videoai models [filter]` prints the same.

Clip = frames x stride x pixels of the default input. Parameters at 400 classes. GFLOPs are 1e9 multiply-adds for one
clip and one crop, counted by torch's flop counter; recurrent layers are not counted.

```bash
videoai models slow                                     # look
videoai train model=slowfast_8x8_r50 model.pretrained=true data=folder data.root=clips
videoai train model=slowfast_8x8_r50 weights=mmaction2/slowfast_r50_8x8_k400 data=folder data.root=clips
```

"""
RECIPES = """
# Recipes

`videoai train experiment=NAME data.path=TABLE.csv`: the settings of a paper, or of its authors' code. Each file in
`configs/experiment` names its source, what of the source it cannot express, and the command that scores the result.
Accuracies of these recipes are not measured here, but for `gestures` and `fights` ([results](results.md)).

| experiment | model | what |
|---|---|---|
"""
WEIGHTS = """
# Published weights

Top-1 is the publisher's own claim, with views (clips x crops). Verified: *parity* = the publisher's layout, filled with
fixed random numbers, gives through our converter the logits of the publisher's own code within 1e-5 of their spread;
*no* = not compared for this file. No accuracy was measured here with the published files. Those of CLIP
and X-CLIP have no classes (0), because texts are their classes ([zero_shot.md](zero_shot.md)).

| weights | model | trained on | classes | clip | top-1 | licence | verified | file |
|---|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    families: dict[str, list[str]] = {}
    for name in names():
        families.setdefault(MODELS[name].family, []).append(name)
    return HEAD + "\n".join(section(family, members) for family, members in families.items()) + recipes() + weights()


def section(family: str, members: list[str]) -> str:
    """One family of models as a table."""
    lines = [f"## {family}", "", "| name | M params | GFLOPs | clip | pretrained | what |", "|---|---|---|---|---|---|"]
    for name in members:
        card, size = MODELS[name], sizes()[name]
        numbers = f"{size.parameters / 1e6:.2f} | {size.gflops:.2f} | {card.clip} | {card.pretrained or ''}"
        lines.append(f"| `{name}` | {numbers} | {card.summary} ({card.paper}) |")
    return "\n".join(lines) + "\n"


def recipes() -> str:
    """The experiments: the first line of each file says what it is, its defaults name the model."""
    lines = []
    for file in sorted((CONFIGS / "experiment").glob("*.yaml")):
        text = file.read_text()
        model = re.search(r"override /model: (\S+)", text)
        lines.append(f"| `{file.stem}` | `{model[1] if model else ''}` | {text.splitlines()[1].removeprefix('# ')} |")
    return RECIPES + "\n".join(lines) + "\n"


def weights() -> str:
    """Every published checkpoint that we read, as a table."""
    lines = []
    for name, row in all_weights().items():
        clip = f"{row.clip.num_frames}x{row.clip.stride}x{row.clip.size}"
        top1 = "" if row.top1 is None else f"{row.top1:.1f} ({row.views})"
        file = f"[file]({row.url})" if row.url else f"[by hand]({row.page})" if row.page else "by hand"
        facts = (row.model, row.dataset, row.num_classes, clip, top1, row.licence, row.verified, file)
        lines.append(f"| `{name}` | {' | '.join(map(str, facts))} |")
    return WEIGHTS + "\n".join(lines) + "\n"


def write_sizes() -> None:
    """Measure every model: minutes."""
    rows = [f" {json.dumps(name)}: {json.dumps(measure(name)._asdict())}" for name in names()]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    sizes.cache_clear()


if __name__ == "__main__":
    if "--page" not in sys.argv:
        write_sizes()
    PAGE.write_text(page())
    print(PAGE, FILE)
