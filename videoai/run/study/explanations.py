"""``study explanations``: does the heat of an explanation lie where, and when, the thing moves that a class is about?

The clips are those of ``motion16``, whose object is known in each frame. For *when*, the same clips move in a third
of their frames; in the others nothing happens, and the camera shakes, so that motion alone does not tell. Beside each
method stand a point in the middle, the energy of motion, and the same network with random weights (Adebayo et al. 2018,
arXiv:1810.03292), whose explanations should point nowhere.
"""

import copy
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from videoai.attribution.faithfulness import area, curves
from videoai.attribution.maps import NoMap
from videoai.attribution.methods import attribute
from videoai.attribution.pointing import Circle, centre_point, hits_in_space, hits_in_time, motion_energy
from videoai.core.files import write_atomic
from videoai.core.messages import command_line
from videoai.core.progress import counting
from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec
from videoai.data.decode import open_video
from videoai.data.motion16.dataset import motion16
from videoai.data.motion16.motion import CLASSES
from videoai.data.motion16.truth import truth_at
from videoai.inference.explain import as_input
from videoai.inference.predict import Predictor
from videoai.report.explanations import Points, explanation_table, verdict
from videoai.run.predict import predictor_of_pixels
from videoai.settings.study import ExplanationsStudySettings
from videoai.settings.verbs import Method, PredictSettings

logger = logging.getLogger(__name__)
SHAKE = 1  # pixels


class Shown(NamedTuple):
    """A clip that the network names rightly, and the same one standing still but for a stretch."""

    label: int
    frames: Tensor  # uint8 [T, C, H, W]
    circle: Circle
    still: Tensor  # uint8 [T, C, H, W]
    moving: Tensor  # bool [T], of ``still``


def study_explanations(settings: ExplanationsStudySettings) -> dict[str, Any]:
    """Explain the same clips by each method. Returns: the content of results.json, ``table`` and ``folder``.

    Raises: OSError, ValueError: naming what is wrong.
    """
    asked = PredictSettings(checkpoint=settings.checkpoint, input="", device=settings.device, trust=settings.trust)
    predictor = predictor_of_pixels(asked, [], "study explanations")
    if predictor.model.classes != [*CLASSES]:
        train = command_line("train", "data=motion16", "model=tiny_r3d")
        raise ValueError(f"{settings.checkpoint}: its classes are not those of motion16. Train one: {train}")
    shown = list(clips_named_rightly(predictor, settings.clips))
    if not shown:
        raise ValueError(f"{settings.checkpoint} names no clip rightly, so there is nothing to explain.")
    rows = [measured(arm, predictor, shown) for arm in arms(settings, predictor, shown)]
    space, during = chances(shown)
    results = {
        "clips": len(shown),
        "chance": {"space": space, "time": during},
        "verdict": verdict(rows, space, during),
        "rows": [row.to_dict() for row in rows],
    }
    folder = Path(settings.run_dir).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / "results.json", (json.dumps(results, indent=2) + "\n").encode())
    return results | {"table": explanation_table(rows), "folder": str(folder)}


def clips_named_rightly(predictor: Predictor, most: int) -> Iterator[Shown]:
    """The first clips of the test split that the network names."""
    items = motion16().splits["test"]
    for number in range(min(most, len(items))):
        item = items[number]
        with open_video(item.path) as video:
            places, _ = predictor.places(video, item.path, 0.0, video.duration_seconds)
            frames = predictor.cropped(video.frames(places, size=predictor.model.clip.short_side))
        if int(predictor.scores(frames[None]).argmax()) == item.label:
            still, moving = standing_still(frames, number)
            yield Shown(item.label, frames, circle_of(item.path, places, predictor.model.clip), still, moving)


def circle_of(path: str, places: Tensor, clip: ClipSpec) -> Circle:
    """The object in the crop that the network sees."""
    where = truth_at(path)
    x, y, scale = (torch.from_numpy(getattr(where, name))[places] for name in ("x", "y", "scale"))
    zoom = clip.short_side / clip.size
    return Circle((x - 0.5) * zoom + 0.5, (y - 0.5) * zoom + 0.5, scale * zoom / 2, period=zoom)


def standing_still(frames: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """The clip with its motion in a third of its frames alone. Before and after, the first and the last of these stay,
    and shake by up to ``SHAKE`` pixels. ``number``: of the clip, which draws."""
    rng = generator_for(0, "still", number)
    moving = max(2, len(frames) // 3)
    first = int(torch.randint(0, len(frames) - moving, (), generator=rng))
    places = torch.arange(len(frames))
    moves = torch.randint(-SHAKE, SHAKE + 1, (len(frames), 2), generator=rng)
    is_moving = (places >= first) & (places <= first + moving)
    moves[is_moving] = 0
    still = frames[places.clamp(first, first + moving)]
    shaken = [frame.roll(move, (1, 2)) for frame, move in zip(still, moves.tolist(), strict=True)]
    return torch.stack(shaken), is_moving


class Arm(NamedTuple):
    """A row of the table: frames uint8 [T, C, H, W] and a label -> heat [T, H, W]."""

    name: str
    heat: Callable[[Tensor, int], Tensor]


def arms(settings: ExplanationsStudySettings, predictor: Predictor, shown: Sequence[Shown]) -> Iterator[Arm]:
    """Two baselines, then each method that suits the network, and likewise with random weights."""
    network = predictor.model.model
    random = randomized(network, settings.seed)

    def explained(explained_network: nn.Module, method: Method) -> Callable[[Tensor, int], Tensor]:
        return lambda frames, label: (
            attribute(explained_network, as_input(predictor.to_input, frames), label, method).heat
        )

    yield Arm("centre of the clip", lambda frames, _: centre_point((len(frames), *frames.shape[2:])))
    yield Arm("energy of motion", lambda frames, _: motion_energy(frames))
    for method in settings.methods:
        try:
            explained(network, method)(shown[0].frames, shown[0].label)
        except NoMap as none:
            logger.warning("%s is left out: %s", method, none)
            continue
        yield Arm(method, explained(network, method))
        yield Arm(f"{method}, random weights", explained(random, method))


def measured(arm: Arm, predictor: Predictor, shown: Sequence[Shown]) -> Points:
    """How often the heat points at the truth, and what hiding and showing its places does."""
    space = during = 0
    deletion = insertion = 0.0
    start = time.perf_counter()
    with counting(arm.name, len(shown)) as add:
        for one in shown:
            heat = arm.heat(one.frames, one.label)
            space += hits_in_space(heat, one.circle)
            during += hits_in_time(arm.heat(one.still, one.label), one.moving)
            found = curves(predictor.model.model, as_input(predictor.to_input, one.frames), one.label, heat)
            deletion, insertion = deletion + area(found.deletion), insertion + area(found.insertion)
            add(1)
    count = len(shown)
    seconds = (time.perf_counter() - start) / count
    return Points(arm.name, count, space, during, deletion / count, insertion / count, seconds)


def chances(shown: Sequence[Shown]) -> tuple[float, float]:
    """How often a random point hits, in space and in time."""
    areas = [float((torch.pi * one.circle.radius**2).mean()) / one.circle.period**2 for one in shown]
    return sum(areas) / len(shown), sum(float(one.moving.float().mean()) for one in shown) / len(shown)


def randomized(network: nn.Module, seed: int) -> nn.Module:
    """A copy whose layers begin anew."""
    fresh = copy.deepcopy(network)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for module in fresh.modules():
            if callable(reset := getattr(module, "reset_parameters", None)):
                reset()
    return fresh.eval()
