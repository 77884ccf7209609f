"""UniFormerV2's published weights: mmaction2's (some trained there, most converted), and the authors' own.

One architecture with three checkpoint variants: Kinetics, Moments in Time, ActivityNet and HACS have it plain; files
called frozen have no blend with the class tokens; Something-Something mixes over time in every block, halves
the frames and reads the last two thirds of the layers. Its frames were read by OpenCV and never turned: those models
see BGR. mmaction2 has sorted the classes of its Kinetics heads by name; the authors' heads are in the order of their
own lists.
"""

from collections.abc import Mapping
from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import parse_name, rename

RULES = (
    (r"^backbone\.", ""),
    (r"^transformer\.", ""),
    (r"^cls_head\.fc_cls\.", "head."),
    (r"^proj\.0\.", "norm."),  # the authors keep norm, dropout and head in one sequence
    (r"^proj\.2\.", "head."),
    (r"^conv1\.", "stem."),
    (r"^class_embedding$", "class_token"),
    (r"^temporal_cls_token$", "video_token"),
    (r"^ln_pre\.", "norm_pre."),
    (r"^resblocks\.", "blocks."),
    (r"^dpe\.(\d+)\.", r"global_blocks.\1.position."),
    (r"^dec\.", "global_blocks."),
    (r"\.ln_(\d)\.", r".norm\1."),
    (r"\.lmhra(\d)\.pos_embed\.", r".local\1.layers."),
    (r"\.mlp\.c_fc\.", ".mlp.0."),
    (r"\.mlp\.c_proj\.", ".mlp.3."),
    (r"^(blocks\.\d+)\.attn\.in_proj_", r"\1.attn.qkv."),
    (r"^(blocks\.\d+)\.attn\.out_proj\.", r"\1.attn.project."),
    (r"^(global_blocks\.\d+)\.attn\.in_proj_", r"\1.qkv."),
    (r"^(global_blocks\.\d+)\.attn\.out_proj\.", r"\1.project."),
)
LICENCE = "Apache-2.0"
MMACTION = "https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2"
AUTHORS = "https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/uniformerv2"
DATASETS = {  # as file names call them -> our name, number of classes
    "k400": ("kinetics400", 400),
    "k600": ("kinetics600", 600),
    "k700": ("kinetics700", 700),
    "k710": ("kinetics710", 710),  # the classes of the three, merged
    "mitv1": ("mitv1", 339),
    "sthv1": ("ssv1", 174),
    "sthv2": ("ssv2", 174),
    "anet": ("activitynet", 200),
    "hacs": ("hacs", 200),
}
PROVEN = {  # compared with the publisher's own code
    "base_u8_k400",
    "k400_uniformerv2_b16_8x224",
    "k400_k710_uniformerv2_l14_8x224",
    "frozen_k400_uniformerv2_l14_8x336",
    "sthv2_uniformerv2_b16_16x224",
}
# Names of rows below (size, frames, data), file, top-1, views
MMACTION_FILES: tuple[tuple[str, str, float | None, str | None], ...] = (
    ("base_u8_k400", "base-p16-res224_clip_8xb32-u8_kinetics400-rgb_20230313-e29fc968", 84.3, "4x3"),
    (
        "base_k710_u8_k400",
        "base-p16-res224_clip-kinetics710-pre_8xb32-u8_kinetics400-rgb_20230313-75be0806",
        85.8,
        "4x3",
    ),
    ("large_k710_u8_k400", "large-p14-res224_clip-kinetics710-pre_u8_kinetics400-rgb_20221219-972ea063", 88.7, "4x3"),
    ("large_k710_u16_k400", "large-p14-res224_clip-kinetics710-pre_u16_kinetics400-rgb_20221219-6dc86d05", 89.0, "4x3"),
    ("large_k710_u32_k400", "large-p14-res224_clip-kinetics710-pre_u32_kinetics400-rgb_20221219-56a46f64", 89.3, "2x3"),
    (
        "large336_k710_u32_k400",
        "large-p14-res336_clip-kinetics710-pre_u32_kinetics400-rgb_20221219-1dd7650f",
        89.5,
        "2x3",
    ),
    (
        "base_k710_u8_k600",
        "base-p16-res224_clip-kinetics710-pre_8xb32-u8_kinetics600-rgb_20230313-544f06f0",
        86.4,
        "4x3",
    ),
    ("large_k710_u8_k600", "large-p14-res224_clip-kinetics710-pre_u8_kinetics600-rgb_20221219-cf88e4c2", 89.0, "4x3"),
    ("large_k710_u16_k600", "large-p14-res224_clip-kinetics710-pre_u16_kinetics600-rgb_20221219-38ff0e3e", 89.4, "4x3"),
    ("large_k710_u32_k600", "large-p14-res224_clip-kinetics710-pre_u32_kinetics600-rgb_20221219-d450d071", 89.2, "2x3"),
    (
        "large336_k710_u32_k600",
        "large-p14-res336_clip-kinetics710-pre_u32_kinetics600-rgb_20221219-f984f5d2",
        89.8,
        "2x3",
    ),
    ("base_u8_k700", "base-p16-res224_clip_8xb32-u8_kinetics700-rgb_20230313-f02e48ad", 75.9, "4x3"),
    (
        "base_k710_u8_k700",
        "base-p16-res224_clip-kinetics710-pre_8xb32-u8_kinetics700-rgb_20230313-69070837",
        76.3,
        "4x3",
    ),
    ("large_k710_u8_k700", "large-p14-res224_clip-kinetics710-pre_u8_kinetics700-rgb_20221219-bfb9f401", 80.8, "4x3"),
    ("large_k710_u16_k700", "large-p14-res224_clip-kinetics710-pre_u16_kinetics700-rgb_20221219-745209d2", 81.2, "4x3"),
    ("large_k710_u32_k700", "large-p14-res224_clip-kinetics710-pre_u32_kinetics700-rgb_20221219-eebe7056", 81.4, "2x3"),
    (
        "large336_k710_u32_k700",
        "large-p14-res336_clip-kinetics710-pre_u32_kinetics700-rgb_20221219-95cf9046",
        82.1,
        "2x3",
    ),
    (
        "base_u8_mitv1",
        "base-p16-res224_clip-kinetics710-kinetics-k400-pre_16xb32-u8_mitv1-rgb_20230313-a6f4a567",
        42.3,
        "4x3",
    ),
    (
        "large_u8_mitv1",
        "large-p16-res224_clip-kinetics710-kinetics-k400-pre_u8_mitv1-rgb_20221219-882c0598",
        47.0,
        "4x3",
    ),
    (
        "large336_u8_mitv1",
        "large-p16-res336_clip-kinetics710-kinetics-k400-pre_u8_mitv1-rgb_20221219-9020986e",
        47.7,
        "4x3",
    ),
    ("base_u8_k710", "base-p16-res224_clip-pre_u8_kinetics710-rgb_20230612-63cdbad9", 78.9, None),
    ("large_u8_k710", "large-p14-res224_clip-pre_u8_kinetics710-rgb_20230612-d002a407", None, None),
    ("large336_u8_k710", "large-p14-res336_clip-pre_u8_kinetics710-rgb_20230612-d723ddc1", None, None),
)
# Folder, file, top-1, views
AUTHORS_FILES: tuple[tuple[str, str, float | None, str | None], ...] = (
    ("k710", "k710_uniformerv2_b16_8x224", None, None),
    ("k710", "k710_uniformerv2_l14_8x224", None, None),
    ("k710", "k710_uniformerv2_l14_8x336", None, None),
    ("k710", "frozen_k710_uniformerv2_l14_8x336", None, None),
    ("k400", "k400_uniformerv2_b16_8x224", 84.4, "4x3"),
    ("k400", "k400_k710_uniformerv2_b16_8x224", 85.6, "4x3"),
    ("k400", "k400_k710_uniformerv2_l14_8x224", 88.8, "4x3"),
    ("k400", "k400_k710_uniformerv2_l14_16x224", 89.1, "4x3"),
    ("k400", "k400_k710_uniformerv2_l14_32x224", 89.3, "2x3"),
    ("k400", "k400_k710_uniformerv2_l14_32x336", 89.7, "2x3"),
    ("k400", "k400_k710_uniformerv2_l14_64x336", 90.0, "2x3"),
    ("k400", "frozen_k400_uniformerv2_l14_8x336", 86.7, "3x1"),
    ("k400", "frozen_k400_k710_uniformerv2_l14_8x336", 87.8, "3x1"),
    ("k400", "frozen_k400_k710_uniformerv2_l14_32x336", 88.9, "4x3"),
    ("k600", "k600_uniformerv2_b16_8x224", 85.0, "4x3"),
    ("k600", "k600_k710_uniformerv2_b16_8x224", 86.1, "4x3"),
    ("k600", "k600_k710_uniformerv2_l14_8x224", 89.0, "4x3"),
    ("k600", "k600_k710_uniformerv2_l14_16x224", 89.4, "4x3"),
    ("k600", "k600_k710_uniformerv2_l14_32x224", 89.5, "2x3"),
    ("k600", "k600_k710_uniformerv2_l14_32x336", 89.9, "2x3"),
    ("k600", "k600_k710_uniformerv2_l14_64x336", 90.1, "2x3"),
    ("k600", "frozen_k600_uniformerv2_l14_8x336", 87.4, "3x1"),
    ("k600", "frozen_k600_k710_uniformerv2_l14_8x336", 88.2, "3x1"),
    ("k600", "frozen_k600_k710_uniformerv2_l14_32x336", 89.2, "4x3"),
    ("k700", "k700_uniformerv2_b16_8x224", 75.8, "4x3"),
    ("k700", "k700_k710_uniformerv2_b16_8x224", 76.3, "4x3"),
    ("k700", "k700_k710_uniformerv2_l14_8x224", 80.8, "4x3"),
    ("k700", "k700_k710_uniformerv2_l14_16x224", 81.2, "4x3"),
    ("k700", "k700_k710_uniformerv2_l14_32x224", 81.5, "2x3"),
    ("k700", "k700_k710_uniformerv2_l14_32x336", 82.1, "2x3"),
    ("k700", "k700_k710_uniformerv2_l14_64x336", 82.7, "2x3"),
    ("k700", "frozen_k700_uniformerv2_l14_8x336", 79.6, "3x1"),
    ("k700", "frozen_k700_k710_uniformerv2_l14_8x336", 79.7, "3x1"),
    ("k700", "frozen_k700_k710_uniformerv2_l14_32x336", 80.8, "4x3"),
    ("mitv1", "mit_uniformerv2_b16_8x224", 42.6, "4x3"),
    ("mitv1", "mit_uniformerv2_l14_8x224", 47.0, "4x3"),
    ("mitv1", "mit_uniformerv2_l14_8x336", 47.8, "4x3"),
    ("sthv1", "sthv1_uniformerv2_b16_16x224", 56.8, "1x3"),
    ("sthv1", "sthv1_uniformerv2_b16_32x224", 59.4, "1x3"),
    ("sthv1", "sthv1_uniformerv2_l14_16x224", 60.5, "1x3"),
    ("sthv1", "sthv1_uniformerv2_l14_32x224", 62.7, "1x3"),
    ("sthv2", "sthv2_uniformerv2_b16_16x224", 69.5, "1x3"),
    ("sthv2", "sthv2_uniformerv2_b16_32x224", 70.7, "1x3"),
    ("sthv2", "sthv2_uniformerv2_l14_16x224", 72.1, "1x3"),
    ("sthv2", "sthv2_uniformerv2_l14_32x224", 73.0, "1x3"),
    ("anet", "anet_uniformerv2_l14_16x224", 94.3, "10x3"),
    ("anet", "anet_uniformerv2_l14_32x224", 94.7, "10x3"),
    ("hacs", "hacs_uniformerv2_l14_16x224", 95.5, "10x3"),
    ("hacs", "hacs_uniformerv2_l14_32x224", 95.4, "10x3"),
)


def convert(state: StateDict) -> StateDict:
    """Other names; the video token [1, 1, D] becomes [1, D]; the class token's position, the first of [1+H*W, D], parts
    from the table [1, H, W, D]; the global blocks' queries part from keys and values."""
    converted: StateDict = {}
    for name, tensor in rename(state, RULES).items():
        block, _, leaf = name.rpartition(".qkv.")
        if name == "video_token":
            converted[name] = tensor.squeeze(0)
        elif name == "positional_embedding":
            converted["class_position"] = tensor[0]
            converted["positions.space"] = tensor[1:][None]  # [S, D] -> [1, S, D]
        elif block.startswith("global_blocks."):
            width = len(tensor) // 3
            converted[f"{block}.q.{leaf}"], converted[f"{block}.kv.{leaf}"] = tensor[:width], tensor[width:]
        else:
            converted[name] = tensor
    return converted


def _mmaction2(name: str, file: str, top1: float | None, views: str | None) -> Weights:
    """A row from its name, e.g. large336_k710_u32_k400."""
    parts = parse_name(r"(?P<size>base|large|large336)(_k710)?_u(?P<frames>8|16|32)_(?P<data>k[4567]\d0|mitv1)", name)
    size, (dataset, num_classes) = parts["size"], DATASETS[parts["data"]]
    published = file.rpartition("_")[0]
    folder = f"uniformerv2-{published}" if size == "base" else dataset  # those trained there have folders of their own
    model = {"base": "uniformerv2_b", "large": "uniformerv2_l", "large336": "uniformerv2_l336"}[size]
    return Weights(
        model=model,
        convert=convert,
        clip=_clip(int(parts["frames"]), 336 if model.endswith("336") else 224),
        licence=LICENCE,
        url=f"{MMACTION}/{folder}/uniformerv2-{file}.pth",
        page="https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/uniformerv2",
        container="state_dict",
        num_classes=num_classes,
        dataset=dataset,
        top1=top1,
        views=views,
        sha256=file.rpartition("-")[2],
        verified="parity" if name in PROVEN else "no",
    )


def _authors(folder: str, file: str, top1: float | None, views: str | None) -> Weights:
    """A row from the name of the file, e.g. k400_k710_uniformerv2_l14_32x336."""
    dataset, num_classes = DATASETS[folder]
    data = {"mitv1": "mit"}.get(folder, folder)
    form = rf"(frozen_)?{data}(_k710)?_uniformerv2_(?P<vit>b16|l14)_(?P<frames>8|16|32|64)x(?P<size>224|336)"
    parts = parse_name(form, file)
    vit, frames, size = parts["vit"], int(parts["frames"]), int(parts["size"])
    model = {"b16": "uniformerv2_b", "l14": "uniformerv2_l"}[vit] + ("336" if size == 336 else "")
    return Weights(
        model=model,
        convert=convert,
        clip=_clip(frames, size, bgr=folder.startswith("sth")),
        licence=LICENCE,  # the LICENSE file; the README says MIT
        url=f"{AUTHORS}/{folder}/{file}.pyth",
        page="https://github.com/OpenGVLab/UniFormerV2/blob/main/MODEL_ZOO.md",
        container="model_state",
        options=_variant(file, vit),
        num_classes=num_classes,
        dataset=dataset,
        own_labels=True,
        top1=top1,
        views=views,
        verified="parity" if file in PROVEN else "no",
    )


def _variant(file: str, vit: str) -> Mapping[str, Any]:
    if file.startswith("sth"):
        return {"local_temporal": True, "temporal_stride": 2, "num_global": {"b16": 8, "l14": 16}[vit]}
    return {"blend": not file.startswith("frozen")}


def _clip(frames: int, size: int, *, bgr: bool = False) -> ClipSpec:
    return ClipSpec(num_frames=frames, size=size, sampling="uniform", channels="bgr" if bgr else "rgb")


WEIGHTS: dict[str, Weights] = {
    **{f"mmaction2/uniformerv2_{row[0]}": _mmaction2(*row) for row in MMACTION_FILES},
    **{f"uniformerv2/{row[1]}": _authors(*row) for row in AUTHORS_FILES},
}
