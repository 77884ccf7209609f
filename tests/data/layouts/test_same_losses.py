"""The same clips in the same order train to the same losses, however they are stored."""

import csv
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.layouts.mds_shards import write_shards

SHORT = (
    "trainer.max_steps=2",
    "trainer.batch_size=4",
    "loading.num_workers=1",
    "device=cpu",
    "trainer.log_every=1",
    "report=false",
)
SPLITS = {"train": range(16), "val": range(16, 24)}


def as_files(clips: list[tuple[Path, str]], out: Path) -> list[str]:
    out.mkdir()
    with (out / "clips.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "label", "split"))
        for split, numbers in SPLITS.items():
            for number in numbers:
                (out / f"{split}-{number:04d}.mp4").write_bytes(clips[number][0].read_bytes())
                rows.writerow((f"{split}-{number:04d}.mp4", clips[number][1], split))
    return ["data=csv", f"data.path={out}/clips.csv"]


def as_webdataset(clips: list[tuple[Path, str]], out: Path) -> list[str]:
    out.mkdir()
    for split, numbers in SPLITS.items():
        with tarfile.open(out / f"{split}.tar", "w") as tar:
            for number in numbers:
                for extension, data in (("mp4", clips[number][0].read_bytes()), ("cls", clips[number][1].encode())):
                    info = tarfile.TarInfo(f"{number:04d}.{extension}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    return ["data=webdataset", f"data.root={out}"]


def as_parquet(clips: list[tuple[Path, str]], out: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out.mkdir()
    for split, numbers in SPLITS.items():
        held = [{"bytes": clips[number][0].read_bytes(), "path": None} for number in numbers]
        table = pa.table({"video": held, "label": [clips[number][1] for number in numbers]})
        pq.write_table(table, out / f"{split}-00000-of-00001.parquet", row_group_size=5)
    return ["data=parquet", f"data.root={out}"]


def as_mds(clips: list[tuple[Path, str]], out: Path) -> list[str]:
    for split, numbers in SPLITS.items():
        held = [{"video": clips[number][0].read_bytes(), "label": clips[number][1]} for number in numbers]
        write_shards(out / split, {"video": "bytes", "label": "str"}, held)
    return ["data=mds", f"data.root={out}"]


@pytest.mark.slow
@pytest.mark.parametrize("store", [as_webdataset, as_parquet, as_mds])
def test_losses_do_not_depend_on_the_format(store: Callable[..., list[str]], clip_folder, tmp_path, videoai_command):
    clips = sorted((path, path.parent.name) for path in clip_folder.rglob("*.mp4"))
    clips = clips[::5] + clips[1::5] + clips[2::5] + clips[3::5] + clips[4::5]  # every class in train
    losses = {}
    for name, made in (("files", as_files(clips, tmp_path / "a")), ("packed", store(clips, tmp_path / "b"))):
        done = videoai_command("train", *made, *SHORT, f"run_dir={name}", "model=tiny_r3d", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        lines = map(json.loads, (tmp_path / name / "metrics.jsonl").read_text().splitlines())
        losses[name] = [line["loss"] for line in lines if "loss" in line]
    assert len(losses["files"]) > 1
    assert losses["files"] == losses["packed"]
