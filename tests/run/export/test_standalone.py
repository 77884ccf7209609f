"""The script of a bundle shows its network the very pixels that ``evaluate`` shows."""

import json
import types
from pathlib import Path

import numpy as np
import pytest

from videoai.core.types import ClipSpec, VideoItem
from videoai.data.dataset import EvalClips
from videoai.data.encode import write_clip
from videoai.data.motion16.motion import render
from videoai.run.export import export

SCRIPT = Path(export.__file__).with_name("standalone.py")
CLIPS = {
    "dense": ClipSpec(num_frames=8, size=32, stride=2),
    "scaled and cut": ClipSpec(num_frames=8, size=24, stride=1, resize=40),
    "at a rate": ClipSpec(num_frames=6, size=32, fps=12.5),
    "uniform": ClipSpec(num_frames=5, size=32, sampling="uniform"),
    "longer than the video, held": ClipSpec(num_frames=16, size=32, stride=4),
    "longer than the video, over again": ClipSpec(num_frames=16, size=32, stride=4, past_end="loop"),
}


@pytest.fixture
def script(tmp_path):
    """The script as a module, beside the manifest of a clip."""

    def load(clip: ClipSpec) -> types.ModuleType:
        manifest = {"clip": clip.to_dict(), "state": {"classes": ["a"]}}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        module = types.ModuleType("script")
        module.__file__ = str(tmp_path / "run.py")
        exec(compile(SCRIPT.read_text(), SCRIPT, "exec"), module.__dict__)
        return module

    return load


@pytest.mark.parametrize("name", CLIPS)
def test_the_pixels_are_those_of_evaluate(script, tmp_path, name):
    frames, _ = render(label=0, seed=0, split="test", index=0, size_px=48)
    write_clip(tmp_path / "a.mp4", np.concatenate([frames, frames[:, :, :20]], axis=2), fps=25)  # 48 x 68
    theirs = EvalClips([VideoItem(str(tmp_path / "a.mp4"), 0)], CLIPS[name])[0][0]
    assert not theirs.error
    assert np.array_equal(script(CLIPS[name]).read(str(tmp_path / "a.mp4")), theirs.video.permute(0, 2, 3, 1))


def test_it_is_short_and_imports_little():
    lines = [line for line in SCRIPT.read_text().splitlines() if line.strip()]
    assert len(lines) <= 90
    imported = {line.split()[1].split(".")[0] for line in lines if line.strip().startswith(("import ", "from "))}
    assert imported == {"json", "sys", "pathlib", "numpy", "onnxruntime", "openvino", "av"}
