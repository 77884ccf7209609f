"""Damaged files by the thousand: none ends the process, hangs it, fills the memory, or raises anything but BadVideo."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from videoai.data.decode import open_video
from videoai.data.media import BadVideo, Reason

ROOT = Path(__file__).resolve().parents[3]
MAX_SECONDS = 10.0  # for one file
MAX_PEAK_BYTES = 512 * 2**20  # above what the process took for the first mutant
MAX_LEAK_BYTES = 20 * 1024  # per open
SEEDS = (
    {"name": "a.mp4", "options": {"bf": "2", "g": "8"}},
    {"name": "b.mp4", "container_options": {"movflags": "faststart"}},
    {"name": "c.mp4", "container_options": {"movflags": "frag_keyframe+empty_moov"}, "options": {"g": "5"}},
    {"name": "d.mkv", "ticks": [0, 40, 90, 300, 310, 500, 700, 710, 900, 1000]},
    {"name": "e.webm", "codec": "libvpx-vp9", "options": {"deadline": "realtime"}},
    {"name": "f.avi", "codec": "mpeg4", "options": {"bf": "2"}},
    {"name": "g.ts", "options": {"bf": "2", "g": "5"}},
    {"name": "h.flv"},
    {"name": "i.mp4", "codec": "libx265", "options": {"x265-params": "log-level=none"}, "pix_fmt": "yuv420p10le"},
    {"name": "j.mpg", "codec": "mpeg2video"},
    {"name": "k.wmv", "codec": "wmv2"},
    {"name": "l.h264", "container": "h264"},
)


@pytest.fixture
def seeds(make_video, tmp_path: Path) -> Path:
    """A folder of small videos in as many containers as there are."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    for settings in SEEDS:
        path = make_video(**{"num_frames": 10, **settings})
        path.rename(folder / path.name)
    return folder


def campaign(seeds: Path, first: int, count: int) -> Counter[str]:
    """Reads mutants first .. first + count - 1. Returns how often which outcome was seen."""
    command = [sys.executable, str(Path(__file__).with_name("mutants.py")), str(seeds), str(first), str(count)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=3000)
    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, f"died at mutant {lines[-1] if lines else first}: {ended.stderr[-500:]}"
    results = [json.loads(line.partition(" ")[2]) for line in lines]
    assert len(results) == count
    assert max(one["seconds"] for one in results) < MAX_SECONDS
    assert results[-1]["peak"] - results[0]["peak"] < MAX_PEAK_BYTES
    outcomes = Counter(one["reason"] for one in results)
    assert outcomes.keys() <= {"frames", *get_args(Reason)}
    return outcomes


@pytest.mark.parametrize("count", [120, pytest.param(600, marks=pytest.mark.slow)])
def test_hundreds_of_mutants_are_frames_or_bad_videos(count, seeds):
    outcomes = campaign(seeds, 0, count)
    assert outcomes["frames"] and outcomes["corrupt"]  # the damage is neither without effect nor always fatal


@pytest.mark.nightly
def test_ten_thousand_mutants_are_frames_or_bad_videos(seeds):
    """Others each day: VIDEOAI_MUTANTS is the number of the first."""
    assert len(campaign(seeds, int(os.environ.get("VIDEOAI_MUTANTS", "100000")), 10_000)) > 2


def test_hundreds_of_opens_of_good_and_of_corrupt_files_leak_no_memory(make_video):
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("measuring memory needs /proc")
    good, bad = make_video(num_frames=5), make_video("bad.mp4", 5)
    bad.write_bytes(bad.read_bytes()[:-300])

    def use_good() -> None:
        with open_video(good) as video:
            video.frames([4, 0], size=32)

    def use_bad() -> None:
        with pytest.raises(BadVideo):
            open_video(bad)

    for use in (use_good, use_bad):
        for _ in range(100):  # until the pools of the allocator are filled
            use()
        before = resident_bytes()
        for _ in range(600):
            use()
        assert (resident_bytes() - before) / 600 < MAX_LEAK_BYTES


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
