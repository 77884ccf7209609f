"""Do the facts of a sample of videos say what the set is like, and when lengths give classes away?"""

from unittest.mock import Mock

import pytest
from PIL import Image

from videoai.core.types import VideoItem
from videoai.run import video_facts
from videoai.run.video_facts import VideoFacts, look_at, seconds_tell_class, still_note, telling_traits


def test_a_sample_is_spread_over_the_set_and_leaves_out_what_cannot_be_read(clip_folder, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    items = [VideoItem(str(path), index) for index, path in enumerate(sorted(clip_folder.glob("*/*.mp4")))]
    facts = look_at([VideoItem(str(broken), 99), *items], most=5)
    assert [one.label for one in facts] == [4, 9, 14, 19]
    assert {(one.num_frames, one.height, one.width) for one in facts} == {(32, 32, 32)}


def test_the_facts_are_those_of_the_labelled_stretch(clip_folder):
    path = str(next(clip_folder.glob("*/*.mp4")))
    whole, part, beyond = look_at(
        [VideoItem(path, 0), VideoItem(path, 0, 0.2, 0.6), VideoItem(path, 0, 0.5, 99.0)], most=3
    )
    assert part.seconds == pytest.approx(0.4)
    assert beyond.seconds == pytest.approx(whole.seconds - 0.5)


def test_a_stretch_behind_the_end_is_no_picture(clip_folder):
    path = str(next(clip_folder.glob("*/*.mp4")))
    assert look_at([VideoItem(path, 0, 99.0), VideoItem(path, 0, 99.0, 100.0)], most=2) == []
    assert still_note([VideoItem(path, 0, 99.0)]) is None


def test_videos_behind_a_url_are_not_downloaded_to_count_their_frames(monkeypatch):
    opened = Mock(side_effect=AssertionError)
    monkeypatch.setattr(video_facts, "open_video", opened)
    assert still_note([VideoItem("https://x.org/shards/00000.tar#a.mp4", 0)] * 20) is None
    assert not opened.called


@pytest.mark.parametrize(
    ("num_still", "words"),
    [(0, None), (1, "1 of 3 videos looked at has a single frame"), (3, "3 of 3 videos looked at have a single frame")],
)
def test_videos_of_one_frame_are_counted(num_still, words, tmp_path, clip_folder):
    moving = [str(path) for path in sorted(clip_folder.glob("*/*.mp4"))[: 3 - num_still]]
    for index in range(num_still):
        Image.new("RGB", (32, 32), (index, 0, 0)).save(tmp_path / f"{index}.gif")
    items = [VideoItem(path, 0) for path in [*moving, *map(str, sorted(tmp_path.glob("*.gif")))]]
    note = still_note(items)
    assert note is None if words is None else note is not None and note.startswith(words)


def lengths(seconds_of: dict[int, list[float]]) -> list[VideoFacts]:
    return [VideoFacts(label, 30 * one, 30.0, 240, 320) for label, those in seconds_of.items() for one in those]


@pytest.mark.parametrize(
    ("seconds_of", "tells"),
    [
        ({0: [2.0] * 40, 1: [2.0] * 10 + [1.0, 3.0, 4.0] * 10}, True),  # one class cut to two seconds
        ({0: [5.0] * 30, 1: [50.0] * 30, 2: [5.0] * 30}, True),
        ({0: [2.0] * 40, 1: [2.0] * 40}, False),
        ({0: [1.0, 2.0, 4.0] * 10, 1: [1.0, 2.0, 4.0] * 10}, False),
        ({0: [2.0] * 15, 1: [9.0] * 15}, False),  # too few to tell from chance
    ],
)
def test_lengths_that_tell_the_class_are_noticed(seconds_of, tells):
    assert seconds_tell_class(lengths(seconds_of)) is tells


def files(of: dict[int, list[tuple[int, float, str]]], group: str | None = None) -> list[VideoFacts]:
    """Files of (width, fps, suffix) of each label."""
    return [
        VideoFacts(label, 60, fps, 240, width, group and f"{group}{width}", suffix)
        for label, those in of.items()
        for width, fps, suffix in those
    ]


@pytest.mark.parametrize(
    ("given", "trait"),
    [
        ({0: [(320, 30.0, ".mp4")] * 30, 1: [(426, 30.0, ".mp4")] * 30}, "frame size"),
        ({0: [(320, 30.0, ".mp4")] * 30, 1: [(320, 25.0, ".mp4")] * 30}, "frame rate"),
        ({0: [(320, 30.0, ".mp4")] * 30, 1: [(320, 30.0, ".avi")] * 30}, "file type"),
        (
            {0: [(320, 30.0, ".mp4"), (426, 25.0, ".avi")] * 15, 1: [(320, 30.0, ".mp4"), (426, 25.0, ".avi")] * 15},
            None,
        ),
    ],
)
def test_traits_of_files_that_tell_the_class_are_named(given, trait):
    said = telling_traits(files(given))
    assert [one.split(" of a video")[0] for one in said] == ([f"the {trait}"] if trait else [])


def test_a_size_that_only_one_source_has_tells_nothing_about_other_sources():
    """Each source has a size of its own and one class: a split by source leaves none of it to recognise."""
    sizes = {label: [(300 + 10 * (5 * label + n // 6), 30.0, ".mp4") for n in range(30)] for label in (0, 1)}
    assert telling_traits(files(sizes)) and not telling_traits(files(sizes, group="source"))
