from pathlib import Path

import numpy as np
import pytest

from videoai.data.lists.clips_csv import clips_csv
from videoai.data.lists.from_files import from_csv
from videoai.data.lists.manifest import Manifest
from videoai.data.targets import MultiHot, split_targets

LINES = ("a.mp4,train,1,0,", "b.mp4,train,0,,1", "c.mp4,val,,1,-1", "d.mp4,test,1.0,TRUE,nan")
WIDE = ("run", "jump", "sit")


@pytest.fixture
def table(tmp_path) -> Path:
    for line in LINES:
        (tmp_path / line[:5]).touch()
    path = tmp_path / "clips.csv"
    path.write_text("\n".join(("path,split,run,jump,sit", *LINES)) + "\n")
    return path


def read(path: Path, columns=WIDE, **options) -> Manifest:
    return from_csv(path, multi_label=True, label_columns=columns, **options)


def test_a_column_for_each_class_says_one_nought_or_nothing(table):
    manifest = read(table)
    assert manifest.classes == ("jump", "run", "sit") and manifest.is_multi_label and manifest.has_unknown
    first, second = manifest.splits["train"]
    assert (first.labels, first.unknown) == ((1,), (2,))
    assert (second.labels, second.unknown) == ((2,), (0,))
    assert manifest.splits["val"].count_unknown(3).tolist() == [0, 1, 1]
    assert [item.labels for item in manifest.splits["test"]] == [(0, 1)]
    note = "not annotated: 5 pairs of a clip and a class (41.7%), most of sit (3 of 4 clips)"
    assert any(note in one for one in manifest.notes)


def test_what_was_not_annotated_is_no_target(table):
    targets = split_targets(read(table).splits["train"], MultiHot([0, 1, 2], 3))
    np.testing.assert_array_equal(targets.numpy(), [[0, 1, np.nan], [np.nan, 0, 1]])


def test_a_column_of_unknown_labels_says_the_same(table, tmp_path):
    narrow = tmp_path / "narrow.csv"
    lines = ("a.mp4,train,run,sit", "b.mp4,train,sit,jump", "c.mp4,val,jump,run|sit", "d.mp4,test,run|jump,sit")
    narrow.write_text("\n".join(("path,split,label,unknown labels", *lines)) + "\n")
    manifest = from_csv(narrow, multi_label=True)
    assert manifest.splits == read(table).splits and manifest.fingerprint() == read(table).fingerprint()


def test_what_is_written_is_read_again(table, tmp_path):
    manifest = read(table)
    written = tmp_path / "written.csv"
    written.write_bytes(
        clips_csv(manifest, {item.path: item.path for part in manifest.splits.values() for item in part})
    )
    assert from_csv(written, multi_label=True).splits == manifest.splits


def test_a_set_without_gaps_has_the_fingerprint_and_the_table_that_it_had(table, tmp_path):
    table.write_text("path,split,run,jump,sit\na.mp4,train,1,0,0\nb.mp4,train,0,1,1\n")
    narrow = tmp_path / "narrow.csv"
    narrow.write_text("path,split,label\na.mp4,train,run\nb.mp4,train,jump|sit\n")
    manifest = read(table, val_fraction=0, test_fraction=0)
    plain = from_csv(narrow, multi_label=True, val_fraction=0, test_fraction=0)
    assert manifest.fingerprint() == plain.fingerprint() and not manifest.has_unknown
    assert b"unknown_labels" not in clips_csv(plain, {item.path: item.path for item in plain.splits["train"]})


@pytest.mark.parametrize(
    ("header", "columns", "options", "message"),
    [
        ("path,split,run,jump,sit", ("run", "leap"), {}, "needs the column 'leap'"),
        ("path,split,run,jump,sit", ("run", "run"), {}, "'run' is named twice"),
        ("path,label,run,jump,sit", ("run", "jump"), {}, "with a column label: labels stand in one of the two"),
        ("path,split,run,jump,sit", ("split", "run"), {}, r"2: split is 'train'; allowed: 1 \(has it\), 0"),
        ("path,split,run,jump,sit", (), {}, r"data.multi_label=true 'data.label_columns=\[run,jump,sit\]' reads them"),
    ],
)
def test_what_is_wrong_with_such_columns_is_said(table, header, columns, options, message):
    table.write_text("\n".join((header, *LINES)) + "\n")
    with pytest.raises(ValueError, match=message):
        read(table, columns, **options)


def test_they_need_several_labels(table):
    with pytest.raises(ValueError, match="set data.multi_label=true too"):
        from_csv(table, label_columns=WIDE)


def test_a_clip_that_is_listed_twice_is_refused_where_labels_are_missing(table):
    table.write_text(table.read_text() + "a.mp4,train,0,0,0\n")
    with pytest.raises(ValueError, match=r"6: a.mp4 is listed twice"):
        read(table)


def test_a_label_cannot_be_unknown_too(table, tmp_path):
    narrow = tmp_path / "narrow.csv"
    narrow.write_text("path,label,unknown_labels\na.mp4,run,run|sit\n")
    with pytest.raises(ValueError, match="2: 'run' is a label and stands in unknown_labels"):
        from_csv(narrow, multi_label=True)
