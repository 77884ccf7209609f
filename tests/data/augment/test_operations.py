import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from videoai.core.seeding import generator_for
from videoai.core.types import Clips, Op
from videoai.data.augment.operations import apply_ops, kernels, operate

OPS = [
    *(Op(name, (1.5,)) for name in ("brightness", "contrast", "saturation", "sharpness")),
    *(Op(name, (0.4,)) for name in ("brightness", "contrast", "saturation", "sharpness")),
    *(Op("posterize", (3,)), Op("solarize", (100.0,)), Op("invert"), Op("autocontrast"), Op("equalize")),
    *(Op("rotate", (-25.0,)), Op("shear_x", (15.0,)), Op("shear_y", (-15.0,))),
    *(Op("translate_x", (0.2,)), Op("translate_y", (-0.3,)), Op("erase", (2, 3, 5, 6, 10, 200, 30))),
]
STRENGTHLESS = [
    *(Op(name, (1.0,)) for name in ("brightness", "contrast", "saturation", "sharpness")),
    *(Op(name, (0.0,)) for name in ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")),
    Op("posterize", (8,)),
]


def name(op: Op) -> str:
    return f"{op.name}{op.values[:1]}"


def moving(num: int = 3, frames: int = 4, height: int = 20, width: int = 16) -> Tensor:
    """uint8 [B, T, C, H, W] of noise that is neither black nor white."""
    shape = (num, frames, 3, height, width)
    return torch.randint(30, 220, shape, dtype=torch.uint8, generator=generator_for(0, "moving"))


def batch(video: Tensor, *ops: tuple[Op, ...]) -> Clips:
    zeros = torch.zeros(len(video), dtype=torch.int64)
    return Clips(video, zeros, torch.arange(len(video)), zeros, [""] * len(video), ops)


def test_every_kernel_is_tested():
    assert {op.name for op in OPS} == set(kernels())


@pytest.mark.parametrize("op", OPS, ids=name)
def test_all_frames_of_a_clip_are_treated_alike(op):
    still = moving(frames=1).expand(-1, 4, -1, -1, -1)
    changed = operate(still, op)
    assert (changed == changed[:, :1]).all()


@pytest.mark.parametrize("op", OPS, ids=name)
def test_an_operation_changes_the_pixels_and_keeps_type_and_shape(op):
    video = moving()
    before = video.clone()
    changed = operate(video, op)
    assert (changed.dtype, changed.shape) == (torch.uint8, video.shape)
    assert not torch.equal(changed, video)
    assert torch.equal(video, before)


@pytest.mark.parametrize("op", STRENGTHLESS, ids=name)
def test_without_strength_an_operation_changes_nothing(op):
    assert torch.equal(operate(moving(), op), moving())


@pytest.mark.parametrize("op", OPS, ids=name)
def test_a_batch_is_treated_like_its_clips_one_by_one(op):
    video = moving()
    together, alone = operate(video, op), torch.stack([operate(clip, op) for clip in video])
    # One level: the mean of a frame may be summed in another order, and levels are cut off to whole numbers.
    assert (together.int() - alone.int()).abs().max() <= 1


@pytest.mark.parametrize("op", [Op("equalize"), Op("autocontrast")], ids=name)
def test_levels_are_measured_over_the_clip_and_not_in_each_frame(op):
    video = moving(num=1)
    video[:, 0] //= 2  # a dark frame among bright ones
    changed = operate(video, op)
    assert changed[:, 0].float().mean() < 0.75 * changed[:, 1].float().mean()
    for level in video[0, 0, 0].unique():
        assert len(changed[0, :, 0][video[0, :, 0] == level].unique()) == 1  # one table for all frames


def test_an_erased_box_has_its_place_and_colour_in_every_frame_and_nothing_else_changes():
    video = moving()
    erased = operate(video, Op("erase", (2, 3, 5, 6, 10, 200, 30)))
    box = erased[..., 2:7, 3:9]
    assert all((box[:, :, channel] == value).all() for channel, value in enumerate((10, 200, 30)))
    assert int((erased != video).any(2).sum()) == 3 * 4 * 5 * 6


def test_each_clip_gets_its_own_operations_in_its_own_order():
    video = moving(num=5)
    invert, dark, turn = Op("invert"), Op("brightness", (0.5,)), Op("rotate", (20.0,))
    ops = [(invert, dark), (dark, invert), (), (turn,), (turn, dark)]
    done = apply_ops(batch(video, *ops))
    for clip, given_ops, result in zip(video, ops, done.video, strict=True):
        for op in given_ops:
            clip = operate(clip, op)
        assert torch.equal(result, clip)
    assert not torch.equal(done.video[0], done.video[1])


def test_clips_without_operations_are_passed_on_as_they_are():
    plain = batch(moving())
    assert apply_ops(plain) is plain
    empty = batch(moving(num=2), (), ())
    assert apply_ops(empty) is empty


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_what_happens_to_a_clip_does_not_depend_on_its_neighbours(seed):
    choose = generator_for(seed, "ops")
    ops = [tuple(OPS[int(i)] for i in torch.randint(len(OPS), (2,), generator=choose)) for _ in range(3)]
    video = moving()
    together = apply_ops(batch(video, *ops)).video
    for row in range(3):
        alone = apply_ops(batch(video[row : row + 1], ops[row])).video[0]
        differ = (together[row].int() - alone.int()).abs()
        # Summed in another order a mean may differ by a level; an operation after it can only make much of that rarely.
        assert (differ > 1).float().mean() < 0.01
