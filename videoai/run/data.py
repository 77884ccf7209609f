"""What the verbs share about data: the manifest of a config node, and its loading settings."""

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from videoai.core import distributed
from videoai.core.build import build
from videoai.core.types import Clips, ClipSpec, VideoItem
from videoai.data.decode import open_video
from videoai.data.decode.choose import choose_decoder
from videoai.data.isolation import Death, isolated
from videoai.data.items import Items
from videoai.data.manifest import SPLITS, Manifest
from videoai.data.media import BadVideo
from videoai.data.quarantine import without_quarantined
from videoai.data.sampling import span_frames
from videoai.data.storage import is_url
from videoai.report.tables import as_text, class_balance_table

logger = logging.getLogger(__name__)

NUM_LOOKED_AT = 8  # videos opened at the start, to say how long a clip is in them
LOOK_SECONDS = 60.0  # for each of them, where that is done in another process
SHARE_EVERY = 50  # micro-batches; several processes then tell each other what they could not read
MAX_CLASS_LOSS = 0.2  # unreadable share of one class; whole classes go when one recorder or one archive is broken

MANIFESTS = {
    "csv": "videoai.data.manifest:from_csv",
    "folder": "videoai.data.manifest:from_folder",
    "motion16": "videoai.data.synthetic:motion16",
    "shards": "videoai.data.shards:from_shards",
    "activitynet": "videoai.data.layouts.activitynet:from_activitynet",
    "charades": "videoai.data.layouts.charades:from_charades",
    "crema_d": "videoai.data.layouts.crema_d:from_crema_d",
    "dfew": "videoai.data.layouts.dfew:from_dfew",
    "diving48": "videoai.data.layouts.diving48:from_diving48",
    "epic_kitchens": "videoai.data.layouts.epic_kitchens:from_epic_kitchens",
    "hmdb51": "videoai.data.layouts.hmdb51:from_hmdb51",
    "jester": "videoai.data.layouts.jester:from_jester",
    "json": "videoai.data.layouts.json_clips:from_json",
    "kinetics": "videoai.data.layouts.kinetics:from_kinetics",
    "list": "videoai.data.layouts.path_list:from_list",
    "ravdess": "videoai.data.layouts.ravdess:from_ravdess",
    "ssv2": "videoai.data.layouts.ssv2:from_ssv2",
    "table": "videoai.data.layouts.table:from_table",
    "ucf101": "videoai.data.layouts.ucf101:from_ucf101",
}
# How clips are loaded and which are left out; every other key says which videos there are.
LOADING = (
    *("num_workers", "max_bad_fraction", "quarantine", "only", "decoder", "isolated", "frame_fps"),
    *("flip", "flip_labels", "reverse", "reverse_labels", "directional"),
)
PATHS = ("root", "path", "annotations", "class_names", "quarantine")


def build_manifest(node: dict[str, Any], *, trust: Sequence[str]) -> Manifest:
    """Raises: ValueError or FileNotFoundError, naming the file and what to do."""
    with distributed.first_goes_first():  # it may render or unpack something
        manifest = build({k: v for k, v in node.items() if k not in LOADING}, MANIFESTS, where="data", trust=trust)
    if node.get("only"):
        manifest = manifest.only(node["only"])
    return without_quarantined(manifest, node["quarantine"]) if node.get("quarantine") else manifest


def reading(node: dict[str, Any], items: Items, clip: ClipSpec) -> dict[str, Any]:
    """How videos are read, of a data node. Settles ``decoder: auto`` by measuring and writes the choice into the
    node, so that a continued run does not measure again."""
    frame_fps = node.get("frame_fps")
    few = [item.path for item in items[:: max(1, len(items) // NUM_LOOKED_AT)]]
    asked = node.get("decoder", "pyav")
    node["decoder"] = distributed.from_first(lambda: choose_decoder(asked, few, clip, logger.info, frame_fps=frame_fps))
    return {"decoder": node["decoder"], "frame_fps": frame_fps, "isolated": node.get("isolated", False)}


def absolute_paths(node: dict[str, Any]) -> dict[str, Any]:
    """Paths made absolute, so that a checkpoint finds its data from any folder; URLs are already."""
    return {
        k: os.path.abspath(os.path.expanduser(v)) if k in PATHS and v and not is_url(v) else v for k, v in node.items()
    }


def resolve_device(name: str) -> torch.device:
    """``auto`` = the first GPU if there is one.

    Raises: ValueError: a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device={name}: choose auto, cpu, cuda or cuda:N.") from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise ValueError(f"device={name}: choose auto, cpu, cuda or cuda:N.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={name}: torch sees no GPU here. Use device=cpu, or run videoai doctor to see why.")
    return own_gpu(device) if device.type == "cuda" and distributed.world_size() > 1 else device


def own_gpu(device: torch.device) -> torch.device:
    """Of several processes on a machine each has a GPU of its own. Raises: ValueError: there are fewer, or one was
    named."""
    number, there = distributed.local_rank(), torch.cuda.device_count()
    number = 0 if there == 1 else number  # a launcher may show each process its own GPU alone
    if device.index is not None or number >= there:
        raise ValueError(
            f"device={device}: process {number} of this machine takes GPU {number}, and torch sees {there}. Start as "
            "many processes as there are GPUs, with device=auto."
        )
    device = torch.device("cuda", number)
    torch.cuda.set_device(device)
    return device


def shown(path: Path | str) -> str:
    """A path as a person would type it: relative when it lies below the current folder."""
    path = os.fspath(path)
    if is_url(path):
        return path
    path = os.path.abspath(path)
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path


def announce_data(manifest: Manifest) -> None:
    """Where the videos come from, how they are split, how the classes are balanced."""
    counts = {split: len(items) for split, items in manifest.splits.items()}
    logger.info("data %s: %d classes, %s", shown(manifest.source), len(manifest.classes), counts)
    for note in manifest.notes:
        logger.info("  %s", note)
    columns = list(zip(*manifest.table(), strict=True))
    table = class_balance_table(
        dict(zip(SPLITS, columns[1:], strict=True)), classes=columns[0], multi_label=manifest.is_multi_label
    )
    logger.info("%s", as_text(table))


def announce_clip(items: Sequence[VideoItem], clip: ClipSpec, reading: Mapping[str, Any] | None = None) -> None:
    """What a clip is, in seconds of these videos; a warning when most of them are shorter, judged by a few."""
    few = [item.path for item in items[:: max(1, len(items) // NUM_LOOKED_AT)][:NUM_LOOKED_AT]]
    options = dict(reading or {})
    num_workers = int(options.pop("isolated", False))
    looks = isolated(few, partial(_length, options=options), num_workers=num_workers, seconds=LOOK_SECONDS)
    # The loader counts and reports what cannot be read when its turn comes.
    found = [length for _, length in looks if length is not None and not isinstance(length, Death)]
    lengths = [(num_frames, span_frames(clip, fps), fps) for num_frames, fps in found]
    rate = f" at {clip.fps:g} fps" if clip.fps else ""
    how = "one from each equal part" if clip.sampling == "uniform" else f"stride {clip.stride}{rate}"
    seconds = sorted(span / fps for _, span, fps in lengths)
    span = f", {seconds[len(seconds) // 2]:.1f} s" if seconds and clip.sampling == "dense" else ""
    logger.info("clip: %d frames, %s%s, %d px", clip.num_frames, how, span, clip.size)
    short = [frames for frames, span, _ in lengths if span > frames]
    if clip.sampling == "dense" and 2 * len(short) > len(lengths):
        logger.warning(
            "most videos are shorter than a clip (%d frames, for example): clip.past_end=%s fills it up. "
            "Try a smaller clip.stride or clip.sampling=uniform",
            *(short[0], clip.past_end),
        )


def _length(path: str, options: Mapping[str, Any]) -> tuple[int, float] | None:
    """Frames and frames per second; None where it cannot be read."""
    try:
        with open_video(path, **options) as video:
            return video.num_frames, video.fps
    except BadVideo:
        return None


class BadCount:
    """Counts the distinct unreadable training videos and stops the run when they are too many, of all or of a class.

    Processes that train together call it equally often, and count those of all.
    """

    def __init__(self, manifest: Manifest, max_fraction: float) -> None:
        self.manifest, self.max_fraction = manifest, max_fraction
        self.items = manifest.splits["train"]
        self.num_of_class = self.items.count_labels(len(manifest.classes)).tolist()
        self.seen: dict[int, str] = {}
        self.seen_of_class: Counter[int] = Counter()
        self.seen_generated: set[int] = set()
        self.num_calls = 0
        self.untold: dict[int, str] = {}  # what other processes do not know yet

    def __call__(self, clips: Clips) -> None:
        """Raises: ValueError: more than ``max_fraction`` of the training videos are unreadable, or MAX_CLASS_LOSS of a
        class."""
        for index, error in zip(clips.index.tolist(), clips.error, strict=True):
            if error and index not in self.seen and index >= len(self.items):
                self.seen_generated.add(index)
                logger.warning("unreadable generated clip (%d so far): %s", len(self.seen_generated), error)
            elif error and index not in self.seen:
                self.untold[index] = error
                self._count(index, error)
        self.num_calls += 1
        if self.num_calls % SHARE_EVERY == 0:
            told = [news for process in distributed.from_all(self.untold) for news in process.items()]
            self.untold = {}
            for index, error in told:
                if index not in self.seen:
                    self._count(index, error)

    def _count(self, index: int, error: str) -> None:
        self.seen[index] = error
        labels = self.items[index].labels
        self.seen_of_class.update(labels)
        logger.warning("unreadable, another video stands in (%d so far): %s", len(self.seen), error)
        self._refuse_too_many(labels)

    def _refuse_too_many(self, labels: Sequence[int]) -> None:
        last = f"the last: {list(self.seen.values())[-1]}. Mend or remove them"
        if len(self.seen) > self.max_fraction * len(self.items):
            raise ValueError(
                f"{len(self.seen)} of {len(self.items)} training videos are unreadable, more than "
                f"data.max_bad_fraction={self.max_fraction:g}; {last}, or raise the limit."
            )
        for label in labels:
            bad, total = self.seen_of_class[label], self.num_of_class[label]
            if bad > 1 and bad > max(MAX_CLASS_LOSS, self.max_fraction) * total:  # one of a class of four is bad luck
                raise ValueError(
                    f"{bad} of the {total} training videos of '{self.manifest.classes[label]}' are unreadable: other "
                    f"classes stand in for them, and the model would hardly see this one; {last}."
                )
