"""Parts shared by the files of video ViTs: timm's names, Hugging Face's names, and flat position tables."""

from videoai.models.positions import sincos
from videoai.models.published import StateDict

TIMM = (
    (r"^patch_embed\.proj(ection)?\.", "patch_embed."),
    (r"\.attn\.", ".attention."),
    (r"\.proj\.", ".project."),
    (r"^fc_norm\.", "norm."),
)

HF = (
    (r"^\w+\.(embeddings|encoder|layernorm)\.", r"\1."),  # the name of the model
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed."),
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.time_embeddings$", "time_embed"),
    (r"^encoder\.layer\.", "blocks."),
    (r"attention\.attention\.", "attention."),
    (r"attention\.output\.dense\.", "attention.project."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"^(layernorm|fc_norm)\.", "norm."),
    (r"^classifier\.", "head."),
)


def split_positions(state: StateDict, *, num_frames: int = 1) -> StateDict:
    """Flat tables to ours: ``cls_token``, ``pos_embed`` (the class token's position first) and ``time_embed``.

    Args:
        num_frames: of tokens in ``pos_embed``; 1 = it is the same for every frame.
    """
    state = dict(state)
    table_LD = state.pop("pos_embed")[0]
    if "cls_token" in state:
        state["class_token"] = state.pop("cls_token").flatten()
        state["class_position"], table_LD = table_LD[0], table_LD[1:]
    name = "positions.space" if num_frames == 1 else "positions.joint"
    state[name] = table_LD.unflatten(0, (num_frames, -1))
    if "time_embed" in state:
        state["positions.time"] = state.pop("time_embed")[0, :, None]
    return state


def add_sincos(state: StateDict) -> StateDict:
    """The position table for 8 frames of tokens at 224 px. Files leave it out because it can be computed."""
    width, patch = state["patch_embed.weight"].shape[0], state["patch_embed.weight"].shape[-1]
    return {**state, "positions.joint": sincos((8, (224 // patch) ** 2), width)}
