import pytest

trackio = pytest.importorskip("trackio", reason="needs the extra videoai[trackio]")
pytestmark = pytest.mark.filterwarnings("default")  # warnings of the package and its imports


def test_a_run_and_its_continuation_are_one_on_this_machine(tmp_path, tell, capsys):
    from trackio.sqlite_storage import SQLiteStorage
    from trackio.utils import MEDIA_DIR

    project = f"videoai-test-{tmp_path.name}"  # Trackio keeps one folder for all runs
    tell({"name": "trackio", "project": project})
    assert capsys.readouterr().out == ""
    (run,) = trackio.Api().runs(project)
    assert (run.name, run.config["optim"]) == ("a run", {"lr": 0.1})
    points = SQLiteStorage.get_metric_values(project, "a run", "train/loss")
    both = [(1, 0.1), (2, 0.2), (3, 0.3), (3, 2.3), (4, 2.4)]  # step 3 was made twice, and Trackio keeps both
    assert sorted((point["step"], round(point["value"], 1)) for point in points) == both
    assert {path.suffix for path in (MEDIA_DIR / project / "a run").rglob("*.*")} == {".png", ".gif"}
    run.delete()
