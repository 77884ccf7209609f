import itertools

import numpy as np
import pytest

from videoai.data.motion16.motion import CLASSES, LEVELS, REVERSED, render, truth_of
from videoai.data.motion16.rendering import hash_frames

FORWARD_AND_BACK = [(name, back) for name, back in REVERSED.items() if name < back]


def clip(name: str, index: int = 0, **options) -> tuple:
    settings = {"seed": 0, "split": "train", "level": "default", "size_px": 32} | options
    return render(label=CLASSES.index(name), index=index, **settings)


def truths(name: str, num_clips: int, first: int = 0, **options) -> dict[str, np.ndarray]:
    """Each of x, y, angle, scale: [num_clips, T]."""
    settings = {"seed": 0, "split": "train"} | options
    actual = [truth_of(label=CLASSES.index(name), index=first + index, **settings) for index in range(num_clips)]
    return {field: np.stack([getattr(truth, field) for truth in actual]) for field in actual[0]._fields}


def steps(values: np.ndarray, period: float = 1.0) -> np.ndarray:
    """Differences along the last axis, the short way round the circle."""
    return (np.diff(values) + period / 2) % period - period / 2


def test_there_are_sixteen_classes_in_six_pairs_and_four_alone():
    assert len(set(CLASSES)) == 16 and set(REVERSED) == set(CLASSES)
    assert all(REVERSED[REVERSED[name]] == name for name in CLASSES)
    assert sum(REVERSED[name] == name for name in CLASSES) == 4


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_place_gives_the_same_pixels(level):
    first, again = (clip("orbit_cw", index=5, level=level)[0] for _ in range(2))
    assert hash_frames(first) == hash_frames(again)


def test_another_index_split_or_seed_gives_other_pixels():
    places = [{}, {"index": 1}, {"split": "val"}, {"split": "test"}, {"seed": 1}]
    assert len({hash_frames(clip("left", **place)[0]) for place in places}) == len(places)


def test_frames_have_the_asked_shape():
    frames, truth = clip("pulse", size_px=48, num_frames=7)
    assert frames.shape == (7, 48, 48, 3) and frames.dtype == np.uint8
    assert all(values.shape == (7,) and values.dtype == np.float32 for values in truth)


@pytest.mark.parametrize(("name", "back"), FORWARD_AND_BACK)
def test_a_reversed_clip_is_the_clip_of_the_reversed_class(name, back):
    for index in range(2):
        (frames, truth), (other, other_truth) = clip(name, index), clip(back, index)
        assert np.array_equal(frames[::-1], other)
        assert all(np.array_equal(a[::-1], b) for a, b in zip(truth, other_truth, strict=True))


@pytest.mark.parametrize("level", ["easy", "default", "hard"])
def test_the_object_is_brighter_than_what_it_covers(level):
    settings = {"level": level, "size_px": 64, "num_frames": 1}
    inside, outside = [], []
    for index in range(40):
        frames, truth = clip("left", index, **settings)
        grid = (np.arange(64) + 0.5) / 64
        away_x, away_y = ((grid - at + 0.5) % 1 - 0.5 for at in (truth.x[0], truth.y[0]))
        distance = np.hypot(away_x[None, :], away_y[:, None])
        inside.append(frames[0][distance < truth.scale[0] / 8].mean())
        outside.append(frames[0][distance > truth.scale[0]].mean())
    # The centre may fall on the mark, which is half as bright, so not every clip obeys; nearly all do.
    assert np.mean(np.array(inside) > np.array(outside)) > 0.9


def test_expert_clips_are_the_default_clips_with_half_of_them_inverted():
    kept = inverted = 0
    for index in range(24):
        default, expert = (
            clip("up", index, level=level, num_frames=2)[0].astype(int) for level in ("default", "expert")
        )
        kept += np.array_equal(default, expert)
        inverted += np.abs(255 - default - expert).max() <= 1  # both round up at halves
    assert kept + inverted == 24
    assert 4 <= inverted <= 20  # 24 fair coins: outside with probability 3e-4


def test_left_and_right_move_along_x_only():
    left, right = (truths(name, 20, level="easy") for name in ("left", "right"))  # easy: a camera that does not shake
    assert steps(left["x"]).max() < 0 < steps(right["x"]).min()
    assert np.ptp(left["y"], axis=1).max() == 0


def test_speeds_are_in_widths_per_second():
    speeds = -steps(truths("up", 50, level="easy", fps=15.0)["y"]) * 15
    assert speeds.min() > 0.34 and speeds.max() < 0.71  # SPEED, and float32 rounding of differences


def test_spin_cw_turns_from_x_to_y():
    turning = truths("spin_cw", 20)
    assert steps(turning["angle"], 2 * np.pi).min() > 0
    assert np.ptp(truths("spin_cw", 20, level="easy")["x"], axis=1).max() == 0


def test_approach_grows_but_for_the_restart_at_the_largest_size():
    growth = np.diff(truths("approach", 50)["scale"], axis=1)
    shrinks = (growth < 0).sum(axis=1)
    assert shrinks.max() == 1  # one range of sizes takes longer than a clip, so there is at most one restart


def test_orbit_keeps_its_radius():
    where = truths("orbit_ccw", 10, level="easy", num_frames=200)
    for x, y in zip(where["x"], where["y"], strict=True):
        path = np.cumsum([steps(x), steps(y)], axis=1)
        radius = np.ptp(path, axis=1) / 2  # 200 frames are more than five turns
        assert radius == pytest.approx(radius.mean(), rel=0.05)
        assert 0.13 < radius.mean() < 0.23


def test_speed_up_ends_faster_than_it_starts_and_slow_down_the_opposite():
    for name, sign in (("speed_up", 1), ("slow_down", -1)):
        where = truths(name, 20, level="easy")
        speed = np.hypot(steps(where["x"]), steps(where["y"]))
        assert (sign * (speed[:, -4:].mean(axis=1) / speed[:, :4].mean(axis=1) - 1) > (1 if sign > 0 else 0.5)).all()


@pytest.mark.parametrize(
    ("name", "field"), [("shake_h", "x"), ("shake_v", "y"), ("pulse", "scale"), ("swing", "angle")]
)
def test_oscillations_move_one_thing_back_and_forth(name, field):
    where = truths(name, 10, level="easy")
    period = {"angle": 2 * np.pi, "scale": 100.0}.get(field, 1.0)
    turns = np.diff(np.sign(steps(where[field], period)), axis=1) != 0
    assert turns.sum(axis=1).min() >= 4  # 1.2 Hz x 2.1 s x 2 turns, less the ends
    for other in {"x", "y", "scale", "angle"} - {field}:
        assert np.ptp(where[other], axis=1).max() == 0


@pytest.fixture(scope="module")
def states() -> dict[str, np.ndarray]:
    """Each of x, y, angle, scale: [16 classes, 300 clips, T], no scene shared between classes."""
    actual = [truths(name, 300, first=1000 * label) for label, name in enumerate(CLASSES)]
    return {field: np.stack([clips[field] for clips in actual]) for field in actual[0]}


@pytest.mark.parametrize("frame", [0, 16, 31])
@pytest.mark.parametrize("field", ["x", "y", "angle", "scale"])
def test_no_class_shows_in_the_state_of_one_frame(states, field, frame):
    """Every class has the same distribution at every frame: mean and spread of 300 clips agree over the classes."""
    values = states[field][:, :, frame]
    values = np.log(values) if field == "scale" else values
    means, spreads = values.mean(axis=1), values.std(axis=1)
    assert np.abs(means - values.mean()).max() < 4.5 * values.std() / 300**0.5  # 4.5 standard errors
    assert spreads == pytest.approx(np.full(16, values.std()), rel=0.15)  # the sd of 300 uniform draws: known to 3 %


def test_no_class_shows_in_the_brightness_of_a_clip():
    brightness = [
        [clip(name, 100 * label + index, num_frames=2)[0].mean() for index in range(40)]
        for label, name in enumerate(CLASSES)
    ]
    means = np.mean(brightness, axis=1)
    assert np.abs(means - means.mean()).max() < 4 * np.std(brightness) / 40**0.5  # 4 standard errors


@pytest.mark.slow
def test_a_probe_of_first_frames_stays_at_chance():
    """A ridge classifier that knows the frame is the first: 6.25 % expected, 480 clips -> standard error 1.1 %."""
    train, test = (_first_frames(split, count) for split, count in (("train", 960), ("test", 480)))
    features = np.hstack([train, np.ones((len(train), 1))])
    targets = np.eye(16)[np.arange(len(train)) % 16]
    weights = np.linalg.solve(features.T @ features + 10 * np.eye(features.shape[1]), features.T @ targets)
    guesses = (np.hstack([test, np.ones((len(test), 1))]) @ weights).argmax(axis=1)
    assert np.mean(guesses == np.arange(len(test)) % 16) < 0.105


def _first_frames(split: str, count: int) -> np.ndarray:
    """[count, 256] grey values of 16 x 16 px; brightness and size show, position is left to the probe."""
    # One frame at t = 0 would be the middle of a clip: the first of two frames, 2.07 s apart, is where a clip starts.
    settings = {"seed": 0, "split": split, "size_px": 32, "num_frames": 2, "fps": 15 / 31}
    grey = [render(label=index % 16, index=index, **settings)[0][0].mean(axis=2) for index in range(count)]
    return np.stack(grey).reshape(count, 16, 2, 16, 2).mean(axis=(2, 4)).reshape(count, 256) / 255 - 0.4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": 16}, "label 16 does not exist; labels go from 0 to 15"),
        ({"split": "dev"}, "split 'dev' does not exist; choose one of train, val, test"),
        ({"level": "harder"}, "level 'harder' does not exist; choose one of easy, default, hard, expert"),
        ({"seed": -1}, "seed -1 and index 0 must not be negative"),
    ],
)
def test_what_does_not_exist_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        render(**({"label": 0, "seed": 0, "split": "train", "index": 0} | change))


def test_every_class_looks_and_moves_as_it_did(golden):
    """The data set is a promise: figures of different versions are compared on it. Each clip's light, where it lies,
    and the path of the object, at every level."""
    x = (np.arange(16) + 0.5) / 16
    numbers = []
    for label, level in itertools.product(range(16), LEVELS):
        frames, where = render(label=label, seed=3, split="val", index=label, level=level, size_px=16, num_frames=8)
        light = frames.astype(np.float64).mean((0, 3)) / 255
        late = frames[5:].astype(np.float64).mean((0, 3)) / 255
        numbers += [light.mean(), (light * x).mean(), (late * x[:, None]).mean(), (frames[..., 0] / 255.0).std()]
        numbers += [float((values * np.arange(1, 9)).mean()) for values in where]
    golden("motion16", numbers, 1e-4)
