"""The curves of a run, from the records of its metrics.jsonl."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from videoai.report.page.curves import Curve, curves_chart
from videoai.report.page.html import tag
from videoai.report.page.summary import Section

Points = list[tuple[float, float]]
SPLITS = {"train": "training, augmented", "val": "validation"}


class RunCurves:
    """Loss, the metric that chose the best checkpoint, and the learning rate of a run."""

    def __init__(self, path: Path, metric: str, title: str, best_step: int) -> None:
        """path: ``metrics.jsonl``; title: of the metric. Raises: OSError, ValueError."""
        self.records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        self.metric, self.title, self.best_step = metric, title[:1].upper() + title[1:], best_step

    def points(self, split: str, key: str) -> Points:
        """(step, value) of a value that a split logs; none where it does not."""
        return [(one["step"], one[key]) for one in self.records if one["split"] == split and one.get(key) is not None]

    def losses(self, split: str) -> Points:
        """(step, loss) with NaN where it was not finite, which metrics.jsonl holds as null."""
        logged = [one for one in self.records if one["split"] == split and "loss" in one]
        return [(one["step"], math.nan if one["loss"] is None else one["loss"]) for one in logged]

    def charts(self) -> Mapping[str, Mapping[str, Points]]:
        """Title -> split -> points, of loss and metric."""
        keys = {"Loss": "loss", self.title: self.metric}
        return {title: {split: self.points(split, key) for split in SPLITS} for title, key in keys.items()}

    def section(self, verdict: str = "") -> Section:
        """The part of the page. ``verdict``: what the curves say, in words."""
        drawn = []
        for title, curves in self.charts().items():
            styles = zip(curves.items(), ("first", "second"), strict=True)
            lines = [Curve(SPLITS[split], points, style) for (split, points), style in styles]
            drawn.append(curves_chart(title, lines, best_step=self.best_step))
        drawn.append(curves_chart("Learning rate", [Curve("of the head", self.points("train", "lr"))]))
        said = f"The dashed line is the best checkpoint, step {self.best_step}, which this page evaluates."
        words = [*[tag("p", verdict)] * bool(verdict), tag("p", said, class_="hint")]
        return Section("Training", tag("div", *words, tag("div", *drawn, class_="charts")))
