"""What an answer for a video depends on: the window that speaks most for a class, and a heat over its frames."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from videoai.attribution.methods import Attribution, attribute
from videoai.attribution.pointing import hottest, over_time
from videoai.core.messages import did_you_mean, truncated_list
from videoai.data.decode import Video
from videoai.data.faces.crop import open_shown
from videoai.data.normalize import ToModelInput
from videoai.inference.exported import ExportedNetwork
from videoai.inference.predict import Predictor, chunks
from videoai.models.ensemble import Ensemble
from videoai.settings.verbs import ExplainMethod

WITHOUT_GRADIENTS = ("occlusion", "temporal_occlusion")  # methods
OF_ONE_NETWORK = ("grad_cam", "layer_cam", "attention_rollout")  # methods


class ClipOutputs(nn.Module):
    """One output a class for a network that gives one for each frame: that of its best frame."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    @property
    def pictures(self) -> nn.Module:
        """The body; the head knows steps in time alone."""
        return self.network.body  # pyright: ignore[reportReturnType]

    def forward(self, video: Tensor) -> Tensor:
        """float [B, 3, T, H, W] -> [B, K]; of several stages the last one counts."""
        return self.network(video)[:, -1].amax(-1)


class Explained(NamedTuple):
    """One clip of a video, and how much a class depends on each of its pixels."""

    label: str
    score: float  # as the task reads the output: a probability, or a value
    start_seconds: float  # where the window begins
    end_seconds: float
    seconds: Tensor  # float64 [T], times of the frames
    frames: Tensor  # uint8 [T, C, H, W], as the network saw them before normalisation
    found: Attribution

    def to_dict(self, path: str) -> dict[str, Any]:
        """The content of explanation.json: what was asked, where and when the heat is highest, and the share of each
        frame."""
        heat = self.found.heat
        time, row, column = hottest(heat)
        x, y = (column + 0.5) / heat.shape[2], (row + 0.5) / heat.shape[1]
        times = [round(one, 3) for one in self.seconds.tolist()]
        return {
            "path": path,
            "target": self.label,
            "score": round(self.score, 6),
            "method": self.found.method,
            "layer": self.found.layer,
            "window": {"start_seconds": round(self.start_seconds, 3), "end_seconds": round(self.end_seconds, 3)},
            # x and y: shares of the picture that the network saw
            "hottest": {"seconds": times[time], "x": round(x, 4), "y": round(y, 4), "place": place_words(x, y)},
            "frames": [
                {"seconds": one, "share": round(share, 6)}
                for one, share in zip(times, over_time(heat).tolist(), strict=True)
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """A predictor, and how its answers are explained."""

    predictor: Predictor
    method: ExplainMethod = "auto"
    layer: str | None = None
    target: str | None = None  # a class; None = the best one
    at_seconds: float | None = None  # in the window to explain; None = the one that speaks most for the class

    def __call__(self, path: str) -> Explained:
        """Raises: BadVideo. ValueError: the network cannot be explained so, or no window is at ``at_seconds``."""
        with open_shown(path, **self.predictor.reading) as video:
            spans = self.spans(video)
            scores = torch.cat([self._scores(video, path, part) for part in chunks(spans)])
            window, number = self._chosen(scores)
            frames, seconds = self._clip(video, path, spans[window])
        network = self.predictor.model.model
        method = suited_method(network, self.method, self.layer)
        found = attribute(self._network(), as_input(self.predictor.to_input, frames), number, method, layer=self.layer)
        label, score = self.predictor.model.classes[number], float(scores[window, number])
        return Explained(label, score, *spans[window], seconds, frames, found)

    def spans(self, video: Video) -> list[tuple[float, float]]:
        """The windows that may be explained. Raises: ValueError: none."""
        spans, time = self.predictor.windows(video), self.at_seconds
        if time is None:
            return spans
        held = [span for span in spans if span[0] <= time <= span[1]]
        if not held:
            raise ValueError(
                f"at_seconds={time:g}: {video.path} lasts from 0 to {video.duration_seconds:.2f} s. Choose "
                "a time in it."
            )
        return [min(held, key=lambda span: abs(sum(span) / 2 - time))]

    def number(self) -> int | None:
        """The output that ``target`` names; None = the best. Raises: ValueError: no such class."""
        classes = self.predictor.model.classes
        if self.target is None:
            return None
        if self.target not in classes:
            hint = did_you_mean(self.target, classes)
            raise ValueError(f"target={self.target}: no class of the model.{hint} It has {truncated_list(classes, 8)}.")
        return classes.index(self.target)

    def _chosen(self, scores: Tensor) -> tuple[int, int]:
        """Window and class. scores: [W, K]."""
        number = self.number()
        best = scores if number is None else scores[:, number : number + 1]
        window, column = divmod(int(best.argmax()), best.shape[1])
        return window, column if number is None else number

    def _scores(self, video: Video, path: str, spans: list[tuple[float, float]]) -> Tensor:
        """[W, K]"""
        clips = torch.stack([self._clip(video, path, span)[0] for span in spans])
        scores = self.predictor.scores(clips)
        return scores.amax(2) if self.predictor.task.per_frame else scores

    def _clip(self, video: Video, path: str, span: tuple[float, float]) -> tuple[Tensor, Tensor]:
        """uint8 [T, C, H, W] and float64 [T]."""
        indices, seconds = self.predictor.places(video, path, *span)
        return self.predictor.cropped(video.frames(indices, size=self.predictor.model.clip.short_side)), seconds

    def _network(self) -> nn.Module:
        network = self.predictor.model.model
        return ClipOutputs(network) if self.predictor.task.per_frame else network


def suited_method(network: nn.Module, method: ExplainMethod, layer: str | None = None) -> ExplainMethod:
    """The method, as far as the kind of network decides. Raises: ValueError: it reads layers, and an ensemble has those
    of each member; or gradients, and an export has none."""
    if isinstance(network, ExportedNetwork):
        if method not in ("auto", *WITHOUT_GRADIENTS) or layer:
            raise ValueError(
                f"method={method} needs gradients, and an exported network has none. Take method=occlusion or "
                "method=temporal_occlusion, or explain the checkpoint that it was made from."
            )
        return "occlusion" if method == "auto" else method
    if not isinstance(network, Ensemble):
        return method
    if method in OF_ONE_NETWORK or layer:
        given = f"layer={layer}" if layer else f"method={method}"
        raise ValueError(
            f"{given} reads a layer, and an ensemble has those of {len(network.members)} networks. Take "
            "method=occlusion or method=integrated_gradients, or explain a member."
        )
    return "occlusion" if method == "auto" else method


def as_input(to_input: ToModelInput, frames: Tensor) -> Tensor:
    """uint8 [T, C, H, W] -> float [1, C, T, H, W], normalised; in full precision, since gradients of half vanish."""
    return to_input.normalized(frames[None]).float()


def place_words(x: float, y: float) -> str:
    """``the upper left`` of a picture for shares of its width and height."""
    row = ("upper", "middle", "lower")[min(2, int(3 * y))]
    column = ("left", "centre", "right")[min(2, int(3 * x))]
    return "the centre" if (row, column) == ("middle", "centre") else f"the {row} {column}"
