"""``videoai gan train|evaluate|generate``."""

import shlex

from videoai.cli.overrides import about_data, data_change, recorded_layout
from videoai.cli.train import own_data, print_config, report
from videoai.compose.settings import for_classifier, from_arguments, shared_out
from videoai.settings.data import DataSettings
from videoai.settings.gan import EvaluateGanSettings, GenerateSettings, TrainGanSettings
from videoai.settings.parse import parse, to_dict
from videoai.settings.training import TrainSettings


def train(arguments: list[str]) -> int:
    """Compose the settings, train, and say what to do next."""
    if multirun := [word for word in arguments if word in ("-m", "--multirun")]:
        from videoai.cli.multirun import main as multirun_main

        return multirun_main("gan train", [word for word in arguments if word not in multirun])
    composed = from_arguments(TrainGanSettings, [word for word in arguments if word != "--cfg"])
    if "--cfg" in arguments:
        return print_config(composed)
    from videoai.run.train import train as run_train

    return report(run_train(composed.settings()), "gan evaluate", own_data(composed, arguments), ())


def evaluate(arguments: list[str]) -> int:
    """Measure the generator, print one line a measure, say where the files are."""
    words, rest = about_data(arguments)
    own, of_classifier = shared_out(EvaluateGanSettings, rest)
    settings = from_arguments(EvaluateGanSettings, own).settings()
    change = data_change(words, settings.checkpoint)
    named = [word for word in words if word.startswith("data=")]
    layout = named or [f"data={recorded_layout(settings.checkpoint)}"]  # it says how clips are augmented
    training = from_arguments(TrainSettings, for_classifier([*layout, *of_classifier]))
    from rich.console import Console

    from videoai.core.paths import display_path
    from videoai.report.gan import distance_table, lines
    from videoai.run.gan.evaluate import evaluate_gan

    def classifier(data: DataSettings) -> TrainSettings:
        return parse(TrainSettings, {**training.whole, "data": to_dict(data)})

    results = evaluate_gan(settings, classifier, change)
    Console().print(distance_table(results))
    print("\n".join(lines(results)))
    print(f"files: {display_path(results['folder'])}/ results.json per_class.csv bank/")
    return 0


def generate(arguments: list[str]) -> int:
    """Make the clips, say class by class what passed and why the rest did not."""
    words, rest = about_data(arguments)
    settings = from_arguments(GenerateSettings, rest).settings()
    change = data_change(words, settings.checkpoint)
    from videoai.core.paths import display_path
    from videoai.run.gan.generate import generate as run_generate

    done = run_generate(settings, change)
    for name, reason in done.excluded.items():
        print(f"{name}: no clip passes: {reason}")
    for name, count in done.classes.items():
        if name not in done.excluded:
            print(f"{name}: {count} of {settings.per_class} clips pass")
    folder = display_path(done.output)
    print(f"{done.passed} of {done.made} clips: {folder}/manifest.csv; the others: {folder}/rejected.csv")
    if done.passed:
        print(f"to train on them, add to videoai train: {shlex.quote(f'synthetic.source={folder}')}")
    return 0
