"""Settings of ``describe``."""

from dataclasses import dataclass

from videoai.settings.setting import setting
from videoai.settings.verbs import CHECKPOINT_HELP, TEMPLATES_HELP, TRUST_HELP, EvaluationPrecision


@dataclass(frozen=True, kw_only=True)
class DescribeSettings:
    """Say what is in videos: shots, tags, actions, curves and key frames, as one JSON file and one page a video."""

    checkpoint: tuple[str, ...] = setting(help=f"one, or [A,B,...]; each {CHECKPOINT_HELP}")
    input: str = setting(path=True, help="a file, a folder, or a pattern in quotes: 'films/*.mp4'")
    shots: bool = setting(True, help="false = the whole video is one shot; true needs the extra: videoai[shots]")
    shot_threshold: float = setting(
        3.0, above=1, needs="shots", help="how many times more than its neighbours a frame must change to be a cut"
    )
    key_frames: int = setting(8, min=0, max=200, help="pictures at most; one a shot first, then what differs most")
    classes: tuple[str, ...] = setting(
        (),
        path=True,
        help="for models that compare videos with texts: 'opening a door,falling', or a file of one a line, "
        "name: text | text",
    )
    templates: tuple[str, ...] = setting((), path=True, help=TEMPLATES_HELP)
    top_k: int = setting(5, min=1, help="tags of the whole video")
    window_seconds: float | None = setting(
        None, min=0.01, help="length of the windows; null = one clip, or 4 s where a clip is spread over its window"
    )
    hop_seconds: float | None = setting(None, min=0.01, help="from one window to the next; null = window_seconds")
    frame_fps: float | None = setting(
        None, above=0, help="rate of inputs that are folders of numbered images; null = 30"
    )
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help=TRUST_HELP)
    run_dir: str | None = setting(
        None, path=True, help="where NAME/description.json and .html go; null = runs/describe, or describe-2 and on"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if not self.checkpoint:
            raise ValueError("checkpoint=[]: name one or more, such as checkpoint=[RUN/checkpoints/best.pt].")
        if double := [one for at, one in enumerate(self.checkpoint) if one in self.checkpoint[:at]]:
            raise ValueError(f"checkpoint names {double[0]} twice. Name each once.")
