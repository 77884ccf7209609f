"""V-JEPA 2: encoders and attentive probes of github.com/facebookresearch/vjepa2, and the same in transformers' layout.

Left out, because they do not fit what they were trained with: transformers' SSv2 ViT-g (its probe is run with 22 heads,
trained with 16) and Diving48 models (it reads the last block only, they were trained on four). The ``vjepa2/`` rows of
the same weights are right. Action anticipation (EPIC-KITCHENS) needs the predictor.

The claims are of several clips whose tokens a probe reads at once ("2x3": 2 clips, 3 crops); here each clip is scored
by itself, and the scores are averaged.
"""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import fuse, rename
from videoai.models.published.video_vit import TIMM

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LICENCE = "MIT"  # the repository; some pages on the hub say Apache-2.0
FILES = "https://dl.fbaipublicfiles.com/vjepa2"
PAGE = "https://github.com/facebookresearch/vjepa2"

META_RULES = (
    (r"^module\.backbone\.", ""),
    *TIMM,
    (r"^module\.pooler\.query_tokens$", "pool.query_token"),
    (r"^module\.pooler\.cross_attention_block\.(xattn\.)?", "pool.cross."),
    (r"^module\.pooler\.", "pool."),
    (r"^module\.linear\.", "head."),
)
HUB_RULES = (
    (r"^vjepa2\.", ""),
    (r"^encoder\.embeddings\.patch_embeddings\.proj\.", "patch_embed."),
    (r"^encoder\.layer\.", "blocks."),
    (r"^encoder\.layernorm\.", "norm."),
    (r"\.attention\.query\.", ".attention.q."),
    (r"\.attention\.key\.", ".attention.k."),
    (r"\.attention\.value\.", ".attention.v."),
    (r"\.attention\.proj\.", ".attention.project."),
    (r"^pooler\.query_tokens$", "pool.query_token"),
    (r"^pooler\.cross_attention_layer\.(cross_attn\.)?", "pool.cross."),
    (r"^pooler\.self_attention_layers\.", "pool.blocks."),
    (r"\.self_attn\.out_proj\.", ".attention.project."),
    (r"\.self_attn\.", ".attention."),
    (r"\.(q|k|v)_proj\.", r".\1."),
    (r"\.layer_norm(\d)\.", r".norm\1."),
    (r"^classifier\.", "head."),
)


def from_meta(state: StateDict) -> StateDict:
    """Encoder file, with or without the tensors of a probe file."""
    # a sine-cosine table that the first pre-training code made and no encoder with rotary positions reads
    state.pop("module.backbone.pos_embed", None)
    return rename(state, META_RULES)


def from_hub(state: StateDict) -> StateDict:
    """transformers' VJEPA2Model or VJEPA2ForVideoClassification."""
    # the predictor fills in masked tokens in pre-training; nothing that recognises reads it
    used = {key: tensor for key, tensor in state.items() if not key.removeprefix("vjepa2.").startswith("predictor.")}
    renamed = rename(used, HUB_RULES)
    cross = {key: tensor for key, tensor in renamed.items() if key.startswith("pool.cross.")}
    rest = {key: tensor for key, tensor in renamed.items() if key not in cross}
    return fuse(rest, ("q", "k", "v"), "qkv") | fuse(cross, ("k", "v"), "kv")


def _clip(num_frames: int, stride: int, size: int, *, resize: int | None = None) -> ClipSpec:
    return ClipSpec(num_frames=num_frames, stride=stride, size=size, resize=resize, mean=MEAN, std=STD)


def _encoder(model: str, file: str, clip: ClipSpec) -> Weights:
    return Weights(
        model=model,
        convert=from_meta,
        clip=clip,
        licence=LICENCE,
        url=f"{FILES}/{file}.pt",
        page=PAGE,
        container="target_encoder",
        num_classes=0,
        dataset="self-supervised",
    )


def _probe(model: str, file: str, encoder: str, clip: ClipSpec, *, dataset: str, top1: float, views: str) -> Weights:
    return Weights(
        model=model,
        convert=from_meta,
        clip=clip,
        licence=LICENCE,
        url=f"{FILES}/evals/{file}.pt",
        page=PAGE,
        container="classifiers",
        also=encoder,
        options={"levels": DIVING_LEVELS[model]} if dataset == "diving48" else {},
        num_classes=NUM_CLASSES[dataset],
        dataset=dataset,
        top1=top1,
        views=views,
    )


def _hub(model: str, name: str, clip: ClipSpec) -> Weights:
    page = f"https://huggingface.co/facebook/{name}"
    return Weights(
        model=model,
        convert=from_hub,
        clip=clip,
        licence=LICENCE,
        url=f"{page}/resolve/main/model.safetensors",
        page=page,
        num_classes=0,
        dataset="self-supervised",
    )


NUM_CLASSES = {"ssv2": 174, "diving48": 48}
# The probes' own configs: a quarter of the tokens from each level
DIVING_LEVELS = {"vjepa2_l_probe": (17, 19, 21, 23), "vjepa2_g_probe": (24, 29, 34, 39)}
SSV2_L, SSV2_G = _clip(16, 4, 256), _clip(64, 2, 384)
DIVING_L, DIVING_G = _clip(32, 2, 256), _clip(32, 2, 384)
HUB_256, HUB_384 = _clip(64, 1, 256, resize=292), _clip(64, 1, 384, resize=438)  # short side: crop * 256 / 224

WEIGHTS: dict[str, Weights] = {
    "vjepa2/vjepa2_vitl_encoder": _encoder("vjepa2_l", "vitl", SSV2_L)._replace(verified="parity"),
    "vjepa2/vjepa2_vith_encoder": _encoder("vjepa2_h", "vith", SSV2_L),
    "vjepa2/vjepa2_vitg_encoder": _encoder("vjepa2_g", "vitg", SSV2_L),
    "vjepa2/vjepa2_vitg_384_encoder": _encoder("vjepa2_g384", "vitg-384", SSV2_G),
    "vjepa2/vjepa2_vitl_ssv2_probe": _probe(
        "vjepa2_l_probe",
        "ssv2-vitl-16x2x3",
        "vjepa2/vjepa2_vitl_encoder",
        SSV2_L,
        dataset="ssv2",
        top1=73.7,
        views="2x3",
    )._replace(verified="parity"),
    "vjepa2/vjepa2_vitg_384_ssv2_probe": _probe(
        "vjepa2_g_probe",
        "ssv2-vitg-384-64x2x3",
        "vjepa2/vjepa2_vitg_384_encoder",
        SSV2_G,
        dataset="ssv2",
        top1=77.3,
        views="2x3",
    ),
    "vjepa2/vjepa2_vitl_diving48_probe": _probe(
        "vjepa2_l_probe",
        "diving48-vitl-256",
        "vjepa2/vjepa2_vitl_encoder",
        DIVING_L,
        dataset="diving48",
        top1=89.0,
        views="4x3",
    ),
    "vjepa2/vjepa2_vitg_384_diving48_probe": _probe(
        "vjepa2_g_probe",
        "diving48-vitg-384-32x4x3",
        "vjepa2/vjepa2_vitg_384_encoder",
        DIVING_G,
        dataset="diving48",
        top1=90.2,
        views="4x3",
    ),
    "hf/vjepa2_vitl_fpc64_256": _hub("vjepa2_l", "vjepa2-vitl-fpc64-256", HUB_256),
    "hf/vjepa2_vith_fpc64_256": _hub("vjepa2_h", "vjepa2-vith-fpc64-256", HUB_256),
    "hf/vjepa2_vitg_fpc64_256": _hub("vjepa2_g", "vjepa2-vitg-fpc64-256", HUB_256),
    "hf/vjepa2_vitg_fpc64_384": _hub("vjepa2_g384", "vjepa2-vitg-fpc64-384", HUB_384),
    "hf/vjepa2_vitl_fpc16_256_ssv2": _hub("vjepa2_l_probe", "vjepa2-vitl-fpc16-256-ssv2", SSV2_L)._replace(
        options={"probe_norm_eps": 1e-6}, num_classes=174, dataset="ssv2", verified="parity"
    ),
}
