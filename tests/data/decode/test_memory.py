import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from videoai.data.decode import open_video
from videoai.data.decode.memory import open_cached, video_from_array, write_cache_header
from videoai.data.media import BadVideo

FRAMES = np.random.default_rng(0).integers(0, 256, (6, 8, 10, 3), dtype=np.uint8)
TIMES = np.array([0, 0.1, 0.2, 0.35, 0.4, 0.5])


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4.safetensors"
    with path.open("wb") as file:
        write_cache_header(file, TIMES, height=8, width=10, fps=10.0)
        file.write(FRAMES.tobytes())
    return path


def test_a_cache_file_gives_back_what_was_written(cached):
    with open_video(cached) as video:
        assert (video.num_frames, video.height, video.width, video.fps) == (6, 8, 10, 10.0)
        assert np.array_equal(video.timestamps, TIMES)
        assert torch.equal(video.frames([5, 2]), torch.from_numpy(FRAMES[[5, 2]]).permute(0, 3, 1, 2))


def test_the_library_of_the_format_reads_it(cached):
    from safetensors.numpy import load_file

    stored = load_file(cached)
    assert np.array_equal(stored["frames"], FRAMES)
    assert np.array_equal(stored["timestamps"], TIMES)


def test_frames_are_read_when_asked_for(cached):
    video = open_cached(cached)
    whole = cached.read_bytes()
    with cached.open("r+b") as file:  # the last frame changes after opening; mapped, not copied
        file.seek(len(whole) - 240)
        file.write(bytes(240))
    assert not video.frames([5]).any()


def test_an_array_of_another_kind_is_refused():
    other_shapes = (FRAMES[0], FRAMES[:0], FRAMES[None], FRAMES[..., :2], np.concatenate([FRAMES, FRAMES], axis=3))
    for wrong in (FRAMES.astype(np.float32), FRAMES.astype(np.int8), *other_shapes):
        with pytest.raises(ValueError, match=r"they must be uint8 \[T, H, W, 3\]"):
            video_from_array(wrong)


def rewrite(path: Path, **entries) -> None:
    """Another header over the same data."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.dumps({**json.loads(data[8 : 8 + size]), **entries}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + size :])


@pytest.mark.parametrize(
    ("entries", "detail"),
    [
        ({"__metadata__": {}}, "fps"),
        ({"__metadata__": {"fps": "-1"}}, "fps is -1"),
        ({"__metadata__": {"fps": "nan"}}, "fps is nan"),
        ({"__metadata__": {"fps": "many"}}, "many"),
        ({"frames": {"dtype": "I8", "shape": [6, 8, 10, 3], "data_offsets": [48, 1488]}}, "frames are I8"),
        ({"frames": {"dtype": "U8", "shape": [6, 8, 30], "data_offsets": [48, 1488]}}, r"frames are U8 \[6, 8, 30\]"),
        ({"frames": {"dtype": "U8", "shape": [3, 16, 10, 3], "data_offsets": [48, 1488]}}, r"times \[6\]"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(cached, entries, detail):
    rewrite(cached, **entries)
    with pytest.raises(BadVideo, match=f"corrupt while opening: .*{detail}"):
        open_cached(cached)


@pytest.mark.parametrize(("height", "width"), [(8, 12), (6, 10), (8, -10), (0, 0)])
def test_planes_that_are_not_of_the_size_that_the_header_names_are_refused(tmp_path, height, width):
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        write_cache_header(file, TIMES, height=8, width=10, fps=10.0, pixels="yuv420")
        file.write(bytes(6 * 12 * 10))
    assert open_cached(path).width == 10
    rewrite(path, __metadata__={"fps": "10", "height": str(height), "width": str(width)})
    with pytest.raises(BadVideo, match=rf"planes \[6, 12, 10\] for {width} x {height}"):
        open_cached(path)


def test_times_that_do_not_rise_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        write_cache_header(file, TIMES[::-1], height=8, width=10, fps=10.0)
        file.write(FRAMES.tobytes())
    with pytest.raises(BadVideo, match="the timestamps do not rise"):
        open_cached(path)


@pytest.mark.parametrize(("make", "reason"), [(None, "missing"), (Path.mkdir, "not_a_file"), (Path.touch, "corrupt")])
def test_what_is_no_cache_file_is_refused(tmp_path, make, reason):
    path = tmp_path / "a.safetensors"
    if make:
        make(path)
    with pytest.raises(BadVideo) as bad:
        open_cached(path)
    assert bad.value.reason == reason


def test_damaged_cache_files_open_or_are_bad_videos(cached):
    whole, rng = cached.read_bytes(), random.Random(0)
    outcomes = {"read": 0, "corrupt": 0}
    for number in range(300):
        data = bytearray(whole)
        if number % 3 == 0:
            del data[rng.randrange(len(data)) :]
        else:
            for _ in range(3):
                data[rng.randrange(len(data) if number % 3 == 1 else 300)] = rng.randrange(256)
        cached.write_bytes(data)
        try:
            with open_cached(cached) as video:
                video.frames(range(video.num_frames), size=4)
            outcomes["read"] += 1
        except BadVideo as bad:
            outcomes[bad.reason] += 1
    assert min(outcomes.values()) > 20, outcomes  # both kinds were met
