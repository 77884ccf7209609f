import numpy as np
import pytest
from numpy import ndarray

from videoai.data.check.examine import Examined, examine
from videoai.data.check.near_duplicates import exact_duplicates, near_duplicates
from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.motion16.motion import render


def rendered(index: int, label: int = 0, size_px: int = 64) -> ndarray:
    return render(label=label, seed=0, split="train", index=index, level="default", size_px=size_px)[0]


@pytest.fixture
def clip(tmp_path):
    def make(name: str, frames: ndarray) -> Examined:
        write_clip(tmp_path / name, frames)
        return examine(str(tmp_path / name))

    return make


def smaller(frames: ndarray) -> ndarray:
    """Half the size and a bit darker: a copy that somebody encoded again."""
    return (frames[:, ::2, ::2] * 0.95).astype(np.uint8)


def test_a_copy_that_was_scaled_and_encoded_again_is_found(clip):
    one = clip("one.mp4", rendered(0))
    copy = clip("copy.mp4", smaller(rendered(0)))
    others = [clip(f"{index}.mp4", rendered(index)) for index in range(1, 6)]
    assert near_duplicates([*others, copy, one]) == [(copy.path, one.path)]


def test_clips_that_are_merely_alike_are_no_copies(clip):
    """The same motion, the same generator, other backgrounds and starts; and one scene run backwards."""
    files = [clip(f"{label}-{index}.mp4", rendered(index, label)) for label in range(4) for index in range(4)]
    files.append(clip("backwards.mp4", rendered(0)[::-1]))
    assert near_duplicates(files) == []


def test_two_quiet_moments_of_one_camera_are_no_copies(clip):
    generator = np.random.default_rng(0)
    scene = generator.integers(0, 255, (8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    quiet = np.repeat(scene[None], 16, 0)
    later = quiet.copy()
    later[:, 10:34, 10:26] = 90  # somebody stands there now
    one, two, copy = clip("one.mp4", quiet), clip("two.mp4", later), clip("copy.mp4", smaller(quiet))
    assert near_duplicates([one, two]) == []
    assert near_duplicates([one, two, copy]) == [(copy.path, one.path)]


def test_copies_to_the_last_byte_are_grouped(clip):
    files = [clip(name, rendered(0)) for name in ("a.mp4", "b.mp4")]
    files.append(clip("c.mp4", rendered(1)))
    assert exact_duplicates(files) == [[files[0].path, files[1].path]]
    assert near_duplicates(files) == []  # they are copies, and named once


def test_every_frame_is_decoded(clip, tmp_path):
    good = clip("good.mp4", rendered(0))
    assert (good.reason, good.num_frames, len(good.looks)) == ("", len(rendered(0)), 8 * 16 * 16)
    data = bytearray((tmp_path / "good.mp4").read_bytes())
    middle = data.index(b"mdat") + len(data) // 2
    data[middle : middle + 600] = bytes(600)
    (tmp_path / "torn.mp4").write_bytes(data)
    torn = examine(str(tmp_path / "torn.mp4"))
    with open_video(tmp_path / "torn.mp4") as video:
        video.frames([0])  # the beginning is fine: only a decode to the end tells
    assert torn.reason in ("corrupt", "short")


def test_what_is_no_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile b.mp4\n")
    assert examine(str(tmp_path / "a.mp4")).reason == "unknown_format"
    assert examine(str(tmp_path / "gone.mp4")).reason == "missing"
    assert examine(str(tmp_path)).reason == "not_a_file"
