"""Hiera's published weights: encoders trained as masked autoencoders on Kinetics-400, then fine-tuned on it.

Not here: the mae_hiera_* files before fine-tuning, which have a decoder and no classifier.
"""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

RULES = (
    (r"^patch_embed\.proj\.", "stem."),
    (r"^(blocks\.\d+)\.proj\.", r"\1.shortcut."),
    (r"^pos_embed_spatial$", "positions.space"),
    (r"^pos_embed_temporal$", "positions.time"),
    (r"^head\.projection\.", "head."),
)
# 16 frames, every fourth; normalised as ImageNet
CLIP = ClipSpec(num_frames=16, stride=4, size=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def convert(state: StateDict) -> StateDict:
    """Other names; the table of time [1, T, D] becomes [T, 1, D], that of space stays [1, S, D]."""
    state = rename(state, RULES)
    return state | {"positions.time": state["positions.time"].transpose(0, 1)}


def _row(model: str, file: str, top1: float, *, proven: bool) -> Weights:
    return Weights(
        model=model,
        convert=convert,
        clip=CLIP,
        licence="CC-BY-NC-4.0",  # the weights; the code is Apache-2.0
        url=f"https://dl.fbaipublicfiles.com/hiera/{file}.pth",
        page="https://github.com/facebookresearch/hiera",
        container="model_state",
        top1=top1,
        views="5x3",
        verified="parity" if proven else "no",
    )


WEIGHTS: dict[str, Weights] = {
    "hiera/hiera_base_16x224_k400": _row("hiera_b", "hiera_base_16x224", 84.0, proven=True),
    "hiera/hiera_base_plus_16x224_k400": _row("hiera_bp", "hiera_base_plus_16x224", 85.0, proven=True),
    "hiera/hiera_large_16x224_k400": _row("hiera_l", "hiera_large_16x224", 87.3, proven=True),
    "hiera/hiera_huge_16x224_k400": _row("hiera_h", "hiera_huge_16x224", 87.8, proven=False),
}
