import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec
from videoai.data.sampling import TemporalJitter, clip_indices, span_frames

VIEWS = ((0, 1), (0, 3), (1, 3), (2, 3))  # (view, num_views)


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


def test_no_frames_is_an_error():
    with pytest.raises(ValueError, match="no frames"):
        clip_indices(0, 25.0, spec())


def drawn(jitter: TemporalJitter, num_frames: int = 200, count: int = 200, **changes) -> list[list[int]]:
    clip = spec(**changes)
    return [
        clip_indices(num_frames, 25.0, clip, generator=generator_for(seed, "tempo"), jitter=jitter).tolist()
        for seed in range(count)
    ]


@given(
    num_frames=st.integers(1, 200),
    clip_frames=st.integers(1, 32),
    stride=st.integers(1, 6),
    sampling=st.sampled_from(["dense", "uniform"]),
    speed=st.floats(1.0, 4.0),
    jitter=st.floats(0.0, 1.0),
    drop=st.floats(0.0, 0.9),
    seed=st.integers(0, 99),
)
def test_playing_with_time_stays_in_the_video_and_in_order(
    num_frames, clip_frames, stride, sampling, speed, jitter, drop, seed
):
    clip = spec(num_frames=clip_frames, stride=stride, sampling=sampling)
    temporal = TemporalJitter(speed=speed, jitter=jitter, drop=drop)
    indices = clip_indices(num_frames, 25.0, clip, generator=generator_for(seed, "t"), jitter=temporal)
    assert indices.shape == (clip_frames,)
    assert 0 <= int(indices.min()) <= int(indices.max()) < num_frames
    assert (indices.diff() >= 0).all()
    again = clip_indices(num_frames, 25.0, clip, generator=generator_for(seed, "t"), jitter=temporal)
    assert torch.equal(indices, again)


def test_a_steady_tempo_draws_nothing():
    assert drawn(TemporalJitter()) == drawn(TemporalJitter(speed=1.0, jitter=0.0, drop=0.0))
    generator = generator_for(0, "untouched")
    before = generator_for(0, "untouched")
    clip_indices(200, 25.0, spec(), generator=generator)
    torch.randint(2, (), generator=before)  # the start of the clip is the only draw
    assert torch.equal(generator.get_state(), before.get_state())


def test_speed_stretches_the_span_both_ways_up_to_its_factor():
    spans = [clip[-1] - clip[0] for clip in drawn(TemporalJitter(speed=2.0))]  # 14 frames at its own speed
    assert min(spans) == 7
    assert max(spans) == 28
    slower = sum(span < 14 for span in spans)
    assert 70 < slower < 130  # the logarithm is uniform: half of 200, give or take four standard deviations


def test_speed_never_runs_a_clip_that_fits_out_of_its_video():
    for clip in drawn(TemporalJitter(speed=4.0), num_frames=20, past_end="error"):
        assert clip[-1] < 20
        assert len(set(clip)) > 3


def test_uniform_sampling_at_a_slower_speed_covers_a_part_of_the_video():
    spans = [clip[-1] - clip[0] for clip in drawn(TemporalJitter(speed=4.0), sampling="uniform")]
    assert min(spans) < 60
    assert max(spans) > 170


def test_jitter_moves_frames_by_less_than_half_the_way_to_the_next():
    plain, moved = (drawn(jitter, stride=9) for jitter in (TemporalJitter(), TemporalJitter(jitter=1.0)))
    distances = [b - a for one, other in zip(plain, moved, strict=True) for a, b in zip(one, other, strict=True)]
    assert {min(distances), max(distances)} <= {-5, -4, 4, 5}  # half of 9, rounded


def test_a_lost_frame_is_replaced_by_the_one_before_and_the_first_is_never_lost():
    held = 0
    for plain, lossy in zip(drawn(TemporalJitter()), drawn(TemporalJitter(drop=0.5)), strict=True):
        assert lossy[0] == plain[0]
        for place in range(1, 8):
            assert lossy[place] in (plain[place], lossy[place - 1])
            held += lossy[place] != plain[place]
    assert 0.45 < held / (200 * 7) < 0.55  # a share of 0.5 of 1400 has a standard deviation of 0.013


def test_the_frames_of_a_clip_are_what_they_were(golden):
    """Views, rates, ends and jitter; a resumed run, and figures of different versions, rely on each index."""
    jitter = TemporalJitter(speed=1.5, jitter=0.5, drop=0.2)
    specs = [spec(), spec(stride=5), spec(fps=10.0), spec(past_end="loop"), spec(sampling="uniform")]
    indices = []
    for clip, num_frames in itertools.product(specs, (1, 7, 15, 16, 40, 301)):
        indices += [clip_indices(num_frames, 24.0, clip, view=view, num_views=count) for view, count in VIEWS]
        indices += [clip_indices(num_frames, 24.0, clip, generator=generator_for(seed, "g")) for seed in range(2)]
        indices.append(clip_indices(num_frames, 24.0, clip, generator=generator_for(5, "g"), jitter=jitter))
    golden("clip_indices", [float((one * torch.arange(1, 9)).sum()) for one in indices], 0)
