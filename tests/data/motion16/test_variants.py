"""Variants of motion16: what is said to be true of a clip is what it shows."""

from collections import Counter

import numpy as np
import pytest

from videoai.data.motion16.dataset import motion16
from videoai.data.motion16.motion import LEVELS
from videoai.data.motion16.rendering import hash_frames
from videoai.data.motion16.variants import (
    LEVELS_OF_SPEED,
    MOTIONS,
    SHAPES,
    VARIANT_SIZES,
    VARIANTS,
    VariantSize,
    render_variant,
    truth_of_variant,
)

SCENE = {"level": LEVELS["default"], "seed": 0, "split": "train", "num_frames": 32, "fps": 15}


def truths(variant: str, count: int) -> list[dict[str, str]]:
    return [truth_of_variant(variant, **SCENE, index=index) for index in range(count)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def mini(monkeypatch):
    monkeypatch.setitem(VARIANT_SIZES, "tiny", VariantSize(6, 3, 3, 32))


@pytest.mark.parametrize("variant", [name for name, about in VARIANTS.items() if about.draw])
def test_a_clip_is_a_function_of_its_arguments(variant):
    one, two = (render_variant(variant, **SCENE, index=3, size_px=32) for _ in range(2))
    assert hash_frames(one[0]) == hash_frames(two[0])
    assert one[0].shape == (32, 32, 32, 3)
    assert one[1] == two[1] == truth_of_variant(variant, **SCENE, index=3)
    assert hash_frames(render_variant(variant, **SCENE, index=4, size_px=32)[0]) != hash_frames(one[0])


def test_speed_and_angle_are_those_of_the_sprite():
    rng, seconds = np.random.default_rng(0), (np.arange(32) - 15.5) / 15
    drawn = VARIANTS["regression"].draw(rng, LEVELS["default"], seconds)
    (where,) = drawn.where
    x, y = np.unwrap(where.x, period=1), np.unwrap(where.y, period=1)
    across, down = (x[-1] - x[0]) / (31 / 15), (y[-1] - y[0]) / (31 / 15)
    assert np.hypot(across, down) == pytest.approx(float(drawn.truth["speed"]), abs=1e-4)
    assert np.degrees(np.arctan2(down, across)) == pytest.approx(float(drawn.truth["angle"]), abs=0.01)


def test_targets_are_spread_and_independent_of_each_other():
    numbers = np.array([[float(one["speed"]), float(one["angle"])] for one in truths("regression", 400)])
    assert abs(np.corrcoef(numbers.T)[0, 1]) < 0.15
    levels = Counter(one["label"] for one in truths("ordinal", 300))
    assert {*levels} == {*LEVELS_OF_SPEED}
    assert min(levels.values()) > 70
    pairs = Counter((one["motion"], one["shape"]) for one in truths("multi_head", 400))
    assert len(pairs) == len(MOTIONS) * len(SHAPES)
    sets = truths("multi_label", 300)
    assert {len(one["label"].split("|")) for one in sets} == {1, 2, 3}


@pytest.mark.usefixtures("mini")
def test_files_are_made_once_and_the_table_beside_them_reads_the_same(cache):
    from videoai.data.lists.from_files import from_csv

    kinds = {"angle": "value", "speed": "value"}
    made = motion16(variant="regression", size="tiny", root=cache, columns=kinds, num_workers=0)
    assert {split: len(items) for split, items in made.splits.items()} == {"train": 6, "val": 3, "test": 3}
    assert [column.name for column in made.columns] == ["angle", "speed"]
    again = motion16(variant="regression", size="tiny", root=cache, columns=kinds, num_workers=0)
    assert again.fingerprint() == made.fingerprint()
    table = from_csv(f"{made.source}/index.csv", columns=kinds)
    assert [item.values for item in table.splits["val"]] == [item.values for item in made.splits["val"]]


@pytest.mark.usefixtures("mini")
def test_a_variant_brings_its_own_targets_and_no_others(cache):
    several = motion16(variant="multi_label", size="tiny", root=cache, num_workers=0)
    assert several.is_multi_label
    assert {*several.classes} <= {*MOTIONS}
    assert {*motion16(variant="ordinal", size="tiny", root=cache, num_workers=0).classes} <= {*LEVELS_OF_SPEED}
    with pytest.raises(ValueError, match=r"data.variant=ordinal has no column 'speed' .*none beside the label"):
        motion16(variant="ordinal", size="tiny", root=cache, columns={"speed": "value"}, num_workers=0)
    with pytest.raises(ValueError, match="its columns: motion .class., shape .class."):
        motion16(variant="multi_head", size="tiny", root=cache, columns={"shape": "value"}, num_workers=0)


def test_a_variant_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="variant 'regress' does not exist; choose one of classes, regression"):
        motion16(variant="regress")
