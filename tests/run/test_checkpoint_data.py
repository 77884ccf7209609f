"""Nothing in a checkpoint's data node acts: it is rejected, left out, or names local data that exist."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch

from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.motion16.dataset import SIZES, Size, motion16
from videoai.run.checkpoint_data import (
    DataChange,
    DataChoice,
    check_data_unchanged,
    choose_data,
    layout_of,
    read_data,
    with_targets,
)
from videoai.run.manifests import MANIFESTS
from videoai.run.recorded_settings import HOW_TO_READ, fault_of, in_short, settings_of
from videoai.settings.data import DataSettings
from videoai.settings.layouts import LAYOUTS
from videoai.settings.loading import LoadingSettings
from videoai.settings.parse import default_values, parse, to_dict

MOTION = {"name": "motion16", "size": "tiny", "level": "default", "seed": 0}
SHARES = {"val_fraction": 0.2, "test_fraction": 0.2, "split_seed": 0}


def choose(node: Any, data: dict[str, Any] | None = None, moved: dict[str, Any] | None = None) -> DataChoice:
    """The choice for a checkpoint whose data node is ``node``; ``data`` and ``moved``: what the user says."""
    named = parse(DataSettings, data) if data else None
    return choose_data(DataChange(named, moved or {}), {"config": {"data": node}}, "best.pt")


def chosen(choice: DataChoice, node: dict[str, Any]) -> bool:
    """Whether the choice has the settings of ``node``, and defaults beside them."""
    whole = to_dict(choice.data)
    return whole == to_dict(parse(DataSettings, {key: value for key, value in node.items() if key != "num_workers"}))


@pytest.fixture
def folder(clip_folder) -> dict[str, Any]:
    return {"name": "folder", "root": str(clip_folder), **SHARES}


@pytest.fixture
def places(tmp_path) -> dict[str, str]:
    """Paths that must not be opened, by what they are."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "fifo")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "kernel").symlink_to("/proc/self/environ")
    (tmp_path / "file").touch()
    return {name: str(tmp_path / name) for name in ("fifo", "link", "device", "kernel", "file")}


URLS = ("reference://x", "http://127.0.0.1:9/x", "memory://x", "s3://bucket/x", "zip://a::http://127.0.0.1:9/x")
URLS += ("simplecache::https://127.0.0.1:9/x", "file:///etc", "/tmp/x::reference://y")


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    ("layout", "key"),
    [("shards", "path"), ("csv", "path"), ("csv", "root"), ("ucf101", "annotations"), ("list", "class_names")],
)
def test_a_url_is_refused_in_every_place(url, layout, key):
    with pytest.raises(
        ValueError, match=rf"best.pt names data.{key}=.* is a URL.*Say where your data lie: data.{key}=PATH"
    ):
        choose({"name": layout, key: url})


def test_a_url_of_a_quarantine_is_refused_beside_good_data(folder):
    with pytest.raises(ValueError, match="data.quarantine='http://x/q.csv', which is a URL"):
        choose(folder | {"quarantine": "http://x/q.csv"})


RELATIVE = (
    "clips.csv",
    "./clips.csv",
    "~/clips.csv",
    "/tmp/../etc/passwd",
    "//host/share",
    "simplecache::/tmp",
    "/tmp/",
)


@pytest.mark.parametrize("path", RELATIVE)
def test_a_path_that_means_another_one_is_refused(path):
    with pytest.raises(ValueError, match="is not a plain absolute path"):
        choose({"name": "csv", "path": path})


@pytest.mark.parametrize(
    "path", [1, True, b"/tmp", ["/tmp"], {"a": 1}, torch.ones(2), "", "/" + "x" * 5000], ids=in_short
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValueError, match="is no path"):
        choose({"name": "csv", "path": path})


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("fifo", "is no regular file"),
        ("link", "is no regular file"),
        ("device", "is no regular file"),
        ("kernel", "is no file on a disk"),
    ],
)
@pytest.mark.parametrize("key", ["path", "annotations", "class_names", "quarantine"])
def test_only_regular_files_are_opened_also_behind_a_link(places, place, why, key):
    layout = {"path": "csv", "annotations": "list"}.get(key, "list")
    with pytest.raises(ValueError, match=why):
        choose({"name": layout, key: places[place]})


@pytest.mark.parametrize("place", ["fifo", "device", "file"])
def test_a_root_is_a_folder(places, place):
    with pytest.raises(ValueError, match="is no folder"):
        choose({"name": "folder", "root": places[place]})


@pytest.mark.parametrize("path", ["/no/such/place", "/tmp/null\0byte", "/tmp/\ud800"])
def test_data_that_are_gone_are_missed_on_one_line_with_the_way_out(path):
    with pytest.raises(FileNotFoundError, match=r"is not there. If the data has moved: data.root=PATH") as caught:
        choose({"name": "folder", "root": path})
    assert str(caught.value).isprintable()


def test_a_pattern_of_annotations_is_followed_to_regular_files_alone(tmp_path, clip_folder):
    node = {"name": "list", "root": str(clip_folder), "annotations": str(tmp_path / "*_1.txt")}
    with pytest.raises(FileNotFoundError, match="is not there"):
        choose(node)
    (tmp_path / "train_1.txt").touch()
    assert choose(node).data.source["annotations"] == node["annotations"]
    os.mkfifo(tmp_path / "val_1.txt")
    with pytest.raises(ValueError, match="is no regular file"):
        choose(node)
    with pytest.raises(FileNotFoundError, match="is not there"):
        choose(node | {"annotations": f"{tmp_path.parent}/*/train_1.txt"})  # only the last part may be one


@pytest.mark.parametrize(
    "name",
    ["../../evil", "csv,folder", "${oc.env:HOME}", "nonsense", ["csv"], None, 3, "csv]", "x" * 10**6],
    ids=in_short,
)
def test_a_layout_of_another_name_is_refused_before_a_file_of_that_name_is_read(name):
    with pytest.raises(
        ValueError, match="a layout that this videoai does not have.*data=folder data.root=PATH"
    ) as caught:
        layout_of({"name": name, "root": "/tmp"}, "best.pt")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("node", [None, "csv", 3, ["csv"], torch.ones(1)], ids=in_short)
def test_data_that_are_no_settings_are_refused(node):
    with pytest.raises(ValueError, match="which is no set of settings"):
        choose(node)


def test_code_is_refused_whatever_is_trusted():
    with pytest.raises(ValueError, match="data._target_='os.mkdir', code from outside videoai"):
        choose({"_target_": "os.mkdir", "name": "csv", "path": "/tmp/x"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split_seed": 10**5000}, r"data.split_seed=\(a number of very many digits\), which is too large"),
        ({"split_seed": True}, "data.split_seed=True, which is not allowed: give a whole number"),
        ({"val_fraction": "x" * 10**7}, "which is too large"),
        ({"val_fraction": float("nan")}, "data.val_fraction=nan, which is not allowed: give a number from 0 to 1"),
        ({"split_by": ["folder"]}, "which is not allowed: choose from clip, folder, source, null"),
        ({"only": {"left": 1}}, "which is not allowed: give a list of names, or null"),
        ({"only": ["left"] * 10**6}, "which is too large"),
        ({"frame_fps": 0}, "data.frame_fps=0, which is not allowed: give a number above 0"),
        ({"flip_labels": {"left": {"a": 1}}}, "which is not allowed: give pairs, {name: value}, or null"),
        ({"extensions": [".py"]}, "data.'extensions', no setting of data=folder.*data=csv data.path=FILE"),
        ({"progress": 1}, "data.'progress', no setting of data=folder"),
        ({("a", "b"): 1}, "no setting of data=folder"),
    ],
    ids=in_short,
)
def test_settings_of_another_kind_are_refused_by_name(folder, change, message):
    with pytest.raises(ValueError, match=message) as caught:
        choose(folder | change)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("where", ["fold", {"fold": {"x": 1}}, {"fold": [[1]]}, {"f": "x" * 2000}])
def test_a_selection_of_lines_is_columns_and_plain_values(where, places):
    with pytest.raises(ValueError, match="which is (not allowed: give pairs|too large)"):
        choose({"name": "csv", "path": places["file"], "where": where})


def test_how_videos_are_read_is_not_taken_and_told(folder, caplog):
    caplog.set_level("INFO")
    hostile = {"num_workers": 100_000, "isolated": True, "decoder": "auto"}
    assert chosen(choose(folder | hostile), folder)
    assert (
        "not taken from the checkpoint: data.num_workers=100000, data.isolated=True, data.decoder='auto'" in caplog.text
    )
    caplog.clear()
    choose(folder | {"num_workers": "auto", "isolated": False, "decoder": "pyav"})
    assert caplog.text == ""


def test_what_the_user_changes_is_the_users(folder):
    changed = {"root": "https://mine/x", "num_workers": 3}
    choice = choose(folder | {"root": "http://theirs/x"}, moved=changed)
    assert chosen(choice, folder | changed) and choice.is_own and choice.is_recorded


def test_what_the_user_names_is_read_whatever_the_checkpoint_says(folder):
    hostile = {"_target_": "os.mkdir", "path": "/tmp/x"}
    choice = choose(hostile, data=folder)
    assert chosen(choice, folder | {"val_fraction": 0.0, "test_fraction": 0.0})
    assert not choice.is_recorded and not choice.is_own


# ---- honest runs


def test_a_moved_folder_is_own_data_and_another_folder_is_scored_whole(folder):
    other = folder | {"root": "/new"}
    moved = choose(folder, moved={"root": "/new"})
    assert chosen(moved, other) and moved.is_own
    assert choose(folder, data=folder | {"split_seed": 1}).is_own  # so that its list is compared
    scored = choose(folder, data=other)
    assert chosen(scored, other | {"val_fraction": 0.0, "test_fraction": 0.0}) and not scored.is_own
    state = {"config": {"data": folder}}
    split = choose_data(DataChange(parse(DataSettings, other)), state, "best.pt", scores_whole=False)
    assert chosen(split, other) and not split.is_own  # a study trains heads on what it makes of it


def test_own_data_are_read_and_described(folder, caplog):
    caplog.set_level("INFO")
    manifest = read_data(choose(folder), "best.pt")
    assert manifest.fingerprint() == from_folder(folder["root"], **SHARES).fingerprint()
    assert f"data as the checkpoint says: folder {folder['root']} (local, 24 videos)" in caplog.text
    read_data(choose(folder, moved={"split_seed": 1}), "best.pt")
    assert "data as the checkpoint says, but for data.split_seed: folder" in caplog.text


def test_a_table_may_lead_out_of_its_root_but_not_into_the_kernel(clip_folder, tmp_path):
    table = tmp_path / "clips.csv"
    table.write_text(f"path,label\n{clip_folder}/up/up_0.mp4,up\n{clip_folder}/left/left_0.mp4,left\n")
    node = {"name": "csv", "path": str(table), "val_fraction": 0.0, "test_fraction": 0.0}
    assert len(read_data(choose(node), "best.pt").splits["train"]) == 2
    table.write_text("path,label\n/proc/self/environ,up\n")
    assert len(from_csv(table, val_fraction=0, test_fraction=0).splits["train"]) == 1  # the user may read it
    with pytest.raises(ValueError, match="clips.csv, which holds '/proc/self/environ': no local video"):
        read_data(choose(node), "best.pt")


@pytest.mark.parametrize("row", ["http://127.0.0.1:9/a.mp4", "reference://x/00000.tar#a", "s3://b/shards/00000.tar#a"])
def test_a_row_that_is_a_url_is_a_missing_file(tmp_path, row):
    (tmp_path / "clips.csv").write_text(f"path,label\n{row},up\n")
    with pytest.raises(ValueError, match=r"clips.csv:2: 1 of 1 files are missing"):
        read_data(choose({"name": "csv", "path": str(tmp_path / "clips.csv")}), "best.pt")


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(SIZES, "tiny", Size(1, 1, 1, 32))
    return tmp_path / "cache"


def test_built_in_clips_are_not_rendered_for_a_checkpoint(cache, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    for given in ({}, {"moved": {"root": str(elsewhere)}}):
        with pytest.raises(ValueError, match="names the built-in clips, which are not rendered in") as caught:
            choose(MOTION | {"root": str(elsewhere), "only": ["left", "right"]}, **given)
        command = "data=motion16 data.size=tiny data.level=default data.seed=0"
        command += f" data.root={elsewhere}" if given else ""
        assert str(caught.value).endswith(f"To render them, add to the command: {command} 'data.only=[left,right]'")
    assert list(tmp_path.iterdir()) == []


def test_built_in_clips_that_are_there_are_read_from_the_place_that_videoai_computes(cache, tmp_path, caplog):
    caplog.set_level("INFO")
    rendered = motion16(size="tiny", num_workers=0)
    manifest = read_data(choose(MOTION | {"root": str(tmp_path / "elsewhere")}), "best.pt")
    assert manifest.source == rendered.source and manifest.source.startswith(str(cache))
    assert manifest.fingerprint() == rendered.fingerprint()
    assert "not taken from the checkpoint: data.root=" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


@pytest.mark.parametrize("size", ["huge", None, ["tiny"], 10**5000], ids=in_short)
def test_another_size_of_the_built_in_data_is_refused(cache, size):
    with pytest.raises(ValueError, match="data.size=|size .* does not exist"):
        choose(MOTION | {"size": size})


@pytest.mark.parametrize("key", ["data", "moved"])
@pytest.mark.parametrize("change", [{"seed": 1}, {"level": "hard"}])
def test_another_rendering_of_the_built_in_data_is_other_data(cache, key, change):
    motion16(**{"size": "tiny", **change}, num_workers=0)
    choice = choose(MOTION, **{key: MOTION | change if key == "data" else change})
    assert chosen(choice, MOTION | change) and not choice.is_own


def test_the_built_in_data_stay_the_checkpoint_s_own_wherever_they_lie(cache):
    motion16(size="tiny", root=cache, num_workers=0)
    for given in ({"data": MOTION | {"root": str(cache)}}, {"moved": {"root": str(cache)}}):
        choice = choose(MOTION, **given)
        assert chosen(choice, MOTION | {"root": str(cache)}) and choice.is_own


# ---- the list of what is allowed


@pytest.mark.parametrize("layout", sorted(MANIFESTS))
def test_every_setting_of_a_layout_is_allowed_or_left_out_and_no_other(layout):
    settings = {**default_values(LAYOUTS[layout]), **default_values(DataSettings), **default_values(LoadingSettings)}
    known = {f.name for cls in (LAYOUTS[layout], DataSettings, LoadingSettings) for f in fields(cls)} - {
        "name",
        "source",
    }
    assert known - {*HOW_TO_READ} - ({"root"} if layout == "motion16" else set()) == {*settings_of(layout)}
    assert not [key for key in settings_of(layout) if key in settings and fault_of(layout, key, settings[key])]


def test_every_layout_is_listed():
    assert {*LAYOUTS} == {*MANIFESTS}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"name": "ensemble"}, "have seen all videos of .*folds.csv"),
        ({"name": "tiny_r3d"}, "the list of videos is not the one"),
        ("tiny_r3d", "the list of videos is not the one"),
    ],
)
def test_an_ensemble_of_folds_has_no_clips_that_are_new_to_it(model, said, folder):
    manifest = from_folder(folder["root"])
    state = {"config": {"model": model}, "versions": {"data": "another"}}
    with pytest.raises(ValueError, match=said):
        check_data_unchanged(manifest, state, "best.pt")


def test_other_data_have_the_columns_that_the_checkpoint_learned_unless_they_name_some():
    recorded = {"name": "csv", "columns": {"pain": "value"}}
    assert with_targets({"name": "csv", "columns": None}, recorded)["columns"] == {"pain": "value"}
    assert with_targets({"name": "csv", "columns": {}}, recorded)["columns"] == {}
    assert with_targets({"name": "csv"}, {"name": "csv"}) == {"name": "csv"}
