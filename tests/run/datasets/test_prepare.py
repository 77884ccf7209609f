import csv
import fcntl
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.prepare.jobs import Journal
from videoai.data.shards.manifest import from_shards
from videoai.run.datasets.prepare import as_bytes, prepare
from videoai.settings.data import DataSettings
from videoai.settings.datasets import PrepareSettings
from videoai.settings.parse import parse

SMALL = {"short_side": 32, "shard_mb": 0.01, "num_workers": 0}
FORMS = ("videos", "clips", "shards")


@pytest.fixture
def source(clip_folder: Path, tmp_path: Path) -> Path:
    """Three clips of two classes, one of them broken."""
    root = tmp_path / "in"
    for name in ("left", "right"):
        (root / name).mkdir(parents=True)
        for index in range(3):
            shutil.copy2(clip_folder / name / f"{name}_{index}.mp4", root / name)
    (root / "left" / "broken.mp4").write_text("no video")
    return root


def run(source: Path, out: Path, *, data: dict[str, Any] | None = None, **settings: Any):
    node = {"name": "csv", "path": str(source)} if source.suffix == ".csv" else {"name": "folder", "root": str(source)}
    return prepare(parse(PrepareSettings, {**SMALL, "out": str(out), **settings}), parse(DataSettings, data or node))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def items_of(manifest):
    return {split: [item[1:] for item in items] for split, items in manifest.splits.items()}


@pytest.mark.parametrize("to", FORMS)
def test_labels_splits_and_order_are_kept(source, tmp_path, to):
    done = run(source, tmp_path / "out", to=to)
    before = from_folder(source)
    after = from_shards(done.out) if to == "shards" else from_csv(done.manifest)
    assert after.classes == before.classes
    assert items_of(after) == items_of(before)
    stems = {split: [Path(item.path).stem.split(".")[0] for item in items] for split, items in before.splits.items()}
    names = {split: [item.path.split("/")[-1].split(".")[0] for item in items] for split, items in after.splits.items()}
    assert names == stems


@pytest.mark.parametrize("to", FORMS)
def test_segments_and_groups_are_kept_and_a_file_is_made_once(source, tmp_path, to):
    table = source / "clips.csv"
    table.write_text(
        "path,label,split,group,start_seconds,end_seconds\n"
        "left/left_0.mp4,left,train,g1,0.25,1.0\nleft/left_0.mp4,left,train,g1,1.0,\n"
        "right/right_0.mp4,right,train,g2,,\nleft/left_1.mp4,left,val,g3,0,0.3\nright/right_1.mp4,right,test,,,\n"
    )
    done = run(table, tmp_path / "out", to=to)
    assert done.num_videos == done.num_made == 4
    after = from_shards(done.out) if to == "shards" else from_csv(done.manifest)
    assert items_of(after) == items_of(from_csv(table))


@pytest.mark.parametrize("to", FORMS)
def test_what_cannot_be_read_is_listed_and_stays(source, tmp_path, to):
    done = run(source, tmp_path / "out", to=to)
    rows = list(csv.DictReader((tmp_path / "out" / "unreadable.csv").read_text().splitlines()))
    assert [(row["path"], row["reason"], row["stage"]) for row in rows] == [
        ("left/broken.mp4", "unknown_format", "open")
    ]
    assert rows[0]["outcome"] == ("packed as it is" if to == "shards" else "copied as it is")
    assert "broken.mp4" in (tmp_path / "out" / "clips.csv").read_text()
    assert sum(done.splits.values()) == done.num_videos == 7


@pytest.mark.parametrize("to", FORMS)
def test_a_second_run_finds_nothing_to_do(source, tmp_path, to):
    run(source, tmp_path / "out", to=to)
    before = tree(tmp_path / "out")
    written = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in before if "." in name and "/" in name}
    done = run(source, tmp_path / "out", to=to)
    assert done.num_made == 0
    assert done.clip_ms is None
    assert tree(tmp_path / "out") == before
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in written} == written


@pytest.mark.parametrize("to", FORMS)
@pytest.mark.parametrize("num_done", [1, *(pytest.param(number, marks=pytest.mark.slow) for number in (0, 2))])
def test_a_run_that_stopped_ends_in_the_bytes_of_one_that_did_not(source, tmp_path, monkeypatch, to, num_done):
    run(source, tmp_path / "straight", to=to)

    class Stopped(Exception):
        pass

    def add(self, done, original=Journal.add):
        if len(self._done) == num_done:
            raise Stopped  # the output is there, its line is not
        original(self, done)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", add)
        with pytest.raises(Stopped):
            run(source, tmp_path / "stopped", to=to)
    (tmp_path / "stopped" / ".clips.csv.abcd.tmp").write_text("half")  # as a killed process leaves it
    assert not (tmp_path / "stopped" / "clips.csv").exists()
    done = run(source, tmp_path / "stopped", to=to)
    assert done.num_made < 7 or num_done == 0
    assert tree(tmp_path / "stopped") == tree(tmp_path / "straight")


@pytest.mark.parametrize("to", FORMS)
def test_a_file_that_changed_is_made_again(source, clip_folder, tmp_path, to):
    run(source, tmp_path / "out", to=to)
    shutil.copy2(clip_folder / "left" / "left_5.mp4", source / "left" / "broken.mp4")  # mended
    done = run(source, tmp_path / "out", to=to)
    assert done.num_made == 1 or to == "shards"  # there what follows moves
    assert not done.unreadable
    run(source, tmp_path / "fresh", to=to)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_a_shard_that_is_no_longer_needed_goes(source, clip_folder, tmp_path):
    for path in sorted(source.rglob("*.mp4"))[:4]:
        path.write_bytes(path.read_bytes() + bytes(20_000))  # larger, and still the same video
    run(source, tmp_path / "out", to="shards")
    num_shards = len(list((tmp_path / "out" / "shards").iterdir()))
    for path in source.rglob("*.mp4"):
        path.write_bytes(path.read_bytes()[:300])
    run(source, tmp_path / "out", to="shards")
    assert len(list((tmp_path / "out" / "shards").iterdir())) == 2 < num_shards
    run(source, tmp_path / "fresh", to="shards")
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_shards_can_be_prepared_again(source, tmp_path):
    run(source, tmp_path / "shards", to="shards")
    again = {"data": {"name": "shards", "path": str(tmp_path / "shards")}}
    direct, detour = (run(source, tmp_path / name, **more) for name, more in (("direct", {}), ("detour", again)))
    assert [row[:4] for row in detour.unreadable] == [row[:4] for row in direct.unreadable]
    assert (tmp_path / "detour/clips.csv").read_bytes() == (tmp_path / "direct/clips.csv").read_bytes()
    for path in (tmp_path / "direct" / "videos").rglob("*.mp4"):
        assert (tmp_path / "detour" / path.relative_to(tmp_path / "direct")).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("below", ["", "left", "new"])
def test_an_output_inside_the_input_is_refused(source, tmp_path, below):
    with pytest.raises(
        ValueError, match=rf"lies inside the input, .*Choose a folder outside it, such as out={source}-p"
    ):
        run(source, source / below)
    (tmp_path / "link").symlink_to(source)
    with pytest.raises(ValueError, match="lies inside the input"):
        run(source, tmp_path / "link" / below)
    assert not (source / "new").exists()


def test_a_folder_with_other_files_or_another_purpose_is_refused(source, clip_folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").touch()
    with pytest.raises(ValueError, match=r"holds other files \(thesis\.tex, \.\.\.\)\. Choose a new folder"):
        run(source, out)
    (out / "thesis.tex").unlink()
    run(source, out)
    with pytest.raises(ValueError, match=r"was made with crf=18, now 30\. Choose a new out=DIR, or delete that one"):
        run(source, out, crf=30)
    with pytest.raises(ValueError, match="was made with to=videos, now shards"):
        run(source, out, to="shards")
    with pytest.raises(ValueError, match="was made from another list of videos"):
        run(clip_folder, out)
    assert run(source, out).num_made == 0  # nothing came to harm


def test_a_folder_of_frames_that_does_not_name_its_pixels_is_of_rgb(source, tmp_path):
    made = tmp_path / "out"
    run(source, made, to="clips")
    facts = json.loads((made / "prepare.json").read_text())
    assert facts.pop("pixels") == "rgb"
    (made / "prepare.json").write_text(json.dumps(facts))
    assert run(source, made, to="clips").num_made == 0
    with pytest.raises(ValueError, match="was made with pixels=rgb, now yuv420"):
        run(source, made, to="clips", pixels="yuv420")


def test_a_full_disk_is_refused_before_the_work(source, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    for to in FORMS:
        with pytest.raises(OSError, match=r"about .* are needed and 1\.0 KB are free\. Free some space"):
            run(source, tmp_path / to, to=to)


def test_the_estimate_of_a_cache_is_near(source, tmp_path, caplog):
    caplog.set_level("INFO")
    (source / "left" / "broken.mp4").unlink()
    done = run(source, tmp_path / "out", to="clips")
    assert f"6 videos, {as_bytes(done.bytes_in)} -> about 589.8 KB; " in caplog.text  # 6 x 32 frames of 32 x 32
    assert done.bytes_out == pytest.approx(589_824, rel=0.02)


def test_a_second_process_is_refused(source, tmp_path):
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another process is preparing here"):
            run(source, tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_told(source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot write there \(Not a directory\)\. Choose another out=DIR"):
        run(source, tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"to": "tapes"}, "to=tapes: Choose from videos, clips, shards"),
        ({"preset": "warp"}, "preset=warp: Choose from ultrafast"),
        ({"crf": 60}, "crf=60: give a whole number from 0 to 51"),
        ({"short_side": 33}, "short_side=33: H.264 needs even sides"),
        ({"short_side": 0}, "short_side=0: give a whole number from 16 up"),
        ({"fps": 0}, "fps=0: give a number above 0, or null"),
        ({"shard_mb": -1}, "shard_mb=-1: give a number above 0"),
        ({"num_workers": "auto"}, "num_workers=auto: give a whole number from 0 up, or null"),
    ],
)
def test_nonsense_is_refused(source, tmp_path, settings, problem):
    with pytest.raises(ValueError, match=problem):
        run(source, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_bytes_are_shown_in_units():
    assert [as_bytes(number) for number in (7, 1500, 2.5e6, 3e9, 4.1e13)] == [
        "7 B",
        "1.5 KB",
        "2.5 MB",
        "3.0 GB",
        "41.0 TB",
    ]


@pytest.mark.parametrize("to", FORMS)
def test_several_labels_and_their_times_are_kept(source, tmp_path, to):
    table = source / "clips.csv"
    lines = ["left/left_0.mp4,a|b,0.5-1|,train", "left/left_1.mp4,,,train", "right/right_0.mp4,b,,val"]
    table.write_text("\n".join(["path,label,label_seconds,split", *lines]) + "\n")
    node = {"name": "csv", "path": str(table), "multi_label": True}
    done = run(table, tmp_path / "out", data=node, to=to)
    before = from_csv(table, multi_label=True)
    after = from_shards(done.out) if to == "shards" else from_csv(done.manifest, multi_label=True)
    assert after.classes == before.classes == ("a", "b")
    assert items_of(after) == items_of(before)


def test_a_class_name_that_would_be_cut_is_refused_before_anything_is_made(source, tmp_path):
    listed = [{"path": f"left/left_{i}.mp4", "label": ["a|b"], "split": "train"} for i in range(2)]
    (source / "clips.json").write_text(json.dumps(listed))
    node = {"name": "json", "path": str(source / "clips.json"), "multi_label": True}
    with pytest.raises(ValueError, match=r"class 'a\|b': its name holds a \|, which separates labels; rename it"):
        run(source, tmp_path / "out", data=node)
    assert not (tmp_path / "out").exists()


COLUMNS = {
    "numbers": ("label,speed,angle", ["left,1.5,0.1", "left,,0.30000000000000004", "right,2.5,"]),
    "a number called label": ("label", ["0.25", "-3", "7"]),
    "classes": ("verb,noun", ["open,door", "close,", "open,box"]),
    "a class called label": ("label,speed", ["left,1", "right,2", "left,"]),
    "votes": ("happy,sad", ["3,4", "0.1,0.2", "1,0"]),
}
KINDS = {
    "numbers": {"speed": "value", "angle": "value"},
    "a number called label": {"label": "value"},
    "classes": {"verb": "class", "noun": "class"},
    "a class called label": {"label": "class", "speed": "value"},
    "votes": {"happy": "votes", "sad": "votes"},
}


@pytest.mark.parametrize("targets", COLUMNS)
def test_shards_keep_columns_of_targets_to_the_last_bit(source, tmp_path, targets):
    header, cells = COLUMNS[targets]
    names = ("left/left_0.mp4", "left/left_1.mp4", "right/right_0.mp4")
    splits = ("train", "train", "val")
    lines = [f"{name},{split},{cell}" for name, split, cell in zip(names, splits, cells, strict=True)]
    table = source / "clips.csv"
    table.write_text("\n".join([f"path,split,{header}", *lines]) + "\n")
    kinds = KINDS[targets]
    node = {"name": "csv", "path": str(table), "columns": kinds}
    done = run(table, tmp_path / "out", data=node, to="shards")
    before, after = from_csv(table, columns=kinds), from_shards(done.out, columns=kinds)
    assert (after.classes, after.columns) == (before.classes, before.columns)
    assert items_of(after) == items_of(before)
    one = dict([*kinds.items()][-1:])
    assert from_shards(done.out, columns=one).columns == before.columns[-1:]
    assert from_shards(done.out).columns == ()


def test_shards_refuse_columns_that_were_not_packed(source, tmp_path):
    table = source / "clips.csv"
    table.write_text("path,split,speed\nleft/left_0.mp4,train,1\nleft/left_1.mp4,val,2\n")
    node = {"name": "csv", "path": str(table), "columns": {"speed": "value"}}
    out = run(table, tmp_path / "out", data=node, to="shards").out
    with pytest.raises(ValueError, match="no column 'sped'; columns here: speed. Did you mean speed"):
        from_shards(out, columns={"sped": "value"})
    with pytest.raises(ValueError, match="the column speed is of kind value, and the task wants kind class"):
        from_shards(out, columns={"speed": "class"})


def test_labels_that_were_not_annotated_stay_so_in_shards(source, tmp_path):
    table = source / "clips.csv"
    lines = ["left/left_0.mp4,a|b,c,train", "left/left_1.mp4,,a|c,train", "right/right_0.mp4,b|c,,val"]
    table.write_text("\n".join(["path,label,unknown_labels,split", *lines]) + "\n")
    node = {"name": "csv", "path": str(table), "multi_label": True}
    done = run(table, tmp_path / "out", data=node, to="shards")
    before, after = from_csv(table, multi_label=True), from_shards(done.out)
    assert after.has_unknown
    assert items_of(after) == items_of(before)
