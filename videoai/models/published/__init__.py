"""Weights that others publish: a table a family of models, and how each publisher's layout becomes ours.

An id is ``source/published name``, e.g. ``pyslowfast/SLOWFAST_8x8_R50``. Its row and its converter stand in the module
of this package that is named as the module of the model: ``models/x3d.py``, ``models/published/x3d.py``.

Tensors alone are not a checkpoint: files of equal shapes were trained with other slow frames, channel orders or
epsilons; they load without an error and give wrong logits. So each row names the model, the options it must be built
with (the checkpoint variant), and the clip it was trained on.
"""

import logging
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

from torch import Tensor, nn

from videoai.core.build import build
from videoai.core.messages import did_you_mean
from videoai.core.paths import is_url
from videoai.core.types import ClipSpec
from videoai.models.layers import check_num_classes
from videoai.models.published.files import read_file, unwrap
from videoai.models.table import TARGETS
from videoai.models.weights import LoadReport, load_exact
from videoai.models.wrapped import prefixes, without_prefix

logger = logging.getLogger(__name__)

# Modules of this package. One that imports a model would slow every start: they hold names and functions only.
FAMILIES = (
    "torchvision_resnet",
    "vivit",
    "timesformer",
    "videomae",
    "vjepa2",
    "internvideo2",
    "clip",
    "xclip",
    "x3d",
    "movinet",
    "csn",
    "r2plus1d",
    "c3d",
    "tsn",
    "tsm",
    "trn",
    "tanet",
    "c2d",
    "i3d",
    "slow",
    "slowfast",
    "tpn",
    "hiera",
    "uniformer",
    "uniformerv2",
    "s3d",
    "mvit",
    "swin3d",
)

SAME_SOURCE = 0.8  # difflib's similarity from which the folder of a file that is not there is a source misspelt

StateDict = dict[str, Tensor]


class Weights(NamedTuple):
    """One published checkpoint: how to read it, what to build for it, what it was trained on."""

    model: str  # a name of the zoo
    convert: Callable[[StateDict], StateDict]  # the publisher's names and shapes -> ours
    clip: ClipSpec
    licence: str  # SPDX, or what the publisher says
    url: str | None  # the file; None = no direct link is published: give a file of your own, as ID:FILE
    page: str | None = None  # where the publisher documents it
    container: str | None = None  # the key of the file that holds the state dict; None = the file is one
    also: str | None = None  # the id of a second file that this one goes with: a probe's encoder
    options: Mapping[str, Any] = {}  # the checkpoint variant: model options that change logits but no tensor shape
    num_classes: int = 400  # 0 = an encoder without a head
    dataset: str = "kinetics400"
    own_labels: bool = False  # True = its classes are numbered in an order that the publisher keeps elsewhere
    top1: float | None = None  # percent, the publisher's own claim
    views: str | None = None  # clips x crops of that claim
    sha256: str | None = None  # the file's digest, or its beginning
    verified: Literal["parity", "no"] = "no"  # parity = the logits of the publisher's own code, on golden inputs

    @property
    def task(self) -> str:
        """What its logits mean: a softmax, or a sigmoid each, because a video has several labels."""
        return "multi_label" if self.dataset == "charades" else "classify"


@cache
def all_weights() -> dict[str, Weights]:
    """Every row by id, family after family."""
    tables = (import_module(f"{__name__}.{family}").WEIGHTS for family in FAMILIES)
    return {name: row for table in tables for name, row in table.items()}


def weights_of(model: str) -> dict[str, Weights]:
    """The rows of one model, by id."""
    return {name: row for name, row in all_weights().items() if row.model == model}


def sources() -> list[str]:
    """The publishers: the part of the ids before the slash."""
    return sorted({name.partition("/")[0] for name in all_weights()})


def is_published(weights: str) -> bool:
    """Whether this looks like an id (or ``ID:FILE``, or a misspelt source) and not like the path of a file."""
    source, slash, _ = weights.partition("/")
    meant = bool(slash and get_close_matches(source, sources(), n=1, cutoff=SAME_SOURCE))
    return meant and not is_url(weights) and not Path(weights).exists()


def find(weights: str) -> Weights:
    """The row of an id (``ID:FILE`` is allowed). Raises: ValueError with the nearest id, or a colon without a file."""
    name, colon, file = str(weights).partition(":")
    if colon and not file:
        raise ValueError(f"weights={weights}: no file after the colon. Give {name}:FILE, or {name} to download it.")
    if name in all_weights():
        return all_weights()[name]
    source = name.partition("/")[0]
    known = [other for other in all_weights() if other.startswith(f"{source}/")]
    near = did_you_mean(name, known or list(all_weights()))
    choices = f"{source} has {', '.join(known)}" if known else f"The sources are {', '.join(sources())}"
    raise ValueError(
        f"weights={weights}: no such published weights.{near} {choices}. videoai models NAME shows those of one model."
    )


def with_variant(node: Mapping[str, Any], weights: str, num_classes: int | None) -> dict[str, Any]:
    """The model node with the checkpoint variant of these weights. Raises: ValueError: they belong to another model."""
    row = find(weights)
    if node["name"] != row.model:
        raise ValueError(f"weights={weights} are of model={row.model}, not of model={node['name']}.")
    return {**node, **row.options, "num_classes": row.num_classes if num_classes is None else num_classes}


def read_published(weights: str) -> StateDict:
    """The state dict of an id in the publisher's own layout, from ``ID:FILE``, the cache or the network.

    Raises: OSError: neither there nor to be had. ValueError: not what was published.
    """
    row = find(weights)
    name, _, file = weights.partition(":")
    state = read_file(name, file or None, url=row.url, page=row.page, container=row.container, sha256=row.sha256)
    return {**read_published(row.also), **state} if row.also else state


def from_published(
    weights: str, state_dict: Mapping[str, Any], *, num_classes: int | None = None, **options: Any
) -> nn.Module:
    """A model from a state dict in the publisher's own layout (with or without the key it is published under).

    ``model.clip`` says what the weights were trained on. ``num_classes`` other than theirs gets a fresh head, 0 none.

    Raises: ValueError: unknown id, or tensors that do not fit; the message names them.
    """
    row = find(weights)
    if not isinstance(state_dict, Mapping):
        raise ValueError(f"weights {weights}: expected a state dict, got {type(state_dict).__name__}.")
    node = {"name": row.model, **options}
    return build_loaded(node, weights, num_classes, lambda: unwrap(dict(state_dict), row.container, name=weights))


def build_loaded(
    node: Mapping[str, Any], weights: str, num_classes: int | None, read: Callable[[], StateDict]
) -> nn.Module:
    """Build first, because reading may mean a download; load; without classes (0) the head is taken off at the end.
    ``num_classes`` None = as many as the file has, which somebody may have trained on classes of their own.

    Raises: ValueError, OSError: as ``from_published`` and ``read_published``.
    """
    if num_classes is not None:
        check_num_classes(num_classes)
    model: Any = build(with_variant(node, weights, num_classes or None), TARGETS, where="model")
    state = read()
    if num_classes is None and (own := _load_without_prefix(model, weights, state).num_classes) is not None:
        model.reset_classifier(own)
    load_published(model, weights, state)
    if num_classes == 0:
        model.reset_classifier(0)
    return model


def load_published(model: nn.Module, weights: str, state_dict: StateDict) -> LoadReport:
    """Convert and load, strictly: every tensor of the file is used and every one of the model is set, but for the head
    when the number of classes differs. Where the names do not fit, a prefix that they share is stripped. A model whose
    clip is not the published one resamples its position tables in ``fit_state_dict``.

    Raises: ValueError: naming what is missing, left over or of another shape.
    """
    row, report = find(weights), _load_without_prefix(model, weights, state_dict)
    logger.info("weights %s (%s): %s", weights, row.licence, report)
    if is_non_commercial(row.licence):
        logger.warning("weights %s are licensed %s: not for commercial use", weights, row.licence)
    model.clip = row.clip  # pyright: ignore[reportArgumentType] (a plain attribute)
    return report


def _load_without_prefix(model: nn.Module, weights: str, state_dict: StateDict) -> LoadReport:
    failure: ValueError | None = None
    for prefix in prefixes(state_dict):
        try:
            return _load(model, weights, without_prefix(state_dict, prefix))._replace(prefix=prefix)
        except ValueError as error:
            failure = failure or error  # the first error is about the names as they are
    raise failure or AssertionError("the first prefix is always tried")


def _load(model: nn.Module, weights: str, state_dict: StateDict) -> LoadReport:
    row = find(weights)
    try:
        state = row.convert(state_dict)
    except KeyError as error:
        raise ValueError(f"weights {weights}: no tensor is called {error}. Is it the published file?") from error
    fit = getattr(model, "fit_state_dict", None)
    return load_exact(model, fit(state) if fit else state, num_classes=row.num_classes, name=weights)


def is_non_commercial(licence: str) -> bool:
    """Whether the licence is CC-BY-NC or a variant of it."""
    return "-NC" in licence.upper()
