"""Reading shards. How they are written: tests/data/prepare/test_pack.py."""

import shutil
from pathlib import Path

import pytest
import torch

from videoai.data.decode import open_video
from videoai.data.media import BadVideo
from videoai.data.shards import shards
from videoai.data.shards.manifest import from_shards
from videoai.data.shards.shards import is_member, read_member
from videoai.run.datasets.prepare import prepare
from videoai.settings.data import DataSettings
from videoai.settings.datasets import PrepareSettings
from videoai.settings.parse import parse


@pytest.fixture(scope="module")
def packed(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 clips in several shards."""
    out = tmp_path_factory.mktemp("packed") / "out"
    settings = parse(PrepareSettings, {"out": str(out), "to": "shards", "shard_mb": 0.02, "num_workers": 0})
    prepare(settings, parse(DataSettings, {"name": "folder", "root": str(clip_folder)}))
    return out


@pytest.fixture
def copy(packed: Path, tmp_path: Path) -> Path:
    """One to be damaged."""
    shards._index.cache_clear()
    return Path(shutil.copytree(packed, tmp_path / "out"))


def first_member(root: Path | str) -> str:
    return from_shards(str(root)).splits["train"][0].path


def test_items_are_those_of_the_folder(packed, clip_folder):
    from videoai.data.lists.from_files import from_folder

    before, after = from_folder(clip_folder), from_shards(str(packed))
    assert after.classes == before.classes
    for split, items in before.splits.items():
        assert len(items) == len(after.splits[split])
        for one, other in zip(items, after.splits[split], strict=True):
            assert other[1:] == one[1:]
            assert read_member(other.path) == Path(one.path).read_bytes()
    assert len({item.path.partition("#")[0] for item in after.splits["train"]}) > 2  # several shards


def test_frames_are_those_of_the_file(packed, clip_folder):
    path = first_member(packed)
    with open_video(path) as member, open_video(clip_folder / path.partition("#")[2]) as file:
        assert torch.equal(member.frames(range(32), size=20), file.frames(range(32), size=20))


def test_the_fingerprint_forgets_where_the_shards_lie(packed, copy):
    expected = from_shards(str(packed)).fingerprint()
    assert from_shards(str(copy)).fingerprint() == expected
    assert from_shards(str(copy), verify=False).fingerprint() == expected
    assert from_shards(f"file://{copy}").fingerprint() == expected


def test_changed_bytes_are_told_unless_nobody_looks(copy):
    path = first_member(copy)
    member = shards.find_member(path)
    shard = Path(path.partition("#")[0])
    with shard.open("r+b") as file:
        file.seek(member.offset + member.size // 2)
        file.write(b"\0\1\2\3")
    with pytest.raises(BadVideo, match=r"corrupt while opening: .* their sha256 differs"):
        open_video(path)
    manifest = from_shards(str(copy), verify=False)
    assert "hashes are not compared" in manifest.notes[0]
    assert len(read_member(manifest.splits["train"][0].path)) == member.size


def test_a_shard_that_is_cut_or_gone_makes_bad_videos(copy):
    path = first_member(copy)
    shard = Path(path.partition("#")[0])
    shard.write_bytes(shard.read_bytes()[:600])
    with pytest.raises(BadVideo, match=r"corrupt while opening: 88 bytes instead of \d+: the shard is cut short"):
        open_video(path)
    shard.unlink()
    with pytest.raises(BadVideo, match="missing while opening: .*No such file"):
        open_video(path)


@pytest.mark.parametrize(
    ("index", "reason", "detail"),
    [
        (None, "missing", "prepare` was not finished"),
        ("name,offset,size,sha256\n", "missing", r"not in .*00000\.csv"),
        ("name,offset\n", "corrupt", "the header is not name,offset,size,sha256"),
        ("name,offset,size,sha256\nx,1\n", "corrupt", "not enough values"),
        ("name,offset,size,sha256\nx,1,many,0\n", "corrupt", "invalid literal"),
        ("name,offset,size,sha256\nx,-1,5,0\n", "corrupt", "negative"),
        ("name,offset,size,sha256\n{name},0,99999999999,0\n", "too_large", "99999999999 bytes, above"),
        ("name,offset,size,sha256\n{name},99999999999999999999,5,0\n", "corrupt", "beyond any file"),
        ('name,offset,size,sha256\n"{name},1,5,0\n', "corrupt", "unexpected end of data"),
    ],
)
def test_an_index_that_makes_no_sense_makes_bad_videos(copy, index, reason, detail):
    path = first_member(copy)
    file = Path(path.partition("#")[0]).with_suffix(".csv")
    file.unlink()
    if index is not None:
        file.write_text(index.format(name=path.partition("#")[2]))
    with pytest.raises(BadVideo, match=f"while opening: .*{detail}") as bad:
        open_video(path)
    assert bad.value.reason == reason


def test_a_file_named_like_a_member_is_a_file(make_video, tmp_path):
    path = make_video().rename(tmp_path / "a.tar#b.mp4")
    assert not is_member(str(path))
    with open_video(path) as video:
        assert video.num_frames == 40


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("/etc/00000.tar#a,left,train,,0.0,", "is not the path of a member"),
        ("shards/../00000.tar#a,left,train,,0.0,", "is not the path of a member"),
        ("http://host/shards/00000.tar#a,left,train,,0.0,", "is not the path of a member"),
        ("shards/00000.tar#a,nobody,train,,0.0,", "nobody"),
        ("shards/00000.tar#a,left,later,,0.0,", "later"),
        ("shards/00000.tar#a,left,train,,soon,", "soon"),
        ("shards/00000.tar#a,left", "not enough values"),
    ],
)
def test_a_row_that_leads_elsewhere_or_makes_no_sense_is_refused(copy, row, problem):
    table = copy / "clips.csv"
    table.write_text(table.read_text().splitlines()[0] + f"\n{row}\n")
    with pytest.raises(ValueError, match=rf"clips\.csv:2: .*{problem}.*; prepare the shards again"):
        from_shards(str(copy))


def test_what_is_not_there_or_not_finished_is_told(tmp_path, copy):
    with pytest.raises(FileNotFoundError, match=r"no shards here \(no prepare\.json\)\. Make them: videoai data prep"):
        from_shards(str(tmp_path))
    (copy / "clips.csv").unlink()
    with pytest.raises(FileNotFoundError, match="was not finished, run it again"):
        from_shards(str(copy))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "cannot be parsed"),
        ('{"to": "videos", "format": 1, "classes": []}', "holds videos, not shards: train on it with data=csv"),
        ('{"to": "shards", "format": 2, "classes": []}', "format 2, this videoai reads format 1"),
    ],
)
def test_a_folder_of_another_kind_is_told(copy, text, problem):
    (copy / "prepare.json").write_text(text)
    with pytest.raises(ValueError, match=problem):
        from_shards(str(copy))


def test_shards_behind_a_url_are_read_by_range(packed, range_server, tmp_path):
    shutil.copytree(packed, tmp_path / "set")
    here, there = from_shards(str(packed)), from_shards(f"{range_server.url}/set/")
    assert there.fingerprint() == here.fingerprint()
    path = there.splits["val"][0].path
    assert path.startswith(f"{range_server.url}/set/shards/")
    with open_video(path) as far, open_video(here.splits["val"][0].path) as near:
        assert torch.equal(far.frames([3, 30]), near.frames([3, 30]))
    member = shards.find_member(path)
    assert range_server.requests[-1][1] == f"bytes={member.offset}-{member.offset + member.size - 1}"


def test_a_server_without_ranges_is_told(packed, range_server, tmp_path):
    shutil.copytree(packed, tmp_path / "set")
    range_server.serves_ranges = False
    with pytest.raises(BadVideo, match="the server may not serve byte ranges"):
        open_video(first_member(f"{range_server.url}/set"))


def test_a_chain_keeps_what_it_read_on_the_local_disk(packed, range_server, tmp_path):
    shutil.copytree(packed, tmp_path / "set")
    path = first_member(f"simplecache::{range_server.url}/set")
    data = read_member(path)
    num_requests = len(range_server.requests)
    assert read_member(path) == data
    assert len(range_server.requests) == num_requests


def test_shards_in_any_file_system_of_fsspec(packed):
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").put(str(packed), "/shards-test", recursive=True)
    manifest = from_shards("memory://shards-test")
    with open_video(manifest.splits["train"][0].path) as video:
        assert video.frames([0]).shape == (1, 3, 32, 32)
