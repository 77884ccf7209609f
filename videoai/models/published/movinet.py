"""MoViNet: the authors' weights in the layout of Atze00/MoViNet-pytorch, which converted them from TensorFlow."""

from torch import Tensor

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

PAGE = "https://github.com/Atze00/MoViNet-pytorch"
LICENCE = "Apache-2.0"  # the authors' weights; the code of the conversion is MIT

NAMES = (
    (r"\.conv(?:2d|3d)\.", ".conv."),
    (r"^conv1\.conv_1\.", "stem."),
    (r"^conv7\.conv_1\.", "last."),
    (r"^classifier\.0\.conv_1\.conv\.", "hidden."),
    (r"^classifier\.3\.conv_1\.conv\.", "head."),
    (r"^blocks\.b(\d+)_l(\d+)\.", r"stages.\1.\2."),
    (r"\.(expand|project)\.conv_1\.", r".\1."),
    (r"\.deep\.conv_1\.", ".conv."),
    (r"\.deep\.conv_2\.", ".past."),
    (r"\.se\.(fc[12])\.conv_1\.conv\.", r".squeeze.\1."),
    (r"\.res\.[01]\.conv_1\.", ".shortcut.conv."),
    (r"\.alpha$", ".scale"),
)
LINEAR = (".squeeze.fc1.weight", ".squeeze.fc2.weight", "hidden.weight", "head.weight")


# frames, pixels and pixels on the short side of the authors' evaluation; every 5th, 2nd or 3rd frame of 25 fps is 10 s
CLIPS = {
    "a0": ClipSpec(num_frames=50, stride=5, fps=25, size=172, resize=192, mean=(0, 0, 0), std=(1, 1, 1)),
    "a1": ClipSpec(num_frames=50, stride=5, fps=25, size=172, resize=192, mean=(0, 0, 0), std=(1, 1, 1)),
    "a2": ClipSpec(num_frames=50, stride=5, fps=25, size=224, resize=256, mean=(0, 0, 0), std=(1, 1, 1)),
    "a3": ClipSpec(num_frames=120, stride=2, fps=25, size=256, resize=288, mean=(0, 0, 0), std=(1, 1, 1)),
    "a4": ClipSpec(num_frames=80, stride=3, fps=25, size=290, resize=320, mean=(0, 0, 0), std=(1, 1, 1)),
    "a5": ClipSpec(num_frames=120, stride=2, fps=25, size=320, resize=368, mean=(0, 0, 0), std=(1, 1, 1)),
}


def convert(state: StateDict) -> StateDict:
    """Their names and shapes -> ours."""
    return {name: _shaped(name, tensor) for name, tensor in rename(state, NAMES).items()}


def _shaped(name: str, tensor: Tensor) -> Tensor:
    """The streams' kernels are 2-D, over pixels or over (frames, 1); ours are 3-D. Layers that read pooled vectors are
    1x1x1 convolutions to them."""
    if name.endswith(LINEAR):
        return tensor.flatten(1)
    if tensor.ndim != 4:
        return tensor
    return tensor[..., None] if ".past." in name else tensor[:, :, None]


def _row(size: str, kind: str, top1: float, *, suffix: str = "") -> Weights:
    return Weights(
        model=f"movinet_{size}{suffix}",
        convert=convert,
        clip=CLIPS[size],
        licence=LICENCE,
        url=f"{PAGE}/raw/main/weights/model{size.upper()}{kind}_statedict_v3",
        page=PAGE,
        num_classes=600,
        dataset="kinetics600",
        top1=top1,
        views="1x1",
        verified="parity",
    )


WEIGHTS: dict[str, Weights] = {
    "movinet/a0_base_k600": _row("a0", "", 72.28),
    "movinet/a1_base_k600": _row("a1", "", 76.69),
    "movinet/a2_base_k600": _row("a2", "", 78.62),
    "movinet/a3_base_k600": _row("a3", "", 81.79),
    "movinet/a4_base_k600": _row("a4", "", 83.48),
    "movinet/a5_base_k600": _row("a5", "", 84.27),
    "movinet/a0_stream_k600": _row("a0", "_stream", 72.05, suffix="_stream"),
    "movinet/a1_stream_k600": _row("a1", "_stream", 76.45, suffix="_stream"),
    "movinet/a2_stream_k600": _row("a2", "_stream", 78.40, suffix="_stream"),
}
