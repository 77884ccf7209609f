"""Names that macOS stored decomposed (NFD), beside lists that are composed (NFC), and the reverse."""

import json
from pathlib import Path
from unicodedata import normalize

import pytest

from videoai.data.layouts.json_clips import from_json
from videoai.data.lists.from_files import from_csv, from_folder

FORMS = [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")]


@pytest.mark.parametrize(("disk", "listed"), FORMS)
def test_a_table_finds_files_whose_names_have_another_form(tmp_path: Path, disk, listed):
    folder = tmp_path / normalize(disk, "größe")
    folder.mkdir()
    for name in ("löffel", "café"):
        (folder / normalize(disk, f"{name}.mp4")).touch()
    rows = ["größe/löffel.mp4,école,train", "größe/café.mp4,ca,train"]
    (tmp_path / "clips.csv").write_text(normalize(listed, "\n".join(["path,label,split", *rows])), encoding="utf-8")
    manifest = from_csv(tmp_path / "clips.csv", val_fraction=0.0)
    assert all(Path(item.path).exists() for item in manifest.splits["train"])
    assert manifest.classes == ("ca", normalize("NFC", "école"))


@pytest.mark.parametrize(("disk", "listed"), FORMS)
def test_json_finds_them_too(tmp_path: Path, disk, listed):
    (tmp_path / normalize(disk, "löffel.mp4")).touch()
    clip = {"path": normalize(listed, "löffel.mp4"), "label": "x", "split": "train"}
    (tmp_path / "clips.json").write_text(json.dumps([clip]))
    (item,) = from_json(str(tmp_path / "clips.json")).splits["train"]
    assert Path(item.path).exists()


def test_one_class_in_two_forms_is_one_class(tmp_path: Path):
    for split, form in (("train", "NFC"), ("val", "NFD")):
        (tmp_path / split / normalize(form, "löffel")).mkdir(parents=True)
        (tmp_path / split / "ca").mkdir()
        for name in (normalize(form, "löffel"), "ca"):
            (tmp_path / split / name / "a.mp4").touch()
    assert from_folder(tmp_path).classes == ("ca", normalize("NFC", "löffel"))


def test_a_label_in_two_forms_is_one_label(tmp_path: Path):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.mp4").touch()
    rows = ["path,label,split", f"a.mp4,{normalize('NFC', 'é')},train", f"b.mp4,{normalize('NFD', 'é')},train"]
    (tmp_path / "clips.csv").write_text("\n".join(rows), encoding="utf-8")
    assert from_csv(tmp_path / "clips.csv", val_fraction=0.0).classes == ("é",)
