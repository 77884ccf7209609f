"""The table of the zoo: one row a model, from its name to the function that builds it. Imports no model."""

from typing import Literal, NamedTuple

Family = Literal["3D CNN", "2D CNN", "CNN + RNN", "attention", "control"]


class ModelCard(NamedTuple):
    """One row of the zoo."""

    builder: str  # "module:function" below videoai.models, imported when first wanted
    family: Family
    clip: str  # default input: a file of configs/clip
    summary: str
    paper: str
    pretrained: str | None = None  # id of the weights that ``pretrained=True`` means; None = nobody publishes any


R3D = "Tran et al. 2018, arXiv:1711.11248"
LRCN = "Donahue et al. 2015, arXiv:1411.4389"
VIVIT = "Arnab et al. 2021, arXiv:2103.15691"
TIMESFORMER = "Bertasius et al. 2021, arXiv:2102.05095"
S3D = "Xie et al. 2018, arXiv:1712.04851"
MVIT = "Fan et al. 2021, arXiv:2104.11227"
MVIT_V2 = "Li et al. 2022, arXiv:2112.01526"
VIDEO_SWIN = "Liu et al. 2021, arXiv:2106.13230"

MODELS: dict[str, ModelCard] = {
    # small 3-D CNNs of our own
    "tiny_r3d": ModelCard("small_r3d:tiny_r3d", "3D CNN", "16x2x32", "residual 3-D CNN for a CPU; the default", R3D),
    "tiny_r2plus1d": ModelCard(
        "small_r3d:tiny_r2plus1d", "3D CNN", "16x2x32", "the same with convolutions split into space and time", R3D
    ),
    "small_r3d": ModelCard(
        "small_r3d:small_r3d", "3D CNN", "16x2x64", "residual 3-D CNN for small real data sets, 64-112 px", R3D
    ),
    "small_r2plus1d": ModelCard(
        "small_r3d:small_r2plus1d", "3D CNN", "16x2x64", "the same with convolutions split into space and time", R3D
    ),
    # torchvision
    "r3d_18": ModelCard(
        "torchvision_resnet:r3d_18", "3D CNN", "16x2x112", "3-D convolutions everywhere", R3D, "torchvision/r3d_18"
    ),
    "mc3_18": ModelCard(
        "torchvision_resnet:mc3_18", "3D CNN", "16x2x112", "3-D early, 2-D late", R3D, "torchvision/mc3_18"
    ),
    "r2plus1d_18": ModelCard(
        "torchvision_resnet:r2plus1d_18",
        "3D CNN",
        "16x2x112",
        "convolutions split into space and time",
        R3D,
        "torchvision/r2plus1d_18",
    ),
    "s3d": ModelCard(
        "s3d:s3d", "3D CNN", "128x2x224", "Inception, convolutions split into space and time", S3D, "torchvision/s3d"
    ),
    # C2D, I3D, Slow, SlowFast, TPN
    # X3D, CSN, R(2+1)D, C3D
    # frames through a 2-D network: TSN, TSM, TRN, TANet
    # CNN + RNN
    "cnn_lstm": ModelCard(
        "cnn_rnn:CnnRnn", "CNN + RNN", "16x4x224", "LRCN: any timm 2-D backbone, then LSTM, GRU or RNN", LRCN
    ),
    "tiny_cnn_gru": ModelCard(
        "cnn_rnn:tiny_cnn_gru",
        "CNN + RNN",
        "16x2x32",
        "small 2-D CNN, then a GRU, for a CPU",
        f"{LRCN}; Cho et al. 2014, arXiv:1406.1078",
    ),
    # video ViT: ViViT, TimeSformer, VideoMAE, MAE-ST, UMT
    "tiny_video_transformer": ModelCard(
        "video_transformer:tiny_video_transformer",
        "attention",
        "16x2x32",
        "space-time transformer with a convolutional stem, for a CPU",
        f"{VIVIT}; Xiao et al. 2021, arXiv:2106.14881",
    ),
    "vivit_s": ModelCard(
        "video_transformer:VideoTransformer",
        "attention",
        "16x4x224",
        "ViT-S over 2x16x16 tubelets, joint or divided attention",
        f"{VIVIT}; {TIMESFORMER}",
    ),
    # V-JEPA 2, InternVideo2
    # MViT, Video Swin
    "mvit_v1_b": ModelCard(
        "mvit:mvit_v1_b",
        "attention",
        "16x4x224",
        "attention over pooled tokens, fewer and wider by stages",
        MVIT,
        "torchvision/mvit_v1_b",
    ),
    "mvit_v1_b_32x3": ModelCard(
        "mvit:mvit_v1_b_32x3",
        "attention",
        "32x3x224",
        "the same for twice the frames",
        MVIT,
        "pytorchvideo/mvit_base_32x3",
    ),
    "mvit_v1_b24_32x3": ModelCard(
        "mvit:mvit_v1_b24_32x3", "attention", "32x3x224", "the same with 24 blocks", MVIT, "pyslowfast/MVIT_B_32x3"
    ),
    "mvit_v2_s": ModelCard(
        "mvit:mvit_v2_s",
        "attention",
        "16x4x224",
        "MViT with relative positions and pooled shortcuts",
        MVIT_V2,
        "torchvision/mvit_v2_s",
    ),
    "mvit_v2_b": ModelCard("mvit:mvit_v2_b", "attention", "32x3x224", "24 blocks", MVIT_V2, "pyslowfast/MVITv2_B_32x3"),
    "mvit_v2_l": ModelCard("mvit:mvit_v2_l", "attention", "40x3x312", "48 blocks", MVIT_V2, "pyslowfast/MVITv2_L_40x3"),
    "swin3d_t": ModelCard(
        "swin3d:swin3d_t",
        "attention",
        "32x2x224",
        "attention in shifted 3-D windows",
        VIDEO_SWIN,
        "torchvision/swin3d_t",
    ),
    "swin3d_s": ModelCard(
        "swin3d:swin3d_s", "attention", "32x2x224", "18 blocks in the third stage", VIDEO_SWIN, "torchvision/swin3d_s"
    ),
    "swin3d_b": ModelCard(
        "swin3d:swin3d_b", "attention", "32x2x224", "a third wider", VIDEO_SWIN, "torchvision/swin3d_b_22k"
    ),
    "swin3d_l": ModelCard(
        "swin3d:swin3d_l", "attention", "32x2x224", "twice as wide", VIDEO_SWIN, "mmaction2/swin_large_k400"
    ),
    # Hiera, UniFormer, UniFormerV2
    # controls
    "frame_only": ModelCard(
        "frame_only:FrameOnly",
        "control",
        "16x2x32",
        "sees the middle frame only; at chance on motion-only data",
        "control",
    ),
}

TARGETS: dict[str, str] = {name: f"videoai.models.{card.builder}" for name, card in MODELS.items()}
