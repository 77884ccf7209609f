"""``videoai benchmark decode|loader``."""

from videoai.cli.config import CONFIGS, apart, compose, refuse_missing

JOBS = ("decode", "loader")


def main(arguments: list[str]) -> int:
    """Measures, and prints one table. Raises: ValueError: no such job."""
    job, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if job not in JOBS:
        raise ValueError(f"videoai benchmark '{job}': choose from {', '.join(JOBS)}. See videoai benchmark --help")
    from videoai.report.tables import as_text

    print(as_text(_decode(rest) if job == "decode" else _loader(rest)))
    return 0


def job_help(name: str | None) -> str:
    """What ``videoai benchmark [JOB] --help`` prints."""
    jobs = [name] if name in JOBS else JOBS
    return "\n".join((CONFIGS / f"benchmark_{job}.yaml").read_text() for job in jobs)


def _decode(arguments: list[str]):
    from videoai.report.benchmark import decode_table
    from videoai.run.benchmarks.decode import benchmark_decode

    config, _ = compose("benchmark_decode", arguments)
    refuse_missing(config, "benchmark decode")
    return decode_table(benchmark_decode(config))


def _loader(arguments: list[str]):
    from videoai.report.benchmark import loader_table
    from videoai.run.benchmarks.loader import benchmark_loader

    own, rest = apart("benchmark_loader", arguments)
    settings, _ = compose("benchmark_loader", own)
    config, _ = compose("train", rest)
    refuse_missing(config, "train")
    return loader_table(benchmark_loader(config, settings))
