import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec
from videoai.data.sampling import clip_indices, frame_range, span_frames


def spec(**changes) -> ClipSpec:
    return ClipSpec(**{"num_frames": 8, "size": 32, "stride": 2, **changes})


@given(
    num_frames=st.integers(1, 400),
    clip_frames=st.integers(1, 64),
    stride=st.integers(1, 8),
    sampling=st.sampled_from(["dense", "uniform"]),
    past_end=st.sampled_from(["repeat", "loop"]),
    fps=st.sampled_from([None, 5.0, 12.5, 60.0]),
    seed=st.none() | st.integers(0, 9),
    view=st.integers(0, 3),
)
def test_every_index_lies_in_the_video(num_frames, clip_frames, stride, sampling, past_end, fps, seed, view):
    clip = spec(num_frames=clip_frames, stride=stride, sampling=sampling, past_end=past_end, fps=fps)
    generator = None if seed is None else generator_for(seed, "t")
    indices = clip_indices(num_frames, 25.0, clip, generator=generator, view=view, num_views=4)
    assert indices.shape == (clip_frames,)
    assert 0 <= int(indices.min()) <= int(indices.max()) < num_frames
    if past_end == "repeat" or sampling == "uniform":
        assert (indices.diff() >= 0).all()


def test_one_view_is_centred():
    assert clip_indices(17, 25.0, spec()).tolist() == [1, 3, 5, 7, 9, 11, 13, 15]


def test_views_run_from_the_first_frame_to_the_last():
    views = [clip_indices(35, 25.0, spec(), view=v, num_views=3) for v in range(3)]
    assert [int(v[0]) for v in views] == [0, 10, 20]
    assert int(views[2][-1]) == 34


def test_a_random_clip_reaches_both_ends_and_nothing_beyond():
    starts = {int(clip_indices(18, 25.0, spec(), generator=generator_for(s, "x"))[0]) for s in range(200)}
    assert starts == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("past_end", "expected"), [("repeat", [0, 2, 4, 5, 5, 5, 5, 5]), ("loop", [0, 2, 4, 0, 2, 4, 0, 2])]
)
def test_a_clip_longer_than_the_video_follows_the_past_end_rule(past_end, expected):
    assert clip_indices(6, 25.0, spec(past_end=past_end)).tolist() == expected


def test_past_end_error_says_what_is_needed():
    with pytest.raises(ValueError, match="6 frames, but the clip needs 8 x stride 2 = 15"):
        clip_indices(6, 25.0, spec(past_end="error"))


def test_uniform_takes_one_frame_from_each_segment():
    assert clip_indices(16, 25.0, spec(sampling="uniform")).tolist() == [1, 3, 5, 7, 9, 11, 13, 15]
    drawn = clip_indices(80, 25.0, spec(sampling="uniform"), generator=generator_for(0, "u"))
    assert (drawn // 10).tolist() == list(range(8))


def test_fps_makes_clips_of_the_same_duration_from_any_file():
    clip = spec(fps=10.0, stride=1)
    assert clip_indices(100, 30.0, clip, view=0, num_views=2).tolist() == [0, 3, 6, 9, 12, 15, 18, 21]
    assert clip_indices(100, 10.0, clip, view=0, num_views=2).tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert span_frames(clip, 30.0) == 22
    assert clip_indices(100, 25.0, clip, view=0, num_views=2).tolist() == [0, 3, 5, 8, 10, 13, 15, 18]


def test_seconds_select_the_frames_shown_in_them():
    timestamps = torch.arange(10) / 5.0
    assert frame_range(timestamps.double(), 0.4, 1.0) == (2, 5)
    assert frame_range(timestamps.double(), 0.0, None) == (0, 10)


def test_seconds_beyond_the_video_are_refused():
    with pytest.raises(ValueError, match="no frame between 9 s and None s; the last is at 1.80 s"):
        frame_range(torch.arange(10).double() / 5.0, 9.0, None)


def test_no_frames_is_an_error():
    with pytest.raises(ValueError, match="no frames"):
        clip_indices(0, 25.0, spec())
