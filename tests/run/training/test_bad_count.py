import pytest
import torch

from videoai.core.types import MULTI_LABEL, Clips, LabelSpan, VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.run.training.bad_count import SHARE_EVERY, BadCount


def clips(*errors: str) -> Clips:
    zeros = torch.zeros(len(errors), dtype=torch.int64)
    return Clips(
        torch.zeros(len(errors), 1, 3, 2, 2, dtype=torch.uint8), zeros, torch.arange(len(errors)), zeros, list(errors)
    )


def of_two_classes(num_first: int, num_second: int) -> Manifest:
    """A training split with the videos of the class "run" first, then those of "walk"."""
    items = [VideoItem(f"{index}.mp4", int(index >= num_first)) for index in range(num_first + num_second)]
    return Manifest(("run", "walk"), {"train": items, "val": [], "test": []}, "here")


def test_unreadable_videos_are_counted_once_each(caplog):
    count = BadCount(of_two_classes(10, 10), 0.25)
    for _ in range(3):
        count(clips("", "a.mp4: broken", "b.mp4: broken"))
    assert len(count.bad) == 2
    assert caplog.text.count("replaced by a random substitute") == 2


def test_too_many_unreadable_videos_stop_the_run():
    message = "3 of 10 training videos are unreadable, more than loading.max_bad_fraction=0.25; the last: z. Repair"
    with pytest.raises(ValueError, match=message):
        BadCount(of_two_classes(9, 1), 0.25)(clips("x", "y", "z"))


def test_a_class_that_loses_more_than_a_fifth_stops_the_run():
    BadCount(of_two_classes(10, 90), 0.05)(clips("x", "y"))  # two of ten, a fifth
    message = "3 of the 10 training videos of 'run' are unreadable and would be replaced by other classes.* the last: z"
    with pytest.raises(ValueError, match=message):
        BadCount(of_two_classes(10, 90), 0.05)(clips("x", "y", "z"))


@pytest.mark.slow
def test_processes_that_train_together_count_what_all_could_not_read(tmp_path):
    """A real group of two: each reads one broken video, and only together they are too many."""
    torch.multiprocessing.spawn(count_in_group, (str(tmp_path / "meet"),), nprocs=2)


def count_in_group(number: int, where: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{where}", rank=number, world_size=2)
    count = BadCount(of_two_classes(10, 10), 0.05)
    count(clips(*(["x", ""] if number == 0 else ["", "y"])))
    for _ in range(SHARE_EVERY - 2):
        count(clips("", ""))
    assert list(count.bad.values()) == ["xy"[number]]
    with pytest.raises(ValueError, match="2 of 20 training videos are unreadable"):
        count(clips("", ""))
    torch.distributed.destroy_process_group()


def test_one_unreadable_video_of_a_small_class_is_bad_luck():
    BadCount(of_two_classes(3, 97), 0.05)(clips("x"))


def test_an_unreadable_video_with_several_labels_counts_in_each_of_their_classes():
    sets = [(LabelSpan(0), LabelSpan(1))] * 3 + [(LabelSpan(1),)] * 97
    items = [VideoItem(f"{index}.mp4", MULTI_LABEL, spans=spans) for index, spans in enumerate(sets)]
    manifest = Manifest(("rare", "common"), {"train": items, "val": [], "test": []}, "here")
    with pytest.raises(ValueError, match="2 of the 3 training videos of 'rare' are unreadable"):
        BadCount(manifest, 0.05)(clips("x", "y"))
