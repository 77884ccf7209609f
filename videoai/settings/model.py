"""The model, its optimizer and schedule: groups whose keys depend on what they name."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting

Auto = Literal["auto"]


@dataclass(frozen=True, kw_only=True)
class ClipSettings:
    """What one clip is. ``auto`` is chosen for the training videos (run/training/choose_model.py); ``null`` statistics
    are those of the weights that a run starts from."""

    num_frames: int | Auto = setting(auto=True, min=1, max=4096, help="frames of a clip")
    stride: int | Auto = setting(
        1, auto=True, min=1, max=10_000, help="frames of the source from one frame of the clip to the next"
    )
    size: int | Auto = setting(
        auto=True, min=1, max=4096, help="pixels, side of the square that the model sees; from 8 on, for pixels"
    )
    resize: int | Auto | None = setting(
        None, auto=True, min=1, max=8192, help="pixels, short side after decoding, before the crop; null = size"
    )
    fps: float | None = setting(
        None,
        above=0,
        needs="clip.sampling=dense",
        help="null = strides count frames of the file; a number = read at this rate",
    )
    sampling: Literal["dense", "uniform", "auto"] = setting(
        "dense",
        auto=True,
        help="dense = num_frames at this stride; uniform = spread over the whole video; auto = uniform for short "
        "videos whose length does not tell their class",
    )
    past_end: Literal["repeat", "loop", "error"] = setting(
        "repeat", help="a video that is too short: repeat its last frame, loop from its start, or error"
    )
    mean: tuple[float, ...] | None = setting(
        None, length=3, min=0, max=1, help="of pixels in 0..1; null = as the weights were trained, without weights 0.45"
    )
    std: tuple[float, ...] | None = setting(
        None,
        length=3,
        above=0,
        max=1,
        help="of pixels in 0..1; null = as the weights were trained, without weights 0.225",
    )
    channels: Literal["rgb", "bgr"] | None = setting(
        None, help="order of the channels; null = as the weights were trained"
    )
    features: int | None = setting(
        None, min=1, help="numbers of a feature vector; null = frames are pictures. data.features sets it"
    )


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Options that several models have; which of them a model takes, its preset in configs/model says."""

    name: str = setting("", help="the network; another: model=NAME, of which videoai models tells")
    pretrained: bool = setting(False, help="true = published weights; others by id: weights=ID")
    backbone_pretrained: bool = setting(False, help="true = the backbone's ImageNet weights, downloaded by timm")
    bidirectional: bool = setting(False, help="the recurrent layer reads both ways")
    dropout: float = setting(0.0, min=0, below=1, help="dropout before the head")
    drop_path: float = setting(0.0, min=0, below=1, help="chance of skipping a branch in the last block")
    width: int = setting(16, min=1, help="channels of the stem")
    hidden_size: int = setting(256, min=1, help="width of the recurrent layer")
    num_layers: int = setting(1, min=1, help="number of layers")


LR = "learning rate; auto = by the size of the model and the clips of a step, and smaller where weights are loaded"


@dataclass(frozen=True, kw_only=True)
class AdamW:
    """AdamW (arXiv:1711.05101); norms and biases do not decay."""

    name: Literal["adamw"] = setting("adamw", help="the optimizer; another: optim=NAME")
    lr: float | Auto = setting("auto", auto=True, above=0, help=LR)
    weight_decay: float = setting(0.05, min=0, help="of matrices and kernels")
    betas: tuple[float, ...] = setting((0.9, 0.999), min=0, below=1, length=2, help="decay of both moments")


@dataclass(frozen=True, kw_only=True)
class Sgd:
    """SGD with Nesterov momentum; norms and biases do not decay."""

    name: Literal["sgd"] = setting("sgd", help="the optimizer; another: optim=NAME")
    lr: float | Auto = setting("auto", auto=True, above=0, help=LR)
    momentum: float = setting(0.9, min=0, below=1, help="share of the step before")
    nesterov: bool = setting(True, needs="optim.momentum", help="look ahead")
    weight_decay: float = setting(0.0001, min=0, help="of matrices and kernels")


OPTIMIZERS: dict[str, type] = {"adamw": AdamW, "sgd": Sgd}


@dataclass(frozen=True, kw_only=True)
class Constant:
    """The base rate all along."""

    name: Literal["constant"] = setting("constant", help="the schedule; another: schedule=NAME")
    warmup: float = setting(0.0, min=0, max=0.999, help="share of the run that warms up")


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """Half a cosine (arXiv:1608.03983, without restarts)."""

    name: Literal["cosine"] = setting("cosine", help="the schedule; another: schedule=NAME")
    warmup: float = setting(0.05, min=0, max=0.999, help="share of the run that warms up")
    final_factor: float = setting(0.0, min=0, help="share of the base rate at the end")


@dataclass(frozen=True, kw_only=True)
class Step:
    """Drops at fixed shares of the run."""

    name: Literal["step"] = setting("step", help="the schedule; another: schedule=NAME")
    warmup: float = setting(0.05, min=0, max=0.999, help="share of the run that warms up")
    milestones: tuple[float, ...] = setting(
        (0.5, 0.75), min=0, max=1, help="shares of the run after which the rate drops"
    )
    gamma: float = setting(0.1, above=0, help="factor of each drop")


SCHEDULES: dict[str, type] = {"constant": Constant, "cosine": Cosine, "step": Step}
