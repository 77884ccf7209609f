"""Several models in one decoding pass say what each says alone, and hold few frames."""

import numpy as np
import pytest
import torch

from videoai.core.types import ClipSpec
from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.describe import new_describer
from videoai.inference.load import LoadedModel
from videoai.inference.look import FRAMES_AT_ONCE, WindowWatcher, watch
from videoai.inference.predict import Predictor
from videoai.models import create_model
from videoai.tasks.classify import Classify
from videoai.tasks.localize.task import Localize

DENSE = ClipSpec(num_frames=8, stride=2, size=32)
SPREAD = ClipSpec(num_frames=8, stride=1, size=32, resize=40, sampling="uniform")
EVENTS = ClipSpec(num_frames=16, stride=1, size=32, fps=8.0)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """16 s of noise that drifts, at 12.5 frames a second."""
    draws = np.random.default_rng(0)
    frames = np.repeat(draws.integers(0, 255, (10, 40, 56, 3), dtype=np.uint8), 20, 0)
    frames[:, :8] = draws.integers(0, 255, (200, 8, 56, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_clip(path, frames, 12.5)
    return str(path)


def predictor(clip, *, events=False, **more):
    torch.manual_seed(0)
    node = {"body": {"name": "small_r3d"}, "head": {"name": "linear"}} if events else {}
    network = create_model("per_frame" if events else "tiny_r3d", num_classes=3, **node)
    model = LoadedModel(network, classes=["a", "b", "c"], clip=clip).eval()
    task = Localize(threshold=0.4) if events else Classify()
    precision = Precision("fp32", device=torch.device("cpu"))
    return Predictor(model=model, task=task, to_input=ToModelInput(clip), precision=precision, **more)


def numbers_in(said):
    """All numbers of plain data, in order."""
    if isinstance(said, dict):
        return [number for value in said.values() for number in numbers_in(value)]
    if isinstance(said, list | tuple):
        return [number for value in said for number in numbers_in(value)]
    return [said] if isinstance(said, float) else []


def test_models_that_look_together_answer_as_each_does_alone(film):
    alone = [
        predictor(DENSE),
        predictor(SPREAD, window_seconds=2.0, hop_seconds=0.5),
        predictor(EVENTS, events=True),
    ]
    contents = new_describer(alone, shot_threshold=None, num_key_frames=3)(film)
    for one, seen in zip(alone, contents.seen, strict=True):
        said, expected = seen.answer.to_dict(), one(film).to_dict()
        assert numbers_in(said) == pytest.approx(numbers_in(expected), abs=1e-4)
        assert [*said] == [*expected]
    assert contents.shots == [(0.0, 16.0)]
    assert 1 <= len(contents.key_frames) <= 3
    assert all(one.jpeg.startswith(b"\xff\xd8") for one in contents.key_frames)


def test_a_spread_clip_gets_windows_and_key_frames_come_from_the_first_model_that_pools(film):
    describer = new_describer(
        [predictor(EVENTS, events=True), predictor(SPREAD)], shot_threshold=None, num_key_frames=2
    )
    assert describer.chooser == 1 and describer.pooled.kind == "pooled"
    contents = describer(film)
    assert len(contents.seen[1].spans) == 4  # 4 s each
    assert contents.seen[0].features is None
    assert contents.seen[1].features.shape == (4, create_model("tiny_r3d", num_classes=3).num_features)


def test_no_more_frames_are_held_than_a_window_and_those_read_at_once(film):
    with open_video(film) as video:
        watcher = WindowWatcher(predictor(DENSE), video, film)
        held = []
        take = watcher.take
        watcher.take = lambda numbers, frames: (take(numbers, frames), held.append(len(watcher.held)))
        watch(video, [watcher])
        assert watcher.next == len(watcher.spans)
    assert len(held) == -(-200 // FRAMES_AT_ONCE)
    assert max(held) <= 8
