"""UniFormer's published weights: the authors' files (Google Drive), and mmaction2's conversions of some of them.

The same tensors, and still not the same: mmaction2 builds the LayerNorms of the blocks with eps 1e-5 and has sorted the
classes of its Kinetics heads by name; the authors' heads are in the order of their own list (riding a bike, marching,
dodgeball, ...). The authors' Something-Something frames were read by OpenCV and never turned, so those models see BGR.
"""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import parse_name, rename

RULES = (
    (r"^backbone\.", ""),
    (r"^cls_head\.fc_cls\.", "head."),
    *((rf"^patch_embed{stage + 1}\.", f"embeds.{stage}.") for stage in range(4)),
    *((rf"^blocks{stage + 1}\.", f"stages.{stage}.") for stage in range(4)),
    (r"\.pos_embed\.", ".position."),
    (r"\.attn\.proj\.", ".attn.project."),
    (r"^(stages\.[01]\.\d+\.mlp)\.fc1\.", r"\1.0."),  # an MLP of convolutions: an nn.Sequential here
    (r"^(stages\.[01]\.\d+\.mlp)\.fc2\.", r"\1.2."),
)
LICENCE = "Apache-2.0"
MMACTION = "https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer"
DATASETS = {  # as file names call them -> our name, number of classes
    "k400": ("kinetics400", 400),
    "k600": ("kinetics600", 600),
    "sthv1": ("ssv1", 174),
    "sthv2": ("ssv2", 174),
    "ucf101": ("ucf101", 101),
}
# Compared with the publisher's own code
PROVEN = {"small_k400", "s16x4_k400", "b16x4_k400", "b32x4_k600", "s16_sthv2_prek400"}
# Name of our row, file, top-1
MMACTION_FILES = (
    ("small_k400", "imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037", 80.9),
    ("base_k400", "imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-157c2e66", 82.0),
    ("base_32x4_k400", "imagenet1k-pre_32x4x1_kinetics400-rgb_20221219-b776322c", 83.1),
)
# File, its place on Google Drive, top-1
AUTHORS_FILES = (
    ("s8x8_k400", "1-kitVTkWErHXI_x-sLItvK9-sOmb53j6", 78.4),
    ("s16x4_k400", "1-jGZIIuTM5IYIpqkNTojhGhfMc7Gu9Kt", 80.8),
    ("s16x8_k400", "174muWZJcZHieABDZMKiJ0tNeFLoEkJLx", 80.8),
    ("b8x8_k400", "1hBxGU-QE8hGRBjSNCymJ7Au06LhluvTv", 79.8),
    ("b16x4_k400", "15ipzFaZdTt-aHv7jcr_h_vgYD2X7D6AD", 82.0),
    ("b16x8_k400", "1VoZcpFZbk9lEyRQ7gqRgT4CsnVt9g7uk", 81.7),
    ("b32x4_k400", "1gHxx8cr1H0CNvngj1kB9ArgcPfJtqjCV", 82.9),
    ("s16x4_k600", "1-dqzjm5RZVspWHQLRD4S1vo4_6jyVltb", 82.8),
    ("s16x8_k600", "1-c835NJjg_015WxLBQF-1cPdQsyWMWfY", 82.7),
    ("b16x4_k600", "1nBQCBCsCflhZ4OGUoGB3pAkc_GDau7vd", 84.0),
    ("b16x8_k600", "1aidHdSd-h65-_EUkfNOdMMw0ZB8G5maY", 83.4),
    ("b32x4_k600", "1-DwdVf8w8lYj-iFpU40pfEpog9VE5PQB", 84.5),
    ("s16_sthv1_prek400", "1-bdFsmXt2Ztf43lrVgmqS8_VYJ8tub6J", 57.2),
    ("s16_sthv1_prek600", "1-YbYGjM15MDtQnrmCeZ9H2ybNdYTFkgO", 57.6),
    ("s32_sthv1_prek400", "1-Y5ADssqM2C8o_1jix48fQM788mVGWQ3", 58.8),
    ("s32_sthv1_prek600", "1-XEgaGqXGp1EGzFl63ctApnvU54X27WP", 59.9),
    ("b16_sthv1_prek400", "1uMq4W5lf17vOHUmccNjYLeTMqaWHSh6v", 59.1),
    ("b16_sthv1_prek600", "1xpiL8zEDWYHFR55gOsbQiI41YEjTD89J", 58.8),
    ("b32_sthv1_prek400", "18A3FuUUbdQ8ehMQ0D78qTTtm6YmIVWaO", 60.9),
    ("b32_sthv1_prek600", "1xE1aJYAYFOlXOkpiIbJFHu_jSrr8reKm", 61.0),
    ("s16_sthv2_prek400", "1-Wq22024HB7tT8kPX6eSMn2GUNMI-_gY", 67.7),
    ("s16_sthv2_prek600", "1-V1mQp4fIIYhaXUWCgZXkJ0H6ne0Z8rz", 69.4),
    ("s32_sthv2_prek400", "1-5Q5S-NRmHFkIBygaRYpJLT7aI9cpmky", 69.0),
    ("s32_sthv2_prek600", "1-1K5R3Ed4t8d_DZnJ62xysIt1dBNmx96", 70.4),
    ("b16_sthv2_prek400", "1s78JBpnykyJ7pYEGRDK8BZL9seIRIUlC", 70.4),
    ("b16_sthv2_prek600", "16nCBGWzMM8n8Vr_EY0UmvgzLG0S_QYef", 70.2),
    ("b32_sthv2_prek400", "1-rpMARXnyvyj6YUJkIvVqtna86egpjoS", 71.1),
    ("b32_sthv2_prek600", "1-lkRB3546l_ECuObN_IrHws1C9a-qKPr", 71.2),
    ("s16x4_ucf101_prek400", "1Ey8JIGcP8G2H0bKxyNnD61lvHV1eerVt", 98.3),
)


def convert(state: StateDict) -> StateDict:
    """Other names, nothing else."""
    return rename(state, RULES)


def _mmaction2(name: str, file: str, top1: float) -> Weights:
    size = name.partition("_")[0]
    return Weights(
        model=f"uniformer_{size[0]}",
        convert=convert,
        clip=ClipSpec(num_frames=32 if "32x4" in name else 16, stride=4, size=224),
        licence=LICENCE,
        url=f"{MMACTION}-{size}_{file}.pth",
        page="https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/uniformer",
        container="state_dict",
        options={"norm_eps": 1e-5},
        top1=top1,
        views="4x1",
        sha256=file.rpartition("-")[2],
        verified="parity" if name in PROVEN else "no",
    )


def _authors(file: str, drive: str, top1: float) -> Weights:
    """A row from the name of the file: size, frames x stride (Something-Something: frames), data, pre-training."""
    form = r"(?P<size>[sb])(?P<frames>8|16|32)(x(?P<stride>4|8))?_(?P<data>k[46]00|sthv[12]|ucf101)(_prek[46]00)?"
    parts = parse_name(form, file)
    data, (dataset, num_classes) = parts["data"], DATASETS[parts["data"]]
    bgr, views = data.startswith("sth"), {"k": "4x1", "s": "1x3", "u": "5x3"}[data[0]]
    clip = ClipSpec(
        num_frames=int(parts["frames"]),
        stride=int(parts["stride"] or 1),
        size=224,
        resize=256 if views == "4x1" else 224,  # one crop leaves a border, three crops need none
        sampling="uniform" if bgr else "dense",
        channels="bgr" if bgr else "rgb",
    )
    return Weights(
        model=f"uniformer_{parts['size']}",
        convert=convert,
        clip=clip,
        licence=LICENCE,
        url=None,
        page=f"https://drive.google.com/file/d/{drive}/view",
        container="model_state",
        options={"norm_eps": 1e-6},
        num_classes=num_classes,
        dataset=dataset,
        own_labels=True,
        top1=top1,
        views=views,
        verified="parity" if file in PROVEN else "no",
    )


WEIGHTS: dict[str, Weights] = {
    **{f"mmaction2/uniformer_{row[0]}": _mmaction2(*row) for row in MMACTION_FILES},
    **{f"uniformer/uniformer_{row[0]}": _authors(*row) for row in AUTHORS_FILES},
}
