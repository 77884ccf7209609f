"""Video Swin: weights of torchvision, of mmaction2, and of the paper's authors. torchvision's names are ours."""

from functools import partial
from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.torchvision_resnet import LICENCE, unchanged

IMAGENET: Any = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
CLIP = ClipSpec(num_frames=32, stride=2, size=224, **IMAGENET)  # tested on 4 clips x 3 crops of 224 px, short side 224

MMACTION = "https://download.openmmlab.com/mmaction/v1.0/recognition/swin"
AUTHORS = "https://github.com/SwinTransformer/storage/releases/download/v1.0.4"


def from_mmaction(state: StateDict) -> StateDict:
    """Stages and the layers between them are one sequence here. The last norm is ``norm`` in the authors' files and
    ``norm3`` in mmaction2 1.x."""
    stages = [(rf"^backbone\.layers\.{i}\.blocks\.", f"features.{2 * i}.") for i in range(4)]
    merging = [(rf"^backbone\.layers\.{i}\.downsample\.", f"features.{2 * i + 1}.") for i in range(3)]
    rest = [
        (r"\.mlp\.fc1\.", ".mlp.0."),
        (r"\.mlp\.fc2\.", ".mlp.3."),
        (r"^backbone\.norm3?\.", "norm."),
        (r"^backbone\.", ""),
        (r"^cls_head\.fc_cls\.", "head."),
    ]
    return rename(state, [*stages, *merging, *rest])


def _torchvision(model: str, file: str, top1: float, **facts: Any) -> Weights:
    # 32 frames of 15 fps; 12 clips
    clip = ClipSpec(num_frames=32, fps=15, size=224, resize=256, **IMAGENET)
    url, sha256 = f"https://download.pytorch.org/models/{file}.pth", file.rpartition("-")[2]
    return Weights(
        model=model,
        convert=unchanged,
        clip=clip,
        licence=LICENCE,
        url=url,
        sha256=sha256,
        top1=top1,
        views="12x1",
        **facts,
    )


def _mmaction(model: str, name: str, date: str, sha256: str, top1: float, **facts: Any) -> Weights:
    url = f"{MMACTION}/{name}/{name}_{date}-{sha256}.pth"
    apache = partial(Weights, model=model, convert=from_mmaction, clip=CLIP, licence="Apache-2.0")
    return apache(url=url, container="state_dict", sha256=sha256, top1=top1, views="4x3", **facts)


def _authors(
    model: str, file: str, top1: float | None, views: str | None, clip: ClipSpec = CLIP, **facts: Any
) -> Weights:
    page = "https://github.com/SwinTransformer/Video-Swin-Transformer"
    apache = partial(Weights, model=model, convert=from_mmaction, clip=clip, licence="Apache-2.0")
    return apache(url=f"{AUTHORS}/{file}.pth", page=page, container="state_dict", top1=top1, views=views, **facts)


_tiny_torchvision = _torchvision("swin3d_t", "swin3d_t-7615ae03", 77.72, verified="parity")
_tiny_mmaction = _mmaction(
    "swin3d_t",
    "swin-tiny-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb",
    *("20220930", "241016b2", 78.90),
    verified="parity",
)
_LONG = {"window": [16, 7, 7]}
_SSV2 = ClipSpec(num_frames=32, sampling="uniform", size=224, **IMAGENET)

WEIGHTS: dict[str, Weights] = {
    "torchvision/swin3d_t": _tiny_torchvision,
    "torchvision/swin3d_t_32x224": _tiny_torchvision,  # the same file by the name of its input
    "torchvision/swin3d_s": _torchvision("swin3d_s", "swin3d_s-da41c237", 79.52, verified="parity"),
    "torchvision/swin3d_b": _torchvision("swin3d_b", "swin3d_b_1k-24f7c7c6", 79.43, verified="parity"),
    "torchvision/swin3d_b_22k": _torchvision("swin3d_b", "swin3d_b_22k-7c6ae6fa", 81.64),
    "mmaction2/swin_tiny_k400": _tiny_mmaction,
    "mmaction2/swin_tiny_k400_32x224": _tiny_mmaction,
    "mmaction2/swin_small_k400": _mmaction(
        "swin3d_s",
        "swin-small-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb",
        *("20220930", "e91ab986", 80.54),
    ),
    "mmaction2/swin_base_k400": _mmaction(
        "swin3d_b",
        "swin-base-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb",
        *("20220930", "182ec6cc", 80.57),
    ),
    "mmaction2/swin_large_k400": _mmaction(
        "swin3d_l",
        "swin-large-p244-w877_in22k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb",
        *("20220930", "78ad8b11", 83.46),
    ),
    "mmaction2/swin_large_k700": _mmaction(
        "swin3d_l",
        "swin-large-p244-w877_in22k-pre_16xb8-amp-32x2x1-30e_kinetics700-rgb",
        *("20220930", "f8d74db7", 75.92),
        num_classes=700,
        dataset="kinetics700",
    ),
    "mmaction2/swin_small_k710": _mmaction(
        "swin3d_s",
        "swin-small-p244-w877_in1k-pre_32xb4-amp-32x2x1-30e_kinetics710-rgb",
        *("20230612", "8e082ff1", 76.90),
        num_classes=710,
        dataset="kinetics710",
    ),
    "video_swin/swin_tiny_k400_1k": _authors(
        "swin3d_t", "swin_tiny_patch244_window877_kinetics400_1k", 78.8, "4x3", verified="parity"
    ),
    "video_swin/swin_small_k400_1k": _authors("swin3d_s", "swin_small_patch244_window877_kinetics400_1k", 80.6, "4x3"),
    "video_swin/swin_base_k400_1k": _authors("swin3d_b", "swin_base_patch244_window877_kinetics400_1k", 80.6, "4x3"),
    "video_swin/swin_base_k400_22k": _authors("swin3d_b", "swin_base_patch244_window877_kinetics400_22k", 82.7, "4x3"),
    "video_swin/swin_base_k600_22k": _authors(
        "swin3d_b",
        "swin_base_patch244_window877_kinetics600_22k",
        *(84.0, "4x3"),
        num_classes=600,
        dataset="kinetics600",
    ),
    # what the authors start from for Something-Something V2; no accuracy is given
    "video_swin/swin_base_w1677_k400_22k": _authors(
        "swin3d_b", "swin_base_patch244_window1677_kinetics400_22k", None, None, options=_LONG
    ),
    "video_swin/swin_base_w1677_ssv2": _authors(
        "swin3d_b",
        "swin_base_patch244_window1677_sthv2",
        *(69.6, "1x3", _SSV2),
        options=_LONG,
        num_classes=174,
        dataset="ssv2",
        verified="parity",
    ),
}
