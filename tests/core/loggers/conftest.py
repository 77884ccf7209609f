import pytest
import torch
from matplotlib.figure import Figure

from videoai.core.log import RunLog
from videoai.core.loggers import bind_loggers


def draw() -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([1, 2])
    return figure


@pytest.fixture
def tell(tmp_path, caplog):
    """Logs a short run and its continuation, in which nothing may fail."""

    def run(node, parts=((0, 3), (2, 4))):
        for start, stop in parts:
            run = {"run_dir": tmp_path, "name": "a run", "config": {"seed": 7, "optim": {"lr": 0.1}}}
            log = RunLog(tmp_path, start_step=start, loggers=bind_loggers([node], start_step=start, **run))
            for step in range(start + 1, stop + 1):
                log.scalars(step, "train", {"loss": start + step / 10, "undefined": float("nan")})
            log.clips(stop, "input", torch.randint(256, (2, 4, 3, 8, 8), dtype=torch.uint8), ["left", "right"])
            log.video(stop, "made", torch.randint(256, (4, 3, 8, 8), dtype=torch.uint8), fps=8)
            log.figure(stop, "val/confusion", draw)
            log.close()
        assert [record.getMessage() for record in caplog.records if "failed" in record.getMessage()] == []

    return run
