"""TSM: the authors' weights (MIT) and mmaction2's. The shifted convolution of both is ``net`` in ours too."""

from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.tsn import (
    MIT,
    MMACTION2,
    SSV1,
    SSV2,
    frames_clip,
    mit,
    mmaction2,
)

MMACTION2_NONLOCAL = (
    (r"\.non_local_block\.(g|phi)\.0\.conv\.", r".nl.\1."),  # .0: what follows is the pooling
    (r"\.non_local_block\.theta\.conv\.", ".nl.theta."),
    (r"\.non_local_block\.conv_out\.conv\.", ".nl.out."),
    (r"\.non_local_block\.conv_out\.bn\.", ".nl.norm."),
)
MIT_NONLOCAL = (
    (r"\.nl\.(g|phi)\.0\.", r".nl.\1."),
    (r"\.nl\.W\.0\.", ".nl.out."),
    (r"\.nl\.W\.1\.", ".nl.norm."),
)

STAGES = (1, 2, 3, 4, 3, 3, 1)  # blocks in each stage of a MobileNetV2
BLOCKS = [(stage, number) for stage, length in enumerate(STAGES) for number in range(length)]

MMACTION2_MOBILENET = (
    (r"^backbone\.conv1\.conv\.", "backbone.conv_stem."),
    (r"^backbone\.conv1\.bn\.", "backbone.bn1."),
    (r"^backbone\.conv2\.conv\.", "backbone.conv_head."),
    (r"^backbone\.conv2\.bn\.", "backbone.bn2."),
    *((rf"^backbone\.layer{stage + 1}\.", f"backbone.blocks.{stage}.") for stage in range(len(STAGES))),
    (r"\.0\.0\.conv\.0\.conv\.", ".0.0.conv_dw."),  # the first block expands nothing
    (r"\.0\.0\.conv\.1\.conv\.", ".0.0.conv_pw."),
    (r"\.conv\.0\.net\.conv\.", ".conv_pw.net."),
    (r"\.conv\.0\.conv\.", ".conv_pw."),
    (r"\.conv\.1\.conv\.", ".conv_dw."),
    (r"\.conv\.2\.conv\.", ".conv_pwl."),
    (r"\.conv\.0\.(?:net\.)?bn\.", ".bn1."),
    (r"\.conv\.1\.bn\.", ".bn2."),
    (r"\.conv\.2\.bn\.", ".bn3."),
    (r"^cls_head\.fc_cls\.", "head."),
)
MIT_MOBILENET = (
    *MIT,
    (r"^(?:backbone\.)?classifier\.", "head."),
    (r"^features\.", "backbone.features."),
    (r"^backbone\.features\.0\.0\.", "backbone.conv_stem."),
    (r"^backbone\.features\.0\.1\.", "backbone.bn1."),
    (r"^backbone\.features\.18\.0\.", "backbone.conv_head."),
    (r"^backbone\.features\.18\.1\.", "backbone.bn2."),
    *(
        (rf"^backbone\.features\.{i}\.conv\.", f"backbone.blocks.{stage}.{number}.conv.")
        for i, (stage, number) in enumerate(BLOCKS, start=1)
    ),
    (r"\.0\.0\.conv\.0\.", ".0.0.conv_dw."),
    (r"\.0\.0\.conv\.1\.", ".0.0.bn1."),
    (r"\.0\.0\.conv\.3\.", ".0.0.conv_pw."),
    (r"\.0\.0\.conv\.4\.", ".0.0.bn2."),
    *((rf"\.conv\.{i}\.", f".{ours}.") for i, ours in ((0, "conv_pw"), (3, "conv_dw"), (6, "conv_pwl"))),
    *((rf"\.conv\.{i}\.", f".{ours}.") for i, ours in ((1, "bn1"), (4, "bn2"), (7, "bn3"))),
)
MIT_ONLINE = (  # the demo's network shifts by hand: no ``net``
    *MIT_MOBILENET,
    *((rf"^(backbone\.blocks\.{stage}\.{number}\.conv_pw)\.", r"\1.net.") for stage, number in BLOCKS if number > 0),
)


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours."""
    return rename(state, MMACTION2_NONLOCAL + MMACTION2)


def from_mit(state: StateDict) -> StateDict:
    """The authors' names -> ours. A non-local block's last convolution has a bias, which the mean of the norm behind it
    takes over."""
    ours = rename(state, MIT_NONLOCAL + MIT)
    for name in [name for name in ours if name.endswith(".nl.out.bias")]:
        mean = name.replace(".out.bias", ".norm.running_mean")
        ours[mean] = ours[mean] - ours.pop(name)
    return ours


def from_mmaction2_mobilenet(state: StateDict) -> StateDict:
    """mmaction2's names of MobileNetV2 -> ours."""
    return rename(state, MMACTION2_MOBILENET)


def from_mit_mobilenet(state: StateDict) -> StateDict:
    """The authors' names of MobileNetV2 -> ours."""
    return rename(state, MIT_MOBILENET)


def from_mit_online(state: StateDict) -> StateDict:
    """The names of the authors' demo of live video -> ours."""
    return rename(state, MIT_ONLINE)


def _tsm(model: str, recipe: str, date: str, clip: ClipSpec, top1: float, views: str = "1x10", **more: Any) -> Weights:
    convert = from_mmaction2_mobilenet if model == "tsm_mobilenetv2" else from_mmaction2
    return mmaction2(model, convert, f"tsm_imagenet-pretrained-{recipe}-rgb_{date}", clip, top1, views, **more)


def _mit(
    model: str, base: str, ending: str, clip: ClipSpec, top1: float, views: str, data: str = "kinetics", **more: Any
) -> Weights:
    convert = from_mit_mobilenet if model == "tsm_mobilenetv2" else from_mit
    file = f"TSM_{data}_RGB_{base}_shift8_blockres_avg_segment{clip.num_frames}_{ending}"
    return mit(model, convert, file, clip, top1, views, **more)


UNIFORM, UNIFORM16, DENSE = frames_clip(8), frames_clip(16), frames_clip(8, "dense")

WEIGHTS: dict[str, Weights] = {
    "tsm_mit/tsm_resnet50_8seg_k400": _mit("tsm_r50", "resnet50", "e100_dense", DENSE, 74.1, "10x3", verified="parity"),
    "tsm_mit/tsm_resnet50_8seg_uniform_k400": _mit("tsm_r50", "resnet50", "e50", UNIFORM, 71.2, "1x1"),
    "tsm_mit/tsm_resnet50_16seg_uniform_k400": _mit("tsm_r50", "resnet50", "e50", UNIFORM16, 72.6, "1x1"),
    "tsm_mit/tsm_nl_resnet50_8seg_k400": _mit("tsm_nl_r50", "resnet50", "e100_dense_nl", DENSE, 75.6, "10x3"),
    "tsm_mit/tsm_mobilenetv2_8seg_k400": _mit(
        "tsm_mobilenetv2", "mobilenetv2", "e100_dense", DENSE, 69.5, "10x3", verified="parity"
    ),
    "tsm_mit/tsm_resnet50_8seg_ssv1": _mit("tsm_r50", "resnet50", "e45", UNIFORM, 47.2, "2x3", "something", **SSV1),
    "tsm_mit/tsm_resnet50_16seg_ssv1": _mit("tsm_r50", "resnet50", "e45", UNIFORM16, 48.4, "2x3", "something", **SSV1),
    "tsm_mit/tsm_resnet101_8seg_ssv1": _mit(
        "tsm_r101", "resnet101", "e45", UNIFORM, 48.7, "2x3", "something", **SSV1, verified="parity"
    ),
    "tsm_mit/tsm_resnet50_8seg_ssv2": _mit("tsm_r50", "resnet50", "e45", UNIFORM, 61.2, "2x3", "somethingv2", **SSV2),
    "tsm_mit/tsm_resnet50_16seg_ssv2": _mit(
        "tsm_r50", "resnet50", "e45", UNIFORM16, 63.1, "2x3", "somethingv2", **SSV2, verified="parity"
    ),
    "tsm_mit/tsm_resnet101_8seg_ssv2": _mit(
        "tsm_r101", "resnet101", "e45", UNIFORM, 63.3, "2x3", "somethingv2", **SSV2, verified="parity"
    ),
    "tsm_mit/mobilenetv2_jester_online": Weights(
        model="tsm_mobilenetv2",
        convert=from_mit_online,
        clip=frames_clip(8),  # the demo scores frame by frame and averages over what it has seen
        licence="MIT",
        url="https://hanlab18.mit.edu/projects/tsm/models/mobilenetv2_jester_online.pth.tar",
        page="https://github.com/mit-han-lab/temporal-shift-module/tree/master/online_demo",
        options={"direction": "past"},
        num_classes=27,
        dataset="jester",
        verified="parity",
    ),
    "mmaction2/tsm_r50_1x1x8_k400": _tsm(
        "tsm_r50", "r50_8xb16-1x1x8-50e_kinetics400", "20220831-64d69186", UNIFORM, 73.18, verified="parity"
    ),
    "mmaction2/tsm_r50_1x1x8_100e_k400": _tsm(
        "tsm_r50", "r50_8xb16-1x1x8-100e_kinetics400", "20220831-a6db1e5d", UNIFORM, 73.22
    ),
    "mmaction2/tsm_r50_1x1x16_k400": _tsm(
        "tsm_r50", "r50_8xb16-1x1x16-50e_kinetics400", "20220831-042b1748", UNIFORM16, 75.12, verified="parity"
    ),
    "mmaction2/tsm_r50_dense_1x1x8_k400": _tsm(
        "tsm_r50", "r50_8xb16-dense-1x1x8-50e_kinetics400", "20220831-f55d3c2b", DENSE, 73.38, "10x10"
    ),
    # the non-local rows agree with their publishers in float64, in float32 within 5e-5: above the tolerance of parity
    "mmaction2/tsm_r50_nl_embedded_gaussian_k400": _tsm(
        "tsm_nl_r50",
        "r50-nl-embedded-gaussian_8xb16-1x1x8-50e_kinetics400",
        "20220831-35eddb57",
        UNIFORM,
        74.34,
    ),
    "mmaction2/tsm_r50_nl_dot_product_k400": _tsm(
        "tsm_nl_r50",
        "r50-nl-dot-product_8xb16-1x1x8-50e_kinetics400",
        "20220831-108bfde5",
        UNIFORM,
        74.49,
        options={"affinity": "dot_product"},
    ),
    "mmaction2/tsm_r50_nl_gaussian_k400": _tsm(
        "tsm_nl_r50",
        "r50-nl-gaussian_8xb16-1x1x8-50e_kinetics400",
        "20220831-7e54dacf",
        UNIFORM,
        73.66,
        options={"affinity": "gaussian"},
    ),
    "mmaction2/tsm_mobilenetv2_1x1x8_k400": _tsm(
        "tsm_mobilenetv2",
        "mobilenetv2_8xb16-1x1x8-100e_kinetics400",
        "20230414-401127fd",
        UNIFORM,
        68.71,
        "1x3",
        verified="parity",
    ),
    "mmaction2/tsm_r50_1x1x8_sthv2": _tsm(
        "tsm_r50", "r50_8xb16-1x1x8-50e_sthv2", "20230317-be0fc26e", UNIFORM, 62.72, "2x3", **SSV2
    ),
    "mmaction2/tsm_r50_1x1x16_sthv2": _tsm(
        "tsm_r50", "r50_8xb16-1x1x16-50e_sthv2", "20230317-ec6696ad", UNIFORM16, 64.16, "2x3", **SSV2
    ),
    "mmaction2/tsm_r101_1x1x8_sthv2": _tsm(
        "tsm_r101", "r101_8xb16-1x1x8-50e_sthv2", "20230320-efcc0d1b", UNIFORM, 63.70, "2x3", **SSV2, verified="parity"
    ),
}
