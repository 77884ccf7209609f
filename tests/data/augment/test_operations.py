from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from videoai.core.seeding import generator_for
from videoai.core.types import Clips, Op
from videoai.data.augment.operations import OPERATIONS, apply_ops, arrange, kernel_of

BILINEAR = InterpolationMode.BILINEAR
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
    turns = arrange(ops, video.shape[-2:])
    return Clips(video, zeros, torch.arange(len(video)), zeros, [""] * len(video), turns)


def operate(video: Tensor, op: Op) -> Tensor:
    """One operation on clips: uint8 [B, T, C, H, W] -> the same shape."""
    return apply_ops(batch(video, *[(op,)] * len(video))).video


def affine(clip: Tensor, *, move: tuple[int, int] = (0, 0), shear: tuple[float, float] = (0, 0)) -> Tensor:
    return F.affine(clip, angle=0.0, scale=1.0, translate=list(move), shear=list(shear), interpolation=BILINEAR)


def over_the_clip(clip: Tensor, kernel: Callable[[Tensor], Tensor]) -> Tensor:
    """A kernel that measures the picture sees all frames as one, [C, T * H, W]."""
    frames, channels, height, width = clip.shape
    tall = clip.transpose(0, 1).reshape(channels, frames * height, width)
    return kernel(tall).unflatten(1, (frames, height)).transpose(0, 1)


THEIRS: dict[str, Callable[..., Tensor]] = {  # torchvision's kernels, on one clip [T, C, H, W]
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "sharpness": F.adjust_sharpness,
    "posterize": F.posterize,
    "solarize": F.solarize,
    "invert": F.invert,
    "autocontrast": lambda clip: over_the_clip(clip, F.autocontrast),
    "equalize": lambda clip: over_the_clip(clip, F.equalize),
    "rotate": lambda clip, degrees: F.rotate(clip, degrees, interpolation=BILINEAR),
    "shear_x": lambda clip, degrees: affine(clip, shear=(degrees, 0.0)),
    "shear_y": lambda clip, degrees: affine(clip, shear=(0.0, degrees)),
    "translate_x": lambda clip, share: affine(clip, move=(round(share * clip.shape[-1]), 0)),
    "translate_y": lambda clip, share: affine(clip, move=(0, round(share * clip.shape[-2]))),
    "erase": lambda clip, top, left, height, width, *colour: F.erase(
        clip, top, left, height, width, torch.tensor(colour, dtype=torch.uint8).view(3, 1, 1)
    ),
}


def test_every_operation_is_tested():
    assert {op.name for op in OPS} == set(OPERATIONS) == set(THEIRS)


@pytest.mark.parametrize("op", OPS, ids=name)
@pytest.mark.parametrize("kind", ["noise", "grey", "flat", "dark", "channels last"])
def test_each_clip_becomes_what_torchvision_makes_of_it(op, kind):
    video = moving()
    if kind == "channels last":
        video = video.movedim(2, -1).contiguous().movedim(-1, 2)
    elif kind != "noise":
        video = {"grey": video[:, :, :1].expand_as(video), "flat": video.clone().fill_(77), "dark": video // 5}[kind]
    theirs = torch.stack([THEIRS[op.name](clip, *op.values) for clip in video])
    ours = operate(video, op)
    # One level: fractions that are cut off or rounded to whole numbers may differ in float32's last digit.
    differ = (ours.int() - theirs.int()).abs()
    assert differ.max() <= 1
    assert (differ > 0).float().mean() < 0.001
    assert ours.stride() == video.clone().stride()


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
def test_a_kernel_treats_a_batch_like_its_clips_one_by_one(op):
    """A GPU gets all clips at once, a CPU one by one."""
    video = moving()
    kernel, values = kernel_of(op, (20, 16))
    rows = torch.tensor([values] * 3)
    together = kernel(video, rows)
    assert torch.equal(together, torch.cat([kernel(video[row : row + 1], rows[:1]) for row in range(3)]))


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
    for row, given_ops in enumerate(ops):
        clip = video[row : row + 1]
        for op in given_ops:
            clip = operate(clip, op)
        assert torch.equal(done.video[row], clip[0])
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
        assert torch.equal(together[row], apply_ops(batch(video[row : row + 1], ops[row])).video[0])


def test_the_kernels_of_a_turn_do_not_grow_with_the_batch():
    """Sixteen clips with everything there is: one call of each kernel, and the clips move once."""
    few, many = ([OPS[row % len(OPS)] for row in range(count)] for count in (len(OPS), 16 * len(OPS)))
    for ops in (few, many):
        turn, back = arrange([(op,) for op in ops], (20, 16))
        assert [count for _, count in turn.kernels] == [
            sum(OPERATIONS[op.name][0] is kernel for op in ops) for kernel, _ in turn.kernels
        ]
        assert len(turn.kernels) == 7 and not back.kernels
