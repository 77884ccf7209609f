import pytest

from videoai.core.types import ClipSpec


def test_a_clip_survives_the_way_through_a_checkpoint():
    clip = ClipSpec(num_frames=16, size=112, stride=2, resize=128, mean=(0.1, 0.2, 0.3))
    assert ClipSpec(**clip.to_dict()) == clip


def test_what_a_clip_does_not_say_is_as_pyslowfast_has_it():
    clip = ClipSpec(num_frames=16, size=112)
    assert (clip.stride, clip.resize, clip.fps) == (1, 112, None)
    assert (clip.sampling, clip.past_end, clip.channels) == ("dense", "repeat", "rgb")
    assert (clip.mean, clip.std) == ((0.45, 0.45, 0.45), (0.225, 0.225, 0.225))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"num_frames": 0}, "clip.num_frames=0: must be at least 1"),
        ({"resize": 100}, "smaller than clip.size=112"),
        ({"sampling": "evenly"}, "choose from dense, uniform"),
        ({"past_end": "pad"}, "choose from repeat, loop, error"),
    ],
)
def test_impossible_clips_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ClipSpec(**{"num_frames": 16, "size": 112, **wrong})
