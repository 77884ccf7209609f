"""CLIP and X-CLIP: weights as Hugging Face keeps them, and as the authors' code names them.

A file holds a network for pictures or video, a text transformer, and what joins them. ``convert`` gives the network of
the zoo, ``text_tower`` and ``joint`` the rest; each leaves out what belongs to the others, by name.
"""

import re

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import fuse, rename

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
COUNTER = re.compile(r"(^|\.)position_ids$")  # 0, 1, 2, ..., which older files hold
JOINT = re.compile(r"^(logit_scale$|prompts_)")
TEXT = re.compile(r"^(text_model\.|text_projection[.]?)")
TEXT_ORIGINAL = re.compile(r"^(token_embedding\.|positional_embedding$|transformer\.|ln_final\.|text_projection$)")
SIZES = ("context_length", "input_resolution", "vocab_size")  # numbers in OpenAI's own files

LAYERS = (
    (r"\.self_attn\.out_proj\.", ".attention.project."),
    (r"\.self_attn\.([qkv])_proj\.", r".attention.\1."),
    (r"\.message_attn\.out_proj\.", ".attention_message.project."),
    (r"\.message_attn\.([qkv])_proj\.", r".attention_message.\1."),
    (r"\.message_fc\.", ".message."),
    (r"\.message_ln\.", ".norm_message."),
    (r"\.layer_norm(\d)\.", r".norm\1."),
)
HF = (
    (r"^(vision|text)_model\.encoder\.layers\.", "blocks."),
    (r"^mit\.encoder\.layers\.", "integration.blocks."),
    (r"^mit\.position_embedding$", "integration.positions"),
    (r"^vision_model\.embeddings\.class_embedding$", "class_token"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "stem."),
    (r"^vision_model\.embeddings\.position_embedding\.weight$", "positions"),
    (r"^vision_model\.pre_lay(r|er)norm\.", "norm_pre."),
    (r"^vision_model\.post_layernorm\.", "norm."),
    (r"^visual_projection\.", "project."),
    (r"^text_model\.embeddings\.token_embedding\.", "tokens."),
    (r"^text_model\.embeddings\.position_embedding\.weight$", "positions"),
    (r"^text_model\.final_layer_norm\.", "norm."),
    (r"^text_projection\.", "project."),
    *LAYERS,
)
ORIGINAL = (
    (r"^visual\.", ""),
    (r"^(?:transformer\.)?resblocks\.", "blocks."),
    (r"^mit\.resblocks\.", "integration.blocks."),
    (r"^mit\.positional_embedding$", "integration.positions"),
    (r"^class_embedding$", "class_token"),
    (r"^conv1\.", "stem."),
    (r"^positional_embedding$", "positions"),
    (r"^ln_pre\.", "norm_pre."),
    (r"^(ln_post|ln_final)\.", "norm."),
    (r"^(proj|text_projection)$", "project.weight"),
    (r"^token_embedding\.", "tokens."),
    (r"\.attn\.in_proj_", ".attention.qkv."),
    (r"\.attn\.out_proj\.", ".attention.project."),
    (r"\.message_attn\.in_proj_", ".attention_message.qkv."),
    (r"\.message_attn\.out_proj\.", ".attention_message.project."),
    (r"\.message_fc\.", ".message."),
    (r"\.message_ln\.", ".norm_message."),
    (r"\.ln_(\d)\.", r".norm\1."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
)
PROMPTS = (
    (r"^prompts_visual_(layernorm|ln)\.", "prompts.norm_video."),
    (r"^prompts_visual_proj(ection)?$", "prompts.project_video.weight"),
    (r"^prompts_generator\.(layernorm|norm)\.", "prompts.norm."),
    (r"^prompts_generator\.decoder\.", "prompts.layers."),
    (r"^prompts_generator\.alpha$", "prompts.alpha"),
    (r"\.cross_attn\.([qkv])_proj\.", r".\1."),
    (r"\.cross_attn\.proj\.", ".project."),
    (r"\.norm3\.", ".norm2."),
    (r"\.mlp\.0\.", ".mlp.fc1."),
    (r"\.mlp\.3\.", ".mlp.fc2."),
)


def convert(state: StateDict) -> StateDict:
    """The network: weights of a 2-D convolution become one frame deep, the class token's position, the first of the
    table, parts from it. Of X-CLIP the integration's positions [1, T, E] become [T, 1, E]."""
    state = {key: tensor for key, tensor in state.items() if not _is_text(key, state) and not JOINT.match(key)}
    network = _renamed(state)
    network["stem.weight"] = network["stem.weight"].unsqueeze(2)
    table_LD = network.pop("positions")
    network["class_position"], network["positions.space"] = table_LD[0], table_LD[None, 1:]
    if "integration.positions" in network:
        network["integration.positions.joint"] = network.pop("integration.positions").transpose(0, 1)
    return network


def text_tower(state: StateDict) -> StateDict:
    """The text transformer."""
    return _renamed({key: tensor for key, tensor in state.items() if _is_text(key, state)})


def joint(state: StateDict) -> StateDict:
    """What joins both: the scale of the logits and, of X-CLIP, the video-specific prompts."""
    joined = rename({key: tensor for key, tensor in state.items() if JOINT.match(key)}, PROMPTS)
    if "prompts.project_video.weight" in joined:  # published as a matrix to multiply with from the right
        joined["prompts.project_video.weight"] = joined["prompts.project_video.weight"].T.contiguous()
        joined = fuse(joined, ("k", "v"), "kv")
    return joined


def _is_original(state: StateDict) -> bool:
    return "visual.conv1.weight" in state or "ln_final.weight" in state


def _is_text(key: str, state: StateDict) -> bool:
    return bool((TEXT_ORIGINAL if _is_original(state) else TEXT).match(key))


def _renamed(state: StateDict) -> StateDict:
    """Ours for both layouts. Matrices of the authors' projections are transposed; queries, keys and values are one."""
    state = {key: tensor for key, tensor in state.items() if not COUNTER.search(key) and key not in SIZES}
    if any(re.search(r"\.(attn|in_proj)", key) for key in state):
        renamed = rename(state, ORIGINAL)
        return renamed | {"project.weight": renamed["project.weight"].T.contiguous()}
    return fuse(rename(state, HF), ("q", "k", "v"), "qkv")


def _clip(name: str, model: str) -> Weights:
    page = f"https://huggingface.co/openai/{name}"
    return Weights(
        model=model,
        convert=convert,
        clip=ClipSpec(num_frames=8, size=224, sampling="uniform", mean=MEAN, std=STD),
        licence="MIT",
        url=f"{page}/resolve/main/pytorch_model.bin",
        page=page,
        num_classes=0,
        dataset="image-text pairs",
        verified="parity",
    )


WEIGHTS: dict[str, Weights] = {
    "hf/clip_vit_base_patch32": _clip("clip-vit-base-patch32", "clip_b32"),
    "hf/clip_vit_base_patch16": _clip("clip-vit-base-patch16", "clip_b16"),
    "hf/clip_vit_large_patch14": _clip("clip-vit-large-patch14", "clip_l14"),
}
