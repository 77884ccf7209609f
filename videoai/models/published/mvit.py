"""MViT and MViTv2: weights of torchvision, PySlowFast, pytorchvideo and mmaction2. Our adapter has torchvision's names.

PySlowFast pools keys with strides that leave no trace in the tensors; all files here follow one rule (models/mvit.py).
"""

from functools import partial
from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import fuse, rename
from videoai.models.published.torchvision_resnet import LICENCE, unchanged

IMAGENET: Any = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
PYSLOWFAST = "https://dl.fbaipublicfiles.com/pyslowfast/model_zoo"
PYSLOWFAST_PAGE = "https://github.com/facebookresearch/SlowFast/blob/main/MODEL_ZOO.md"
PYTORCHVIDEO = "https://dl.fbaipublicfiles.com/pytorchvideo/model_zoo/kinetics"
MMACTION = "https://download.openmmlab.com/mmaction/v1.0/recognition/mvit"

BLOCKS = (
    (r"^(blocks\.\d+)\.proj\.", r"\1.project."),
    (r"\.attn\.proj\.", ".attn.project.0."),
    (r"\.attn\.pool_([qkv])\.", r".attn.pool_\1.pool."),
    (r"\.attn\.norm_([qkv])\.", r".attn.pool_\1.norm_act.0."),
    (r"\.mlp\.fc1\.", ".mlp.0."),
    (r"\.mlp\.fc2\.", ".mlp.3."),
)
POSITIONS = (
    (r"^cls_token$", "pos_encoding.class_token"),
    (r"^pos_embed_(spatial|temporal|class)$", r"pos_encoding.\1_pos"),
)


def from_pyslowfast(state: StateDict) -> StateDict:
    """PySlowFast's names; tokens and positions have batch dimensions there."""
    ends = ((r"^patch_embed\.proj\.", "conv_proj."), (r"^head\.projection\.", "head.1."))
    return _without_batch(rename(state, (*ends, *POSITIONS, *BLOCKS)))


def from_mmaction(state: StateDict) -> StateDict:
    """mmaction2's names, which are PySlowFast's below ``backbone``."""
    ends = (
        (r"^backbone\.", ""),
        (r"^patch_embed\.projection\.", "conv_proj."),
        (r"^norm3\.", "norm."),
        (r"^cls_head\.fc_cls\.", "head.1."),
    )
    return _without_batch(rename(state, (*ends, *POSITIONS, *BLOCKS)))


def from_pytorchvideo(state: StateDict) -> StateDict:
    """pytorchvideo's names; queries, keys and values have a layer each there."""
    # its main branch registers the pools a second time; the release does not
    state = {key: tensor for key, tensor in state.items() if "._attention_pool_" not in key}
    ends = (
        (r"^patch_embed\.patch_model\.", "conv_proj."),
        (r"^cls_positional_encoding\.", ""),
        (r"^norm_embed\.", "norm."),
        (r"^head\.proj\.", "head.1."),
    )
    return _without_batch(fuse(rename(state, (*ends, *POSITIONS, *BLOCKS)), ("q", "k", "v"), "qkv"))


def _without_batch(state: StateDict) -> StateDict:
    """[1, L, D] -> [L, D], and [1, 1, D] -> [D]."""
    return {key: tensor.squeeze() if "pos_encoding" in key else tensor for key, tensor in state.items()}


def _clip(num_frames: int, stride: int, **other: Any) -> ClipSpec:
    facts: Any = {"num_frames": num_frames, "stride": stride, "size": 224, "resize": 256}
    return ClipSpec(**facts | other)


def _uniform(num_frames: int, **other: Any) -> ClipSpec:
    # Something-Something V2: tested on three crops of the short side
    facts: Any = {"num_frames": num_frames, "sampling": "uniform", "size": 224}
    return ClipSpec(**facts | other)


def _torchvision(model: str, file: str, top1: float) -> Weights:
    # 16 frames of 7.5 fps
    clip = ClipSpec(num_frames=16, fps=7.5, size=224, resize=256)
    url, sha256 = f"https://download.pytorch.org/models/{file}.pth", file.rpartition("-")[2]
    apache = partial(Weights, model=model, convert=unchanged, clip=clip, licence=LICENCE, url=url, sha256=sha256)
    return apache(top1=top1, views="5x1", verified="parity")


def _pyslowfast(model: str, clip: ClipSpec, file: str | None, top1: float, views: str, **facts: Any) -> Weights:
    url = f"{PYSLOWFAST}/{file}.pyth" if file else None
    apache = partial(
        Weights, model=model, convert=from_pyslowfast, clip=clip, licence="Apache-2.0", url=url, page=PYSLOWFAST_PAGE
    )
    return apache(container="model_state", top1=top1, views=views, **facts)


def _pytorchvideo(model: str, clip: ClipSpec, file: str, top1: float) -> Weights:
    apache = partial(
        Weights,
        model=model,
        convert=from_pytorchvideo,
        clip=clip,
        licence="Apache-2.0",
        url=f"{PYTORCHVIDEO}/{file}.pyth",
    )
    # pytorchvideo leaves the norms after pools at torch's default
    return apache(container="model_state", options={"pool_norm_eps": 1e-5}, top1=top1, views="5x1", verified="parity")


def _mmaction(model: str, clip: ClipSpec, file: str, top1: float, views: str, **facts: Any) -> Weights:
    apache = partial(
        Weights, model=model, convert=from_mmaction, clip=clip, licence="Apache-2.0", url=f"{MMACTION}/{file}.pth"
    )
    sha256 = file.rpartition("-")[2]
    return apache(container="state_dict", sha256=sha256, top1=top1, views=views, **facts)


_LARGE = {"size": 312, "resize": 312, **IMAGENET}  # mmaction2 tests its copies with 0.45 / 0.225, and loses 0.7 %
_SSV2: Any = {"num_classes": 174, "dataset": "ssv2"}
_PARITY: Any = {"verified": "parity"}

WEIGHTS: dict[str, Weights] = {
    "torchvision/mvit_v1_b": _torchvision("mvit_v1_b", "mvit_v1_b-dbeb1030", 78.48),
    "torchvision/mvit_v2_s": _torchvision("mvit_v2_s", "mvit_v2_s-ae3be167", 80.76),
    # by hand, from Google Drive. Users report a file without pools of keys in the last two blocks, as the config had it
    # until June 2021: such a file is an error that names them
    "pyslowfast/MVIT_B_16x4": _pyslowfast("mvit_v1_b", _clip(16, 4), None, 78.4, "5x1", **_PARITY),
    # 24 blocks by the config that PySlowFast names for these two; the code agrees, the files were not seen
    "pyslowfast/MVIT_B_32x3": _pyslowfast("mvit_v1_b24_32x3", _clip(32, 3), "mvit/k400", 80.4, "5x1"),
    "pyslowfast/MVIT_B_32x3_K600": _pyslowfast(
        "mvit_v1_b24_32x3", _clip(32, 3), "mvit/k600", 83.9, "5x1", num_classes=600, dataset="kinetics600"
    ),
    "pyslowfast/MVITv2_S_16x4": _pyslowfast(
        "mvit_v2_s",
        _clip(16, 4),
        "mvitv2/pysf_video_models/MViTv2_S_16x4_k400_f302660347",
        *(81.0, "5x1"),
        **_PARITY,
    ),
    "pyslowfast/MVITv2_B_32x3": _pyslowfast(
        "mvit_v2_b",
        _clip(32, 3),
        "mvitv2/pysf_video_models/MViTv2_B_32x3_k400_f304025456",
        *(82.9, "5x1"),
        **_PARITY,
    ),
    "pyslowfast/MVITv2_L_40x3": _pyslowfast(
        "mvit_v2_l",
        _clip(40, 3, **_LARGE),
        "mvitv2/pysf_video_models/MViTv2_L_40x3_k400_f306903192",
        86.1,
        "5x3",
        **_PARITY,
    ),
    "pyslowfast/MVITv2_S_16x4_SSV2": _pyslowfast(
        "mvit_v2_s",
        _uniform(16),
        "mvitv2/pysf_video_models/MViTv2_S_16x4_ssv2_f308341823",
        68.2,
        "1x3",
        **_SSV2,
        **_PARITY,
    ),
    "pyslowfast/MVITv2_B_32x3_SSV2": _pyslowfast(
        "mvit_v2_b",
        _uniform(32),
        "mvitv2/pysf_video_models/MViTv2_B_32x3_ssv2_f305803282",
        70.5,
        "1x3",
        **_SSV2,
        **_PARITY,
    ),
    "pyslowfast/MVITv2_L_40x3_SSV2": _pyslowfast(
        "mvit_v2_l",
        _uniform(40, **_LARGE),
        "mvitv2/pysf_video_models/MViTv2_L_40x3_ssv2_f309603968",
        *(73.3, "1x3"),
        **_SSV2,
        **_PARITY,
    ),
    "pytorchvideo/mvit_base_16x4": _pytorchvideo("mvit_v1_b", _clip(16, 4), "MVIT_B_16x4", 78.85),
    "pytorchvideo/mvit_base_32x3": _pytorchvideo("mvit_v1_b_32x3", _clip(32, 3), "MVIT_B_32x3_f294077834", 80.30),
    "mmaction2/mvitv2_small_k400": _mmaction(
        "mvit_v2_s",
        _clip(16, 4, resize=224),
        "mvit-small-p244_32xb16-16x4x1-200e_kinetics400-rgb/"
        "mvit-small-p244_32xb16-16x4x1-200e_kinetics400-rgb_20230201-23284ff3",
        *(80.6, "5x1"),
        **_PARITY,
    ),
    "mmaction2/mvitv2_small_maskfeat_k400": _mmaction(
        "mvit_v2_s",
        _clip(16, 4, resize=224),
        "mvit-small-p244_k400-maskfeat-pre_8xb32-16x4x1-100e_kinetics400-rgb/"
        "mvit-small-p244_k400-maskfeat-pre_8xb32-16x4x1-100e_kinetics400-rgb_20230201-5bced1d0",
        *(81.8, "10x1"),
        options={"widen": "mlp"},
        **_PARITY,
    ),
    "mmaction2/mvitv2_small_ssv2": _mmaction(
        "mvit_v2_s",
        _uniform(16, **IMAGENET),
        "mvit-small-p244_k400-pre_16xb16-u16-100e_sthv2-rgb/"
        "mvit-small-p244_k400-pre_16xb16-u16-100e_sthv2-rgb_20230201-4065c1b9",
        *(68.2, "1x3"),
        **_SSV2,
    ),
    # PySlowFast's own weights in mmaction2's layout, with the accuracy that mmaction2 measured
    "mmaction2/mvitv2_small_k400_converted": _mmaction(
        "mvit_v2_s", _clip(16, 4), "converted/mvit-small-p244_16x4x1_kinetics400-rgb_20221021-9ebaaeed", 81.1, "5x1"
    ),
    "mmaction2/mvitv2_base_k400_converted": _mmaction(
        "mvit_v2_b",
        _clip(32, 3),
        "converted/mvit-base-p244_32x3x1_kinetics400-rgb_20221021-f392cd2d",
        82.6,
        "5x1",
        **_PARITY,
    ),
    "mmaction2/mvitv2_large_k400_converted": _mmaction(
        "mvit_v2_l",
        _clip(40, 3, **_LARGE),
        "converted/mvit-large-p244_40x3x1_kinetics400-rgb_20221021-11fe1f97",
        *(85.4, "5x3"),
    ),
    "mmaction2/mvitv2_small_ssv2_converted": _mmaction(
        "mvit_v2_s", _uniform(16), "converted/mvit-small-p244_u16_sthv2-rgb_20221021-65ecae7d", 68.1, "1x3", **_SSV2
    ),
    "mmaction2/mvitv2_base_ssv2_converted": _mmaction(
        "mvit_v2_b", _uniform(32), "converted/mvit-base-p244_u32_sthv2-rgb_20221021-d5de5da6", 70.8, "1x3", **_SSV2
    ),
    "mmaction2/mvitv2_large_ssv2_converted": _mmaction(
        "mvit_v2_l",
        _uniform(40, **_LARGE),
        "converted/mvit-large-p244_u40_sthv2-rgb_20221021-61696e07",
        *(73.2, "1x3"),
        **_SSV2,
    ),
}
