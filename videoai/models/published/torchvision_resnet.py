"""R3D-18, MC3-18, R(2+1)D-18: torchvision's weights. Our adapters keep its names; file names carry their SHA-256."""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights

TV_MEAN, TV_STD = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)  # torchvision's VideoClassification
LICENCE = "BSD-3-Clause"


def unchanged(state: StateDict) -> StateDict:
    """torchvision's names are ours."""
    return state


def _resnet(model: str, file: str, top1: float) -> Weights:
    # 16 frames of 15 fps, resized to 128x171
    clip = ClipSpec(num_frames=16, stride=1, fps=15, size=112, resize=128, mean=TV_MEAN, std=TV_STD)
    return Weights(
        model=model,
        convert=unchanged,
        clip=clip,
        licence=LICENCE,
        url=f"https://download.pytorch.org/models/{file}.pth",
        sha256=file.rpartition("-")[2],
        top1=top1,
        views="5x1",
        verified="parity",
    )


WEIGHTS: dict[str, Weights] = {
    "torchvision/r3d_18": _resnet("r3d_18", "r3d_18-b3b3357e", 63.20),
    "torchvision/mc3_18": _resnet("mc3_18", "mc3_18-a90a0ba3", 63.96),
    "torchvision/r2plus1d_18": _resnet("r2plus1d_18", "r2plus1d_18-91a641e6", 67.46),
}
