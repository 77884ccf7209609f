"""TimeSformer: its authors' weights (also at Hugging Face), and mmaction2's own."""

import re
from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.video_vit import HF, TIMM, split_positions

ORIGINAL = (
    (r"^model\.", ""),
    (r"\.temporal_norm1\.", ".norm_time."),
    (r"\.temporal_attn\.", ".attention_time."),
    (r"\.temporal_fc\.", ".project_time."),
    *TIMM,
)
HF_TIME = (
    (r"\.temporal_attention\.", ".attention_time."),
    (r"attention_time\.attention\.", "attention_time."),
    (r"attention_time\.output\.dense\.", "attention_time.project."),
    (r"\.temporal_dense\.", ".project_time."),
    (r"\.temporal_layernorm\.", ".norm_time."),
    *HF,
)
MMACTION = (
    (r"^backbone\.(transformer_layers\.layers\.)?", ""),
    (r"^(\d+)\.", r"blocks.\1."),
    (r"\.in_proj_(weight|bias)$", r".qkv.\1"),
    (r"\.out_proj\.", ".project."),
    (r"\.ffns\.0\.layers\.0\.0\.", ".mlp.fc1."),
    (r"\.ffns\.0\.layers\.1\.", ".mlp.fc2."),
    (r"^cls_head\.fc_cls\.", "head."),
    *TIMM,
)
MMACTION_DIVIDED = (
    (r"\.attentions\.0\.norm\.", ".norm_time."),
    (r"\.attentions\.0\.attn\.", ".attention_time."),
    (r"\.attentions\.0\.temporal_fc\.", ".project_time."),
    (r"\.attentions\.1\.norm\.", ".norm1."),
    (r"\.attentions\.1\.attn\.", ".attention."),
    (r"\.ffns\.0\.norm\.", ".norm2."),
)
MMACTION_PLAIN = (
    (r"\.norms\.0\.", ".norm1."),
    (r"\.norms\.1\.", ".norm2."),
    (r"\.attentions\.0\.", "."),
)


def from_original(state: StateDict) -> StateDict:
    """The authors' names."""
    return _finish(rename(state, ORIGINAL))


def from_hf(state: StateDict) -> StateDict:
    """Hugging Face's names."""
    return _finish(rename(state, HF_TIME))


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names, which count the attentions and norms of a block."""
    divided = any(re.search(r"\.attentions\.1\.", key) for key in state)
    return _finish(rename(state, (*(MMACTION_DIVIDED if divided else MMACTION_PLAIN), *MMACTION)))


def _finish(state: StateDict) -> StateDict:
    weight = state["patch_embed.weight"].unsqueeze(2)  # weight of a 2-D convolution: one frame deep
    return split_positions({**state, "patch_embed.weight": weight})


def _original(model: str, file: str, *, frames: int, stride: int, size: int = 224, **facts: Any) -> Weights:
    link, _, name = file.partition("/")
    uniform = facts.get("dataset") == "ssv2"
    return Weights(
        model=model,
        convert=from_original,
        clip=ClipSpec(num_frames=frames, stride=stride, size=size, sampling="uniform" if uniform else "dense"),
        licence="CC-BY-NC-4.0",
        url=f"https://www.dropbox.com/s/{link}/{name}.pyth?dl=1",
        page="https://github.com/facebookresearch/TimeSformer",
        container="model_state",
        views="1x3",
        **facts,
    )


def _hf(model: str, name: str, *, frames: int, stride: int, size: int = 224, **facts: Any) -> Weights:
    page = f"https://huggingface.co/facebook/{name}"
    uniform = facts.get("dataset") == "ssv2"
    return Weights(
        model=model,
        convert=from_hf,
        clip=ClipSpec(num_frames=frames, stride=stride, size=size, sampling="uniform" if uniform else "dense"),
        licence="CC-BY-NC-4.0",
        url=f"{page}/resolve/main/pytorch_model.bin",
        page=page,
        **facts,
    )


def _mmaction2(model: str, name: str, day_and_hash: str, **facts: Any) -> Weights:
    config = f"timesformer_{name}_8xb8-8x32x1-15e_kinetics400-rgb"
    return Weights(
        model=model,
        convert=from_mmaction2,
        clip=ClipSpec(num_frames=8, stride=32, size=224, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),  # 127.5 of 255
        licence="Apache-2.0",
        url=f"https://download.openmmlab.com/mmaction/v1.0/recognition/timesformer/{config}/{config}_{day_and_hash}.pth",
        page="https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/timesformer",
        container="state_dict",
        sha256=day_and_hash.rpartition("-")[2],
        views="1x3",
        **facts,
    )


K600: dict[str, Any] = {"num_classes": 600, "dataset": "kinetics600"}
SSV2: dict[str, Any] = {"num_classes": 174, "dataset": "ssv2"}
BASE, HR, LARGE = "timesformer_base", "timesformer_hr", "timesformer_large"

WEIGHTS: dict[str, Weights] = {
    "timesformer/timesformer_divST_8x32_224_k400": _original(
        BASE, "g5t24we9gl5yk88/TimeSformer_divST_8x32_224_K400", frames=8, stride=32, top1=77.9, verified="parity"
    ),
    "timesformer/timesformer_divST_16x16_448_k400": _original(
        HR,
        "6f0x172lpqy3oxt/TimeSformer_divST_16x16_448_K400",
        frames=16,
        stride=16,
        size=448,
        top1=79.6,
        verified="parity",
    ),
    "timesformer/timesformer_divST_96x4_224_k400": _original(
        LARGE, "r1iuxahif3sgimo/TimeSformer_divST_96x4_224_K400", frames=96, stride=4, top1=80.6
    ),
    "timesformer/timesformer_divST_8x32_224_k600": _original(
        BASE, "4h2qt41m2z3aqrb/TimeSformer_divST_8x32_224_K600", frames=8, stride=32, top1=79.1, **K600
    ),
    "timesformer/timesformer_divST_16x16_448_k600": _original(
        HR, "ft1e92g2vhvxecv/TimeSformer_divST_16x16_448_K600", frames=16, stride=16, size=448, top1=81.8, **K600
    ),
    "timesformer/timesformer_divST_96x4_224_k600": _original(
        LARGE, "857rx6xeclxfhdg/TimeSformer_divST_96x4_224_K600", frames=96, stride=4, top1=82.2, **K600
    ),
    "timesformer/timesformer_divST_8_224_ssv2": _original(
        BASE, "tybhuml57y24wpm/TimeSformer_divST_8_224_SSv2", frames=8, stride=1, top1=59.1, **SSV2
    ),
    "timesformer/timesformer_divST_16_448_ssv2": _original(
        HR, "9t68uzk8w2fpfnv/TimeSformer_divST_16_448_SSv2", frames=16, stride=1, size=448, top1=61.8, **SSV2
    ),
    "timesformer/timesformer_divST_64_224_ssv2": _original(
        LARGE,
        "3f1rm2al8mhprwa/TimeSformer_divST_64_224_SSv2",
        frames=64,
        stride=1,
        options={"num_frames": 64},
        top1=62.0,
        **SSV2,
    ),
    "hf/timesformer_base_finetuned_k400": _hf(
        BASE, "timesformer-base-finetuned-k400", frames=8, stride=32, verified="parity"
    ),
    "hf/timesformer_hr_finetuned_k400": _hf(HR, "timesformer-hr-finetuned-k400", frames=16, stride=16, size=448),
    "hf/timesformer_base_finetuned_k600": _hf(BASE, "timesformer-base-finetuned-k600", frames=8, stride=32, **K600),
    "hf/timesformer_base_finetuned_ssv2": _hf(BASE, "timesformer-base-finetuned-ssv2", frames=8, stride=1, **SSV2),
    "hf/timesformer_hr_finetuned_ssv2": _hf(HR, "timesformer-hr-finetuned-ssv2", frames=16, stride=1, size=448, **SSV2),
    "mmaction2/timesformer_divST_k400": _mmaction2(BASE, "divST", "20220815-a4d0d01f", top1=77.69, verified="parity"),
    "mmaction2/timesformer_jointST_k400": _mmaction2(
        "timesformer_joint_base", "jointST", "20220815-8022d1c0", top1=76.95, verified="parity"
    ),
    "mmaction2/timesformer_spaceOnly_k400": _mmaction2(
        "timesformer_space_base", "spaceOnly", "20220815-78f05367", top1=76.93, verified="parity"
    ),
}
