"""VideoMAE v1 and v2, UMT and MAE-ST: their authors' weights, Hugging Face's and mmaction2's copies.

Mirrors of one training differ: Hugging Face computes VideoMAE with other epsilons than its authors.
"""

from functools import partial
from typing import Any

import torch

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import fuse, rename
from videoai.models.published.video_vit import HF, TIMM, add_sincos, split_positions

IMAGENET: dict[str, Any] = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
K400_CLIP = ClipSpec(num_frames=16, stride=4, size=224, **IMAGENET)
SSV2_CLIP = ClipSpec(num_frames=16, size=224, sampling="uniform", **IMAGENET)
HF_EPS = {"norm_eps": (1e-12, 1e-5)}
K600: dict[str, Any] = {"num_classes": 600, "dataset": "kinetics600"}
K700: dict[str, Any] = {"num_classes": 700, "dataset": "kinetics700"}
K710: dict[str, Any] = {"num_classes": 710, "dataset": "kinetics710"}  # one merged label space, in no order of K400
SSV2: dict[str, Any] = {"num_classes": 174, "dataset": "ssv2"}
MIT: dict[str, Any] = {"num_classes": 339, "dataset": "mitv1"}

MMACTION = (
    (r"^backbone\.", ""),
    (r"\.mlp\.layers\.0\.0\.", ".mlp.fc1."),
    (r"\.mlp\.layers\.1\.", ".mlp.fc2."),
    (r"^cls_head\.fc_cls\.", "head."),
    *TIMM,
)
MAE_ST_DECODER = ("mask_token", "decoder_embed.", "decoder_pos_embed", "dec_pos_embed_", "pred_head.")
MAE_ST = (
    (r"^pos_embed_temporal$", "time_embed"),
    (r"^head\.projection\.", "head."),
    *TIMM,
)


def from_original(state: StateDict) -> StateDict:
    """VideoMAE v1 and v2."""
    return add_sincos(rename(state, TIMM))


def from_hf(state: StateDict) -> StateDict:
    """Hugging Face's VideoMAE: queries, keys and values apart."""
    return add_sincos(fuse(rename(state, HF), ("query", "key", "value"), "qkv"))


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's VideoMAE, which keeps the waves in the file."""
    return split_positions(rename(state, MMACTION), num_frames=8)


def from_umt(state: StateDict, *, num_frames: int = 8) -> StateDict:
    """UMT: the table is in the file when it is learned, that is for any other clip than 8 frames at 224 px."""
    state = rename(state, TIMM)
    return split_positions(state, num_frames=num_frames) if "pos_embed" in state else add_sincos(state)


def from_mae_st(state: StateDict) -> StateDict:
    """PySlowFast's MAE-ST; what pre-training needs to paint hidden patches is left out."""
    state = rename({key: t for key, t in state.items() if not key.startswith(MAE_ST_DECODER)}, MAE_ST)
    tables = state.pop("pos_embed_class"), state.pop("pos_embed_spatial")
    return split_positions({**state, "pos_embed": torch.cat(tables, dim=1)})


def _videomae(model: str, link: str, clip: ClipSpec = K400_CLIP, **facts: Any) -> Weights:
    return Weights(
        model=model,
        convert=from_original,
        clip=clip,
        licence="CC-BY-NC-4.0",
        url=None,
        page=f"https://drive.google.com/file/d/{link}/view",
        container="module",
        **{"views": "5x3", **facts},
    )


def _videomae2(model: str, file: str | None, clip: ClipSpec = K400_CLIP, **facts: Any) -> Weights:
    page = "https://huggingface.co/OpenGVLab/VideoMAE2"
    return Weights(
        model=model,
        convert=from_original,
        clip=clip,
        licence="Apache-2.0",  # this repository's licence; copies of the weights elsewhere are tagged CC-BY-NC-4.0
        url=f"{page}/resolve/main/{file}" if file else None,
        page=page,
        container="module",
        **{"views": "5x3", **facts},
    )


def _hf(model: str, name: str, clip: ClipSpec = K400_CLIP, **facts: Any) -> Weights:
    page = f"https://huggingface.co/MCG-NJU/{name}"
    url = f"{page}/resolve/main/pytorch_model.bin"
    return Weights(
        model=model, convert=from_hf, clip=clip, licence="CC-BY-NC-4.0", url=url, page=page, options=HF_EPS, **facts
    )


def _mmaction2(model: str, folder: str, name: str, licence: str, **facts: Any) -> Weights:
    return Weights(
        model=model,
        convert=from_mmaction2,
        clip=K400_CLIP,
        licence=licence,
        url=f"https://download.openmmlab.com/mmaction/v1.0/recognition/{folder}/{name}.pth",
        page=f"https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/{folder.partition('/')[0]}",
        container="state_dict",
        sha256=name.rpartition("-")[2],
        views="5x3",
        **facts,
    )


def _umt(model: str, file: str, *, frames: int = 8, size: int = 224, **facts: Any) -> Weights:
    learned = (frames, size) != (8, 224)
    return Weights(
        model=model,
        convert=partial(from_umt, num_frames=frames),
        clip=ClipSpec(num_frames=frames, size=size, sampling="uniform", **IMAGENET),
        licence="MIT",
        url=f"https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/umt/single_modality/{file}.pth",
        page="https://github.com/OpenGVLab/unmasked_teacher/blob/main/single_modality/MODEL_ZOO.md",
        container="model",
        options={"num_frames": frames, "size": size, "positions": "joint"} if learned else {},
        own_labels=True,  # UniFormerV2's lists
        views="4x3",
        **facts,
    )


def _mae_st(model: str, file: str | None = None, **facts: Any) -> Weights:
    return Weights(
        model=model,
        convert=from_mae_st,
        clip=ClipSpec(num_frames=16, stride=4, size=224),
        licence="Apache-2.0",
        url=f"https://dl.fbaipublicfiles.com/pyslowfast/masked_models/{file}.pyth" if file else None,
        page="https://github.com/facebookresearch/SlowFast/tree/main/projects/mae",  # files of pre-training only
        container="model_state",
        **facts,
    )


MMACTION_V1 = "vit-{}-p16_videomae-k400-pre_16x4x1_kinetics-400"
MMACTION_V2 = "vit-{}-p16_videomaev2-vit-g-dist-k710-pre_16x4x1_kinetics-400"

WEIGHTS: dict[str, Weights] = {
    "videomae/videomae_vit_small_k400": _videomae(
        "videomae_small", "1ygjLRm1kvs9mwGsP3lLxUExhRo6TWnrx", top1=79.0, verified="parity"
    ),
    "videomae/videomae_vit_base_k400": _videomae(
        "videomae_base", "1MzwteHH-1yuMnFb8vRBQDvngV1Zl-d3z", top1=81.5, verified="parity"
    ),
    "videomae/videomae_vit_large_k400": _videomae(
        "videomae_large", "1jX1CiqxSkCfc94y8FRW1YGHy-GNvHCuD", top1=85.2, verified="parity"
    ),
    "videomae/videomae_vit_huge_k400": _videomae("videomae_huge", "104ouJZxSVPSAm0LwJXd6IzjdA_RGLqZi", top1=86.6),
    "videomae/videomae_vit_small_ssv2": _videomae(
        "videomae_small", "1ajlMrT06jiiM-5YjNI2X_UFyzsuYbbtZ", SSV2_CLIP, top1=66.8, views="2x3", **SSV2
    ),
    "videomae/videomae_vit_base_ssv2": _videomae(
        "videomae_base", "1dt_59tBIyzdZd5Ecr22lTtzs_64MOZkT", SSV2_CLIP, top1=70.8, views="2x3", **SSV2
    ),
    "videomae/videomae_vit_base_ucf101": _videomae(
        "videomae_base", "1MSyon6fPpKz7oqD6WDGPFK4k_Rbyb6fw", num_classes=101, dataset="ucf101", top1=91.3
    ),
    "videomae/videomaev2_vit_small_k710": _videomae2(
        "videomae_small", "distill/vit_s_k710_dl_from_giant.pth", top1=77.6, verified="parity", **K710
    ),
    "videomae/videomaev2_vit_base_k710": _videomae2(
        "videomae_base", "distill/vit_b_k710_dl_from_giant.pth", top1=81.5, verified="parity", **K710
    ),
    "videomae/videomaev2_vit_giant_k710": _videomae2(
        "videomae2_giant", "mae-g/vit_g_hybrid_pt_1200e_k710_ft.pth", top1=83.8, **K710
    ),
    "videomae/videomaev2_vit_giant_k400": _videomae2("videomae2_giant", None, top1=88.4),
    "videomae/videomaev2_vit_giant_k600": _videomae2("videomae2_giant", None, top1=88.8, **K600),
    "videomae/videomaev2_vit_giant_ssv2": _videomae2(
        "videomae2_giant", None, SSV2_CLIP, top1=77.0, views="2x3", **SSV2
    ),
    "hf/videomae_small_finetuned_kinetics": _hf("videomae_small", "videomae-small-finetuned-kinetics"),
    "hf/videomae_base_finetuned_kinetics": _hf("videomae_base", "videomae-base-finetuned-kinetics", verified="parity"),
    "hf/videomae_large_finetuned_kinetics": _hf("videomae_large", "videomae-large-finetuned-kinetics"),
    "hf/videomae_huge_finetuned_kinetics": _hf("videomae_huge", "videomae-huge-finetuned-kinetics"),
    "hf/videomae_small_finetuned_ssv2": _hf("videomae_small", "videomae-small-finetuned-ssv2", SSV2_CLIP, **SSV2),
    "hf/videomae_base_finetuned_ssv2": _hf("videomae_base", "videomae-base-finetuned-ssv2", SSV2_CLIP, **SSV2),
    "mmaction2/videomae_base_k400": _mmaction2(
        "videomae_base",
        "videomae",
        MMACTION_V1.format("base") + "_20221013-860a3cd3",
        "CC-BY-NC-4.0",  # licence of VideoMAE, from which it is copied
        top1=81.3,
        verified="parity",
    ),
    "mmaction2/videomae_large_k400": _mmaction2(
        "videomae_large",
        "videomae",
        MMACTION_V1.format("large") + "_20221013-229dbb03",
        "CC-BY-NC-4.0",
        top1=85.3,
    ),
    "mmaction2/videomaev2_small_k400": _mmaction2(
        "videomae_small",
        "videomaev2/" + MMACTION_V2.format("small"),
        MMACTION_V2.format("small") + "_20230510-25c748fd",
        "Apache-2.0",
        top1=83.6,
        verified="parity",
    ),
    "mmaction2/videomaev2_base_k400": _mmaction2(
        "videomae_base",
        "videomaev2/" + MMACTION_V2.format("base"),
        MMACTION_V2.format("base") + "_20230510-3e7f93b2",
        "Apache-2.0",
        top1=86.6,
    ),
    "umt/umt_vit_base_k400_f8": _umt("umt_base", "b16_ptk710_ftk710_ftk400_f8_res224", top1=87.4, verified="parity"),
    "umt/umt_vit_large_k400_f8": _umt("umt_large", "l16_ptk710_ftk710_ftk400_f8_res224", top1=90.3),
    "umt/umt_vit_large_k400_f16": _umt("umt_large", "l16_ptk710_ftk710_ftk400_f16_res224", frames=16, top1=90.6),
    "umt/umt_vit_base_k710_f8": _umt("umt_base", "b16_ptk710_ftk710_f8_res224", top1=81.9, **K710),
    "umt/umt_vit_large_k710_f8": _umt("umt_large", "l16_ptk710_ftk710_f8_res224", top1=86.0, **K710),
    "umt/umt_vit_base_k600_f8": _umt("umt_base", "b16_ptk710_ftk710_ftk600_f8_res224", top1=87.8, **K600),
    "umt/umt_vit_large_k600_f8": _umt("umt_large", "l16_ptk710_ftk710_ftk600_f8_res224", top1=90.4, **K600),
    "umt/umt_vit_large_k600_f16": _umt(
        "umt_large", "l16_ptk710_ftk710_ftk600_f16_res224", frames=16, top1=90.5, **K600
    ),
    "umt/umt_vit_base_k700_f8": _umt("umt_base", "b16_ptk710_ftk710_ftk700_f8_res224", top1=78.5, **K700),
    "umt/umt_vit_large_k700_f8": _umt("umt_large", "l16_ptk710_ftk710_ftk700_f8_res224", top1=83.2, **K700),
    "umt/umt_vit_large_k700_f16": _umt(
        "umt_large", "l16_ptk710_ftk710_ftk700_f16_res224", frames=16, top1=83.6, **K700
    ),
    "umt/umt_vit_base_mit_f8": _umt("umt_base", "b16_ptk710_ftk710_ftk400_ftmitv1_f8_res224", top1=44.6, **MIT),
    "umt/umt_vit_base_mit_f8_384": _umt(
        "umt_base", "b16_ptk710_ftk710_ftk400_ftmitv1_f8_res384", size=384, top1=45.5, **MIT
    ),
    "umt/umt_vit_large_mit_f8": _umt("umt_large", "l16_ptk710_ftk710_ftk400_ftmitv1_f8_res224", top1=48.0, **MIT),
    "umt/umt_vit_large_mit_f8_384": _umt(
        "umt_large", "l16_ptk710_ftk710_ftk400_ftmitv1_f8_res384", size=384, top1=48.7, **MIT
    ),
    "umt/umt_vit_base_ssv2_f8": _umt("umt_base", "b16_ptk710_ftk710_ftssv2_f8_res224", top1=70.8, **SSV2),
    "umt/umt_vit_large_ssv2_f8": _umt("umt_large", "l16_ptk710_ftk710_ftssv2_f8_res224", top1=74.7, **SSV2),
    "pyslowfast/MAE_ST_VIT_B_16x4_FT": _mae_st("mae_st_base", top1=81.3, views="7x3", verified="parity"),
    "pyslowfast/MAE_ST_VIT_L_16x4_FT": _mae_st("mae_st_large", top1=84.8, views="7x3"),
    "pyslowfast/MAE_ST_VIT_H_16x4_FT": _mae_st("mae_st_huge", top1=85.1, views="7x3"),
    # encoders without a head, to be fine-tuned
    "pyslowfast/VIT_B_16x4_MAE_PT": _mae_st("mae_st_base", "VIT_B_16x4_MAE_PT", num_classes=0),
    "pyslowfast/VIT_L_16x4_MAE_PT": _mae_st("mae_st_large", "VIT_L_16x4_MAE_PT", num_classes=0),
    "pyslowfast/VIT_H_16x4_MAE_PT": _mae_st("mae_st_huge", "VIT_H_16x4_MAE_PT_400e_85.1", num_classes=0),
}
