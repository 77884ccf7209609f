"""TPN over Slow: mmaction2's weights."""

from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.resnet3d import from_mmaction2, mmaction2

TPN = (
    (r"^(conv1|bn1|layer[1-4])\.", r"backbone.\1."),
    (r"\.(?:conv\.)?conv\.(weight)$", r".0.\1"),
    (r"\.(?:conv\.)?bn\.", ".1."),
    (r"^neck\.temporal_modulation_ops\.(\d)\.0\.", r"neck.time.\1."),
    (r"^neck\.spatial_modulation\.spatial_modulation\.0\.0\.", "neck.space."),
    (r"^neck\.downsample_ops\.0\.0\.", "neck.up."),
    (r"^neck\.level_fusion_1\.", "neck.fuse_down."),
    (r"^neck\.level_fusion_2\.", "neck.fuse_up."),
    (r"\.downsamples\.", ".levels."),
    (r"\.fusion_conv\.", ".fuse."),
    (r"^neck\.pyramid_fusion\.", "neck.fuse."),
    (r"^neck\.aux_head\.fc\.", "auxiliary.fc."),
    (r"^neck\.aux_head\.", "auxiliary.conv."),
)


def from_mmaction2_tpn(state: StateDict) -> StateDict:
    """mmaction2's names -> ours."""
    return rename(from_mmaction2(state), TPN)


def _row(file: str, top1: float) -> Weights:
    return mmaction2("tpn_slow_8x8_r50", f"tpn/{file}", 8, 8, top1, convert=from_mmaction2_tpn)


WEIGHTS: dict[str, Weights] = {
    "mmaction2/tpn_slowonly_r50_8x8_k400": _row(
        "tpn-slowonly_r50_8xb8-8x8x1-150e_kinetics400-rgb_20220913-97d0835d", 74.20
    ),
    "mmaction2/tpn_slowonly_in1k_r50_8x8_k400": _row(
        "tpn-slowonly_imagenet-pretrained-r50_8xb8-8x8x1-150e_kinetics400-rgb_20220913-fed3f4c1", 76.74
    ),
}
