"""TANet: mmaction2's weights. Its module stands beside the block, ours in the block's second convolution."""

from dataclasses import replace
from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.tsn import MMACTION2, SSV1, frames_clip, mmaction2

MEAN = (0.485, 0.456, 103.5 / 255)  # its configs say 103.5 where the others say 103.53

RULES = (
    *MMACTION2,
    (r"\.block\.conv2\.", ".conv2.net."),
    (r"\.block\.", "."),
    (r"\.tam\.G\.", ".conv2.kernel."),
    (r"\.tam\.L\.", ".conv2.gate."),
)


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours."""
    return rename(state, RULES)


def _tanet(recipe: str, clip: ClipSpec, top1: float, views: str, **more: Any) -> Weights:
    return mmaction2(
        "tanet_r50",
        from_mmaction2,
        f"tanet_imagenet-pretrained-{recipe}",
        replace(clip, mean=MEAN),
        top1,
        views,
        options={"num_frames": clip.num_frames},
        **more,
    )


WEIGHTS: dict[str, Weights] = {
    "mmaction2/tanet_r50_dense_k400": _tanet(
        "r50_8xb8-dense-1x1x8-100e_kinetics400-rgb_20220919-a34346bc",
        frames_clip(8, "dense"),
        76.25,
        "10x3",
        verified="parity",
    ),
    "mmaction2/tanet_r50_1x1x8_sthv1": _tanet(
        "r50_8xb8-1x1x8-50e_sthv1-rgb_20220906-de50e4ef", frames_clip(8), 49.71, "2x3", **SSV1
    ),
    "mmaction2/tanet_r50_1x1x16_sthv1": _tanet(
        "r50_8xb6-1x1x16-50e_sthv1-rgb_20220919-cc37e9b8", frames_clip(16), 50.95, "2x3", **SSV1, verified="parity"
    ),
}
