"""Label Studio's exports JSON and JSON-MIN: choices of a video, timeline labels, labels in seconds, tracked boxes."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Unpack

from videoai.core.messages import pluralize
from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.label_studio_tasks import DEFAULT_FPS, Answer, answers_in, names_of
from videoai.data.layouts.stretches import choose, clips, listed, most
from videoai.data.layouts.survey import Candidate, Survey, peek, survey
from videoai.data.lists.listing import NamedSpan
from videoai.data.lists.manifest import Manifest


def detect(tree: Survey) -> Candidate | None:
    files = _files(tree)
    if not files:
        return None
    settings, why = tree.place(), f"{os.path.basename(files[0])} of Label Studio"
    try:
        counts, several = _look(_last_words(answers_in(files, None), []))
    except ValueError:  # reading it will say so
        counts, several = Counter(), set()
    if len(counts) > 1:
        settings["control"] = most(counts)
        why += f"; labels in {', '.join(listed(counts))}, data.control chooses"
    if counts and most(counts) in several:
        settings["multi_label"] = True
    return Candidate("label_studio", settings, why)


def from_label_studio(
    root: str,
    *,
    annotations: str | None = None,
    control: str | None = None,
    fps: float | None = None,
    multi_label: bool = False,
    **options: Unpack[SplitOptions],
) -> Manifest:
    """Reads the videos that have been annotated. Of several annotations of one video the ground truth counts, else the
    latest.

    Args:
        root: the videos, under the names they were uploaded with or under those that Label Studio gave them.
        annotations: the exported file or its folder; None = below root.
        control: from_name of the results that hold the labels; None = the only one.
        fps: what ranges of frames count, frameRate of the labelling interface; None = what the task says, else 24.
        multi_label: a video has any number of labels, each at its times.
    """
    tree = survey(annotations or root)
    files = _files(tree) or tree.fail("Label Studio", "a .json export of annotated videos")
    notes: list[str] = []
    answers = _last_words(answers_in(files, fps), notes)
    counts, _ = _look(answers)
    chosen = choose("control", control, counts, files[0])
    is_labelled = [bool(answer.spans(chosen)) or (multi_label and answer.is_given) for answer in answers]
    labelled = [answer for answer, is_one in zip(answers, is_labelled, strict=True) if is_one]
    if bare := [answer.video for answer, is_one in zip(answers, is_labelled, strict=True) if not is_one]:
        notes.append(f"left out {pluralize(len(bare), 'video')} without a label of {chosen}, first {bare[0]}.")
    if any(chosen in answer.guessed for answer in labelled):
        notes.append(
            f"timelines count frames, {DEFAULT_FPS:g} a second unless the labelling interface has another frameRate: "
            "data.fps=RATE."
        )
    found = (clip for answer in labelled for clip in _clips(answer, answer.spans(chosen), multi_label))
    return manifest_from_annotations(found, root, files[0], notes=notes, **options)


def _files(tree: Survey) -> list[str]:
    return [path for path in tree.named("*.json") if _is_export(peek(path))]


def _is_export(head: str) -> bool:
    """Both forms name a video near their beginning; so tasks about pictures and texts are none of ours."""
    whole = '"result"' in head and ('"annotations"' in head or '"completions"' in head)
    return head.lstrip()[:1] == "[" and (whole or '"annotation_id"' in head)


def _look(answers: Iterable[Answer]) -> tuple[Counter[str], set[str]]:
    """How many labels each control holds, and the controls that give a video several at once."""
    counts: Counter[str] = Counter()
    several = set()
    for answer in answers:
        at: Counter[tuple[Any, ...]] = Counter((control, *span[1:]) for control, span in answer.regions)
        several |= {control for (control, *_), number in at.items() if number > 1}
        counts.update(control for control, _ in answer.regions)
    return counts, several


def _clips(answer: Answer, spans: list[NamedSpan], multi_label: bool) -> Iterator[Annotated]:
    video, *also = names_of(answer.video)
    return clips(answer.entry, video, spans, multi_label=multi_label, also=tuple(also))


def _last_words(answers: Iterable[Answer], notes: list[str]) -> list[Answer]:
    """One answer a task."""
    of_task: dict[str, Answer] = {}
    disputed: dict[str, str] = {}
    for answer in answers:
        before = of_task.get(answer.task)
        if before and before.is_given and {*before.regions} != {*answer.regions}:
            disputed[answer.task] = answer.video
        if before is None or answer.rank >= before.rank:
            of_task[answer.task] = answer
    if disputed:
        notes.append(
            f"{pluralize(len(disputed), 'video has', 'videos have')} annotations that differ, first "
            f"{next(iter(disputed.values()))}; the one that is marked as ground truth counts, else the latest."
        )
    return list(of_task.values())
