"""Settings of ``explain``."""

from dataclasses import dataclass

from videoai.settings.setting import setting
from videoai.settings.verbs import CHECKPOINT_HELP, TRUST_HELP, ExplainMethod


@dataclass(frozen=True, kw_only=True)
class ExplainSettings:
    """Show which pixels and which moments an answer depends on: a page, a video and numbers for each input."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP)
    input: str = setting(path=True, help="a file, a folder, or a pattern in quotes: 'films/*.mp4'")
    method: ExplainMethod = setting(
        "auto",
        help="auto = attention rollout where all tokens attend to each other, Grad-CAM where there is a feature map, "
        "otherwise occlusion",
    )
    target: str | None = setting(None, help="the class to explain; null = the one that the model names")
    layer: str | None = setting(None, help="whose feature map Grad-CAM and LayerCAM read; null = they choose")
    at_seconds: float | None = setting(
        None, min=0, help="of a long video: the window around this time; null = the one that speaks most for the class"
    )
    window_seconds: float | None = setting(
        None, min=0.01, help="length of the windows of a long video; null = one clip of the model"
    )
    frame_fps: float | None = setting(
        None, above=0, help="rate of inputs that are folders of numbered images; null = 30"
    )
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help=TRUST_HELP)
    run_dir: str | None = setting(
        None, path=True, help="where NAME/explanation.html and others go; null = runs/explain, or explain-2 and on"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")
