"""InternVideo2, single modality, of github.com/OpenGVLab/InternVideo: fine-tuned S, B, L (distilled) and 1B.

Its MODEL_ZOO.md links two files wrongly (L of Kinetics-710 and B of SSv2 point at others); here they are where their
siblings lie. Kinetics-710 merges the classes of Kinetics-400, -600 and -700.
"""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.video_vit import TIMM, split_positions

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HUB = "https://huggingface.co/OpenGVLab"
PAGE = "https://github.com/OpenGVLab/InternVideo/blob/main/InternVideo2/single_modality/MODEL_ZOO.md"
LICENCE = "Apache-2.0"  # the repository and the 1B pages; the page of the distilled files says nothing
NUM_CLASSES = {"kinetics400": 400, "kinetics600": 600, "kinetics700": 700, "kinetics710": 710, "ssv1": 174, "ssv2": 174}

RULES = (
    *TIMM,
    (r"\.(q|k)_norm\.", r".norm_\1."),
    (r"\.ls(\d)\.gamma$", r".scale\1"),
    (r"^clip_projector\.norm1_", "pool.norm_"),
    (r"^clip_projector\.cross_attn\.(q|k|v)_bias$", r"pool.\1.bias"),
    (r"^clip_projector\.cross_attn\.", "pool."),
)


def from_internvideo(state: StateDict) -> StateDict:
    """The fine-tuned classifiers; plain and fused kernels write the same names."""
    num_frames = (state["pos_embed"].shape[1] - 1) // 16**2  # every table is of 224 px
    return split_positions(rename(state, RULES), num_frames=num_frames)


def _clip(num_frames: int) -> ClipSpec:
    return ClipSpec(num_frames=num_frames, sampling="uniform", size=224, mean=MEAN, std=STD)


def _distilled(letter: str, recipe: str, dataset: str, top1: float, *, views: str = "4x3") -> Weights:
    return Weights(
        model=f"internvideo2_{letter.lower()}",
        convert=from_internvideo,
        clip=_clip(8),
        licence=LICENCE,
        url=f"{HUB}/InternVideo2_distillation_models/resolve/main/stage1/{letter}14/{letter}14_{recipe}/pytorch_model.bin",
        page=PAGE,
        container="module",
        num_classes=NUM_CLASSES[dataset],
        own_labels=True,  # UniFormerV2's lists
        dataset=dataset,
        top1=top1,
        views=views,
    )


def _billion(repository: str, file: str, dataset: str, top1: float) -> Weights:
    num_frames = 16 if file.endswith("f16") else 8
    return Weights(
        model="internvideo2_1b",
        convert=from_internvideo,
        clip=_clip(num_frames),
        licence=LICENCE,
        url=f"{HUB}/InternVideo2-Stage1-1B-224p-{repository}/resolve/main/1B_ft_{file}.pth",
        page=PAGE,
        container="module",
        options={"num_frames": num_frames},
        num_classes=NUM_CLASSES[dataset],
        own_labels=True,  # UniFormerV2's lists
        dataset=dataset,
        top1=top1,
        views="4x3",
    )


WEIGHTS: dict[str, Weights] = {
    "internvideo2/internvideo2_small_k400_f8": _distilled("S", "ft_k710_ft_k400_f8", "kinetics400", 85.4)._replace(
        verified="parity"
    ),
    "internvideo2/internvideo2_base_k400_f8": _distilled("B", "ft_k710_ft_k400_f8", "kinetics400", 88.4)._replace(
        verified="parity"
    ),
    "internvideo2/internvideo2_large_k400_f8": _distilled("L", "ft_k710_ft_k400_f8", "kinetics400", 90.4)._replace(
        verified="parity"
    ),
    "internvideo2/internvideo2_1b_k400_f8": _billion("f8-K400", "k710_ft_k400_f8", "kinetics400", 91.3),
    "internvideo2/internvideo2_1b_k400_f16": _billion("f8-K400", "k710_ft_k400_f16", "kinetics400", 91.6),
    "internvideo2/internvideo2_small_k600_f8": _distilled("S", "ft_k710_ft_k600_f8", "kinetics600", 86.0),
    "internvideo2/internvideo2_base_k600_f8": _distilled("B", "ft_k710_ft_k600_f8", "kinetics600", 88.9),
    "internvideo2/internvideo2_large_k600_f8": _distilled("L", "ft_k710_ft_k600_f8", "kinetics600", 90.6),
    "internvideo2/internvideo2_1b_k600_f16": _billion("f8-K600", "k710_ft_k600_f16", "kinetics600", 91.6),
    "internvideo2/internvideo2_small_k700_f8": _distilled("S", "ft_k710_ft_k700_f8", "kinetics700", 75.7),
    "internvideo2/internvideo2_base_k700_f8": _distilled("B", "ft_k710_ft_k700_f8", "kinetics700", 80.5),
    "internvideo2/internvideo2_large_k700_f8": _distilled("L", "ft_k710_ft_k700_f8", "kinetics700", 83.5),
    "internvideo2/internvideo2_1b_k700_f8": _billion("K700", "k710_ft_k700_f8", "kinetics700", 85.0),
    "internvideo2/internvideo2_1b_k700_f16": _billion("K700", "k710_ft_k700_f16", "kinetics700", 85.4),
    "internvideo2/internvideo2_small_k710_f8": _distilled("S", "ft_k710_f8", "kinetics710", 79.6),
    "internvideo2/internvideo2_base_k710_f8": _distilled("B", "ft_k710_f8", "kinetics710", 83.5),
    "internvideo2/internvideo2_large_k710_f8": _distilled("L", "ft_k710_f8", "kinetics710", 86.2),
    "internvideo2/internvideo2_1b_k710_f8": _billion("f8-k710", "k710_f8", "kinetics710", 87.6),
    "internvideo2/internvideo2_small_ssv2_f8": _distilled("S", "ft_ssv2_f8", "ssv2", 71.6),
    "internvideo2/internvideo2_base_ssv2_f8": _distilled("B", "ft_ssv2_f8", "ssv2", 73.5),
    "internvideo2/internvideo2_large_ssv2_f8": _distilled("L", "ft_ssv2_f8", "ssv2", 76.4),
    "internvideo2/internvideo2_1b_ssv2_f8": _billion("f8-SthSth", "ssv2_f8", "ssv2", 77.1),
    "internvideo2/internvideo2_1b_ssv1_f8": _billion("f8-SthSth", "ssv1_f8", "ssv1", 68.5),
}
