from pathlib import Path

import numpy as np
import pytest

from videoai.data.feature_table import read_features
from videoai.run.features import extract as module
from videoai.run.features import plan as planning
from videoai.run.features.extract import extract
from videoai.settings.features import ExtractSettings


def settings_of(run: Path, clips: Path, folder: Path, **changed: object) -> ExtractSettings:
    named = {"checkpoint": str(run / "checkpoints" / "best.pt"), "input": str(clips), "run_dir": str(folder)}
    windows = {"window_seconds": 0.4, "stride_seconds": 0.1, "num_workers": 0}
    return ExtractSettings(**{**named, **windows, **changed})  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_an_extraction_that_was_killed_goes_on_to_the_same_table(
    evaluated_run: Path, clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(planning, "BLOCK_WINDOWS", 40)
    whole = extract(settings_of(evaluated_run, clip_folder, tmp_path / "whole"))
    block, done = module.extract_block, []

    def killed(*arguments: object):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(arguments)
        return block(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(module, "extract_block", killed)
    with pytest.raises(KeyboardInterrupt):
        extract(settings_of(evaluated_run, clip_folder, tmp_path / "killed"))
    parts = sorted((tmp_path / "killed" / "parts").iterdir())
    assert len(parts) == 3
    parts[1].write_bytes(b"half a block")  # a disk that lost it: it is made again
    monkeypatch.setattr(module, "extract_block", block)
    again = extract(settings_of(evaluated_run, clip_folder, tmp_path / "killed", batch_size=7))  # the same blocks
    first, second = (read_features(folder / "features.parquet") for folder in (tmp_path / "whole", tmp_path / "killed"))
    assert first.rows == second.rows
    np.testing.assert_allclose(first.features, second.features, atol=1e-6)  # batches of another size round otherwise
    assert (whole.num_rows, whole.num_features) == (again.num_rows, again.num_features) == (len(first), 64)
    assert not (tmp_path / "killed" / "parts").exists()


@pytest.mark.slow
@pytest.mark.parametrize("changed", [{"layer": "outputs"}, {"stride_seconds": 0.2}, {"format": "npz"}])
def test_other_settings_in_the_same_folder_keep_nothing_of_before(
    evaluated_run: Path, clip_folder: Path, tmp_path: Path, changed: dict[str, object]
):
    clips = clip_folder / "left"
    extract(settings_of(evaluated_run, clips, tmp_path))
    extract(settings_of(evaluated_run, clips, tmp_path, **changed))
    suffix = changed.get("format", "parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["extract.json", f"features.{suffix}"]
    table = read_features(tmp_path / f"features.{suffix}")
    for key, value in changed.items():
        assert table.provenance[key] == value


@pytest.mark.slow
def test_a_preset_takes_the_frames_of_the_published_features(evaluated_run: Path, clip_folder: Path, tmp_path: Path):
    windows = {"window_seconds": None, "stride_seconds": None, "preset": "thumos14"}
    extract(settings_of(evaluated_run, clip_folder / "left", tmp_path, **windows))
    table = read_features(tmp_path / "features.parquet")
    starts = [row.start_seconds for row in table.rows][:3]
    assert starts == pytest.approx([0.0, 4 / 30, 8 / 30], abs=1e-6)
    assert table.provenance["clip"]["sampling"] == "uniform"
