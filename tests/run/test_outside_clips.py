"""Whatever writes a folder of results refuses one among class folders, before it writes."""

import os

import pytest

from videoai.compose.settings import from_keywords
from videoai.run.datasets.check import check
from videoai.run.outside_clips import check_outside_clips
from videoai.run.study.label_noise import study_label_noise
from videoai.run.study.more_data import study_more_data
from videoai.run.study.split_leak import study_split_leak
from videoai.settings.datasets import CheckSettings
from videoai.settings.study import LabelNoiseSettings, MoreDataSettings, SplitLeakSettings
from videoai.settings.training import TrainSettings


@pytest.fixture
def clips(clip_folder, tmp_path):
    """Class folders that a test may write into."""
    (tmp_path / "clips").mkdir()
    for folder in clip_folder.iterdir():
        (tmp_path / "clips" / folder.name).symlink_to(folder)
    return tmp_path / "clips"


def training(root):
    return from_keywords(TrainSettings, {"data": {"name": "folder", "root": str(root)}, "model": "tiny_r3d"}).settings()


@pytest.mark.parametrize(
    "write",
    [
        lambda data: check(CheckSettings(), data.data),
        lambda data: study_more_data(MoreDataSettings(), data),
        lambda data: study_label_noise(LabelNoiseSettings(), data),
        lambda data: study_split_leak(SplitLeakSettings(), data),
    ],
    ids=["data check", "more_data", "label_noise", "split_leak"],
)
def test_run_within_the_folder_of_classes_it_is_refused_and_leaves_nothing(write, clips, monkeypatch):
    monkeypatch.chdir(clips)
    before = sorted(os.listdir())
    with pytest.raises(ValueError, match="lies inside the clips, .* and would be taken for a class of them. Choose"):
        write(training("."))
    assert sorted(os.listdir()) == before


def test_beside_split_folders_and_outside_it_may_lie(clips, tmp_path):
    (tmp_path / "split").mkdir()
    for split in ("train", "val"):
        (tmp_path / "split" / split).symlink_to(clips)
    check_outside_clips(training(tmp_path / "split").data, tmp_path / "split" / "runs")
    check_outside_clips(training(clips).data, tmp_path / "runs")
