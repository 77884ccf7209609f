"""``videoai benchmark decode|loader|stream|export``."""

from videoai.cli.overrides import one_or_list
from videoai.compose.settings import from_arguments, shared_out
from videoai.settings.benchmarks import DecodeSettings, ExportBenchmarkSettings, LoaderSettings, StreamBenchmarkSettings
from videoai.settings.training import TrainSettings


def decode(arguments: list[str]) -> int:
    """Measures every reader, and prints one table."""
    settings = from_arguments(DecodeSettings, arguments).settings()
    from videoai.report.benchmark import decode_table
    from videoai.report.tables import as_text
    from videoai.run.benchmarks.decode import benchmark_decode

    print(as_text(decode_table(benchmark_decode(settings)), width=140))  # names of files, and quartiles
    return 0


def loader(arguments: list[str]) -> int:
    """Measures both loaders, and prints one table."""
    own, rest = shared_out(LoaderSettings, arguments)
    settings = from_arguments(LoaderSettings, own).settings()
    training = from_arguments(TrainSettings, rest).settings()
    from videoai.report.benchmark import loader_table
    from videoai.report.tables import as_text
    from videoai.run.benchmarks.loader import benchmark_loader

    print(as_text(loader_table(benchmark_loader(settings, training))))
    return 0


def stream(arguments: list[str]) -> int:
    """Measures both paces, and prints one table."""
    words = [one_or_list(word, "source", "checkpoint") for word in arguments]
    settings = from_arguments(StreamBenchmarkSettings, words).settings()
    from videoai.report.benchmark import stream_table
    from videoai.report.tables import as_text
    from videoai.run.benchmarks.stream import benchmark_stream

    rows = [*benchmark_stream(settings)]
    print(as_text(stream_table(rows), width=40 + 26 * len(rows)))  # a column for each checkpoint and pace
    return 0


def export(arguments: list[str]) -> int:
    """Measures every format, and prints one table."""
    settings = from_arguments(ExportBenchmarkSettings, arguments).settings()
    from videoai.report.benchmark import export_table
    from videoai.report.tables import as_text
    from videoai.run.benchmarks.export import benchmark_export, fastest

    rows = benchmark_export(settings)
    print(as_text(export_table(rows), width=140))  # reasons
    print(f"fastest: {fastest(rows)}")
    return 0
