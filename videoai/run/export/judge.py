"""The original and its export on the very same clips: how much is lost, and in which videos they differ."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from videoai.core.messages import pluralize
from videoai.core.types import ClipSpec
from videoai.data.dataset import EvalClips
from videoai.data.normalize import ToModelInput
from videoai.data.targets import split_targets
from videoai.inference.load import LoadedModel
from videoai.inference.score import ViewOutputs
from videoai.report.comparison import mcnemar
from videoai.report.paired import paired_difference
from videoai.run.checkpoint_data import DataChange
from videoai.run.evaluate import Split, evaluation_precision, name_of, open_split, score, split_clips
from videoai.run.faces import cropping_as_trained
from videoai.settings.export import ExportSettings
from videoai.settings.parse import parse
from videoai.settings.verbs import EvaluateSettings
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)
CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What an export loses on the videos of a split."""

    split: str
    fingerprint: str  # identifies the data
    num_videos: int
    num_unreadable: int
    metric: str
    original: float
    exported: float
    loss: float  # how much worse the export is; below 0 = better
    max_loss: float
    low: float | None  # 95 % interval of the loss, by Newcombe's method; None = no answer is right or wrong
    high: float | None
    p_value: float | None  # McNemar's exact test
    max_difference: float  # between outputs before activation
    differing: list[dict[str, str]]  # videos that are answered otherwise

    @property
    def is_refused(self) -> bool:
        """Whether more is lost than was allowed."""
        return not self.loss <= self.max_loss

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """What is printed."""
        test = "" if self.p_value is None else f", p = {self.p_value:.2g} (McNemar)"
        return (
            f"{self.metric} on {pluralize(self.num_videos, 'video')} of {self.split}: original {self.original:.4f}, "
            f"export {self.exported:.4f}{test}; {pluralize(len(self.differing), 'video')} answered otherwise; outputs "
            f"differ by up to {self.max_difference:.2g}"
        )


class SideBySide(nn.Module):
    """Two networks that see the same clips once: outputs of both, [B, 2 K]."""

    def __init__(self, one: nn.Module, other: nn.Module, clip: ClipSpec) -> None:
        super().__init__()
        self.one, self.other, self.clip = one, other, clip

    def forward(self, video: Tensor) -> Tensor:
        return torch.cat([self.one(video), self.other(video)], 1)


def open_judging(
    settings: ExportSettings, change: DataChange, state: Mapping[str, Any], task: SupervisedTask
) -> Split | None:
    """The videos that judge; None, with a line that says why, where the checkpoint's own are not there.

    Raises: OSError, ValueError: those that the user names cannot be read.
    """
    try:
        return open_split(evaluate_settings(settings), change, state, task)
    except (OSError, ValueError) as error:
        if change != DataChange():
            raise
        logger.warning("not judged on videos, only on the stored clip: %s", error)
        return None


def evaluate_settings(settings: ExportSettings) -> EvaluateSettings:
    """Those with which ``evaluate`` would read the same videos."""
    same = {key: getattr(settings, key) for key in ("checkpoint", "split", "batch_size", "num_workers", "trust")}
    return parse(EvaluateSettings, {**same, "device": "cpu"})


def judge(
    settings: ExportSettings,
    split: Split,
    state: Mapping[str, Any],
    task: SupervisedTask,
    original: LoadedModel,
    exported: nn.Module,
) -> Judgement:
    """One pass over the videos, whose clips both networks see. Raises: ValueError: none can be read."""
    asked, dataset = evaluate_settings(settings), clips_of(settings, split, state, original)
    both = SideBySide(original.model, exported, original.clip)
    views = score(both, dataset, asked, evaluation_precision("fp32", CPU))  # pyright: ignore[reportArgumentType]
    one, other = (views._replace(outputs=part.contiguous()) for part in views.outputs.chunk(2, 1))
    return compared(settings, split, task, one, other, original.classes)


def clips_of(settings: ExportSettings, split: Split, state: Mapping[str, Any], original: LoadedModel) -> EvalClips:
    """Those that ``evaluate`` would read."""
    asked = evaluate_settings(settings)
    faces = cropping_as_trained(state, split.paths, faces=asked.faces, model=asked.faces_model)
    return split_clips(original, split, asked, CPU, faces)


def calibration_clips(
    settings: ExportSettings, split: Split, state: Mapping[str, Any], original: LoadedModel
) -> list[Tensor]:
    """Clips of training videos, spread over their list, as the network takes them: float [1, C, T, S, S] each."""
    items = split.manifest.splits["train"]
    number = min(len(items), settings.calibration_clips)
    chosen = items[np.linspace(0, len(items) - 1, number).round().astype(np.int64)]
    dataset = clips_of(settings, split._replace(items=chosen), state, original)
    read = [dataset[at][0] for at in range(number)]
    to_input = ToModelInput(original.clip)
    return [to_input.normalized(clip.video[None]) for clip in read if not clip.error]


def compared(
    settings: ExportSettings, split: Split, task: SupervisedTask, one: ViewOutputs, other: ViewOutputs, names: list[str]
) -> Judgement:
    """The judgement on the outputs of the original and of the export."""
    truth = task.truth(split_targets(split.items, split.target))
    scores, others = task.scores(one), task.scores(other)
    right, others_right = task.is_right(scores, truth), task.is_right(others, truth)
    metric, values = metric_of(task, [scores, others], truth)
    about: dict[str, Any] = {"low": None, "high": None, "p_value": None, "differing": []}
    if right is not None and others_right is not None:
        paired = paired_difference(right, others_right)
        about = {"low": paired.low, "high": paired.high, "p_value": mcnemar(paired.num_lost, paired.num_won)}
        differs = (right != others_right) | (scores.nan_to_num().argmax(1) != others.nan_to_num().argmax(1))
        paths = [name_of(item, split.manifest.root) for item in split.items]
        about["differing"] = [
            {
                "path": paths[row],
                "original": task.caption(scores[row], truth[row], names),
                "export": task.caption(others[row], truth[row], names),
            }
            for row in differs.nonzero().flatten().tolist()
        ]
    worse = -1 if task.metrics[metric].lower_is_better else 1
    return Judgement(
        split=split.name,
        fingerprint=split.fingerprint,
        num_videos=len(truth),
        num_unreadable=sum(map(bool, one.errors)),
        metric=metric,
        original=values[0],
        exported=values[1],
        loss=worse * (values[0] - values[1]),
        max_loss=settings.max_loss,
        max_difference=float((one.outputs - other.outputs).abs().max()),
        **about,
    )


def metric_of(task: SupervisedTask, scores: list[Tensor], truth: Tensor) -> tuple[str, list[float]]:
    """The metric that chooses checkpoints of the task, and its value for each of ``scores``."""
    name = next(iter(task.metrics))
    return name, [float(task.measure(one, truth)[name]) for one in scores]
