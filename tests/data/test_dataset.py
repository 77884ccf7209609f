from pathlib import Path

import numpy as np
import pytest
import torch

from videoai.core.types import MULTI_LABEL, ClipSpec, LabelSpan, VideoItem
from videoai.data import reading
from videoai.data.augment.directions import Directions
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import EvalClips, TrainClips
from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.sampling import TemporalJitter
from videoai.data.targets import MultiHot

CLIP = ClipSpec(num_frames=8, stride=2, size=24, resize=28)


@pytest.fixture
def items(clip_folder: Path) -> list[VideoItem]:
    return [
        VideoItem(str(path), label)
        for label, name in enumerate(("left", "up"))
        for path in sorted((clip_folder / name).iterdir())
    ]


def train_clips(items: list[VideoItem], transform: TrainTransform | None = None, **changes) -> TrainClips:
    return TrainClips(items, CLIP, transform or TrainTransform(size=24), **{"seed": 0, **changes})


def test_a_clip_is_a_function_of_seed_epoch_and_index(items):
    (first,), (again,) = train_clips(items)[3, 5], train_clips(items)[3, 5]
    assert torch.equal(first.video, again.video)
    assert (first.video.shape, first.video.dtype) == ((8, 3, 24, 24), torch.uint8)
    assert (first.label, first.index, first.error) == (0, 5, "")
    for other in (train_clips(items)[4, 5], train_clips(items, seed=1)[3, 5]):
        assert not torch.equal(first.video, other[0].video)


def test_evaluation_yields_every_view_in_order_from_one_decode(items):
    clips = EvalClips(items, CLIP, num_clips=2, num_crops=3)[1]
    assert [clip.view for clip in clips] == list(range(6))
    assert all(
        torch.equal(a.video, b.video)
        for a, b in zip(clips, EvalClips(items, CLIP, num_clips=2, num_crops=3)[1], strict=True)
    )
    single = EvalClips(items, CLIP)[1]
    assert len(single) == 1


def test_a_broken_training_video_is_replaced_alike_every_time_and_says_so(items, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"\0" * 300)
    mixed = [*items, VideoItem(str(tmp_path / "broken.mp4"), 1)]
    (first,), (again,) = train_clips(mixed)[0, len(items)], train_clips(mixed)[0, len(items)]
    assert "broken.mp4" in first.error
    assert first.index == len(items)
    assert torch.equal(first.video, again.video)
    assert first.video.any()


def test_a_broken_test_video_is_black_and_carries_its_error(items, tmp_path):
    (tmp_path / "broken.mp4").write_text("nothing")
    (clip,) = EvalClips([VideoItem(str(tmp_path / "broken.mp4"), 1)], CLIP, num_clips=3)[0]
    assert not clip.video.any()
    assert "broken.mp4" in clip.error


def test_ten_broken_videos_in_a_row_end_the_run(tmp_path):
    (tmp_path / "a.mp4").write_text("no")
    with pytest.raises(ValueError, match="10 unreadable videos in a row, the first: .*a.mp4"):
        train_clips([VideoItem(str(tmp_path / "a.mp4"), 0)])[0, 0]


def test_two_crops_are_refused_before_any_video_is_opened(items):
    with pytest.raises(ValueError, match="2 crops a clip"):
        EvalClips(items, CLIP, num_crops=2)


def test_a_mirrored_clip_is_called_what_it_shows(items):
    plain = TrainTransform(size=24, scale=(1.0, 1.0), flip=0.0)
    mirrored = TrainTransform(size=24, scale=(1.0, 1.0), flip=1.0)
    swapped = Directions(flip=1.0, flip_labels=(1, 0))
    (before,), (after,) = train_clips(items, plain)[0, 3], train_clips(items, mirrored, directions=swapped)[0, 3]
    assert (before.label, after.label) == (0, 1)
    assert torch.equal(after.video, before.video.flip(-1))
    (kept,) = train_clips(items, mirrored)[0, 3]
    assert kept.label == 0


def test_a_reversed_clip_is_called_what_it_shows(items):
    swapped = Directions(reverse=0.5, reverse_labels=(1, 0))
    turned = train_clips(items, TrainTransform(size=24, flip=0.0, reverse=0.5), directions=swapped)
    plain = train_clips(items, TrainTransform(size=24, scale=(1.0, 1.0), flip=0.0))
    labels = [turned[epoch, 2][0].label for epoch in range(20)]
    assert set(labels) == {0, 1}
    whole = train_clips(items, TrainTransform(size=24, scale=(1.0, 1.0), flip=0.0, reverse=1.0), directions=swapped)
    (before,), (after,) = plain[0, 2], whole[0, 2]
    # Reversal is drawn after the frames and before the pixels, so both show the same stretch.
    assert torch.equal(after.video, before.video.flip(0))
    assert (before.label, after.label) == (0, 1)


def test_repeats_are_different_clips_from_one_opening_of_the_video(items, monkeypatch):
    opened = []

    def counting(path):
        opened.append(path)
        return open_video(path)

    monkeypatch.setattr(reading, "open_shown", counting)
    dataset = train_clips(
        items, TrainTransform(size=24, policy="randaugment"), repeats=3, jitter=TemporalJitter(speed=2.0)
    )
    clips = dataset[1, 4]
    assert len(opened) == 1
    assert [(clip.label, clip.index) for clip in clips] == [(0, 4)] * 3
    assert len({clip.video.numpy().tobytes() for clip in clips}) == 3
    assert len({clip.ops for clip in clips}) > 1
    again = dataset[1, 4]
    assert all(torch.equal(a.video, b.video) and a.ops == b.ops for a, b in zip(clips, again, strict=True))
    # The first of them is the clip that there is without repeats.
    (single,) = train_clips(items, TrainTransform(size=24, policy="randaugment"), jitter=TemporalJitter(speed=2.0))[
        1, 4
    ]
    assert torch.equal(single.video, clips[0].video)


def test_all_repeats_of_a_broken_video_are_replaced(items, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"\0" * 300)
    clips = train_clips([*items, VideoItem(str(tmp_path / "broken.mp4"), 1)], repeats=2)[0, len(items)]
    assert len(clips) == 2
    assert all("broken.mp4" in clip.error and clip.index == len(items) and clip.video.any() for clip in clips)


SPANS = (LabelSpan(0), LabelSpan(1, 0.0, 0.4), LabelSpan(2, 1.8))  # in 32 frames at 15 fps, 2.1 s


def test_a_training_clip_has_the_labels_that_hold_in_it(tmp_path):
    levels = np.arange(32, dtype=np.uint8)[:, None, None, None] * 7  # each frame is told by how bright it is
    write_clip(tmp_path / "brighter.mp4", np.broadcast_to(levels, (32, 32, 32, 3)).copy(), 15)
    item = VideoItem(str(tmp_path / "brighter.mp4"), MULTI_LABEL, spans=SPANS)
    clip = ClipSpec(num_frames=4, stride=2, size=24)
    dataset = TrainClips([item], clip, TrainTransform(size=24), seed=0, target=MultiHot(range(4), 4))
    kinds = set()
    for epoch in range(40):
        (actual,) = dataset[epoch, 0]
        first, *_, last = (round(frame.float().mean().item() / 7) for frame in actual.video)
        assert last == first + 6
        early, late = first / 15 <= 0.4, last / 15 >= 1.8
        assert actual.label.tolist() == [1, early, late, 0]
        kinds.add((early, late))
    assert kinds == {(True, False), (False, False), (False, True)}


def test_a_video_that_is_judged_has_all_its_labels_in_every_view(items, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"\0" * 300)
    several = [VideoItem(path, MULTI_LABEL, spans=SPANS) for path in (items[0].path, str(tmp_path / "broken.mp4"))]
    clips = EvalClips(several, CLIP, num_clips=2, target=MultiHot(range(4), 4))
    assert [clip.label.tolist() for index in (0, 1) for clip in clips[index]] == [[1, 1, 1, 0]] * 3


def test_every_label_turns_round_with_its_clip(items):
    item = items[0]._replace(label=MULTI_LABEL, spans=(LabelSpan(0), LabelSpan(2)))
    always = Directions(flip=1.0, flip_labels=(1, 0, 2, 3))
    transform = TrainTransform(size=24, flip=1.0)
    dataset = TrainClips([item], CLIP, transform, seed=0, directions=always, target=MultiHot(range(4), 4))
    assert dataset[0, 0][0].label.tolist() == [0, 1, 1, 0]
