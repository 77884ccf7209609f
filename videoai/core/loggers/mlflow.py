"""MLflow, in ``run_dir/mlflow`` unless ``tracking_uri`` or ``MLFLOW_TRACKING_URI`` names another place.

Look with ``mlflow ui --backend-store-uri sqlite:///RUN_DIR/mlflow/mlflow.db``. A run that continues goes on in the same
MLflow run (``run_dir/mlflow/run_id``). MLflow deletes no points: of steps that were made twice it shows both.
"""

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from videoai.core.files import write_atomic
from videoai.core.loggers.logger import Logger
from videoai.core.loggers.pictures import filmstrips, gif

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class MLflow(Logger):
    """Scalars as metrics, settings as parameters; filmstrips, videos and figures as files."""

    def __init__(
        self,
        *,
        run_dir: Path,
        name: str,
        config: dict[str, Any],
        start_step: int,
        experiment: str = "videoai",
        tracking_uri: str | None = None,
    ) -> None:
        self._mlflow: Any = import_module("mlflow")  # by name: this file has the same
        folder = run_dir.absolute() / "mlflow"
        folder.mkdir(exist_ok=True)
        here = f"sqlite:///{folder}/mlflow.db"
        uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", here)
        self._client = self._mlflow.MlflowClient(tracking_uri=uri)
        files = (folder / "files").as_uri() if uri == here else None  # None: the server knows
        self._run_id = self._open(folder / "run_id", name, config, experiment, files)

    def _open(self, kept: Path, name: str, config: dict[str, Any], experiment: str, files: str | None) -> str:
        """The id of the run that goes on, which ``kept`` holds, or of a new one."""
        if kept.exists():
            self._client.update_run(kept.read_text(), status="RUNNING")
            return kept.read_text()
        existing = self._client.get_experiment_by_name(experiment)
        group = (
            existing.experiment_id if existing else self._client.create_experiment(experiment, artifact_location=files)
        )
        run_id = self._client.create_run(group, run_name=name).info.run_id
        write_atomic(kept, run_id.encode())
        for key, value in flat(config).items():
            self._client.log_param(run_id, key, value)
        return run_id

    def scalars(self, step: int, split: str, values: dict[str, float]) -> None:
        now = int(time.time() * 1000)
        metrics = [self._mlflow.entities.Metric(f"{split}/{key}", value, now, step) for key, value in values.items()]
        self._client.log_batch(self._run_id, metrics)

    def clips(self, step: int, name: str, video: Tensor, captions: Sequence[str]) -> None:
        self._client.log_image(self._run_id, filmstrips(video, captions), key=name, step=step)

    def video(self, step: int, name: str, video: Tensor, fps: float) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"step_{step}.gif"
            path.write_bytes(gif(video, fps))
            self._client.log_artifact(self._run_id, str(path), name)

    def figure(self, step: int, name: str, figure: "Figure") -> None:
        self._client.log_figure(self._run_id, figure, f"{name}/step_{step}.png")

    def close(self) -> None:
        self._client.set_terminated(self._run_id)


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots: MLflow's parameters are no tree."""
    pairs: dict[str, Any] = {}
    for key, value in config.items():
        pairs |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return pairs
