"""The classifiers' table, and what is asked of their evaluations; nothing is trained."""

from pathlib import Path
from types import SimpleNamespace

from videoai.compose.settings import from_keywords
from videoai.core.types import VideoItem
from videoai.data.lists.manifest import Manifest
from videoai.run.gan import classifiers
from videoai.run.manifests import build_manifest
from videoai.run.study import held_out
from videoai.settings.data import DataSettings
from videoai.settings.study import MoreDataSettings, SplitLeakSettings
from videoai.settings.training import TrainSettings


def table(folder: Path) -> Manifest:
    """Two clips of each class in train, one in val and in test."""
    items = {
        split: [VideoItem(str(folder / f"{split}{k}{n}.mp4"), k) for k in (0, 1) for n in range(count)]
        for split, count in (("train", 2), ("val", 1), ("test", 1))
    }
    for item in (item for split in items.values() for item in split):
        Path(item.path).touch()
    return Manifest(("a", "b"), items, "here")  # pyright: ignore[reportArgumentType]


def test_the_table_of_a_classifier_is_not_dealt_into_folds_again(tmp_path):
    manifest = table(tmp_path)
    given = DataSettings(source={"name": "folder"}, folds=5, test_fold=0)
    data = classifiers.write_table(tmp_path / "clips.csv", manifest.splits["train"], manifest, given)
    read = build_manifest(data, trust=())
    assert {split: len(items) for split, items in read.splits.items()} == {"train": 4, "val": 2, "test": 2}


def test_the_classifiers_of_a_study_write_no_pages(tmp_path, monkeypatch):
    asked = []

    def evaluate(settings):
        asked.append(settings.report)
        return SimpleNamespace(folder=str(tmp_path), results={"mean_class_accuracy": 0.5})

    (tmp_path / "per_class.csv").write_text("class,accuracy\na,1.0\nb,0.0\n")
    monkeypatch.setattr(classifiers, "evaluate", evaluate)
    assert classifiers.score("best.pt", "test", 4, SplitLeakSettings()).per_class == {"a": 1.0, "b": 0.0}

    manifest = table(tmp_path)
    val = manifest.splits["val"]
    lines = [f"{Path(item.path).name},{manifest.classes[item.label]},a,1,0.75,b,0.25" for item in val]
    header = "path,label,predicted,correct,probability,top2,top2_probability"
    (tmp_path / "predictions.csv").write_text("\n".join([header, *lines]))
    monkeypatch.setattr(held_out, "evaluate", evaluate)
    monkeypatch.setattr(held_out, "train", lambda settings, interrupt: SimpleNamespace(run_dir=settings.run_dir))
    training = from_keywords(TrainSettings, {"data": {"name": "folder", "root": str(tmp_path)}}).settings()
    answer = held_out.Networks(manifest, MoreDataSettings(), training)
    assert answer(manifest.splits["train"], val, 0, tmp_path / "part").tolist() == [[0.75, 0.25]] * 2
    assert asked == [False, False]
