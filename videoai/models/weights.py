"""Foreign weights: fetch a published file, load what fits, say what did not."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

logger = logging.getLogger(__name__)


class LoadReport(NamedTuple):
    """What a partial load did; ``str(report)`` is one line for the log."""

    loaded: int
    total: int
    new: list[str]  # in the model, not loaded: they keep their fresh values
    unused: list[str]  # in the file, not in the model
    mismatched: list[str]  # in both with two shapes: "fc.weight [400, 512] -> [5, 512]", file -> model

    def __str__(self) -> str:
        parts = [f"loaded {self.loaded}/{self.total} tensors"]
        named = (("new", self.new), ("unused", self.unused), ("mismatched", self.mismatched))
        return "; ".join(parts + [f"{label}: {_some(names)}" for label, names in named if names])


def load_partial(model: nn.Module, state_dict: Mapping[str, Tensor]) -> LoadReport:
    """Load the tensors that fit by name and shape; the rest of the model keeps its weights.

    Raises: ValueError: fewer than half of the model's tensors fit; the model is unchanged then.
    """
    own = model.state_dict()
    fitting = {name: t for name, t in state_dict.items() if name in own and t.shape == own[name].shape}
    report = LoadReport(
        loaded=len(fitting),
        total=len(own),
        new=[name for name in own if name not in fitting],
        unused=[name for name in state_dict if name not in own],
        mismatched=[
            f"{name} {list(tensor.shape)} -> {list(own[name].shape)}"
            for name, tensor in state_dict.items()
            if name in own and name not in fitting
        ],
    )
    if 2 * report.loaded < report.total:
        raise ValueError(
            f"weights: only {report.loaded} of {report.total} tensors fit {type(model).__name__}. Wrong checkpoint? "
            f"The file has {_some(list(state_dict), 3)}; the model wants {_some(list(own), 3)}."
        )
    model.load_state_dict(fitting, strict=False)
    return report


def fetch(url: str) -> Any:
    """The content of a published weight file, from PyTorch's cache folder or the network.

    Raises: OSError: it is not in the cache and cannot be downloaded.
    """
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    logger.info("weights: %s (cache: %s)", url, folder)
    try:
        # check_hash: torchvision's file names carry the start of their SHA-256
        return torch.hub.load_state_dict_from_url(
            url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    except OSError as error:
        raise OSError(
            f"weights: cannot download {url} ({error}). Fetch it on a machine with network and put it into {folder}, "
            "or set model.pretrained=false."
        ) from error


def _some(names: Sequence[str], limit: int = 8) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
