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
VIDEOMAE = "Tong et al. 2022, arXiv:2203.12602"
VIDEOMAE2 = "Wang et al. 2023, arXiv:2303.16727"
MAE_ST = "Feichtenhofer et al. 2022, arXiv:2205.09113"
UMT = "Li et al. 2023, arXiv:2303.16058"
UNIFORMER = "Li et al. 2022, arXiv:2201.04676"
UNIFORMERV2 = "Li et al. 2022, arXiv:2211.09552"
HIERA = "Ryali et al. 2023, arXiv:2306.00989"

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
        "vivit:vivit_s", "attention", "16x4x224", "ViT-S over 2x16x16 tubelets, joint space-time attention", VIVIT
    ),
    "vivit_b_16x2": ModelCard(
        "vivit:vivit_b_16x2",
        "attention",
        "32x2x224",
        "the same at the size of ViT-B",
        VIVIT,
        "hf/vivit_b_16x2_kinetics400",
    ),
    "vivit_l_16x2": ModelCard("vivit:vivit_l_16x2", "attention", "32x2x224", "the same at the size of ViT-L", VIVIT),
    "timesformer_base": ModelCard(
        "timesformer:timesformer_base",
        "attention",
        "8x32x224",
        "ViT-B with attention over time, then over space",
        TIMESFORMER,
        "mmaction2/timesformer_divST_k400",
    ),
    "timesformer_hr": ModelCard(
        "timesformer:timesformer_hr",
        "attention",
        "16x16x448",
        "TimeSformer for 448 px",
        TIMESFORMER,
        "timesformer/timesformer_divST_16x16_448_k400",
    ),
    "timesformer_large": ModelCard(
        "timesformer:timesformer_large",
        "attention",
        "96x4x224",
        "TimeSformer for 96 frames",
        TIMESFORMER,
        "timesformer/timesformer_divST_96x4_224_k400",
    ),
    "timesformer_joint_base": ModelCard(
        "timesformer:timesformer_joint_base",
        "attention",
        "8x32x224",
        "TimeSformer with joint space-time attention",
        TIMESFORMER,
        "mmaction2/timesformer_jointST_k400",
    ),
    "timesformer_space_base": ModelCard(
        "timesformer:timesformer_space_base",
        "attention",
        "8x32x224",
        "TimeSformer without attention over time; blind to the order of frames",
        TIMESFORMER,
        "mmaction2/timesformer_spaceOnly_k400",
    ),
    "videomae_small": ModelCard(
        "videomae:videomae_small",
        "attention",
        "16x4x224",
        "ViT-S, joint attention, fixed positions, made for masked pre-training",
        VIDEOMAE,
        "videomae/videomaev2_vit_small_k710",
    ),
    "videomae_base": ModelCard(
        "videomae:videomae_base",
        "attention",
        "16x4x224",
        "the same at the size of ViT-B",
        VIDEOMAE,
        "videomae/videomaev2_vit_base_k710",
    ),
    "videomae_large": ModelCard(
        "videomae:videomae_large",
        "attention",
        "16x4x224",
        "the same at the size of ViT-L",
        VIDEOMAE,
        "videomae/videomae_vit_large_k400",
    ),
    "videomae_huge": ModelCard(
        "videomae:videomae_huge",
        "attention",
        "16x4x224",
        "the same at the size of ViT-H",
        VIDEOMAE,
        "videomae/videomae_vit_huge_k400",
    ),
    "videomae2_giant": ModelCard(
        "videomae:videomae2_giant",
        "attention",
        "16x4x224",
        "the same at the size of ViT-g, 14 px patches",
        VIDEOMAE2,
        "videomae/videomaev2_vit_giant_k710",
    ),
    "mae_st_base": ModelCard(
        "videomae:mae_st_base",
        "attention",
        "16x4x224",
        "ViT-B of MAE-ST: learned positions for time and for space",
        MAE_ST,
    ),
    "mae_st_large": ModelCard(
        "videomae:mae_st_large", "attention", "16x4x224", "the same at the size of ViT-L", MAE_ST
    ),
    "mae_st_huge": ModelCard("videomae:mae_st_huge", "attention", "16x4x224", "the same at the size of ViT-H", MAE_ST),
    "umt_base": ModelCard(
        "videomae:umt_base",
        "attention",
        "8x1x224",
        "ViT-B of UMT over frames spread over the whole video",
        UMT,
        "umt/umt_vit_base_k400_f8",
    ),
    "umt_large": ModelCard(
        "videomae:umt_large", "attention", "8x1x224", "the same at the size of ViT-L", UMT, "umt/umt_vit_large_k400_f8"
    ),
    # V-JEPA 2, InternVideo2
    # MViT, Video Swin
    # Hiera, UniFormer, UniFormerV2
    "hiera_b": ModelCard(
        "hiera:hiera_b",
        "attention",
        "16x4x224",
        "hierarchical ViT of plain parts: attention in mask units, then over the clip",
        HIERA,
        "hiera/hiera_base_16x224_k400",
    ),
    "hiera_bp": ModelCard(
        "hiera:hiera_bp",
        "attention",
        "16x4x224",
        "the same, a sixth wider",
        HIERA,
        "hiera/hiera_base_plus_16x224_k400",
    ),
    "hiera_l": ModelCard(
        "hiera:hiera_l",
        "attention",
        "16x4x224",
        "the same, 48 blocks",
        HIERA,
        "hiera/hiera_large_16x224_k400",
    ),
    "hiera_h": ModelCard(
        "hiera:hiera_h",
        "attention",
        "16x4x224",
        "the same, 48 blocks, 256 channels",
        HIERA,
        "hiera/hiera_huge_16x224_k400",
    ),
    "uniformer_s": ModelCard(
        "uniformer:uniformer_s",
        "attention",
        "16x4x224",
        "depthwise convolutions in two stages, space-time attention in two more",
        UNIFORMER,
        "mmaction2/uniformer_small_k400",
    ),
    "uniformer_b": ModelCard(
        "uniformer:uniformer_b",
        "attention",
        "16x4x224",
        "the same, 40 blocks",
        UNIFORMER,
        "mmaction2/uniformer_base_k400",
    ),
    "uniformerv2_b": ModelCard(
        "uniformerv2:uniformerv2_b",
        "attention",
        "8x1x224",
        "CLIP's ViT-B/16 on frames, and a video token that reads its last layers",
        UNIFORMERV2,
        "mmaction2/uniformerv2_base_k710_u8_k400",
    ),
    "uniformerv2_l": ModelCard(
        "uniformerv2:uniformerv2_l",
        "attention",
        "8x1x224",
        "the same on CLIP's ViT-L/14",
        UNIFORMERV2,
        "mmaction2/uniformerv2_large_k710_u8_k400",
    ),
    "uniformerv2_l336": ModelCard(
        "uniformerv2:uniformerv2_l336",
        "attention",
        "32x1x336",
        "the same on CLIP's ViT-L/14 for 336 px",
        UNIFORMERV2,
        "mmaction2/uniformerv2_large336_k710_u32_k400",
    ),
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
