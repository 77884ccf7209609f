import sys

import pytest

from videoai.core.log import RunLog
from videoai.core.loggers import bind_loggers

OWN = """
import json
from videoai.core.loggers import Logger

class Lines(Logger):
    def __init__(self, path, run_dir, name, config, start_step):
        self.path = run_dir / path
        self.path.write_text(f"{name} {config['seed']} {start_step}\\n")

    def scalars(self, step, split, values):
        if step == 3:
            raise ConnectionError("no route")
        with self.path.open("a") as file:
            file.write(json.dumps([step, split, values]) + "\\n")

class NoLogger:
    def __init__(self, **run):
        pass
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "lines_of_mine.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("lines_of_mine", None)


def bound(folder, *nodes):
    return bind_loggers(nodes, run_dir=folder, name="a run", config={"seed": 7}, start_step=0)


@pytest.mark.usefixtures("own_module")
def test_a_logger_of_ones_own_gets_the_run_and_its_options_and_may_fail_in_the_middle(tmp_path, caplog):
    log = RunLog(tmp_path, loggers=bound(tmp_path, {"_target_": "lines_of_mine.Lines", "path": "mine.txt"}))
    for step in (1, 2, 3, 4):
        log.scalars(step, "train", {"loss": step / 2})
    log.close()
    lines = (tmp_path / "mine.txt").read_text().splitlines()
    assert lines == ["a run 7 0", '[1, "train", {"loss": 0.5}]', '[2, "train", {"loss": 1.0}]']
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 4
    (record,) = caplog.records
    assert "logger lines_of_mine.Lines failed" in record.getMessage() and "no route" in record.getMessage()


@pytest.mark.usefixtures("own_module")
def test_a_class_that_is_no_logger_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"lines_of_mine.NoLogger is no subclass of videoai.core.loggers.Logger"):
        bound(tmp_path, {"_target_": "lines_of_mine.NoLogger"})


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match=r"logger: unknown name 'tensorbord'. Did you mean tensorboard\?"):
        bound(tmp_path, "tensorbord")


def test_an_unknown_option_is_answered_with_those_that_are(tmp_path):
    with pytest.raises(ValueError, match=r"logger: WandB does not take 'projekt'. Did you mean project\?"):
        bound(tmp_path, {"name": "tensorboard"}, without_package_check("wandb", projekt="x"))


def test_an_option_that_the_run_itself_decides_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"logger: config comes from videoai itself"):
        bound(tmp_path, {"name": "tensorboard", "config": {}})


def test_the_same_logger_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="logger: tensorboard is listed twice"):
        bound(tmp_path, "tensorboard", {"name": "tensorboard"})


@pytest.mark.parametrize("name", ["wandb", "mlflow", "trackio"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path, monkeypatch, name):
    monkeypatch.setattr("videoai.core.loggers.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=rf"^logger={name} needs the package {name}: pip install 'videoai\[{name}\]'$"):
        bound(tmp_path, name)


def test_a_folder_that_is_called_like_the_package_does_not_pass_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    (tmp_path / "trackio").mkdir()
    with pytest.raises(ValueError, match="logger=trackio needs the package trackio"):
        bound(tmp_path, "trackio")


def test_no_logger_is_bound_for_an_empty_list(tmp_path):
    assert bound(tmp_path) == {}


def without_package_check(name: str, **options: object) -> dict:
    """The wrapper itself, whose options can be checked without the package that it imports when it opens."""
    return {"_target_": f"videoai.core.loggers.{name}:WandB", **options}
