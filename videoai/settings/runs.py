"""Settings of ``runs``, ``ensemble`` and ``compare``."""

from dataclasses import dataclass

from videoai.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class RunsSettings:
    """What lies below a folder of runs: their state, results and what differs between them."""

    folder: str = setting("runs", path=True, help="the folder of the runs")
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class EnsembleSettings:
    """Several runs that answer together by the mean of their probabilities, as one checkpoint (arXiv:1612.01474)."""

    runs: tuple[str, ...] = setting(help="folders of runs, whose best.pt counts, or checkpoints; may stand first")
    out: str = setting("runs/ensemble/checkpoints/best.pt", path=True, help="the checkpoint that is written")
    overwrite: bool = setting(False, help="true = out may exist")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoints' models come from")
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class CompareSettings:
    """A paired test of two runs on the same videos, from the predictions that evaluate wrote."""

    run: str = setting(path=True, help="a run, a folder of results such as RUN/val, or its predictions.csv")
    other: str = setting(path=True, help="likewise; gains are those of this one over the first")
    split: str = setting("test", help="the folder of results in both runs: test, val, test-4x3")
    resamples: int = setting(10_000, min=100, max=1_000_000, help="of the bootstrap interval")
    seed: int = setting(0, min=0, help="of the bootstrap interval")
    out: str | None = setting(
        None, path=True, help="NAME.csv; the page is NAME.html. null = comparison-OTHER.csv in the first's results"
    )
    report: bool = setting(True, help="false = no HTML page, which reads a few videos")
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if self.out and not self.out.lower().endswith(".csv"):
            raise ValueError(f"out={self.out}: the table is a CSV file. Give a name that ends in .csv")
