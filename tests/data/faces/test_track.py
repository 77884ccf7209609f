import pytest

from videoai.data.faces.track import MAX_GAP, Box, linked, main_track, overlap

FRAME = {"height": 100, "width": 200}


def moments(*boxes_at):
    return [(place / 10, list(boxes)) for place, boxes in enumerate(boxes_at)]


def box(x, y=40.0, side=20.0):
    return Box(x, y, side, side)


@pytest.mark.parametrize(
    ("other", "share"), [(box(10), 1.0), (box(20), 1 / 3), (box(30), 0.0), (Box(10, 40, 20, 10), 0.5)]
)
def test_overlap_is_intersection_over_union(other, share):
    assert overlap(box(10), other) == pytest.approx(share)


def test_boxes_that_overlap_from_one_moment_to_the_next_are_one_face():
    boxes = [box(10 + 5 * place) for place in range(8)]
    track = main_track(moments(*([one] for one in boxes)), **FRAME)
    assert track is not None
    assert track.boxes == tuple(boxes)
    assert track.seconds == tuple(place / 10 for place in range(8))
    assert track.is_alone


@pytest.mark.parametrize(("gap", "tracks"), [(1, 1), (MAX_GAP, 1), (MAX_GAP + 1, 2)])
def test_a_track_passes_over_a_short_gap_alone(gap, tracks):
    assert len(linked([[box(10)], *([[]] * gap), [box(11)]])) == tracks


def test_two_faces_that_pass_each_other_stay_apart():
    right = [box(10 + 8 * place, y=20) for place in range(10)]
    left = [box(90 - 8 * place, y=60) for place in range(10)]
    found = linked([[a, b] if place % 2 else [b, a] for place, (a, b) in enumerate(zip(right, left, strict=True))])
    assert sorted(list(track.values()) for track in found) == sorted([right, left])


@pytest.mark.parametrize(
    ("main", "other", "length"),
    [
        pytest.param(box(90, side=30), box(10, side=20), 10, id="the larger of two that stay as long"),
        pytest.param(box(90), box(0, y=0), 10, id="the one at the middle of two of one size"),
        pytest.param(box(90), box(10, side=30), 4, id="the one that stays longer"),
    ],
)
def test_the_main_face_is_the_long_large_and_central_one(main, other, length):
    for order in (1, -1):
        shown = moments(*([main, other][::order] if place < length else [main] for place in range(10)))
        track = main_track(shown, **FRAME)
        assert track is not None
        assert set(track.boxes) == {main}
        assert not track.is_alone


def test_two_faces_after_each_other_are_not_several_at_a_time():
    track = main_track(moments(*[[box(10)]] * 6, *[[box(150)]] * 4), **FRAME)
    assert track is not None
    assert track.is_alone
    assert len(track.boxes) == 6


@pytest.mark.parametrize("seen", [0, 1])
def test_a_box_in_too_few_moments_is_no_face(seen):
    assert main_track(moments(*[[box(10)]] * seen, *[[]] * (10 - seen)), **FRAME) is None
