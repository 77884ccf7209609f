"""TRN: mmaction2's multi-scale weights. Its classifier of every scale becomes a part of our single one."""

import torch

from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.tsn import MMACTION2, SSV1, SSV2, frames_clip, mmaction2

NUM_FRAMES = 8
DRAWN = (1, 3, 3, 3, 3, 3, 3)  # tuples of 8, 7, .. 2 frames whose scores the reference adds up

RULES = (
    (r"^cls_head\.fc_cls\.", "project."),
    (r"^cls_head\.consensus\.fc_fusion_scales\.(\d+)\.1\.", r"relations.\1.mlp.1."),
    *MMACTION2,
)


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours. The scales' classifiers [K, W] are joined to [K, 7W]; their biases, which the
    reference adds once a tuple, are added up.

    Raises: ValueError: a scale is missing.
    """
    scales = [f"cls_head.consensus.fc_fusion_scales.{i}.3." for i in range(len(DRAWN))]
    missing = [scale for scale in scales if not {f"{scale}weight", f"{scale}bias"} <= state.keys()]
    if missing:
        raise ValueError(f"weights: {missing[0]}weight or bias is missing. Is it the published file?")
    ours = rename({key: tensor for key, tensor in state.items() if not key.startswith(tuple(scales))}, RULES)
    ours["head.weight"] = torch.cat([state[f"{scale}weight"] for scale in scales], dim=1)
    biases = [drawn * state[f"{scale}bias"] for drawn, scale in zip(DRAWN, scales, strict=True)]
    ours["head.bias"] = torch.stack(biases).sum(0)
    return ours


WEIGHTS: dict[str, Weights] = {
    "mmaction2/trn_r50_1x1x8_sthv1": mmaction2(
        "trn_multiscale_r50",
        from_mmaction2,
        "trn_imagenet-pretrained-r50_8xb16-1x1x8-50e_sthv1-rgb_20220815-e13db2e9",
        frames_clip(NUM_FRAMES),
        33.65,
        "2x3",
        options={"num_frames": NUM_FRAMES},
        **SSV1,
        verified="parity",
    ),
    "mmaction2/trn_r50_1x1x8_sthv2": mmaction2(
        "trn_multiscale_r50",
        from_mmaction2,
        "trn_imagenet-pretrained-r50_8xb16-1x1x8-50e_sthv2-rgb_20220815-e01617db",
        frames_clip(NUM_FRAMES),
        51.20,
        "2x3",
        options={"num_frames": NUM_FRAMES},
        **SSV2,
        verified="parity",
    ),
}
