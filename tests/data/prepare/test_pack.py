import csv
import hashlib
import subprocess
import tarfile
from pathlib import Path

import pytest

from videoai.data.prepare.jobs import Source, new_source
from videoai.data.prepare.pack import ToShards


def sources_in(folder: Path) -> list[Source]:
    return [new_source(str(path), str(folder)) for path in sorted(folder.rglob("*.mp4"))]


def test_tar_lists_and_extracts_what_was_packed(clip_folder, tmp_path):
    form = ToShards(shard_mb=1000)
    (job,) = form.jobs(sources_in(clip_folder))
    done = form.make(job, tmp_path)
    assert done.target == "shards/00000.tar"
    subprocess.run(["tar", "xf", done.target, "-C", str(tmp_path)], cwd=tmp_path, check=True)
    for path in clip_folder.rglob("*.mp4"):
        assert (tmp_path / path.relative_to(clip_folder)).read_bytes() == path.read_bytes()


def test_the_index_says_where_each_member_lies_and_what_it_hashes_to(clip_folder, tmp_path):
    form = ToShards(shard_mb=1000)
    sources = sources_in(clip_folder)
    form.make(form.jobs(sources)[0], tmp_path)
    data = (tmp_path / "shards/00000.tar").read_bytes()
    with tarfile.open(tmp_path / "shards/00000.tar") as tar:
        offsets = {member.name: member.offset_data for member in tar}
    rows = list(csv.DictReader((tmp_path / "shards/00000.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == [source.name for source in sources]
    for row in rows:
        start, size = int(row["offset"]), int(row["size"])
        assert start == offsets[row["name"]]
        assert hashlib.sha256(data[start : start + size]).hexdigest() == row["sha256"]


def test_shards_are_cut_by_size_in_the_order_given():
    sources = [Source(f"/{n}", f"{n}", size, "") for n, size in enumerate((6, 5, 4, 20, 1, 1))]
    jobs = ToShards(shard_mb=10e-6).jobs(sources)
    assert [[source.size for source in job.sources] for job in jobs] == [[6], [5, 4], [20], [1, 1]]
    assert [job.name for job in jobs] == ["00000", "00001", "00002", "00003"]


def test_long_and_odd_names_survive(make_video, tmp_path):
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    make_video().rename(folder / ("ü" * 60 + ".mp4"))
    form = ToShards(shard_mb=1)
    form.make(form.jobs(sources_in(tmp_path))[0], tmp_path)
    with tarfile.open(tmp_path / "shards/00000.tar") as tar:
        assert tar.getnames() == [f"{folder.name}/{'ü' * 60}.mp4"]


def test_what_cannot_be_opened_is_packed_and_noted(tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    (tmp_path / "b.mp4").symlink_to("/dev/zero")
    form = ToShards(shard_mb=1)
    done = form.make(form.jobs(sources_in(tmp_path))[0], tmp_path)
    assert [(row[0], row[1], row[4]) for row in done.bad] == [
        ("a.mp4", "unknown_format", "packed as it is"),
        ("b.mp4", "not_a_file", "an empty file takes its place"),
    ]
    with tarfile.open(tmp_path / done.target) as tar:
        assert [member.size for member in tar] == [8, 0]


def test_folders_of_images_and_giants_are_refused(tmp_path):
    (tmp_path / "frames").mkdir()
    with pytest.raises(ValueError, match="frames is no video file; make videos first, to=videos"):
        ToShards(shard_mb=1).jobs([new_source(str(tmp_path / "frames"), str(tmp_path))])
    with (tmp_path / "a.mp4").open("wb") as file:
        file.truncate(2**31 + 1)  # a hole, not bytes
    with pytest.raises(ValueError, match=r"a\.mp4: 2\.1 GB, above 2\.1 GB; cut it into clips"):
        ToShards(shard_mb=1).jobs(sources_in(tmp_path))
