"""What a clip of another size is answered with works when it is followed."""

import re

import pytest

from videoai.models.clip_size import Size3, check_clip, check_patches

PATCH = (2, 16, 16)


@pytest.mark.parametrize("given", [(7, 50, 50), (1, 8, 8), (8, 48, 48)])
def test_what_a_clip_is_answered_with_needs_no_second_step(given: Size3) -> None:
    with pytest.raises(ValueError, match=r"clip of .* built for 16x224x224") as caught:
        check_clip("net", given, (16, 224, 224), PATCH)
    advice = dict(re.findall(r"(\w+\.\w+)=(\d+)", str(caught.value).partition(", or ")[0]))
    model = (int(advice["model.num_frames"]), *2 * (int(advice["model.size"]),))
    clip = (int(advice.get("clip.num_frames", given[0])), *2 * (int(advice.get("clip.size", given[1])),))
    check_patches("net", model, PATCH)
    check_clip("net", clip, model, PATCH)
    assert all(ours <= max(theirs, step) for ours, theirs, step in zip(clip, given, PATCH, strict=True))


def test_the_other_way_out_is_the_models_own_clip() -> None:
    with pytest.raises(ValueError, match=r", or clip\.num_frames=16 clip\.size=224\.$"):
        check_clip("net", (8, 48, 48), (16, 224, 224), PATCH)


def test_a_clip_that_fits_passes() -> None:
    check_clip("net", (16, 224, 224), (16, 224, 224), PATCH)
    check_patches("net", (16, 224, 224), PATCH)
