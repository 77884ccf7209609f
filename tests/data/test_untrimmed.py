import numpy as np
import pytest

from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.untrimmed import Extent, check_events_left, cut_to_video, extents, training_windows, untrimmed


def test_the_stretches_of_a_video_become_its_spans_however_they_are_listed():
    single = [VideoItem("a", 1, 5.0, 6.0), VideoItem("b", 0), VideoItem("a", 0, 1.0, 2.0)]
    several = [VideoItem("a", MULTI_LABEL, 1.0, 6.0, spans=(LabelSpan(0, 1.0, 2.0), LabelSpan(1, 5.0, 9.0)))]
    made = untrimmed(Manifest(("x", "y"), {"train": single}, "here")).splits["train"]
    assert [(item.path, item.spans) for item in made] == [
        ("a", (LabelSpan(0, 1.0, 2.0), LabelSpan(1, 5.0, 6.0))),
        ("b", (LabelSpan(0, 0.0, None),)),
    ]
    (again,) = untrimmed(Manifest(("x", "y"), {"train": several}, "here")).splits["train"]
    assert again.spans == made[0].spans  # a span ends with the stretch that it was listed in


def test_untrimmed_data_stay_as_they_are_and_a_video_without_events_counts():
    rows = [VideoItem("a", MULTI_LABEL, spans=(LabelSpan(0, 1.0, 2.0),)), VideoItem("b", MULTI_LABEL, spans=())]
    made = untrimmed(Manifest(("x",), {"train": rows}, "here"))
    assert made.splits["train"] == rows
    assert "2 videos with 1 event of 1 class" in made.notes[-1]


def test_a_video_in_two_splits_is_refused():
    splits = {"train": [VideoItem("a", 0, 0.0, 1.0)], "test": [VideoItem("a", 0, 2.0, 3.0)]}
    with pytest.raises(ValueError, match="stretches of a stand in train and in test. A video .* belongs to one split"):
        untrimmed(Manifest(("x",), splits, "here"))


def test_events_outside_of_the_video_are_left_out_or_cut_and_said():
    spans = (
        LabelSpan(0, 1.0, 2.0),
        LabelSpan(0, 4.0, 4.0),
        LabelSpan(0, 9.0, 30.0),
        LabelSpan(0, 9.5, 10.05),
        LabelSpan(0, 12.0, 13.0),
    )
    items, notes = cut_to_video(Items.of([VideoItem("a", MULTI_LABEL, spans=spans)]), [Extent(10.0, 25.0)])
    assert items[0].spans == (LabelSpan(0, 1.0, 2.0), LabelSpan(0, 9.0, None), LabelSpan(0, 9.5, 10.05))
    assert notes[0].startswith("2 events left out, without a moment in the video: a 4 to 4 s of 10.0 s, a 12 to 13 s")
    assert notes[1].startswith("1 event cut at the end of the video: a 9 to 30 s of 10.0 s. Are the times seconds")


def test_training_windows_cover_each_video_and_reach_its_end():
    rows = [VideoItem("long", MULTI_LABEL, spans=()), VideoItem("short", MULTI_LABEL, spans=())]
    made = training_windows(Items.of(rows), [Extent(10.0, 10.0), Extent(1.0, 10.0)], [2.0, 2.0])
    times = [(item.path, item.start_seconds, item.end_seconds) for item in made]
    assert times == [
        ("long", 0.0, 4.0),
        ("long", 2.0, 6.0),
        ("long", 4.0, 8.0),
        ("long", 6.0, None),
        ("short", 0.0, None),
    ]


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ((LabelSpan(0, 90.0, 120.0),), "1 event left out, .*: a 90 to 120 s of 10.0 s"),
        ((LabelSpan(0, 10.0, None),), "1 event left out, .*: a 10 to the end"),
        ((), "None is annotated"),
    ],
)
def test_a_split_without_an_event_in_its_videos_is_refused(spans, said):
    items, notes = cut_to_video(Items.of([VideoItem("a", MULTI_LABEL, spans=spans)]), [Extent(10.0, 25.0)])
    with pytest.raises(ValueError, match=rf"here: no event of val lies within its video\. {said}.* in seconds"):
        check_events_left(items, "here", "val", notes)


def test_an_event_may_end_half_a_window_after_the_features_of_its_video(tmp_path):
    times = [(0.0, 2.0), (1.0, 3.0), (2.0, 4.0)]
    rows = [FeatureRow("a.mp4", *span, None, None, None, None) for span in times]
    facts = {"window_seconds": 2.0, "stride_seconds": 1.0}
    write_table(tmp_path / "t.npz", iter([Block(rows, np.zeros((3, 2), np.float32))]), 2, facts)
    spans = (LabelSpan(0, 3.0, 4.9), LabelSpan(0, 3.0, 5.2))
    items = Items.of([VideoItem(f"{tmp_path}/t.npz#/a.mp4", -1, spans=spans)])
    cut, notes = cut_to_video(items, extents(items, {}))
    assert [span.end_seconds for span in cut[0].spans] == [4.9, None]
    assert len(notes) == 1 and notes[0].startswith("1 event cut at the end of the video")
