import pytest
import torch

from videoai.core.types import ClipSpec
from videoai.data.encode import write_clip
from videoai.data.media import BadVideo
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.load import LoadedModel
from videoai.inference.predict import Predictor, find_videos
from videoai.tasks.classify import Classify
from videoai.tasks.multi_label import MultiLabel


class Brightness(torch.nn.Module):
    """Class 0 = dark, class 1 = bright: the truth of every window is known."""

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        mean = video.mean((1, 2, 3, 4))
        return torch.stack([-mean, mean], 1) * 50


@pytest.fixture
def half_dark(tmp_path):
    """Six seconds: three dark, three bright, at 10 fps."""
    import numpy as np

    frames = np.full((60, 32, 48, 3), 10, dtype=np.uint8)
    frames[30:] = 240
    write_clip(tmp_path / "half.mp4", frames, 10.0)
    return str(tmp_path / "half.mp4")


def predictor(**changes) -> Predictor:
    clip = ClipSpec(num_frames=5, stride=2, size=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    model = LoadedModel(Brightness(), classes=["dark", "bright"], clip=changes.pop("clip", clip)).eval()
    changes.setdefault("task", Classify())
    precision = Precision("fp32", device=torch.device("cpu"))
    return Predictor(model=model, to_input=ToModelInput(clip), precision=precision, **changes)


def test_a_long_video_gets_a_timeline_that_covers_it(half_dark):
    answer = predictor()(half_dark)
    assert [window.label for window in answer.timeline if window.end_seconds <= 3] == ["dark"] * 3
    assert [window.label for window in answer.timeline if window.start_seconds >= 3] == ["bright"] * 3
    assert answer.timeline[0].start_seconds == 0
    assert answer.timeline[-1].end_seconds == pytest.approx(6.0, abs=0.5)


def test_windows_and_hops_are_in_seconds(half_dark):
    answer = predictor(window_seconds=2.0, hop_seconds=1.0)(half_dark)
    assert [(window.start_seconds, window.end_seconds) for window in answer.timeline] == [(i, i + 2) for i in range(5)]


def test_a_short_video_gets_one_answer(half_dark):
    clip = ClipSpec(num_frames=16, stride=2, size=32)
    answer = predictor(clip=clip, top_k=9)(half_dark)
    assert answer.timeline == []
    assert "timeline" not in answer.to_dict()
    assert [p.name for p in answer.top] in (["dark", "bright"], ["bright", "dark"])


def test_an_unreadable_file_is_a_bad_video(tmp_path):
    (tmp_path / "x.mp4").write_text("hello")
    with pytest.raises(BadVideo):
        predictor()(str(tmp_path / "x.mp4"))


def test_files_folders_and_globs_are_found(tmp_path):
    for name in ("b.mp4", "a.avi", "note.txt", "sub/c.mp4", "d [1].mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def names(pattern: str) -> list[str]:
        return [path.removeprefix(f"{tmp_path}/") for path in find_videos(f"{tmp_path}/{pattern}", (".mp4", ".avi"))]

    assert names("") == ["a.avi", "b.mp4", "d [1].mp4", "sub/c.mp4"]
    assert names("d [1].mp4") == ["d [1].mp4"]
    (tmp_path / "sub" / "loop").symlink_to(tmp_path / "sub")
    (tmp_path / "linked").symlink_to(tmp_path / "sub")
    assert names("linked") == ["linked/c.mp4"]
    assert names("s*") == ["sub/c.mp4"]
    (tmp_path / "linked").unlink()
    (tmp_path / "sub" / "loop").unlink()
    assert names("**") == ["a.avi", "b.mp4", "d [1].mp4", "sub/c.mp4", "note.txt"]  # each once; folders first
    assert names("**/*.mp4") == ["b.mp4", "d [1].mp4", "sub/c.mp4"]
    with pytest.raises(FileNotFoundError, match="Quote a glob"):
        names("*.mkv")
    with pytest.raises(FileNotFoundError, match="no video there"):
        find_videos(str(tmp_path / "sub"), (".mkv",))


def test_of_several_labels_each_has_its_best_window_and_those_above_the_threshold_are_named(half_dark):
    answer = predictor(task=MultiLabel())(half_dark)
    assert set(answer.labels or ()) == {"dark", "bright"}  # one half each; averaged, or as a softmax, neither is sure
    assert [p.probability for p in answer.top] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert [window.labels for window in answer.timeline if window.end_seconds <= 3] == [("dark",)] * 3
    record = answer.to_dict()
    assert record["multi_label"] is True and record["threshold"] == 0.5
    assert [one["predicted"] for one in record["top"]] == [True, True]
    assert "predicted" not in predictor()(half_dark).to_dict()["top"][0]


def test_each_class_may_have_a_threshold_of_its_own(half_dark):
    record = predictor(task=MultiLabel(), thresholds=[1.01, 0.25])(half_dark).to_dict()
    assert {one["label"]: one["threshold"] for one in record["top"]} == {"dark": 1.01, "bright": 0.25}
    assert record["labels"] == ["bright"] and "threshold" not in record
    record = predictor(task=MultiLabel(), thresholds=[0.25, 0.25])(half_dark).to_dict()
    assert record["threshold"] == 0.25 and "threshold" not in record["top"][0]


def test_labels_are_named_even_beyond_the_ranked_ones(half_dark):
    record = predictor(task=MultiLabel(), top_k=1)(half_dark).to_dict()
    assert len(record["top"]) == 1 and sorted(record["labels"]) == ["bright", "dark"]


@pytest.mark.parametrize(
    ("given", "what", "then"),
    [
        (
            "https://x.org/a/film.mp4?token=1",
            "URLs are not read",
            "curl -L -o film.mp4 'https://x.org/a/film.mp4?token=1'",
        ),
        ("http://x.org", "URLs are not read", "-o video.mp4 http://x.org, then input=video.mp4"),
        ("rtsp://cam:554/1", "live streams are read by", "videoai stream checkpoint=PATH source=rtsp://cam:554/1"),
        ("0", "cameras are read by videoai stream", "videoai stream checkpoint=PATH source=0"),
        ("/dev/video2", "cameras are read by videoai stream", "source=/dev/video2"),
        ("s3://bucket/a.mp4", "s3:// is not read", "copy the videos here first"),
    ],
)
def test_what_is_no_file_is_named_with_the_way_to_one(tmp_path, monkeypatch, given, what, then):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as refused:
        find_videos(given, (".mp4",))
    assert f"input={given}: {what}" in str(refused.value) and then in str(refused.value)
    assert "a file, a folder, or a pattern" in str(refused.value)


def test_a_file_with_a_number_for_a_name_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0").touch()
    assert find_videos("0", (".mp4",)) == ["0"]
