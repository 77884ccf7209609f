"""ViViT: Google's weights as Hugging Face keeps them."""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import fuse, rename
from videoai.models.published.video_vit import HF, split_positions

HALF = (0.5, 0.5, 0.5)


def from_hf(state: StateDict) -> StateDict:
    """16 frames of tokens in one table."""
    return split_positions(fuse(rename(state, HF), ("query", "key", "value"), "qkv"), num_frames=16)


WEIGHTS: dict[str, Weights] = {
    "hf/vivit_b_16x2_kinetics400": Weights(
        model="vivit_b_16x2",
        convert=from_hf,
        clip=ClipSpec(num_frames=32, stride=2, size=224, mean=HALF, std=HALF),
        licence="MIT",
        url="https://huggingface.co/google/vivit-b-16x2-kinetics400/resolve/main/pytorch_model.bin",
        page="https://huggingface.co/google/vivit-b-16x2-kinetics400",
        verified="parity",
    ),
}
