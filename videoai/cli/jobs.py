"""What ``videoai`` can do: one table of jobs. A job is one word, or a group and a word."""

from collections.abc import Sequence
from typing import NamedTuple

from videoai.core.messages import did_you_mean


class Job(NamedTuple):
    """One row: what runs, what it is, and which settings it takes."""

    function: str  # module:function; takes the words behind the job's name, returns the exit code
    help: str
    settings: tuple[str, ...] = ()  # module:class; the job's own, then those that it passes on
    usage: str = "[key=value ...]"


TRAIN, TRAIN_GAN = "videoai.settings.training:TrainSettings", "videoai.settings.gan:TrainGanSettings"
SWEEP = "videoai.settings.sweep:SearchSettings"  # what -m adds
COMPOSED = "[GROUP=NAME ...] [key=value ...] [--config-dir DIR] [--cfg] [-m]"
JOBS: dict[str, Job] = {
    "train": Job("videoai.cli.train:main", "train a model, or continue a run", (TRAIN,), COMPOSED),
    "evaluate": Job(
        "videoai.cli.evaluate:main",
        "score a checkpoint on a split of a data set",
        ("videoai.settings.verbs:EvaluateSettings",),
        "checkpoint=PATH [data=NAME data.root=PATH ...] [key=value ...]",
    ),
    "predict": Job(
        "videoai.cli.predict:main", "name the action in your video files", ("videoai.settings.verbs:PredictSettings",)
    ),
    "describe": Job(
        "videoai.cli.describe:main",
        "say what is in a video: shots, tags, actions, curves and key frames, on one page",
        ("videoai.settings.describe:DescribeSettings",),
        "input=PATH checkpoint=[A,B,...] [key=value ...]",
    ),
    "stream": Job(
        "videoai.cli.stream:main",
        "recognise actions as they happen: events while a video plays",
        ("videoai.settings.stream:StreamSettings",),
        "checkpoint=PATH source=FILE|[A,B,...] [key=value ...]",
    ),
    "serve": Job(
        "videoai.cli.serve:main",
        "answer over HTTP: upload a video, get what predict writes",
        ("videoai.settings.serve:ServeSettings",),
        "checkpoint=PATH [port=8000] [host=0.0.0.0 token=TOKEN] [key=value ...]",
    ),
    "demo": Job(
        "videoai.cli.demo:main",
        "show a page on which a person tries a model: a video or the webcam in",
        ("videoai.settings.serve:DemoSettings",),
        "checkpoint=PATH [port=7860] [host=0.0.0.0] [key=value ...]",
    ),
    "explain": Job(
        "videoai.cli.explain:main",
        "show which pixels and moments an answer depends on",
        ("videoai.settings.explain:ExplainSettings",),
        "checkpoint=PATH input=PATH [target=CLASS] [key=value ...]",
    ),
    "export": Job(
        "videoai.cli.export:main",
        "write a checkpoint for other programs, if it is as good on your videos",
        ("videoai.settings.export:ExportSettings",),
        "checkpoint=PATH [format=onnx] [data=NAME data.root=PATH ...] [key=value ...]",
    ),
    "runs": Job(
        "videoai.cli.runs:runs",
        "list your runs: state, best metric, test result, what differs",
        ("videoai.settings.runs:RunsSettings",),
        "[FOLDER]",
    ),
    "compare": Job(
        "videoai.cli.runs:compare",
        "say whether one run is better than another on the same videos",
        ("videoai.settings.runs:CompareSettings",),
        "RUN RUN [key=value ...]",
    ),
    "ensemble": Job(
        "videoai.cli.runs:ensemble",
        "let several runs answer together, as one checkpoint",
        ("videoai.settings.runs:EnsembleSettings",),
        "RUN RUN [RUN ...] [out=FILE] [key=value ...]",
    ),
    "push": Job(
        "videoai.cli.push:main",
        "publish a run on the Hugging Face hub, with a model card whose numbers are checked",
        ("videoai.settings.verbs:PushSettings",),
        "RUN hub=OWNER/NAME license=NAME [key=value ...]",
    ),
    "data inspect": Job(
        "videoai.cli.data_inspect:main",
        "say what lies at PATH, and the command that trains on it",
        ("videoai.settings.datasets:InspectSettings",),
        "PATH [model=NAME] [key=value ...]",
    ),
    "data preview": Job(
        "videoai.cli.data_preview:main",
        "show the frames of clips as a model would get them, with their times",
        ("videoai.settings.datasets:PreviewSettings", TRAIN),
        "PATH [data=NAME ...] [model=NAME] [clip.KEY=...] [key=value ...]",
    ),
    "data check": Job(
        "videoai.cli.data_check:main",
        "find broken, short, duplicate, leaking and mislabelled videos",
        ("videoai.settings.datasets:CheckSettings",),
        "PATH [data=NAME ...] [model=NAME] [key=value ...]",
    ),
    "data prepare": Job(
        "videoai.cli.data_prepare:main",
        "re-encode, cache or pack videos so that training reads them faster",
        ("videoai.settings.datasets:PrepareSettings",),
        "PATH out=DIR [data=NAME ...] [key=value ...]",
    ),
    "features extract": Job(
        "videoai.cli.features:extract",
        "write what a network sees in videos as a table of features",
        ("videoai.settings.features:ExtractSettings",),
        "checkpoint=PATH|ID [input=PATH | data=NAME data.root=PATH ...] [key=value ...]",
    ),
    "features select": Job(
        "videoai.cli.features:select",
        "say which features to keep, and whether fewer do",
        ("videoai.settings.features:SelectSettings",),
        "TABLE [key=value ...]",
    ),
    "features probe": Job(
        "videoai.cli.features:probe",
        "say what features know of the labels: linear, nearest neighbours, few clips",
        ("videoai.settings.features:ProbeSettings",),
        "TABLE [key=value ...]",
    ),
    "features map": Job(
        "videoai.cli.features:map_rows",
        "draw the rows of a table in two dimensions",
        ("videoai.settings.features:MapSettings",),
        "TABLE [color=COLUMN] [key=value ...]",
    ),
    "features neighbors": Job(
        "videoai.cli.features:neighbors",
        "find near-duplicates and leaks in a table of features, and say how well it groups classes",
        ("videoai.settings.features:NeighborsSettings",),
        "TABLE [threshold=0.99] [key=value ...]",
    ),
    "features report": Job(
        "videoai.cli.features:report",
        "write one page of what is known of a table of features",
        ("videoai.settings.features:FeatureReportSettings",),
        "TABLE [key=value ...]",
    ),
    "search": Job(
        "videoai.cli.features:search",
        "find the videos of a table of features that look most like others",
        ("videoai.settings.features:VideoSearchSettings",),
        "INDEX query=VIDEO|FOLDER|TABLE [checkpoint=PATH|ID] [key=value ...]",
    ),
    "gan train": Job("videoai.cli.gan:train", "train a generator of clips of your classes", (TRAIN_GAN,), COMPOSED),
    "gan evaluate": Job(
        "videoai.cli.gan:evaluate",
        "say whether generated clips teach anything",
        ("videoai.settings.gan:EvaluateGanSettings",),
        "checkpoint=GAN [settings of train, for the classifiers trained here] [key=value ...]",
    ),
    "gan generate": Job(
        "videoai.cli.gan:generate",
        "fill a folder with clips of a trained generator",
        ("videoai.settings.gan:GenerateSettings",),
    ),
    "study feature_augment": Job(
        "videoai.cli.study:feature_augment",
        "do drawn features help with few clips?",
        ("videoai.settings.study:FeatureStudySettings",),
        "checkpoint=ENCODER [data=NAME ...] [key=value ...]",
    ),
    "study gan_augment": Job(
        "videoai.cli.study:gan_augment",
        "does a GAN that saw few clips help a classifier of the same clips?",
        ("videoai.settings.study:GanStudySettings",),
        "data=NAME [settings of train, of gan train] [key=value ...]",
    ),
    "study split_leak": Job(
        "videoai.cli.study:split_leak",
        "how much does a random split flatter the score?",
        ("videoai.settings.study:SplitLeakSettings",),
        "data=NAME [settings of train] [key=value ...]",
    ),
    "study more_data": Job(
        "videoai.cli.study:more_data",
        "what would more clips give, and of which class?",
        ("videoai.settings.study:MoreDataSettings",),
        "data=NAME [checkpoint=ENCODER] [settings of train] [key=value ...]",
    ),
    "study architectures": Job(
        "videoai.cli.study:architectures",
        "CNN + RNN, 3-D CNN or attention: which knows these videos best?",
        ("videoai.settings.study:ArchitecturesStudySettings",),
        "data=NAME [folds=5] [models=[MODEL,...]] [settings of train] [key=value ...]",
    ),
    "study encoders": Job(
        "videoai.cli.study:encoders",
        "whose features know most of these videos, and at what cost?",
        ("videoai.settings.study:EncodersStudySettings",),
        "data=NAME encoders=[ID|CHECKPOINT|MODEL,...] [key=value ...]",
    ),
    "study explanations": Job(
        "videoai.cli.study:explanations",
        "do explanations point at what moves, and when it does?",
        ("videoai.settings.study:ExplanationsStudySettings",),
        "checkpoint=PATH [key=value ...]",
    ),
    "study label_noise": Job(
        "videoai.cli.study:label_noise",
        "which labels are probably wrong?",
        ("videoai.settings.study:LabelNoiseSettings",),
        "data=NAME [checkpoint=ENCODER] [settings of train] | runs=RUN [key=value ...]",
    ),
    "benchmark decode": Job(
        "videoai.cli.benchmark:decode",
        "measure how fast videos are decoded here",
        ("videoai.settings.benchmarks:DecodeSettings",),
    ),
    "benchmark loader": Job(
        "videoai.cli.benchmark:loader",
        "measure how fast training clips are loaded here",
        ("videoai.settings.benchmarks:LoaderSettings", TRAIN),
        "data=NAME [settings of train] [key=value ...]",
    ),
    "benchmark stream": Job(
        "videoai.cli.benchmark:stream",
        "measure how far a checkpoint keeps up with streams here",
        ("videoai.settings.benchmarks:StreamBenchmarkSettings",),
        "checkpoint=PATH [source=FILE|[A,B,...]] [key=value ...]",
    ),
    "benchmark export": Job(
        "videoai.cli.benchmark:export",
        "measure which export of a checkpoint answers first here",
        ("videoai.settings.benchmarks:ExportBenchmarkSettings",),
    ),
    "models": Job(
        "videoai.cli.models:main", "list the models; one model: its options, weights and recipes", (), "[word ...]"
    ),
    "doctor": Job("videoai.cli.doctor:main", "check this installation and say how to mend it", (), ""),
    "completion": Job("videoai.cli.completion:main", "print the tab completion for bash or zsh", (), "bash|zsh"),
}
GROUPS = {
    "data": "inspect, preview, check and prepare videos",
    "features": "extract what a network sees in videos as a table, and learn from it",
    "gan": "train, evaluate and use a generator of clips",
    "study": "compare ways to train, over seeds",
    "benchmark": "measure how fast videos are read and judged here",
}
# Former spellings: (word, argument) -> job.
FORMER = {
    ("train", "task=gan"): "gan train",
    ("evaluate", "task=gan"): "gan evaluate",
    ("generate", ""): "gan generate",
}
# What the verb is called elsewhere.
ELSEWHERE = {
    **dict.fromkeys(("fit", "run", "finetune", "fine-tune", "resume"), "train"),
    **dict.fromkeys(("test", "val", "validate", "eval", "score"), "evaluate"),
    **dict.fromkeys(("infer", "inference", "classify"), "predict"),
    **dict.fromkeys(("summary", "summarize", "summarise", "shots", "keyframes"), "describe"),
    **dict.fromkeys(("live", "webcam", "camera", "watch", "realtime"), "stream"),
    **dict.fromkeys(("api", "server", "http", "rest"), "serve"),
    **dict.fromkeys(("gradio", "ui", "web", "app", "page"), "demo"),
    **dict.fromkeys(("saliency", "heatmap", "gradcam", "grad_cam", "cam", "why"), "explain"),
    **dict.fromkeys(("publish", "upload", "share"), "push"),
    **dict.fromkeys(("convert", "onnx", "deploy"), "export"),
    **dict.fromkeys(("inspect", "preview", "check", "prepare"), "data"),
    **dict.fromkeys(("find", "retrieve", "similar"), "search"),
    **dict.fromkeys(("zoo", "model"), "models"),
    **dict.fromkeys(("list", "ls", "status", "experiments"), "runs"),
    **dict.fromkeys(("diff", "mcnemar"), "compare"),
    **dict.fromkeys(("bench", "speed"), "benchmark"),
}


class Command(NamedTuple):
    """A job and the words behind its name."""

    name: str
    job: Job
    rest: list[str]
    note: str = ""  # how a former spelling is written now


def find(words: Sequence[str]) -> Command:
    """The job that the words begin with. Raises: ValueError: there is none; the message names the nearest."""
    first, rest = words[0], list(words[1:])
    for (word, argument), name in FORMER.items():
        if first == word and (not argument or argument in rest):
            note = f"'videoai {' '.join(filter(None, (word, argument)))}' is written 'videoai {name}' now"
            return Command(name, JOBS[name], [one for one in rest if one != argument], note)
    if first in JOBS:
        return Command(first, JOBS[first], rest)
    if first in GROUPS:
        return _find_in_group(first, rest)
    known = [*dict.fromkeys(name.split()[0] for name in JOBS)]
    near = f" Did you mean {ELSEWHERE[first]}?" if first in ELSEWHERE else did_you_mean(first, known)
    raise ValueError(f"unknown verb '{first}'.{near} The verbs: {', '.join(known)}. See videoai --help")


def jobs_of(group: str) -> dict[str, Job]:
    """The jobs of a group by their second word."""
    return {name.partition(" ")[2]: job for name, job in JOBS.items() if name.startswith(f"{group} ")}


def _find_in_group(group: str, rest: list[str]) -> Command:
    jobs = jobs_of(group)
    if rest and rest[0] in jobs:
        return Command(f"{group} {rest[0]}", jobs[rest[0]], rest[1:])
    given = rest[0] if rest else ""
    raise ValueError(
        f"videoai {group} '{given}': choose from {', '.join(jobs)}.{did_you_mean(given, list(jobs))} "
        f"See videoai {group} --help"
    )
