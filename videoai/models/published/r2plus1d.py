"""R(2+1)D-34 and -50: the authors' IG-65M weights as converted by moabitcoin, mmaction2's, and pytorchvideo's."""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.torchvision_resnet import TV_MEAN, TV_STD

IG65M_URL = "https://github.com/moabitcoin/ig65m-pytorch/releases/download/v1.0.0"
MMACTION2_URL = "https://download.openmmlab.com/mmaction/v1.0/recognition/r2plus1d"
PYTORCHVIDEO_URL = "https://dl.fbaipublicfiles.com/pytorchvideo/{folder}/kinetics/R2PLUS1D_16x4_R50.pyth"

# torchvision's names: a split convolution is a sequence of space, norm, ReLU, time
IG65M = (
    *((rf"^stem\.{i}\.", f"stem.0.{part}.") for i, part in ((0, "space"), (1, "norm"), (3, "time"))),
    (r"^stem\.4\.", "stem.1."),
    *((rf"^layer{i + 1}\.", f"stages.{i}.") for i in range(4)),
    *((rf"\.conv([12])\.0\.{i}\.", rf".conv\1.{part}.") for i, part in ((0, "space"), (1, "norm"), (3, "time"))),
    (r"\.conv([12])\.1\.", r".norm\1."),
    (r"\.downsample\.", ".shortcut."),
    (r"^fc\.", "head."),
)
MMACTION2 = (
    *((rf"\.{theirs}\.", f".{ours}.") for theirs, ours in (("conv_s", "space"), ("bn_s", "norm"), ("conv_t", "time"))),
    (r"^backbone\.conv1\.conv\.", "stem.0."),
    (r"^backbone\.conv1\.bn\.", "stem.1."),
    *((rf"^backbone\.layer{i + 1}\.", f"stages.{i}.") for i in range(4)),
    (r"\.downsample\.conv\.", ".shortcut.0."),
    (r"\.downsample\.bn\.", ".shortcut.1."),
    (r"\.conv([12])\.conv\.", r".conv\1."),
    (r"\.conv([12])\.bn\.", r".norm\1."),
    (r"^cls_head\.fc_cls\.", "head."),
)
PYTORCHVIDEO = (
    (r"^model\.", ""),  # PySlowFast's wrapper
    (r"^blocks\.0\.conv\.", "stem.0."),
    (r"^blocks\.0\.norm\.", "stem.1."),
    *((rf"^blocks\.{i + 1}\.res_blocks\.", f"stages.{i}.") for i in range(4)),
    (r"\.branch1_conv\.", ".shortcut.0."),
    (r"\.branch1_norm\.", ".shortcut.1."),
    (r"\.conv_b\.conv_t\.", ".conv_b.time."),
    (r"\.conv_b\.conv_xy\.", ".conv_b.space."),
    *((rf"\.branch2\.(conv|norm)_{letter}\.", rf".\g<1>{i}.") for i, letter in enumerate("abc", start=1)),
    (r"^blocks\.5\.proj\.", "head."),
)


def from_ig65m(state: StateDict) -> StateDict:
    """moabitcoin's names, which are torchvision's -> ours."""
    return rename(state, IG65M)


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours."""
    return rename(state, MMACTION2)


def from_pytorchvideo(state: StateDict) -> StateDict:
    """pytorchvideo's names, with or without PySlowFast's wrapper -> ours."""
    return rename(state, PYTORCHVIDEO)


def _ig65m(file: str, num_frames: int, *, num_classes: int = 400, dataset: str = "kinetics400") -> Weights:
    # the repository reads consecutive frames and scales them to 112 x 112; it states no accuracy
    clip = ClipSpec(num_frames=num_frames, stride=1, size=112, resize=128, mean=TV_MEAN, std=TV_STD)
    return Weights(
        model="r2plus1d_r34",
        convert=from_ig65m,
        clip=clip,
        licence="MIT",
        url=f"{IG65M_URL}/{file}.pth",
        page="https://github.com/moabitcoin/ig65m-pytorch",
        options={"variant": "vmz"},
        num_classes=num_classes,
        dataset=dataset,
        verified="parity",
    )


def _mmaction2(name: str, suffix: str, num_frames: int, stride: int, top1: float) -> Weights:
    clip = ClipSpec(
        num_frames=num_frames,
        stride=stride,
        size=224,
        resize=256,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    )
    return Weights(
        model="r2plus1d_r34",
        convert=from_mmaction2,
        clip=clip,
        licence="Apache-2.0",
        url=f"{MMACTION2_URL}/{name}/{name}_{suffix}.pth",
        page="https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/r2plus1d",
        container="state_dict",
        options={"variant": "mmaction2"},
        top1=top1,
        views="10x3",
        sha256=suffix.rpartition("-")[2],
        verified="parity",
    )


def _pytorchvideo(folder: str) -> Weights:
    return Weights(
        model="r2plus1d_r50",
        convert=from_pytorchvideo,
        clip=ClipSpec(num_frames=16, stride=4, fps=30, size=224, resize=256),
        licence="Apache-2.0",
        url=PYTORCHVIDEO_URL.format(folder=folder),
        page="https://github.com/facebookresearch/pytorchvideo/blob/main/docs/source/model_zoo.md",
        container="model_state",
        top1=76.01,
        views="10x3",
        verified="parity",
    )


WEIGHTS: dict[str, Weights] = {
    "ig65m/r2plus1d_34_clip8_ft_kinetics": _ig65m("r2plus1d_34_clip8_ft_kinetics_from_ig65m-0aa0550b", 8),
    "ig65m/r2plus1d_34_clip32_ft_kinetics": _ig65m("r2plus1d_34_clip32_ft_kinetics_from_ig65m-ade133f1", 32),
    # trained on hashtags whose names were never published
    "ig65m/r2plus1d_34_clip8_from_scratch": _ig65m(
        "r2plus1d_34_clip8_ig65m_from_scratch-9bae36ae", 8, num_classes=487, dataset="ig65m"
    ),
    "ig65m/r2plus1d_34_clip32_from_scratch": _ig65m(
        "r2plus1d_34_clip32_ig65m_from_scratch-449a7af9", 32, num_classes=359, dataset="ig65m"
    ),
    "mmaction2/r2plus1d_r34_8x8_k400": _mmaction2(
        "r2plus1d_r34_8xb8-8x8x1-180e_kinetics400-rgb", "20220812-47cfe041", 8, 8, 69.76
    ),
    "mmaction2/r2plus1d_r34_32x2_k400": _mmaction2(
        "r2plus1d_r34_8xb8-32x2x1-180e_kinetics400-rgb", "20220812-4270588c", 32, 2, 75.46
    ),
    "pytorchvideo/r2plus1d_r50": _pytorchvideo("model_zoo"),
    "pyslowfast_ptv/R2PLUS1D_16x4_R50": _pytorchvideo("pysf_model_zoo"),
}
