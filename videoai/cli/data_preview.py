"""``videoai data preview PATH``."""

from videoai.cli.overrides import path_first, settings_of
from videoai.compose.settings import from_arguments, shared_out
from videoai.settings.datasets import PreviewSettings
from videoai.settings.training import TrainSettings


def main(arguments: list[str]) -> int:
    """Write the picture and say where it is. Exit code 1 when no video could be read."""
    path, rest = path_first(arguments)
    own, rest = shared_out(PreviewSettings, rest)
    if (path is None) == (not any(word.startswith("data=") for word in rest)):
        raise ValueError("say which videos, once: videoai data preview PATH, or data=csv data.path=FILE.")
    settings = from_arguments(PreviewSettings, own).settings()
    training = from_arguments(TrainSettings, [*(settings_of(path) if path else ()), *rest]).settings()
    from videoai.core.messages import pluralize
    from videoai.core.paths import display_path
    from videoai.run.datasets.preview import preview
    from videoai.run.page import clip_words

    done = preview(settings, training)
    bad = [one for one in done.clips if "error" in one]
    print(f"clip: {clip_words(done.clip)}")
    print(f"files: {display_path(done.picture)} {display_path(done.record)}")
    for one in bad:
        print(f"cannot be read: {one['error']}")
    print(f"{pluralize(done.num_videos, 'video')} of {done.split}, {pluralize(len(done.clips) - len(bad), 'clip')}.")
    return 1 if len(bad) == len(done.clips) else 0
