"""The front door for Python: keywords in, typed results out. The command line calls the same functions.

result = videoai.train(data={"name": "folder", "root": "clips"}, model="r3d_18", trainer={"max_epochs": 5})
videoai.evaluate(result.checkpoint, views="4x3").results["video_top1"]
videoai.predict(result.checkpoint, ["a.mp4", frames], fps=25)
videoai.describe([result.checkpoint, "torchvision/r3d_18"], "films")
videoai.explain(result.checkpoint, "clips/a.mp4", method="grad_cam")
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from videoai.compose.settings import from_keywords
from videoai.settings.data import absolute_values
from videoai.settings.gan import TrainGanSettings
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings

if TYPE_CHECKING:
    from videoai.inference.answer import Answer
    from videoai.inference.class_texts import Classes
    from videoai.run.checkpoint_data import DataChange
    from videoai.run.evaluate import Evaluation
    from videoai.run.export.export import Exported
    from videoai.run.train import TrainResult
    from videoai.tasks.loaded import Input


def train(config: Mapping[str, Any] | None = None, /, **settings: Any) -> "TrainResult":
    """Train, or continue the run that ``run_dir`` holds: what ``videoai train`` does.

    ``config`` (a dict, such as a run's ``config.yaml``) and keywords may be mixed. A group is the name of a preset in
    ``configs/`` or a dict with its ``name`` and what differs; what is left out has its default. ``task="gan"`` trains a
    generator.

    Raises: ValueError, OSError: one line each. Interrupted: on a signal, after saving.
    """
    from videoai.run.train import train as run

    given = {**(config or {}), **settings}
    is_gan = given.get("task") in ("gan", {"name": "gan"})
    if is_gan:
        given.pop("task")
    return run(from_keywords(TrainGanSettings if is_gan else TrainSettings, given).settings())


def evaluate(
    checkpoint: str, *, data: str | Mapping[str, Any] | None = None, trust: Sequence[str] = (), **settings: Any
) -> "Evaluation":
    """Score a checkpoint: what ``videoai evaluate`` does, and the same files.

    Args:
        data: other data than the checkpoint's, by the name of a preset or a dict with its ``name``; a dict without one
            changes settings of the checkpoint's own, such as ``{"root": "moved/clips"}``; None = those as they are.
        settings: those of ``EvaluateSettings``: split, views, batch_size, run_dir, ...
    Raises: ValueError, OSError: one line each.
    """
    from videoai.run.evaluate import evaluate as run

    given = parse(
        EvaluateSettings,
        {"checkpoint": checkpoint, "trust": [trust] if isinstance(trust, str) else list(trust), **settings},
    )
    return run(given, data_change(data, checkpoint))


def data_change(data: str | Mapping[str, Any] | None, checkpoint: str) -> "DataChange":
    """What ``data`` says beside the checkpoint. Raises: ValueError: a setting that there is not."""
    from videoai.inference.load import open_checkpoint
    from videoai.run.checkpoint_data import DataChange, layout_of

    if data is None:
        return DataChange()
    if isinstance(data, Mapping) and not {"name", "_target_"} & {*data}:
        layout = layout_of(open_checkpoint(checkpoint)["config"].get("data"), checkpoint)
        whole = from_keywords(TrainSettings, {"data": {"name": layout, **data}}).whole["data"]
        return DataChange(changed=absolute_values({key: whole[key] for key in data}))
    composed = from_keywords(TrainSettings, {"data": data})
    return DataChange(named=parse(TrainSettings, composed.whole).data.absolute())


def predict(
    checkpoint: str,
    inputs: "Input | Sequence[Input]",
    *,
    fps: float | None = None,
    classes: "Classes" = (),
    templates: str | Sequence[str] = (),
    trust: Sequence[str] = (),
    device: str = "auto",
    **options: Any,
) -> "list[Answer]":
    """Answers for videos, preprocessed as ``evaluate`` does.

    Args:
        inputs: paths of videos, folders of images or of videos, globs, or frames, uint8 [T, H, W, 3] RGB; one or
            several.
        fps: the rate of frames that are given as arrays.
        classes, templates: texts, for a network that compares videos with texts, as ``videoai.load`` takes them.
        options: top_k, window_seconds, hop_seconds, decoder, frame_fps.
    Raises: ValueError, OSError: one line each. BadVideo: a video that cannot be read.
    """
    from videoai.tasks.loaded import load

    model = load(checkpoint, classes=classes, templates=templates, trust=trust, device=device)
    return model.predict(inputs, fps=fps, **options)


def describe(checkpoint: str | Sequence[str], inputs: str, **settings: Any) -> list[dict[str, Any]]:
    """Say what is in videos: what ``videoai describe`` does, and the same files.

    Args:
        checkpoint: one or several, which look at each video together.
        inputs: a video, a folder or a glob.
        settings: those of ``DescribeSettings``: shots, key_frames, classes, window_seconds, run_dir, ...
    Returns: for each video the content of its description.json and ``files``; of one that cannot be read ``path`` and
        ``error``.
    Raises: ValueError, OSError, ImportError: one line each.
    """
    from videoai.run.describe import describe as run
    from videoai.settings.describe import DescribeSettings

    several = [checkpoint] if isinstance(checkpoint, str) else list(checkpoint)
    return list(run(parse(DescribeSettings, {"checkpoint": several, "input": inputs, **settings})))


def explain(checkpoint: str, inputs: str, **settings: Any) -> list[dict[str, Any]]:
    """Show what answers depend on: what ``videoai explain`` does, and the same files.

    Args:
        inputs: a video, a folder or a glob.
        settings: those of ``ExplainSettings``: method, target, layer, at_seconds, run_dir, ...
    Returns: for each video the content of its explanation.json and ``files``; of one that cannot be read ``path`` and
        ``error``.
    Raises: ValueError, OSError: one line each.
    """
    from videoai.run.explain import explain as run
    from videoai.settings.explain import ExplainSettings

    return list(run(parse(ExplainSettings, {"checkpoint": checkpoint, "input": inputs, **settings})))


def export(
    checkpoint: str, *, data: str | Mapping[str, Any] | None = None, trust: Sequence[str] = (), **settings: Any
) -> "Exported":
    """Write a checkpoint for other programs: what ``videoai export`` does, and the same files.

    Args:
        data: the videos that judge it, as ``evaluate`` takes them.
        settings: those of ``ExportSettings``: format, precision, out, max_loss, split, ...
    Raises: ValueError, OSError, ImportError: one line each; so for an export that loses more than ``max_loss``.
    """
    from videoai.run.export.export import export as run
    from videoai.settings.export import ExportSettings

    trusted = [trust] if isinstance(trust, str) else list(trust)
    given = parse(ExportSettings, {"checkpoint": checkpoint, "trust": trusted, **settings})
    return run(given, data_change(data, checkpoint))


def stream(checkpoint: str, source: str | Sequence[str], **settings: Any) -> Iterator[dict[str, Any]]:
    """Recognise actions as they happen: the lines that ``videoai stream`` prints, as they come, and the same files.

    Args:
        source: a file, a URL, the number of a camera as text, or several, which share the model.
        settings: those of ``StreamSettings``: window_seconds, hop_seconds, pace, policy, run_dir, ...
    Raises: ValueError, OSError: one line each, before the first line.
    """
    from videoai.run.stream import stream as run
    from videoai.settings.stream import StreamSettings

    several = [source] if isinstance(source, str) else list(source)
    return run(parse(StreamSettings, {"checkpoint": checkpoint, "source": several, **settings})).run()
