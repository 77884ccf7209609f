"""Clips of one person or source that a made split would part: what tells, and the setting that keeps them together."""

import json
from pathlib import Path

import pytest

from videoai.data.layouts.json_clips import from_json
from videoai.data.layouts.table import from_table
from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.lists.manifest import Manifest

PEOPLE = ("anna", "ben", "carl", "dora", "emil", "fay")


def clips(root: Path, name: str = "{label}/{index}.mp4") -> list[tuple[str, str, str]]:
    """Path, label and person of 36 clips, that are written."""
    rows = [
        (name.format(label=label, person=person, index=index), label, person)
        for label in ("run", "walk")
        for person in PEOPLE
        for index in (f"{person}0", f"{person}1", f"{person}2")
    ]
    for path, _, _ in rows:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return rows


def write_table(root: Path, column: str, video: str = "path") -> Path:
    lines = [f"{video},label,{column}", *(",".join(row) for row in clips(root))]
    (root / "clips.csv").write_text("\n".join(lines) + "\n")
    return root / "clips.csv"


def check_kept(manifest: Manifest) -> None:
    homes = {(item.group, split) for split, items in manifest.splits.items() for item in items}
    assert len(homes) == len(PEOPLE)
    assert manifest.together is None


@pytest.mark.parametrize("column", ["subject", "Person", "actor_id"])
def test_a_column_of_people_is_offered_by_each_layout_of_tables(tmp_path, column):
    path = write_table(tmp_path, column)
    manifest = from_csv(path)
    assert manifest.together and manifest.together[:2] == ("split_by", column)
    assert any(f"data.split_by={column} keeps each together" in note for note in manifest.notes)
    check_kept(from_csv(path, split_by=column))
    path = write_table(tmp_path, column, video="clip_name")
    manifest = from_table(str(tmp_path))
    assert manifest.together and manifest.together[:2] == ("group", column)
    check_kept(from_table(str(tmp_path), group=column))


@pytest.mark.parametrize("key", ["subject", "person", "speaker"])
def test_a_key_of_people_is_offered_in_json(tmp_path, key):
    rows = [dict(zip(("path", "label", key), row, strict=True)) for row in clips(tmp_path)]
    (tmp_path / "clips.json").write_text(json.dumps(rows))
    manifest = from_json(str(tmp_path / "clips.json"))
    assert manifest.together and manifest.together[:2] == ("group", key)
    check_kept(from_json(str(tmp_path / "clips.json"), group=key))


def test_sub_folders_and_names_of_sources_are_offered(tmp_path):
    clips(tmp_path / "a", "{label}/{person}_{label}/{index}.mp4")
    together = from_folder(tmp_path / "a").together
    assert together and together[:2] == ("split_by", "folder")
    rows = [(f"{label}/v_g{n // 3:02}_c{n % 3:02}.mp4", label) for label in ("run", "walk") for n in range(18)]
    for path, _ in rows:
        (tmp_path / "b" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "b" / path).touch()
    (tmp_path / "b" / "clips.csv").write_text("\n".join(["path,label", *map(",".join, rows)]))
    for manifest in (from_folder(tmp_path / "b"), from_csv(tmp_path / "b" / "clips.csv")):
        assert manifest.together and manifest.together[:2] == ("split_by", "source")
    check_kept(from_csv(tmp_path / "b" / "clips.csv", split_by="source"))


@pytest.mark.parametrize(
    "why", ["splits are given", "nothing is made", "the user has chosen", "each clip has its own", "all have the same"]
)
def test_nothing_is_offered_where_there_is_nothing_to_part(tmp_path, why):
    path = write_table(tmp_path, "person")
    header, *lines = path.read_text().splitlines()
    if why == "splits are given":
        header += ",split"
        lines = [f"{line},{('train', 'val', 'test')[n % 3]}" for n, line in enumerate(lines)]
    if why in ("each clip has its own", "all have the same"):
        people = range(36) if why.startswith("each") else ["anna"] * 36
        lines = [f"{line.rpartition(',')[0]},{person}" for line, person in zip(lines, people, strict=True)]
    path.write_text("\n".join([header, *lines]))
    fractions = {"val_fraction": 0.0, "test_fraction": 0.0} if why == "nothing is made" else {}
    chosen = "clip" if why == "the user has chosen" else None
    assert from_csv(path, split_by=chosen, **fractions).together is None
