"""What ``data inspect`` warns about and proposes; files are real."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from PIL import Image

from videoai.compose.settings import from_keywords
from videoai.core.types import ClipSpec
from videoai.data.decode import open_video
from videoai.data.layouts.survey import Candidate
from videoai.run.datasets.inspect import fit_clip, inspect
from videoai.settings.datasets import InspectSettings
from videoai.settings.training import TrainSettings


def look_into(path: str | Path, **settings: Any) -> dict[str, Any]:
    def defaults(fit: Candidate) -> TrainSettings:
        return from_keywords(TrainSettings, {"data": {"name": fit.name, **fit.settings}}).settings()

    return inspect(InspectSettings(path=str(path), **settings), defaults)


def test_a_layout_that_cannot_be_read_gives_way_to_the_next(clip_folder, tmp_path):
    (tmp_path / "data").symlink_to(clip_folder, target_is_directory=True)
    root = tmp_path / "own"
    root.mkdir()
    for name in ("left", "right"):
        (root / name).symlink_to(clip_folder / name)
    (root / "clips.csv").write_text("path,label\ngone.mp4,a\n")
    report = look_into(root, look=2)
    assert [layout["name"] for layout in report["layouts"]] == ["csv", "folder"]
    assert "1 of 1 files are missing" in report["layouts"][0]["error"]
    assert report["layout"] == "folder"
    assert all("data.flip=0" in layout["command"] for layout in report["layouts"])  # left and right are classes


@pytest.mark.parametrize(
    ("header", "name", "setting"),
    [
        ("path,label,subject", "{label}/{index}.mp4", "data.split_by=subject"),
        (None, "{label}/p{person}/{index}.mp4", "data.split_by=folder"),
        (None, "{label}/v_g{person}_c{index}.mp4", "data.split_by=source"),
        ("clip_name,class,Actor ID", "{label}/{index}.mp4", "'data.group=Actor ID'"),
    ],
)
def test_the_command_keeps_people_and_sources_together(clip_folder, tmp_path, header, name, setting):
    lines, source = [header], (clip_folder / "up" / "up_0.mp4").read_bytes()
    for number in range(24):
        label, person = ("run", "walk")[number % 2], number // 4 if number % 2 else number // 4 + 1
        path = tmp_path / name.format(label=label, person=person, index=number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source)
        lines.append(f"{path.relative_to(tmp_path)},{label},{person}")
    if header:
        (tmp_path / "clips.csv").write_text("\n".join(lines))
    report = look_into(tmp_path, look=1)
    assert setting in report["command"]
    assert all(setting not in layout["command"] for layout in report["layouts"] if layout["name"] != report["layout"])
    assert any("keeps each together" in note for note in report["notes"])


def test_where_nothing_can_be_read_there_is_no_content(tmp_path):
    (tmp_path / "clips.csv").write_text("path,label\ngone.mp4,a\n")
    report = look_into(tmp_path, look=2)
    assert "classes" not in report
    assert "files are missing" in report["layouts"][0]["error"]


def test_unreadable_videos_and_imbalance_are_warned_about(clip_folder, tmp_path):
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
    source = (clip_folder / "left" / "left_0.mp4").read_bytes()
    for i in range(40):
        (tmp_path / "left" / f"{i}.mp4").write_bytes(source)
    for i in range(2):
        (tmp_path / "right" / f"{i}.mp4").write_bytes(b"no video at all")
    report = look_into(tmp_path, look=50)
    assert report["videos"]["looked_at"] == 42
    assert len(report["videos"]["unreadable"]) == 2
    counts = {name: split["train"] for name, split in report["classes"].items()}
    expected = f"imbalance: {counts['left']} train clips of left, {counts['right']} of right"
    assert any(warning.startswith(expected) for warning in report["warnings"])
    assert any(warning.startswith("2 of 42 videos looked at cannot be read, first ") for warning in report["warnings"])


def test_no_more_videos_are_opened_than_asked_for(clip_folder, monkeypatch):
    opened = Mock(wraps=open_video)
    monkeypatch.setattr("videoai.run.datasets.inspect.open_video", opened)
    monkeypatch.setattr("videoai.run.video_facts.open_video", opened)
    assert look_into(clip_folder, look=5)["videos"]["looked_at"] == opened.call_count == 5


def test_a_stretch_behind_the_end_is_said_and_counts_as_no_length(clip_folder, tmp_path):
    rows = [
        f"{clip_folder}/{label}/{label}_{index}.mp4,{label},{start},{start + 1}"
        for label in ("up", "down")
        for index, start in enumerate((0, 1, 50))
    ]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label,start_seconds,end_seconds", *rows]))
    report = look_into(tmp_path / "clips.csv")
    assert (report["videos"]["looked_at"], report["videos"]["seconds"]["min"]) == (6, 1)
    assert any("short while sampling: it begins at 50 s, and the video lasts" in text for text in report["warnings"])


def test_traits_of_files_that_tell_the_class_are_warned_about(clip_folder, tmp_path):
    source = (clip_folder / "left" / "left_0.mp4").read_bytes()
    for name, suffix in (("a", ".mp4"), ("b", ".mov")):
        (tmp_path / name).mkdir()
        for index in range(30):
            (tmp_path / name / f"{index}{suffix}").write_bytes(source)
    assert any(text.startswith("the file type of a video alone") for text in look_into(tmp_path)["warnings"])


def test_the_path_of_the_command_is_quoted_for_the_shell(clip_folder, tmp_path, monkeypatch):
    (tmp_path / "it's mine").symlink_to(clip_folder, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    report = look_into("it's mine", look=1)
    assert "'data.root=it'\"'\"'s mine'" in report["command"]


def test_folders_of_images_have_the_rate_that_is_given_and_the_command_names_it(tmp_path):
    for name in ("left", "right"):
        for clip in range(2):
            folder = tmp_path / name / f"clip{clip}"
            folder.mkdir(parents=True)
            for number in range(20):
                Image.new("RGB", (8, 6)).save(folder / f"{number:05d}.png")
    report = look_into(tmp_path, look=4, frame_fps=10)
    assert (report["videos"]["fps"]["median"], report["videos"]["seconds"]["median"]) == (10, 2)
    assert "loading.frame_fps=10" in report["command"]
    assert look_into(tmp_path, look=4)["videos"]["fps"]["median"] == 30


def test_a_folder_without_a_layout_is_described_and_the_layouts_named(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "a.mp4").touch()
    message = r"no known layout. Seen: 1 annotation file \(notes.txt\), 1 video \(a.mp4\). Known: csv, folder, "
    with pytest.raises(ValueError, match=message):
        look_into(tmp_path, look=1)


def test_no_such_path_offers_a_near_name(tmp_path):
    (tmp_path / "videos").mkdir()
    with pytest.raises(FileNotFoundError, match=r"vidoes: no such file or folder. Did you mean videos\?"):
        look_into(Path(tmp_path) / "vidoes", look=1)


@pytest.mark.parametrize(
    ("frames", "change"),
    [
        ([61.0, 61.0], {}),
        ([32.0, 32.0, 90.0], {"clip.stride": 2}),
        ([12.0, 12.0], {"clip.sampling": "uniform"}),
        ([56.0, 56.0], {}),  # five frames short of 61: held still
        ([], {}),
    ],
)
def test_a_clip_longer_than_most_videos_is_made_to_fit(frames, change):
    clip = ClipSpec(num_frames=16, size=32, stride=4)
    assert fit_clip(clip, frames, {"min": 30, "median": 30, "max": 30})[0] == change


def test_a_clip_that_sees_little_of_a_video_is_mentioned():
    clip = ClipSpec(num_frames=16, size=32, stride=2)
    change, words = fit_clip(clip, [310.0], {"min": 30, "median": 30, "max": 30})
    assert change == {}
    assert words[0].startswith("one clip shows 10% of a typical video")
