"""Load tensors into a model by name and shape, and report the rest."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from torch import Tensor, nn

from videoai.core.messages import truncated_list
from videoai.models.heads import head_parameters
from videoai.models.wrapped import prefixes, without_prefix


class LoadReport(NamedTuple):
    """The result of a partial load; ``str(report)`` is one line for the log."""

    loaded: int
    total: int
    new: list[str]  # in the model, not loaded: they keep their fresh values
    unused: list[str]  # in the file, not in the model
    mismatched: list[str]  # in both with two shapes: "fc.weight [400, 512] -> [5, 512]", file -> model
    num_classes: int | None = (
        None  # the file's classes, where its head is not loaded because the model has another number
    )
    prefix: str = ""  # stripped from the file's names

    def __str__(self) -> str:
        parts = [f"loaded {self.loaded}/{self.total} tensors"]
        named = (("new", self.new), ("unused", self.unused), ("mismatched", self.mismatched))
        parts += [f"names without their prefix {self.prefix}"] if self.prefix else []
        return "; ".join(parts + [f"{label}: {truncated_list(names)}" for label, names in named if names])


def load_partial(model: nn.Module, state_dict: Mapping[str, Tensor]) -> LoadReport:
    """Load the tensors that fit by name and shape; the rest of the model keeps its weights. A prefix that most names
    share is stripped where more of them fit without it.

    Raises: ValueError: fewer than half of the model's tensors fit; the model is unchanged then.
    """
    tried = [(prefix, *compare(model, without_prefix(state_dict, prefix))) for prefix in prefixes(state_dict)]
    prefix, report, fitting = max(tried, key=lambda each: each[1].loaded)  # the first of equals: as little as needed
    if 2 * report.loaded < report.total:
        raise ValueError(
            f"weights: only {report.loaded} of {report.total} tensors fit {type(model).__name__}. Wrong checkpoint? "
            f"The file has {truncated_list(list(state_dict), 3)}; the model has "
            f"{truncated_list(list(model.state_dict()), 3)}. The layout of a publisher is read with weights=ID:FILE, "
            "and videoai models NAME lists the ids."
        )
    model.load_state_dict(fitting, strict=False)
    return report._replace(prefix=prefix)


def load_exact(model: nn.Module, state_dict: Mapping[str, Tensor], *, num_classes: int, name: str) -> LoadReport:
    """Load every tensor, and set every one of the model; only a head for another number of classes may stay fresh.
    Weights of an encoder (``num_classes=0``) leave what is named ``head.`` fresh. ``num_batches_tracked``, which counts
    batches and changes no output, may be absent.

    Raises: ValueError: naming what is missing, left over or of another shape; the model is unchanged then.
    """
    report, fitting = compare(model, state_dict)
    # a file of an encoder holds no head
    heads = _other_heads(model, state_dict, set(fitting), num_classes) if report.mismatched and num_classes else {}
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
    return report._replace(num_classes=next(iter(heads.values()), None))


def _other_heads(
    model: nn.Module, state_dict: Mapping[str, Tensor], fitting: Collection[str], num_classes: int
) -> dict[str, int]:
    """Name -> number of classes, for tensors of the head that differ from the model's in that number alone.
    ``num_classes``: tensors of so many rows are of a head, too, where the model does not name its own."""
    own = model.state_dict()
    named = set(head_parameters(model)) if hasattr(model, "reset_classifier") else set()
    return {
        key: len(tensor)
        for key, tensor in state_dict.items()
        if key in own and key not in fitting and tensor.ndim and tensor.shape[1:] == own[key].shape[1:]
        if key in named or len(tensor) == num_classes
    }


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
