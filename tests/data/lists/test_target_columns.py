"""Columns of targets beside the label, in tables of each layout."""

import json

import numpy as np
import pytest

from videoai.data.layouts.json_clips import from_json
from videoai.data.layouts.table import from_table
from videoai.data.lists import manifest_cache
from videoai.data.lists.clips_csv import clips_csv
from videoai.data.lists.folds import with_fold
from videoai.data.lists.from_files import from_csv

HEADER = "path,value,verb,happy,sad,split"


@pytest.fixture
def table(tmp_path):
    def write(lines: list[str], header: str = HEADER) -> str:
        for line in lines:
            (tmp_path / line.split(",")[0]).write_bytes(b"")
        (tmp_path / "clips.csv").write_text("\n".join([header, *lines]))
        return str(tmp_path / "clips.csv")

    return write


LINES = ["a.mp4,0.5,open,3,1,train", "b.mp4,,close,0,2,train", "c.mp4,-2,,1,1,val", "d.mp4,7e1,open,,4,test"]
KINDS = {"value": "value", "verb": "class"}


def test_numbers_and_classes_are_read_and_missing_ones_are_counted(table):
    manifest = from_csv(table(LINES), columns=KINDS)
    train, val = manifest.splits["train"], manifest.splits["val"]
    assert [item.values for item in train] == [(0.5, 1.0), (None, 0.0)]
    assert val[0].values == (-2.0, None)
    assert [(one.name, one.kind, one.classes) for one in manifest.columns] == [
        ("value", "value", ()),
        ("verb", "class", ("close", "open")),
    ]
    assert "value: value from -2 to 70, mean 22.83, 1 clip lacks it." in manifest.notes
    assert "verb: 2 classes, 1 clip lacks it." in manifest.notes


def test_a_label_is_not_needed_beside_targets_and_counts_where_every_line_has_one(table):
    assert from_csv(table(LINES), columns=KINDS).classes == ("clip",)
    labelled = [f"{line},{'run' if at % 2 else 'walk'}" for at, line in enumerate(LINES)]
    assert from_csv(table(labelled, f"{HEADER},label"), columns=KINDS).classes == ("run", "walk")
    numbers = ["a.mp4,1", "b.mp4,2", "c.mp4,3"]
    manifest = from_csv(table(numbers, "path,label"), columns={"label": "value"}, val_fraction=0, test_fraction=0)
    assert manifest.classes == ("clip",)
    assert sorted(item.values for item in manifest.splits["train"]) == [(1.0,), (2.0,), (3.0,)]


def test_votes_become_shares_and_the_class_with_the_most_is_the_label(table):
    manifest = from_csv(table(LINES), columns={"happy": "votes", "sad": "votes"})
    assert manifest.classes == ("happy", "sad")
    assert [(item.label, item.values) for item in manifest.splits["train"]] == [(0, (0.75, 0.25)), (1, (0.0, 1.0))]
    assert manifest.splits["val"][0] == manifest.splits["val"][0]._replace(label=0, values=(0.5, 0.5))


@pytest.mark.parametrize(
    ("column", "kind", "line", "message"),
    [
        ("value", "value", "e.mp4,fast,open,1,1,train", r"csv:6: value is 'fast'; a number such as 0.5 is allowed"),
        ("value", "value", "e.mp4,1e300,open,1,1,train", r"csv:6: value is '1e300'; .* -3.4e\+38 to 3.4e\+38"),
        ("value", "value", "e.mp4,-inf,open,1,1,train", r"csv:6: value is '-inf'; .* -3.4e\+38 to 3.4e\+38"),
        ("sad", "votes", "e.mp4,1,open,1,1e39,train", r"csv:6: sad is '1e39'; .* -3.4e\+38 to 3.4e\+38"),
        ("value", "value", "e.mp4,inf,open,1,1,train", r"clips.csv:6: value is 'inf'"),
        ("happy", "votes", "e.mp4,1,open,-1,1,train", r"clips.csv:6: happy is '-1'; votes or a probability, 0 or more"),
        ("happy", "votes", "e.mp4,1,open,0,1,train", r"clips.csv:3: no vote in happy; fill them in or delete the line"),
        ("valu", "value", "e.mp4,1,open,1,1,train", r"csv:1: .*needs the column 'valu'; columns here: .*mean value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_line_and_what_is_allowed(table, column, kind, line, message):
    with pytest.raises(ValueError, match=message):
        from_csv(table([*LINES, line]), columns={column: kind})


def test_targets_are_part_of_the_fingerprint(table):
    plain = from_csv(table(LINES), columns=KINDS).fingerprint()
    assert from_csv(table(LINES), columns={"value": "value"}).fingerprint() != plain
    assert from_csv(table([LINES[0].replace("0.5", "0.6"), *LINES[1:]]), columns=KINDS).fingerprint() != plain
    assert from_csv(table(LINES), columns=KINDS).fingerprint() == plain


def test_splits_folds_and_where_keep_the_values_with_their_clips(table):
    lines = [f"{number}.mp4,{number},{'ab'[number % 2]},1,1,," for number in range(40)]
    path = table(lines, f"{HEADER},clean")
    manifest = from_csv(path, columns=KINDS)
    for made in (manifest, with_fold(manifest, folds=4, fold=1)):
        clips = [item for items in made.splits.values() for item in items]
        assert len(clips) == 40
        assert all(item.values == (float(item.path.split("/")[-1][:-4]), item.values[1]) for item in clips)
        assert made.splits["test"]
    kept = from_csv(path, columns=KINDS, where={"verb": "a"}, val_fraction=0, test_fraction=0)
    assert [item.values[1] for item in kept.splits["train"]] == [0.0] * 20


def test_the_cache_of_manifests_holds_them(table, monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(manifest_cache, "MIN_ITEMS", 1)
    path = table(LINES)
    first, again = from_csv(path, columns=KINDS), from_csv(path, columns=KINDS)
    assert list((tmp_path / "cache" / "manifests").iterdir())
    assert (again.columns, again.splits, again.fingerprint()) == (first.columns, first.splits, first.fingerprint())
    assert from_csv(path, columns={"value": "value"}).columns == first.columns[:1]


def test_tables_under_other_names_and_json_have_them_too(tmp_path):
    for name in "abcd":
        (tmp_path / f"{name}.mp4").write_bytes(b"")
    (tmp_path / "train.csv").write_text("video_id,pain,verb\na,0.5,x\nb,,y\nc,1,x\nd,2,\n")
    made = from_table(str(tmp_path), columns={"pain": "value", "verb": "class"}, val_fraction=0, test_fraction=0)
    assert [item.values for item in made.splits["train"]] == [(0.5, 0.0), (None, 1.0), (1.0, 0.0), (2.0, None)]
    entries = [{"path": "a.mp4", "pain": 0.5}, {"path": "b.mp4", "pain": None}, {"path": "c.mp4", "pain": 2}]
    (tmp_path / "clips.json").write_text(json.dumps(entries))
    made = from_json(str(tmp_path / "clips.json"), columns={"pain": "value"}, val_fraction=0, test_fraction=0)
    assert [item.values for item in made.splits["train"]] == [(0.5,), (None,), (2.0,)]
    (tmp_path / "clips.json").write_text(json.dumps([{"path": "a.mp4", "pain": "much"}]))
    with pytest.raises(ValueError, match="clips.json:1, item 1: pain is 'much'; a number"):
        from_json(str(tmp_path / "clips.json"), columns={"pain": "value"})


def test_parquet_has_them_too(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = pa.table({"video": [b"a", b"b", b"c"], "pain": [0.5, None, 2.0], "verb": ["x", "y", None]})
    pq.write_table(rows, tmp_path / "train.parquet")
    from videoai.data.layouts.parquet import from_parquet

    made = from_parquet(str(tmp_path), columns={"pain": "value", "verb": "class"})
    assert sorted(item.values for item in made.splits["train"] if None not in item.values) == [(0.5, 0.0)]
    with pytest.raises(ValueError, match="data.columns=pian, but the columns are video, pain, verb. Did you mean pain"):
        from_parquet(str(tmp_path), columns={"pian": "value"})


def test_a_column_is_a_block_of_numbers(table):
    values = from_csv(table(LINES), columns=KINDS).splits["train"].values
    assert values is not None
    assert values.dtype == np.float64
    assert values.shape == (2, 2)


def test_a_prepared_table_has_them_again(table, tmp_path):
    manifest = from_csv(table(LINES), columns=KINDS)
    located = {item.path: item.path for items in manifest.splits.values() for item in items}
    (tmp_path / "again.csv").write_bytes(clips_csv(manifest, located))
    again = from_csv(tmp_path / "again.csv", columns=KINDS)
    assert (again.columns, again.splits) == (manifest.columns, manifest.splits)
    numbers = from_csv(table(["a.mp4,1", "b.mp4,2"], "path,label"), columns={"label": "value"}, val_fraction=0)
    assert b"path,split,group,start_seconds,end_seconds,label\n" in clips_csv(numbers, located)


def test_a_column_that_is_written_otherwise_keeps_the_name_that_was_asked_for(table):
    manifest = from_csv(table(["a.mp4,1", "b.mp4,2"], "Path,Label"), columns={"Label": "value"}, val_fraction=0)
    assert manifest.columns[0].name == "Label"
