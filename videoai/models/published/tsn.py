"""TSN: mmaction2's weights, and the 2-D baseline of TSM's authors. What the other networks on frames share is here too:
the names of mmaction2's ResNet, and the clips.
"""

from typing import Any

from videoai.core.types import ClipSpec, Sampling
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

IMAGENET: Any = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
MMACTION2_PAGE = "https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition"
MIT_PAGE = "https://github.com/mit-han-lab/temporal-shift-module"

MMACTION2 = (  # pairs of convolution and norm -> timm's ResNet
    (r"^backbone\.conv1\.conv\.", "backbone.conv1."),
    (r"^backbone\.conv1\.bn\.", "backbone.bn1."),
    (r"\.conv([123])\.conv\.", r".conv\1."),
    (r"\.conv([123])\.bn\.", r".bn\1."),
    (r"\.downsample\.conv\.", ".downsample.0."),
    (r"\.downsample\.bn\.", ".downsample.1."),
    (r"^cls_head\.fc_cls\.", "head."),
)
MIT = (  # torchvision's names, as timm's
    (r"^module\.", ""),
    (r"^base_model\.", "backbone."),
    (r"^new_fc\.", "head."),
)


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours."""
    return rename(state, MMACTION2)


def from_mit(state: StateDict) -> StateDict:
    """The names of TSM's authors -> ours."""
    return rename(state, MIT)


def frames_clip(num_frames: int, sampling: Sampling = "uniform") -> ClipSpec:
    """Frames from all over the video, or evenly from a window of 64 frames, as dense is in both publishers' code."""
    stride = 64 // num_frames if sampling == "dense" else 1
    return ClipSpec(num_frames=num_frames, stride=stride, size=224, resize=256, sampling=sampling, **IMAGENET)


def mmaction2(model: str, convert: Any, file: str, clip: ClipSpec, top1: float, views: str, **more: Any) -> Weights:
    """A row of mmaction2, whose files lie in folders of their config's name and end in their SHA-256."""
    family = file.partition("_")[0]
    folder = file[: file.rindex("_")]
    url = f"https://download.openmmlab.com/mmaction/v1.0/recognition/{family}/{folder}/{file}.pth"
    return Weights(
        model=model,
        convert=convert,
        clip=clip,
        licence="Apache-2.0",
        url=url,
        page=f"{MMACTION2_PAGE}/{family}",
        container="state_dict",
        top1=top1,
        views=views,
        sha256=file.rpartition("-")[2],
        **more,
    )


def mit(model: str, convert: Any, file: str, clip: ClipSpec, top1: float, views: str, **more: Any) -> Weights:
    """A row of TSM's authors."""
    return Weights(
        model=model,
        convert=convert,
        clip=clip,
        licence="MIT",
        url=f"https://hanlab18.mit.edu/projects/tsm/models/{file}.pth",
        page=MIT_PAGE,
        container="state_dict",
        top1=top1,
        views=views,
        **more,
    )


SSV1: Any = {"num_classes": 174, "dataset": "ssv1"}
SSV2: Any = {"num_classes": 174, "dataset": "ssv2"}


def _tsn(model: str, recipe: str, date: str, clip: ClipSpec, top1: float, views: str = "25x10", **more: Any) -> Weights:
    # 25x10: 25 frames of the video, ten crops of each
    file = f"tsn_imagenet-pretrained-{recipe}-rgb_{date}"
    return mmaction2(model, from_mmaction2, file, clip, top1, views, **more)


WEIGHTS: dict[str, Weights] = {
    "mmaction2/tsn_r50_1x1x3_k400": _tsn(
        "tsn_r50", "r50_8xb32-1x1x3-100e_kinetics400", "20220906-cd10898e", frames_clip(3), 72.83
    ),
    "mmaction2/tsn_r50_1x1x5_k400": _tsn(
        "tsn_r50", "r50_8xb32-1x1x5-100e_kinetics400", "20220906-65d68713", frames_clip(5), 73.80
    ),
    "mmaction2/tsn_r50_1x1x8_k400": _tsn(
        "tsn_r50",
        "r50_8xb32-1x1x8-100e_kinetics400",
        "20220906-2692d16c",
        frames_clip(8),
        74.12,
        verified="parity",
    ),
    "mmaction2/tsn_r50_dense_1x1x5_k400": _tsn(
        "tsn_r50",
        "r50_8xb32-dense-1x1x5-100e_kinetics400",
        "20220906-dcbc6e01",
        frames_clip(5, "dense"),
        71.37,
        "250x1",  # 25 frames at each of ten places
    ),
    "mmaction2/tsn_r101_1x1x8_k400": _tsn(
        "tsn_r101",
        "r101_8xb32-1x1x8-100e_kinetics400",
        "20220906-23cff032",
        frames_clip(8),
        75.89,
        verified="parity",
    ),
    "mmaction2/tsn_r50_1x1x8_sthv2": _tsn(
        "tsn_r50", "r50_8xb32-1x1x8-50e_sthv2", "20230313-06ad7d03", frames_clip(8), 35.51, **SSV2
    ),
    "mmaction2/tsn_r50_1x1x16_sthv2": _tsn(
        "tsn_r50", "r50_8xb32-1x1x16-50e_sthv2", "20230221-85bcc1c3", frames_clip(16), 36.91, **SSV2
    ),
    "tsm_mit/tsn_resnet50_5seg_k400": mit(
        "tsn_r50",
        from_mit,
        "TSM_kinetics_RGB_resnet50_avg_segment5_e50",
        frames_clip(5),
        68.8,
        "1x1",  # a view has 8 frames
        verified="parity",
    ),
}
