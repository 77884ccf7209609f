"""Generated clips are read from where generators leave them, and never come as val or test."""

import numpy as np
import pytest

from videoai.data.generated.dataset import clip_path, read_generated_dataset, table_of
from videoai.data.lists.from_files import from_csv

CLASSES = ("down", "left", "right", "up")


def table(clip_folder, tmp_path, rows, columns=("path", "label", "confidence", "data")):
    lines = [dict(zip(columns, row, strict=True)) for row in rows]
    for line in lines:
        line["path"] = str(clip_folder / line["path"])
    (tmp_path / "manifest.csv").write_bytes(table_of(lines, columns))
    return str(tmp_path)


def test_class_folders_of_any_generator_are_a_bank_of_sure_clips(clip_folder):
    bank = read_generated_dataset(str(clip_folder), CLASSES)
    assert bank.items.count_labels(4).tolist() == [6, 6, 6, 6]
    assert (bank.confidence == 1).all()
    assert bank.made_from is None


def test_labels_are_those_of_the_data_that_the_clips_join(clip_folder):
    classes = ("zebra", *CLASSES[::-1])
    bank = read_generated_dataset(str(clip_folder), classes)
    assert all(f"/{classes[item.label]}/" in item.path for item in bank.items)


def test_a_table_says_how_sure_a_judge_was_of_each_clip(clip_folder, tmp_path):
    rows = [("up/up_1.mp4", "up", 0.25, "abc"), ("left/left_0.mp4", "left", 0.75, "abc")]
    bank = read_generated_dataset(table(clip_folder, tmp_path, rows), CLASSES)
    sure = {CLASSES[item.label]: float(c) for item, c in zip(bank.items, bank.confidence, strict=True)}
    assert sure == {"up": 0.25, "left": 0.75}
    assert bank.made_from == "abc"


def test_a_table_that_is_written_is_read_as_data_too(clip_folder, tmp_path):
    rows = [("up/up_1.mp4", "up", 0.25, "abc"), ("left/left_0.mp4", "left", 0.75, "abc")]
    manifest = from_csv(table(clip_folder, tmp_path, rows) + "/manifest.csv", val_fraction=0, test_fraction=0)
    assert manifest.classes == ("left", "up") and len(manifest.splits["train"]) == 2


def test_clips_that_a_table_calls_val_or_test_are_left_out_and_counted(clip_folder, tmp_path):
    rows = [("up/up_1.mp4", "up", "train"), ("left/left_0.mp4", "left", "train"), ("up/up_2.mp4", "up", "test")]
    bank = read_generated_dataset(table(clip_folder, tmp_path, rows, ("path", "label", "split")), CLASSES)
    assert len(bank.items) == 2
    assert "left out 1 clip that it calls val or test." in bank.notes


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("up/up_1.mp4", "sideways", 1, "")],
            "its class sideways is not a class of the training data, which are down",
        ),
        ([("up/up_1.mp4", "up", 1.5, "")], "manifest.csv:2: confidence is '1.5'; give a number from 0 to 1"),
        ([("up/up_1.mp4", "up", "high", "")], "manifest.csv:2: confidence is 'high'"),
    ],
)
def test_what_makes_no_sense_is_refused(clip_folder, tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        read_generated_dataset(table(clip_folder, tmp_path, rows), CLASSES)


def test_a_bank_without_a_table_still_says_what_its_generator_saw(clip_folder, tmp_path):
    for name in CLASSES:
        (tmp_path / name).symlink_to(clip_folder / name)
    (tmp_path / "bank.json").write_text('{"data": "abc"}')
    assert read_generated_dataset(str(tmp_path), CLASSES).made_from == "abc"


def test_file_names_are_unique_where_class_names_cannot_be_folders(tmp_path):
    names = ["a/b", "a_b", "..", ""]
    paths = [clip_path(tmp_path, label, name, 3) for label, name in enumerate(names)]
    assert len(set(paths)) == 4
    assert all(path.parent.parent == tmp_path for path in paths)
    assert np.unique([path.name for path in paths]).tolist() == [f"00{n}_00003.mp4" for n in range(4)]
