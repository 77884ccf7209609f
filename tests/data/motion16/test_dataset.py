import csv
import errno
import logging
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from videoai.core import files
from videoai.data import encode
from videoai.data.encode import write_clip
from videoai.data.motion16 import dataset
from videoai.data.motion16.dataset import Size, motion16
from videoai.data.motion16.motion import CLASSES, render
from videoai.data.motion16.rendering import hash_frames

MINI = Size(train=2, val=1, test=1, size_px=32)
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def mini(monkeypatch):
    """64 clips rather than 480 under the name of the tiny size."""
    monkeypatch.setitem(dataset.SIZES, "tiny", MINI)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The cache folder of one finished run; tests that change it copy it."""
    root = tmp_path_factory.mktemp("motion16")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dataset.SIZES, "tiny", MINI)
        motion16(size="tiny", root=root, num_workers=0)
    return root


def copied(made: Path, to: Path) -> Path:
    return Path(shutil.copytree(made, to / "cache"))


def decoded(path) -> tuple[np.ndarray, float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(stream)])
        assert stream.average_rate is not None
        return frames, float(stream.average_rate)


def files_and_times(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_manifest_holds_every_clip_of_every_class(made):
    manifest = motion16(size="tiny", root=made)
    assert manifest.classes == CLASSES
    assert [row[1:] for row in manifest.table()] == [(2, 1, 1)] * 16
    items = [item for split in manifest.splits.values() for item in split]
    assert all(Path(item.path).is_file() and Path(item.path).parent.name == CLASSES[item.label] for item in items)
    assert Path(manifest.source).name == f"motion16-tiny-default-s0-v{dataset.VERSION}"


def test_the_index_names_the_hash_of_the_rendered_frames(made):
    folder = Path(motion16(size="tiny", root=made).source)
    with (folder / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 64 and len({row["frames_blake2b"] for row in rows}) == 64
    row = rows[17]
    frames, _ = render(label=int(row["label"]), seed=0, split=row["split"], index=17, size_px=32)
    assert row["frames_blake2b"] == hash_frames(frames)
    assert row["path"] == f"train/{row['name']}/00017.mp4"


def test_a_written_file_decodes_to_what_was_rendered(made):
    manifest = motion16(size="tiny", root=made)
    for index in range(4):
        frames, fps = decoded(manifest.splits["val"][index].path)
        rendered, _ = render(label=index, seed=0, split="val", index=index, size_px=32)
        assert frames.shape == rendered.shape == (32, 32, 32, 3) and fps == 15
        error = np.abs(frames.astype(int) - rendered).mean()
        assert error < 7  # CRF 18 without macroblock tree, on noise of sd 7.6 grey levels, chroma at half resolution


def test_the_truth_lies_beside_the_clips(made):
    folder = Path(motion16(size="tiny", root=made).source)
    with np.load(folder / "truth_test.npz", allow_pickle=False) as truth:
        assert {name: values.shape for name, values in truth.items()} == dict.fromkeys(
            ("x", "y", "angle", "scale"), (16, 32)
        )
        _, expected = render(label=3, seed=0, split="test", index=3, size_px=32)
        assert np.array_equal(truth["x"][3], expected.x) and np.array_equal(truth["angle"][3], expected.angle)


def test_a_second_call_renders_nothing(made):
    before = files_and_times(made)
    motion16(size="tiny", root=made)
    assert files_and_times(made) == before


def test_an_interrupted_run_continues_and_ends_the_same(made, tmp_path):
    root = copied(made, tmp_path)
    folder = Path(motion16(size="tiny", root=root).source)
    index = (folder / "index.csv").read_bytes()
    before = files_and_times(folder)
    lost = [folder / "train/left/00000.mp4", folder / "val/swing/00015.mp4", folder / "index.csv"]
    for path in lost:
        path.unlink()
    torn = folder / "test/up/00002.mp4"
    torn.write_bytes(torn.read_bytes()[:300])
    motion16(size="tiny", root=root, num_workers=0)
    assert (folder / "index.csv").read_bytes() == index
    after = files_and_times(folder)
    clips = {path for path in before if path.endswith(".mp4")}
    assert {path for path in clips if after[path] != before[path]} == {str(p) for p in (*lost[:2], torn)}
    assert len(decoded(torn)[0]) == 32


def test_worker_processes_make_the_same_clips(made, tmp_path):
    calls = []
    folder = Path(motion16(size="tiny", root=made).source)
    other = motion16(
        size="tiny", root=tmp_path, num_workers=2, progress=lambda done, total: calls.append((done, total))
    )
    assert (Path(other.source) / "index.csv").read_bytes() == (folder / "index.csv").read_bytes()
    assert calls[-1] == (64, 64) and len(calls) == 64
    assert not list(tmp_path.rglob("*.tmp"))


def test_two_runs_at_once_do_no_harm(made, tmp_path):
    with ThreadPoolExecutor(2) as pool:  # threads race for the same files as two processes would, and start at once
        runs = [pool.submit(motion16, size="tiny", root=tmp_path, num_workers=0) for _ in range(2)]
    folder = Path(runs[0].result().source)
    assert runs[1].result().source == str(folder)
    assert (folder / "index.csv").read_bytes() == (made / folder.name / "index.csv").read_bytes()
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.slow
def test_a_script_without_a_main_guard_still_gets_its_data(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from videoai.data.motion16 import dataset as s\n"
        "s.SIZES['tiny'] = s.Size(1, 1, 1, 32)\n"
        f"print(len(s.motion16(size='tiny', root={str(tmp_path)!r}, num_workers=2).splits['train']))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "16"
    assert "a worker process died" in done.stderr and "pass num_workers=0" in done.stderr


def test_rendering_processes_do_not_import_torch():
    code = "import sys, videoai.data.motion16.dataset; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=60)


def test_the_cache_variable_says_where(monkeypatch, made):
    monkeypatch.setenv("VIDEOAI_CACHE", str(made))
    assert Path(motion16(size="tiny").source).parent == made


def test_start_and_end_are_logged(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(dataset.SIZES, "tiny", Size(1, 1, 1, 32))
    with caplog.at_level(logging.INFO):
        motion16(size="tiny", root=tmp_path, num_workers=0)
    assert "making 48 of 48 clips in" in caplog.messages[0]
    assert "made 48 clips in" in caplog.messages[-1]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"file/motion16-tiny.*cannot be written .*data.root=PATH or .* VIDEOAI_CACHE"):
        motion16(size="tiny", root=tmp_path / "file", num_workers=0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a disk that is always full, is a Linux device")
def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(files.secrets, "token_hex", lambda _: "full")
    (tmp_path / ".clip.mp4.full.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"clip.mp4: no room for .* MB \(.* MB free\)\. .* free some space"):
        write_clip(tmp_path / "clip.mp4", np.zeros((2, 16, 16, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_the_class_of_a_disk_error_is_kept(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match=r"file/clip\.mp4: cannot be written") as caught:
        write_clip(tmp_path / "file" / "clip.mp4", np.zeros((2, 16, 16, 3), np.uint8))
    assert isinstance(caught.value.__cause__, OSError) and caught.value.__cause__.errno == errno.EEXIST


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": "huge"}, "size 'huge' does not exist; choose one of tiny, default, large"),
        ({"level": "harder"}, "level 'harder' does not exist; choose one of easy, default, hard, expert"),
        ({"seed": -1}, "seed -1 is negative"),
    ],
)
def test_what_does_not_exist_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        motion16(**arguments)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((2, 16, 16, 3)), r"frames are float64 \[2, 16, 16, 3\]"),
        (np.zeros((2, 3, 16, 16), np.uint8), r"must be uint8 \[T, H, W, 3\]"),
        (np.zeros((0, 16, 16, 3), np.uint8), "T >= 1"),
        (np.zeros((2, 16, 15, 3), np.uint8), "15 x 16 px; H.264 needs even sides"),
    ],
)
def test_frames_that_cannot_be_written_are_refused(tmp_path, frames, message):
    with pytest.raises(ValueError, match=message):
        write_clip(tmp_path / "clip.mp4", frames)


def test_a_clip_keeps_a_fractional_rate(tmp_path):
    write_clip(tmp_path / "clip.mp4", np.full((5, 32, 48, 3), 90, np.uint8), 30000 / 1001)
    frames, fps = decoded(tmp_path / "clip.mp4")
    assert frames.shape == (5, 32, 48, 3) and fps == pytest.approx(29.97, abs=0.01)
    assert np.abs(frames.astype(int) - 90).max() <= 3  # limited-range yuv rounds grey levels


def test_without_h264_clips_are_mpeg4_and_it_says_so(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})
    encode.encoder.cache_clear()
    try:
        rendered, _ = render(label=0, seed=0, split="train", index=0, level="easy")
        write_clip(tmp_path / "clip.mp4", rendered)
    finally:
        encode.encoder.cache_clear()
    assert "no libx264" in caplog.text
    assert np.abs(decoded(tmp_path / "clip.mp4")[0].astype(int) - rendered).mean() < 6


def test_a_folder_of_other_clips_is_not_written_into(clip_folder):
    """data=folder was forgotten: data.root=clips would put the built-in clips beside the user's."""
    with pytest.raises(ValueError, match=r"holds other clips \(.*\.mp4\).* To train on yours: data=folder data.root="):
        motion16(size="tiny", root=clip_folder)
