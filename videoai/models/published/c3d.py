"""C3D: mmaction2's weights, pre-trained on Sports-1M, trained on UCF101."""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

NAME = "c3d_sports1m-pretrained_8xb30-16x1x1-45e_ucf101-rgb"

MMACTION2 = (
    # conv3a is the first layer of the third stage, conv3b the one after its ReLU
    *((rf"^backbone\.conv{i + 1}a\.conv\.", f"stages.{i}.0.") for i in range(5)),
    *((rf"^backbone\.conv{i + 1}b\.conv\.", f"stages.{i}.2.") for i in range(2, 5)),
    (r"^backbone\.(fc[67])\.", r"\1."),
    (r"^cls_head\.fc_cls\.", "head."),
)


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours."""
    return rename(state, MMACTION2)


WEIGHTS: dict[str, Weights] = {
    "mmaction2/c3d_ucf101": Weights(
        model="c3d",
        convert=from_mmaction2,
        # the means are subtracted from RGB in this order, and nothing is scaled: pixels from -128 to 151
        clip=ClipSpec(
            num_frames=16,
            stride=1,
            size=112,
            resize=128,
            mean=(104 / 255, 117 / 255, 128 / 255),
            std=(1 / 255, 1 / 255, 1 / 255),
        ),
        licence="Apache-2.0",
        url=f"https://download.openmmlab.com/mmaction/v1.0/recognition/c3d/{NAME}/{NAME}_20220811-31723200.pth",
        page="https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/c3d",
        container="state_dict",
        num_classes=101,
        dataset="ucf101",
        top1=83.08,
        views="10x1",
        sha256="31723200",
        verified="parity",
    ),
}
