"""Settings of ``evaluate``, ``predict`` and ``push``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.loading import DECODER_HELP, Decoder, NumWorkers
from videoai.settings.setting import setting

Split = Literal["auto", "train", "val", "test", "all"]
Ablation = Literal["shuffle", "single_frame", "reverse", "mute"]
Method = Literal[
    "grad_cam", "layer_cam", "attention_rollout", "occlusion", "temporal_occlusion", "integrated_gradients"
]
ExplainMethod = Literal["auto"] | Method
EventFile = Literal["csv", "vtt", "elan", "label_studio"]
EvaluationPrecision = Literal["auto", "fp32", "tf32", "bf16", "fp16"]
THRESHOLD_HELP = (
    "several labels: the score from which on a label holds; auto = of each class the one that training tuned on "
    "val. Events: the probability that each reaches; auto = as trained"
)
CHECKPOINT_HELP = (
    "a file of yours, hf://OWNER/NAME[@REVISION] of the Hugging Face hub, or published weights: ID such as "
    "torchvision/r3d_18, or ID:FILE"
)
TRUST_HELP = (
    "packages of your own that the checkpoint's model comes from; of an export, the name of a format whose files run "
    "code: torch_export, aoti, executorch"
)
TEMPLATES_HELP = (
    "sentences that a class is put into where {} stands, with commas between them, or a file of one a line; empty = "
    "those of the model's authors"
)


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings:
    """Score a checkpoint on a split of a data set. Model, classes and clip come from the checkpoint."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP)
    classes: tuple[str, ...] = setting(
        (),
        path=True,
        help="for a model that compares videos with texts: what is said of the data's classes, name: text | text, one "
        "a line of a file; empty = their names",
    )
    templates: tuple[str, ...] = setting((), path=True, help=TEMPLATES_HELP)
    split: Split = setting("auto", help="auto = test, else val, else all")
    views: str = setting("1x1", help="clips along the video x crops; 4x3 and 10x3 are usual")
    ablate: tuple[Ablation, ...] = setting(
        (),
        help="also score the frames of each clip in random order, the middle one alone, or backwards: needs motion? "
        "mute = without the sound, of a model that hears",
    )
    explain: Literal["off"] | ExplainMethod = setting(
        "off",
        needs="report",
        help="also show the films of the page under the heat of what the answer depends on; the methods of explain",
    )
    threshold: float | Literal["auto"] = setting("auto", min=0, max=1, help=THRESHOLD_HELP)
    batch_size: int = setting(16, min=1, help="views in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode; 0 = none; auto = the cores")
    decoder: Decoder = setting("pyav", help=DECODER_HELP)
    isolated: bool = setting(
        False, help="true = decode in separate processes: a file that crashes the decoder costs one video"
    )
    frame_fps: float | None = setting(
        None, above=0, help="rate of videos that are folders of numbered images; null = 30"
    )
    faces: Literal["auto", "off"] = setting(
        "auto", help="auto = cut out the main face where the checkpoint learned from such crops; off = whole pictures"
    )
    faces_model: str | None = setting(None, path=True, help="YuNet as an ONNX file; null = fetched once, when needed")
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help=TRUST_HELP)
    events: bool = setting(
        False,
        help="true = find events in untrimmed videos by a classifier's sliding windows; a localiser always does",
    )
    window_seconds: float | None = setting(
        None, min=0.01, needs="events", help="length of these windows, which overlap by half; null = one clip"
    )
    fiftyone: bool = setting(False, help="true = also a folder that FiftyOne opens: labels and answers, by video")
    report: bool = setting(True, help="false = no report.html, which reads a few videos once more")
    run_dir: str | None = setting(
        None, path=True, help="where the results go; null = test, val, test-4x3 or the like in the checkpoint's run"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class PredictSettings:
    """Answers for video files, as JSON lines on standard output."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP)
    input: str = setting(path=True, help="a file, a folder, or a pattern in quotes: 'films/*.mp4'")
    classes: tuple[str, ...] = setting(
        (),
        path=True,
        help="for a model that compares videos with texts: 'opening a door,falling', or a file of one a line, "
        "name: text | text",
    )
    templates: tuple[str, ...] = setting((), path=True, help=TEMPLATES_HELP)
    top_k: int = setting(5, min=1, help="classes in an answer")
    threshold: float | Literal["auto"] = setting("auto", min=0, max=1, help=THRESHOLD_HELP)
    window_seconds: float | None = setting(
        None, min=0.01, help="length of a timeline's windows; null = one clip, for videos at least twice as long"
    )
    hop_seconds: float | None = setting(None, min=0.01, help="from one window to the next; null = window_seconds")
    decoder: Decoder = setting("pyav", help=DECODER_HELP)
    frame_fps: float | None = setting(
        None, above=0, help="rate of inputs that are folders of numbered images; null = 30"
    )
    encoder: str | None = setting(
        None,
        path=True,
        help="of a localiser that learned from features: the network that made them, where it lies elsewhere now; null "
        "= the file that the checkpoint names",
    )
    merge_seconds: float | None = setting(None, min=0, help="of a localiser: shorter gaps are closed; null = likewise")
    min_seconds: float | None = setting(None, min=0, help="of a localiser: shorter events are dropped; null = likewise")
    write: tuple[EventFile, ...] = setting(
        (),
        help="files of events beside predictions.jsonl: csv, vtt (subtitles), elan, label_studio; a classifier's "
        "windows of one class are one event",
    )
    annotate: bool = setting(False, help="true = also write the video with its best classes and a timeline below it")
    faces: Literal["auto", "off"] = setting(
        "auto", help="auto = cut out the main face where the checkpoint learned from such crops; off = whole pictures"
    )
    faces_model: str | None = setting(None, path=True, help="YuNet as an ONNX file; null = fetched once, when needed")
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help=TRUST_HELP)
    run_dir: str | None = setting(
        None, path=True, help="where predictions.jsonl and labelled videos go; null = runs/predict, or predict-2 and on"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class PushSettings:
    """Publish the best checkpoint of a run, with its evaluation and a model card whose numbers are computed again."""

    run: str = setting(path=True, help="the folder of a run that was evaluated; may stand first, without run=")
    hub: str | None = setting(None, help="OWNER/NAME of a model repository on the Hugging Face hub; made if missing")
    local_dir: str | None = setting(None, path=True, help="also, or only, write the same files into this new folder")
    license: str = setting(help="as the hub spells it: apache-2.0, mit, cc-by-nc-4.0, other, ...")
    private: bool = setting(False, needs="hub", help="true = a new repository is private; a public one is refused")
    revision: str | None = setting(None, needs="hub", help="the branch to push to, made if missing; null = main")
    results: str | None = setting(
        None, path=True, help="the folder of the evaluation; null = the run's own: test, else val"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")
