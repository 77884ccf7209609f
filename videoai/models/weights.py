"""Load tensors into a model by name and shape, and report the rest."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from videoai.core.messages import truncated_list


class LoadReport(NamedTuple):
    """The result of a partial load; ``str(report)`` is one line for the log."""

    loaded: int
    total: int
    new: list[str]  # in the model, not loaded: they keep their fresh values
    unused: list[str]  # in the file, not in the model
    mismatched: list[str]  # in both with two shapes: "fc.weight [400, 512] -> [5, 512]", file -> model

    def __str__(self) -> str:
        parts = [f"loaded {self.loaded}/{self.total} tensors"]
        named = (("new", self.new), ("unused", self.unused), ("mismatched", self.mismatched))
        return "; ".join(parts + [f"{label}: {truncated_list(names)}" for label, names in named if names])


def load_partial(model: nn.Module, state_dict: Mapping[str, Tensor]) -> LoadReport:
    """Load the tensors that fit by name and shape; the rest of the model keeps its weights.

    Raises: ValueError: fewer than half of the model's tensors fit; the model is unchanged then.
    """
    report, fitting = compare(model, state_dict)
    if 2 * report.loaded < report.total:
        raise ValueError(
            f"weights: only {report.loaded} of {report.total} tensors fit {type(model).__name__}. Wrong checkpoint? "
            f"The file has {truncated_list(list(state_dict), 3)}; the model has "
            f"{truncated_list(list(model.state_dict()), 3)}."
        )
    model.load_state_dict(fitting, strict=False)
    return report


def load_exact(model: nn.Module, state_dict: Mapping[str, Tensor], *, num_classes: int, name: str) -> LoadReport:
    """Load every tensor, and set every one of the model; only a head of ``num_classes`` may give way to one of another
    number. Weights of an encoder (``num_classes=0``) leave what is named ``head.`` fresh. ``num_batches_tracked``,
    which counts batches and changes no output, may be absent.

    Raises: ValueError: naming what is missing, left over or of another shape; the model is unchanged then.
    """
    report, fitting = compare(model, state_dict)
    own = model.state_dict()
    heads = {
        key
        for key, tensor in state_dict.items()
        if key in own
        and key not in fitting
        and tensor.shape[:1] == (num_classes,)
        and tensor.shape[1:] == own[key].shape[1:]
    }
    missing = [
        key
        for key in report.new
        if key not in state_dict
        and not key.endswith("num_batches_tracked")
        and not (num_classes == 0 and key.startswith("head."))
    ]
    misshapen = [line for line in report.mismatched if line.partition(" ")[0] not in heads]
    if missing or misshapen or report.unused:
        problems = (("missing", missing), ("left over", report.unused), ("of another shape", misshapen))
        named = "; ".join(f"{label}: {truncated_list(keys)}" for label, keys in problems if keys)
        raise ValueError(f"weights {name} do not fit {type(model).__name__}: {named}. Is it the published file?")
    model.load_state_dict(fitting, strict=False)
    return report


def compare(model: nn.Module, state_dict: Mapping[str, Tensor]) -> tuple[LoadReport, dict[str, Tensor]]:
    """Compare by name and shape: a report, and the tensors that fit."""
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
    return report, fitting
