"""S3D: torchvision's weights."""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.torchvision_resnet import LICENCE, TV_MEAN, TV_STD


def from_torchvision(state: StateDict) -> StateDict:
    """torchvision's names but for the head, which is a 1x1x1 convolution there."""
    state = rename(state, ((r"^classifier\.1\.", "head."),))
    return state | {"head.weight": state["head.weight"].flatten(1)}


WEIGHTS: dict[str, Weights] = {
    "torchvision/s3d": Weights(
        model="s3d",
        convert=from_torchvision,
        # torchvision scales to 256 x 256 whatever the shape of the video
        clip=ClipSpec(num_frames=128, fps=15, size=224, resize=256, mean=TV_MEAN, std=TV_STD),
        licence=LICENCE,
        url="https://download.pytorch.org/models/s3d-d76dad2f.pth",
        sha256="d76dad2f",
        top1=68.37,
        views="1x1",
        verified="parity",
    ),
}
