import pytest

mlflow = pytest.importorskip("mlflow", reason="needs the extra videoai[mlflow]")
pytestmark = pytest.mark.filterwarnings("default")  # warnings of the package and its imports


def test_a_run_and_its_continuation_are_one_in_the_run_folder(tmp_path, tell, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tell("mlflow")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/mlflow/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("videoai").experiment_id])
    assert (run.info.run_name, run.info.status) == ("a run", "FINISHED")
    assert run.data.params == {"seed": "7", "optim.lr": "0.1"}
    points = client.get_metric_history(run.info.run_id, "train/loss")
    both = [(1, 0.1), (2, 0.2), (3, 0.3), (3, 2.3), (4, 2.4)]  # step 3 was made twice, and MLflow keeps both
    assert sorted((point.step, round(point.value, 1)) for point in points) == both
    files = sorted(path.name for path in (tmp_path / "mlflow" / "files").rglob("step_*"))
    assert files == ["step_3.gif", "step_3.png", "step_4.gif", "step_4.png"]
    assert list((tmp_path / "mlflow" / "files").rglob("input*step+4*.png"))


def test_another_place_is_used_where_it_is_named(tmp_path, tell, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MLflow keeps files of such a place in ./mlruns
    uri = f"sqlite:///{tmp_path}/shared.db"
    tell({"name": "mlflow", "tracking_uri": uri, "experiment": "mine"}, parts=((0, 1),))
    client = mlflow.MlflowClient(tracking_uri=uri)
    assert len(client.search_runs([client.get_experiment_by_name("mine").experiment_id])) == 1
