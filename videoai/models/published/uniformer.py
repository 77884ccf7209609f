"""UniFormer's published weights: the authors' files (Google Drive), and mmaction2's conversions of some of them.

The same tensors, and still not the same: mmaction2 builds the LayerNorms of the blocks with eps 1e-5 and has sorted the
classes of its Kinetics heads by name; the authors' heads are in the order of their own list (riding a bike, marching,
dodgeball, ...). The authors' Something-Something frames were read by OpenCV and never turned, so those models see BGR.
"""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

RULES = (
    (r"^backbone\.", ""),
    (r"^cls_head\.fc_cls\.", "head."),
    *((rf"^patch_embed{stage + 1}\.", f"embeds.{stage}.") for stage in range(4)),
    *((rf"^blocks{stage + 1}\.", f"stages.{stage}.") for stage in range(4)),
    (r"\.pos_embed\.", ".position."),
    (r"\.attn\.proj\.", ".attn.project."),
    (r"\.mlp\.fc1\.", ".mlp.0."),
    (r"\.mlp\.fc2\.", ".mlp.2."),
)
LICENCE = "Apache-2.0"
MMACTION = "https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer"
DRIVE = "https://drive.google.com/file/d"
CLASSES = {"kinetics400": 400, "kinetics600": 600, "ssv1": 174, "ssv2": 174, "ucf101": 101}


def convert(state: StateDict) -> StateDict:
    """Other names, nothing else."""
    return rename(state, RULES)


def _mmaction2(model: str, file: str, frames: int, top1: float, *, proven: bool) -> Weights:
    return Weights(
        model,
        convert,
        ClipSpec(num_frames=frames, stride=4, size=224),
        LICENCE,
        url=f"{MMACTION}-{file}.pth",
        page="https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/uniformer",
        container="state_dict",
        options={"norm_eps": 1e-5},
        top1=top1,
        views="4x1",
        sha256=file.rpartition("_")[2],
        verified="parity" if proven else "no",
    )


def _authors(
    model: str, drive: str, frames: int, stride: int, top1: float, dataset: str = "kinetics400", views: str = "4x1"
) -> Weights:
    something = dataset.startswith("ssv")
    clip = ClipSpec(
        num_frames=frames,
        stride=stride,
        size=224,
        resize=256 if views == "4x1" else 224,  # one crop leaves a border, three crops need none
        sampling="uniform" if something else "dense",
        channels="bgr" if something else "rgb",
    )
    return Weights(
        model,
        convert,
        clip,
        LICENCE,
        url=None,
        page=f"{DRIVE}/{drive}/view",
        container="model_state",
        options={"norm_eps": 1e-6},
        num_classes=CLASSES[dataset],
        dataset=f"{dataset}, classes in the order of the authors' list",
        top1=top1,
        views=views,
        verified="no",
    )


WEIGHTS: dict[str, Weights] = {
    "mmaction2/uniformer_small_k400": _mmaction2(
        "uniformer_s", "small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037", 16, 80.9, proven=True
    ),
    "mmaction2/uniformer_base_k400": _mmaction2(
        "uniformer_b", "base_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-157c2e66", 16, 82.0, proven=False
    ),
    "mmaction2/uniformer_base_32x4_k400": _mmaction2(
        "uniformer_b", "base_imagenet1k-pre_32x4x1_kinetics400-rgb_20221219-b776322c", 32, 83.1, proven=False
    ),
    "uniformer/uniformer_s8x8_k400": _authors(
        "uniformer_s", "1-kitVTkWErHXI_x-sLItvK9-sOmb53j6", 8, 8, 78.4, "kinetics400"
    ),
    "uniformer/uniformer_s16x4_k400": _authors(
        "uniformer_s", "1-jGZIIuTM5IYIpqkNTojhGhfMc7Gu9Kt", 16, 4, 80.8, "kinetics400"
    ),
    "uniformer/uniformer_s16x8_k400": _authors(
        "uniformer_s", "174muWZJcZHieABDZMKiJ0tNeFLoEkJLx", 16, 8, 80.8, "kinetics400"
    ),
    "uniformer/uniformer_b8x8_k400": _authors(
        "uniformer_b", "1hBxGU-QE8hGRBjSNCymJ7Au06LhluvTv", 8, 8, 79.8, "kinetics400"
    ),
    "uniformer/uniformer_b16x4_k400": _authors(
        "uniformer_b", "15ipzFaZdTt-aHv7jcr_h_vgYD2X7D6AD", 16, 4, 82.0, "kinetics400"
    ),
    "uniformer/uniformer_b16x8_k400": _authors(
        "uniformer_b", "1VoZcpFZbk9lEyRQ7gqRgT4CsnVt9g7uk", 16, 8, 81.7, "kinetics400"
    ),
    "uniformer/uniformer_b32x4_k400": _authors(
        "uniformer_b", "1gHxx8cr1H0CNvngj1kB9ArgcPfJtqjCV", 32, 4, 82.9, "kinetics400"
    ),
    "uniformer/uniformer_s16x4_k600": _authors(
        "uniformer_s", "1-dqzjm5RZVspWHQLRD4S1vo4_6jyVltb", 16, 4, 82.8, "kinetics600"
    ),
    "uniformer/uniformer_s16x8_k600": _authors(
        "uniformer_s", "1-c835NJjg_015WxLBQF-1cPdQsyWMWfY", 16, 8, 82.7, "kinetics600"
    ),
    "uniformer/uniformer_b16x4_k600": _authors(
        "uniformer_b", "1nBQCBCsCflhZ4OGUoGB3pAkc_GDau7vd", 16, 4, 84.0, "kinetics600"
    ),
    "uniformer/uniformer_b16x8_k600": _authors(
        "uniformer_b", "1aidHdSd-h65-_EUkfNOdMMw0ZB8G5maY", 16, 8, 83.4, "kinetics600"
    ),
    "uniformer/uniformer_b32x4_k600": _authors(
        "uniformer_b", "1-DwdVf8w8lYj-iFpU40pfEpog9VE5PQB", 32, 4, 84.5, "kinetics600"
    ),
    "uniformer/uniformer_s16_sthv1_prek400": _authors(
        "uniformer_s", "1-bdFsmXt2Ztf43lrVgmqS8_VYJ8tub6J", 16, 1, 57.2, "ssv1", "1x3"
    ),
    "uniformer/uniformer_s16_sthv1_prek600": _authors(
        "uniformer_s", "1-YbYGjM15MDtQnrmCeZ9H2ybNdYTFkgO", 16, 1, 57.6, "ssv1", "1x3"
    ),
    "uniformer/uniformer_s32_sthv1_prek400": _authors(
        "uniformer_s", "1-Y5ADssqM2C8o_1jix48fQM788mVGWQ3", 32, 1, 58.8, "ssv1", "1x3"
    ),
    "uniformer/uniformer_s32_sthv1_prek600": _authors(
        "uniformer_s", "1-XEgaGqXGp1EGzFl63ctApnvU54X27WP", 32, 1, 59.9, "ssv1", "1x3"
    ),
    "uniformer/uniformer_b16_sthv1_prek400": _authors(
        "uniformer_b", "1uMq4W5lf17vOHUmccNjYLeTMqaWHSh6v", 16, 1, 59.1, "ssv1", "1x3"
    ),
    "uniformer/uniformer_b16_sthv1_prek600": _authors(
        "uniformer_b", "1xpiL8zEDWYHFR55gOsbQiI41YEjTD89J", 16, 1, 58.8, "ssv1", "1x3"
    ),
    "uniformer/uniformer_b32_sthv1_prek400": _authors(
        "uniformer_b", "18A3FuUUbdQ8ehMQ0D78qTTtm6YmIVWaO", 32, 1, 60.9, "ssv1", "1x3"
    ),
    "uniformer/uniformer_b32_sthv1_prek600": _authors(
        "uniformer_b", "1xE1aJYAYFOlXOkpiIbJFHu_jSrr8reKm", 32, 1, 61.0, "ssv1", "1x3"
    ),
    "uniformer/uniformer_s16_sthv2_prek400": _authors(
        "uniformer_s", "1-Wq22024HB7tT8kPX6eSMn2GUNMI-_gY", 16, 1, 67.7, "ssv2", "1x3"
    ),
    "uniformer/uniformer_s16_sthv2_prek600": _authors(
        "uniformer_s", "1-V1mQp4fIIYhaXUWCgZXkJ0H6ne0Z8rz", 16, 1, 69.4, "ssv2", "1x3"
    ),
    "uniformer/uniformer_s32_sthv2_prek400": _authors(
        "uniformer_s", "1-5Q5S-NRmHFkIBygaRYpJLT7aI9cpmky", 32, 1, 69.0, "ssv2", "1x3"
    ),
    "uniformer/uniformer_s32_sthv2_prek600": _authors(
        "uniformer_s", "1-1K5R3Ed4t8d_DZnJ62xysIt1dBNmx96", 32, 1, 70.4, "ssv2", "1x3"
    ),
    "uniformer/uniformer_b16_sthv2_prek400": _authors(
        "uniformer_b", "1s78JBpnykyJ7pYEGRDK8BZL9seIRIUlC", 16, 1, 70.4, "ssv2", "1x3"
    ),
    "uniformer/uniformer_b16_sthv2_prek600": _authors(
        "uniformer_b", "16nCBGWzMM8n8Vr_EY0UmvgzLG0S_QYef", 16, 1, 70.2, "ssv2", "1x3"
    ),
    "uniformer/uniformer_b32_sthv2_prek400": _authors(
        "uniformer_b", "1-rpMARXnyvyj6YUJkIvVqtna86egpjoS", 32, 1, 71.1, "ssv2", "1x3"
    ),
    "uniformer/uniformer_b32_sthv2_prek600": _authors(
        "uniformer_b", "1-lkRB3546l_ECuObN_IrHws1C9a-qKPr", 32, 1, 71.2, "ssv2", "1x3"
    ),
    "uniformer/uniformer_s16x4_ucf101_prek400": _authors(
        "uniformer_s", "1Ey8JIGcP8G2H0bKxyNnD61lvHV1eerVt", 16, 4, 98.3, "ucf101", "5x3"
    ),
}
