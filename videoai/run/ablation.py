"""``evaluate ablate=[...]``: how many answers stay right when motion or sound of the clips is taken away."""

import logging
from collections.abc import Callable, Mapping, Sequence

from videoai.core.messages import pluralize
from videoai.core.types import SoundSpec
from videoai.inference.score import ViewOutputs
from videoai.report.motion import Ablated, compare, sentence
from videoai.report.page.html import tag
from videoai.report.page.summary import Section
from videoai.report.result_files import Evaluated, Report
from videoai.settings.verbs import Ablation
from videoai.tasks.supervised import SupervisedTask

logger = logging.getLogger(__name__)


def check_ablate(task: SupervisedTask, ablate: Sequence[Ablation], sound: SoundSpec | None) -> None:
    """Raises: ValueError: no answer of the task is right or wrong, so none can be lost; or no sound to take away."""
    if "mute" in ablate and (sound is None or sound.is_required):
        alone = "sees alone" if sound is None else "hears alone"
        raise ValueError(f"ablate=mute takes the sound away, and the checkpoint {alone}. It is for modalities=[v,a].")
    if ablate and type(task).is_right is SupervisedTask.is_right:
        raise ValueError(
            f"ablate=[{','.join(ablate)}] counts right answers, and {type(task).__name__} has none. Leave it out, or "
            "define is_right(scores, targets)."
        )


def ablations(
    task: SupervisedTask, evaluated: Evaluated, names: Sequence[Ablation], score: Callable[[Ablation], ViewOutputs]
) -> dict[Ablation, Ablated]:
    """The same videos scored with each ablation. ``score``: scores them."""
    compared: dict[Ablation, Ablated] = {}
    for name in dict.fromkeys(names):
        logger.info("ablate: the same videos, %s", name)
        before, after = (
            task.is_right(scores, evaluated.targets) for scores in (evaluated.scores, task.scores(score(name)))
        )
        assert before is not None and after is not None  # check_ablate
        compared[name] = compare(before, after)
    return compared


def with_ablations(report: Report, ablated: Mapping[Ablation, Ablated]) -> Report:
    """The report with what the ablations cost, in numbers and words."""
    if not ablated:
        return report
    said = {name: {**one.results(), "sentence": sentence(name, one)} for name, one in ablated.items()}
    return report._replace(results={**report.results, "ablations": said})


def with_unheard(report: Report, views: ViewOutputs) -> Report:
    """The report with the number of videos that have no sound, where a model hears and some have none."""
    return report._replace(results={**report.results, "unheard": len(views.unheard)}) if views.unheard else report


def unheard_rows(views: ViewOutputs) -> list[tuple[str, str]]:
    """A row for the console; none where all were heard."""
    number = f"{len(views.unheard)} of {pluralize(views.num_videos, 'video')}, answered by the picture alone"
    return [("without sound", number)] if views.unheard else []


def motion_sections(ablated: Mapping[Ablation, Ablated], note: str | None = None) -> list[Section]:
    """The part of the page; none without ablations. ``note``: why they may say little."""
    if not ablated:
        return []
    how = (
        "Loss: right answers without the ablation minus right answers with it, on the same videos; interval by "
        "Newcombe's method 10 for paired shares (Statistics in Medicine 17, 1998)."
    )
    said = [tag("p", one) for one in [*([note] if note else []), *map(sentence, ablated, ablated.values())]]
    title = "Motion and sound" if "mute" in ablated else "Motion"
    return [Section(title, tag("div", *said, tag("p", how, class_="hint")))]
