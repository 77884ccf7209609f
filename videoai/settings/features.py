"""Settings of ``videoai features`` and ``videoai search``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.loading import DECODER_HELP, Decoder, NumWorkers
from videoai.settings.setting import setting
from videoai.settings.verbs import CHECKPOINT_HELP, EvaluationPrecision


@dataclass(frozen=True, kw_only=True)
class ExtractSettings:
    """Write what a network sees in videos as a table: a row a video, or a row a window, each with a vector of
    features."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP + "; also encoders without classes")
    input: str | None = setting(
        None,
        path=True,
        help="a file, a folder, or a pattern in quotes: 'films/*.mp4'; null = the data that data= names, or the "
        "checkpoint's own",
    )
    split: Literal["all", "train", "val", "test"] = setting("all", help="of the data; the table says which")
    layer: str = setting(
        "pooled",
        help="pooled = the vector that the head reads; outputs = the logits; or the name of a layer, averaged over "
        "time, space and tokens",
    )
    window_seconds: float | None = setting(
        None,
        min=0.01,
        help="length of a window; null = a clip of the model, or without stride_seconds the whole video",
    )
    stride_seconds: float | None = setting(
        None, min=0.01, help="from one window to the next; null = window_seconds: side by side"
    )
    preset: Literal["thumos14", "activitynet"] | None = setting(
        None,
        help="the windows of published feature sets: thumos14 = 16 frames each 4, at 30 fps; activitynet = 16 frames "
        "each 16, at 15 fps (arXiv:2202.07925)",
    )
    format: Literal["parquet", "npz"] = setting(
        "parquet", help="features.parquet for pandas, polars and duckdb (videoai[parquet]), or features.npz for numpy"
    )
    batch_size: int = setting(16, min=1, help="clips in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode; 0 = none; auto = the cores")
    decoder: Decoder = setting("pyav", help=DECODER_HELP)
    isolated: bool = setting(
        False, help="true = decode in separate processes: a file that crashes the decoder costs one video"
    )
    frame_fps: float | None = setting(
        None, above=0, help="rate of videos that are folders of numbered images; null = 30"
    )
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoint's model comes from")
    run_dir: str | None = setting(
        None,
        path=True,
        help="where the table goes; what is there of the same videos and settings is continued; null = runs/features, "
        "or features-2 and on",
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if self.preset and (self.window_seconds or self.stride_seconds):
            raise ValueError(f"preset={self.preset} sets window_seconds and stride_seconds. Leave these, or preset.")


@dataclass(frozen=True, kw_only=True)
class MapSettings:
    """A picture of the rows in two dimensions: those that lie together are alike to the network."""

    table: str = setting(
        path=True, help="features.parquet or .npz of features extract; may stand first, without table="
    )
    color: str = setting("label", help="the column whose values are colours")
    method: Literal["pca", "tsne"] = setting(
        "tsne", help="tsne = neighbours stay neighbours, distances mean nothing; pca = the two widest directions"
    )
    rows: int = setting(5000, min=10, help="at most so many, drawn once")
    seed: int = setting(0, min=0, help="of the drawing and of tsne")
    run_dir: str = setting("runs/features_map", path=True, help="map.png and map.csv")
    debug: bool = setting(False, help="true = show the traceback of an error")


Method = Literal["variance", "clusters", "anova", "mutual_info", "chi2", "rfecv", "sequential", "l1", "forest"]


@dataclass(frozen=True, kw_only=True)
class TableSettings:
    """A table of features, what is learned from it, and how its columns are prepared inside each fold."""

    table: str = setting(
        path=True, help="features.parquet or .npz of features extract; may stand first, without table="
    )
    label: str = setting("label", help="the column to predict")
    group: str | None = setting(
        None, help="rows of one value are never learned and tested at once; null = the column group, else the video"
    )
    columns: tuple[str, ...] = setting((), help="columns to use beside the features: of the table, or of `add`")
    add: str | None = setting(
        None, path=True, needs="columns", help="a CSV file with a column video, whose other columns may be used"
    )
    missing: Literal["mean", "median", "knn", "model", "indicator"] = setting(
        "mean", help="what fills missing numbers; indicator = the mean, and a column that says where"
    )
    scale: Literal["z", "minmax", "robust", "group", "none"] = setting(
        "z", help="group = z by the mean and spread of each group"
    )
    encode: Literal["onehot", "ordinal", "target"] = setting(
        "onehot", help="what makes numbers of text; target = by the classes seen with it, cross-fitted"
    )
    folds: int = setting(5, min=2, help="parts of the rows, by group; each is tested once. Rows of split test wait")
    seed: int = setting(0, min=0, help="of the folds and of all that is random")


@dataclass(frozen=True, kw_only=True)
class SelectSettings(TableSettings):
    """Do fewer columns do? Accuracy over their number, selected inside each fold, beside all columns, as many at
    random and as many principal components."""

    methods: tuple[Method, ...] = setting(
        ("variance", "clusters", "anova", "mutual_info", "l1", "forest"),
        help="variance, clusters: statistics; anova, mutual_info, chi2: filters; rfecv, sequential: wrappers, slow; "
        "l1, forest: embedded",
    )
    sizes: tuple[int, ...] = setting((8, 16, 32, 64, 128, 256, 512), min=1, help="numbers of columns")
    importance: bool = setting(
        True, help="also impurity beside permutation and leaving a column out, and where they disagree"
    )
    run_dir: str = setting(
        "runs/features_select", path=True, help="results.json, rows.csv, selected.json, selection.png"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class ProbeSettings(TableSettings):
    """What do the features know of the labels? A linear classifier, nearest neighbours, and a few clips of a class."""

    selected: str | None = setting(
        None, path=True, help="selected.json of features select: probe these features alone; null = all"
    )
    shots: tuple[int, ...] = setting((1, 2, 5, 10), min=1, help="rows of each class to learn from; [] = none")
    draws: int = setting(20, min=2, help="choices of these rows")
    neighbors: tuple[int, ...] = setting((1, 5, 20), min=1, help="numbers of nearest neighbours, by cosine")
    c: tuple[float, ...] = setting(
        (0.01, 0.1, 1.0, 10.0), above=0, help="1 / L2 penalty of the linear classifier; chosen inside each fold"
    )
    run_dir: str = setting("runs/features_probe", path=True, help="results.json")
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class VideoSearchSettings:
    """Find the videos or windows of a table of features that look most like those of other videos: a line of JSON each,
    by exact cosine similarity."""

    index: str = setting(
        path=True, help="a features.parquet or .npz of features extract; may stand first, without index="
    )
    query: str | None = setting(
        None,
        path=True,
        help="a file, a folder, or a pattern in quotes: 'films/*.mp4'; or another table of the same network",
    )
    text: str | None = setting(
        None,
        path=True,
        help="in the place of query, where the index's network compares videos with texts: 'a person falls'",
    )
    checkpoint: str | None = setting(
        None, path=True, help="the index's network, where it lies elsewhere now; null = the file that the index names"
    )
    top_k: int = setting(5, min=1, help="matches of a query")
    exclude_same_video: bool = setting(
        True,
        help="false = also windows of the query's own video. The same video is the same path, or the same name and "
        "content; a copy of another name is a match",
    )
    root: str | None = setting(
        None, path=True, help="the folder that the index's videos lie in now; null = as when the index was made"
    )
    check_files: Literal["auto", "all", "matches"] = setting(
        "auto",
        help="which of the index's files are compared with what they were when it was made; auto = all of up to "
        "10,000 videos, or those of the matches",
    )
    batch_size: int = setting(16, min=1, help="clips of the query in one forward pass")
    num_workers: NumWorkers = setting("auto", min=0, max=1024, help="processes that decode; 0 = none; auto = the cores")
    decoder: Decoder = setting("pyav", help=DECODER_HELP)
    frame_fps: float | None = setting(
        None, above=0, help="rate of queries that are folders of numbered images; null = that of the index, or 30"
    )
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that the checkpoint's model comes from")
    run_dir: str | None = setting(
        None, path=True, help="where matches.jsonl goes; null = runs/search, or search-2 and on"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        if (self.query is None) == (self.text is None):
            given = "neither is given" if self.query is None else "both are given"
            raise ValueError(f"query and text: {given}. Give one: query=VIDEO, or text='a person falls'.")
        if self.text is not None and not self.text.strip():
            raise ValueError("text is empty. Say what is looked for: text='a person falls'.")


@dataclass(frozen=True, kw_only=True)
class NeighborsSettings:
    """What the nearest neighbours in a table of features say: near-duplicates, leaks between splits, and how well a
    video finds those of its class."""

    table: str = setting(
        path=True, help="a features.parquet or .npz of features extract; may stand first, without table="
    )
    threshold: float = setting(
        0.99, min=-1, max=1, help="cosine similarity from which on two videos are near-duplicates"
    )
    max_queries: int = setting(
        10_000, min=1, help="rows that the retrieval metrics ask about; of more, every so-manieth is taken"
    )
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    run_dir: str | None = setting(
        None, path=True, help="where pairs.csv and retrieval.csv go; null = runs/neighbors, or neighbors-2 and on"
    )
    debug: bool = setting(False, help="true = show the traceback of an error")


@dataclass(frozen=True, kw_only=True)
class FeatureReportSettings:
    """One page of what is known of a table of features: where it comes from, whether its numbers are sound, a map, a
    probe, near-duplicates and retrieval, and the selection that lies beside it."""

    table: str = setting(
        path=True, help="a features.parquet or .npz of features extract; may stand first, without table="
    )
    rows: int = setting(2000, min=10, help="of more, so many are drawn, learned from by the probe, and asked about")
    folds: int = setting(5, min=2, help="of the probe, where there is no split test")
    threshold: float = setting(
        0.99, min=-1, max=1, help="cosine similarity from which on two videos are near-duplicates"
    )
    seed: int = setting(0, min=0, help="of the folds and of the map")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    run_dir: str = setting("runs/features_report", path=True, help="report.html and report.json")
    debug: bool = setting(False, help="true = show the traceback of an error")
