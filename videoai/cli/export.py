"""``videoai export checkpoint=PATH format=onnx``."""

import signal
import sys

from videoai.cli.overrides import about_data, data_change
from videoai.compose.settings import from_arguments
from videoai.settings.export import ExportSettings


def main(arguments: list[str]) -> int:
    """Write the bundle; say what it loses, where it is, and how it is used."""
    words, rest = about_data(arguments)
    settings = from_arguments(ExportSettings, rest).settings()
    change = data_change(words, settings.checkpoint)
    from videoai.core.messages import command_line
    from videoai.core.paths import display_path
    from videoai.inference.runtimes import CODE
    from videoai.run.export.export import export

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what is half written is removed
    done = export(settings, change)
    folder = display_path(done.folder)
    print(f"stored clip: {compared(done.max_difference)}")
    times = ", ".join(f"{name} {float(f'{value:.3g}'):g} ms" for name, value in done.milliseconds.items())
    print(f"one clip on this CPU: {times}; fastest: {done.fastest}")
    if done.judgement:
        print(f"judged: {done.judgement.sentence()}")
    print(f"files: {folder}/ {' '.join(done.files)}")
    if settings.format != "coreml":
        trust = [f"trust=[{settings.format}]"] if settings.format in CODE else []
        print(f"use it as a checkpoint: {command_line('predict', f'checkpoint={folder}', 'input=VIDEO', *trust)}")
    return 0


def compared(difference: float | None) -> str:
    """In words."""
    if difference is None:
        return "not compared, and no video judged: Core ML runs on Apple's systems alone. Compare the logits there"
    return f"outputs differ from the original's by {difference:.2g}"
