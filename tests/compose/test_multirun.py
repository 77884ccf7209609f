"""One run for each combination of values."""

from pathlib import Path

import pytest

from videoai.compose.multirun import sweep
from videoai.settings.training import TrainSettings


def where(settings: TrainSettings) -> dict[str, object]:
    """Stands for a training: says what it was given."""
    if settings.seed == 7:
        raise ValueError("seven fails")
    return {"run_dir": settings.run_dir, "seed": settings.seed, "value": 0.5}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_each_combination_has_a_folder_of_its_own_below_the_run_dir_given():
    folder, rows = sweep(TrainSettings, "train", ["seed=0,1", "run_dir=runs/two words"], where)
    assert folder == Path("runs/two words").absolute()
    assert [row.values["run_dir"] for row in rows] == [str(folder / "seed=0"), str(folder / "seed=1")]


def test_one_combination_that_fails_leaves_the_others():
    _, rows = sweep(TrainSettings, "train", ["seed=7,1"], where)
    assert rows[0].values == {"error": "seven fails"}
    assert rows[1].values["seed"] == 1


def test_no_setting_with_several_values_is_refused():
    with pytest.raises(ValueError, match="no setting has several values. Give a list"):
        sweep(TrainSettings, "train", ["seed=0"], where)


def test_files_of_the_user_are_checked_as_in_a_single_run(tmp_path):
    for name, text in (("octal", "seed: 010"), ("fine", "name: x")):
        (tmp_path / "experiment").mkdir(exist_ok=True)
        (tmp_path / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\n{text}\n")
    _, rows = sweep(TrainSettings, "train", ["experiment=octal,fine", f"--config-dir={tmp_path}"], where)
    assert "line 2: YAML reads 010 as 8" in rows[0].values["error"]
    assert rows[1].values["value"] == 0.5
