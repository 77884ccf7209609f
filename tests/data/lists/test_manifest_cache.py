import os
from pathlib import Path

import pytest

from videoai.data.lists import manifest_cache
from videoai.data.lists.from_files import from_csv
from videoai.data.lists.manifest import Manifest


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table that is large enough to be kept, because here one clip is; its videos are empty files."""
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(manifest_cache, "MIN_ITEMS", 1)
    names = [f"{'ab'[i % 2]}{i}\u00e9.mp4" for i in range(40)]
    for name in names:
        (tmp_path / name).touch()
    lines = [f"{name},{name[0]},g{i % 9},{i},{i + 1 if i % 3 else ''}" for i, name in enumerate(names)]
    path = tmp_path / "clips.csv"
    path.write_text("\n".join(["path,label,group,start_seconds,end_seconds", *lines]) + "\n", encoding="utf-8")
    return path


def content(manifest: Manifest) -> tuple:
    splits = {name: list(items) for name, items in manifest.splits.items()}
    return manifest.classes, splits, manifest.source, manifest.notes, manifest.root, manifest.fingerprint()


def stored(table: Path) -> list[Path]:
    return list((table.parent / "cache" / "manifests").glob("*"))


def rewrite(table: Path, old: str, new: str, *, unnoticed: bool = False) -> None:
    about = table.stat()
    table.write_text(table.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    os.utime(table, ns=(about.st_atime_ns, about.st_mtime_ns + (0 if unnoticed else 1)))


def test_what_is_recalled_is_what_was_read(table):
    first = from_csv(table)
    assert len(stored(table)) == 1
    assert content(from_csv(table)) == content(first)


def test_a_table_of_the_same_size_and_time_is_not_read_again(table):
    first = from_csv(table)
    rewrite(table, ",a,", ",c,", unnoticed=True)
    assert from_csv(table).classes == first.classes == ("a", "b")


def test_a_changed_table_is_read_again(table):
    from_csv(table)
    rewrite(table, ",a,", ",c,")
    assert from_csv(table).classes == ("b", "c")


@pytest.mark.parametrize(
    "options",
    [{"split_seed": 1}, {"val_fraction": 0.0}, {"split_by": "clip"}, {"where": {"group": ["g1", "g2", "g3"]}}],
)
def test_other_settings_make_another_manifest(table, options):
    first = from_csv(table)
    other = from_csv(table, **options)
    assert other.fingerprint() != first.fingerprint()
    assert from_csv(table, **options).fingerprint() == other.fingerprint()
    assert from_csv(table).fingerprint() == first.fingerprint()
    assert len(stored(table)) == 1  # one table takes the room of one manifest


def test_a_video_that_vanished_is_missed_all_the_same(table):
    from_csv(table)
    (table.parent / "b7\u00e9.mp4").unlink()
    with pytest.raises(ValueError, match=r"clips.csv:9: 1 of 40 files are missing, first b7\u00e9.mp4\."):
        from_csv(table)


@pytest.mark.parametrize("damage", ["cut", "flipped", "text"])
def test_a_damaged_file_is_noticed_and_written_again(table, damage, caplog):
    first = from_csv(table)
    (path,) = stored(table)
    good = path.read_bytes()
    middle = len(good) // 2
    path.write_bytes(
        {
            "cut": good[:middle],
            "flipped": good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :],
            "text": b"hello",
        }[damage]
    )
    assert content(from_csv(table)) == content(first)
    assert "is damaged and will be written again" in caplog.text
    assert path.read_bytes() == good


def test_a_small_table_is_not_kept(table, monkeypatch):
    monkeypatch.setattr(manifest_cache, "MIN_ITEMS", 41)
    from_csv(table)
    assert not stored(table)


def test_a_cache_that_cannot_be_written_costs_a_warning(table, monkeypatch, caplog):
    (table.parent / "file").touch()
    monkeypatch.setenv("VIDEOAI_CACHE", str(table.parent / "file"))
    assert len(from_csv(table).classes) == 2
    assert "its manifest cannot be kept" in caplog.text


def test_several_labels_are_recalled_with_their_times(table):
    rewrite(table, "path,label,", "path,label,label_seconds,")
    rewrite(table, ",a,", ",a|b,0-1|2-,")
    rewrite(table, ",b,", ",b,,")
    first = from_csv(table, multi_label=True)
    assert first.splits["train"].label_sets is not None
    assert content(from_csv(table, multi_label=True)) == content(first)
    assert content(from_csv(table)) != content(first)  # other settings, another manifest
