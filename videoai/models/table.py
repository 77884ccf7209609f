"""The table of the zoo: one line a model, from its name to the module that builds it. Imports no model."""

from typing import Literal, NamedTuple

Family = Literal["3D CNN", "2D CNN", "CNN + RNN", "attention", "control"]


class ModelCard(NamedTuple):
    """One row of the zoo."""

    builder: str  # module below videoai.models, imported when first wanted; its function of the model's name builds it
    family: Family
    clip: str  # default input: a file of configs/clip
    summary: str  # stands alone: `videoai models NAME` prints it without its neighbours
    paper: str
    pretrained: str | None = None  # id of the weights that ``pretrained=True`` means; None = none are published


CNN_3D: Family = "3D CNN"
CNN_2D: Family = "2D CNN"
RNN: Family = "CNN + RNN"
ATTENTION: Family = "attention"
CONTROL: Family = "control"

R3D = "Tran et al. 2018, arXiv:1711.11248"
LRCN = "Donahue et al. 2015, arXiv:1411.4389"
VIVIT = "Arnab et al. 2021, arXiv:2103.15691"
TIMESFORMER = "Bertasius et al. 2021, arXiv:2102.05095"
VIDEOMAE = "Tong et al. 2022, arXiv:2203.12602"
VIDEOMAE2 = "Wang et al. 2023, arXiv:2303.16727"
MAE_ST = "Feichtenhofer et al. 2022, arXiv:2205.09113"
UMT = "Li et al. 2023, arXiv:2303.16058"
VJEPA2 = "Assran et al. 2025, arXiv:2506.09985"
INTERNVIDEO2 = "Wang et al. 2024, arXiv:2403.15377"
X3D = "Feichtenhofer 2020, arXiv:2004.04730"
MOVINET = "Kondratyuk et al. 2021, arXiv:2103.11511"
CSN = "Tran et al. 2019, arXiv:1904.02811"
C3D = "Tran et al. 2015, arXiv:1412.0767"
TSN = "Wang et al. 2016, arXiv:1608.00859"
TSM = "Lin et al. 2019, arXiv:1811.08383"
NONLOCAL = "Wang et al. 2018, arXiv:1711.07971"
TRN = "Zhou et al. 2018, arXiv:1711.08496"
TAM = "Liu et al. 2021, arXiv:2005.06803"
CONVLSTM = "Shi et al. 2015, arXiv:1506.04214"
GRU = "Cho et al. 2014, arXiv:1406.1078"
I3D = "Carreira & Zisserman 2017, arXiv:1705.07750"
SLOWFAST = "Feichtenhofer et al. 2019, arXiv:1812.03982"
TPN = "Yang et al. 2020, arXiv:2004.03548"
UNIFORMER = "Li et al. 2022, arXiv:2201.04676"
UNIFORMERV2 = "Li et al. 2022, arXiv:2211.09552"
CLIP = "Radford et al. 2021, arXiv:2103.00020"
XCLIP = "Ni et al. 2022, arXiv:2208.02816"
HIERA = "Ryali et al. 2023, arXiv:2306.00989"
S3D = "Xie et al. 2018, arXiv:1712.04851"
MVIT = "Fan et al. 2021, arXiv:2104.11227"
MVIT_V2 = "Li et al. 2022, arXiv:2112.01526"
VIDEO_SWIN = "Liu et al. 2021, arXiv:2106.13230"

# fmt: off
MODELS: dict[str, ModelCard] = {
    # small 3-D CNNs of our own
    "tiny_r3d": ModelCard("small_r3d", CNN_3D, "16x2x32", "residual 3-D CNN for a CPU; the default", R3D),
    "tiny_r2plus1d": ModelCard("small_r3d", CNN_3D, "16x2x32", "residual 3-D CNN for a CPU, convolutions split into space and time", R3D),
    "small_r3d": ModelCard("small_r3d", CNN_3D, "16x2x64", "residual 3-D CNN for small real data sets, 64-112 px", R3D),
    "small_r2plus1d": ModelCard("small_r3d", CNN_3D, "16x2x64", "residual 3-D CNN for small real data sets, 64-112 px, convolutions split into space and time", R3D),
    "tiny_causal_r2plus1d": ModelCard("small_r3d", CNN_3D, "16x2x32", "residual (2+1)-D CNN for a CPU whose convolutions see the past alone: answers frame by frame", R3D),
    "small_causal_r2plus1d": ModelCard("small_r3d", CNN_3D, "16x2x64", "residual (2+1)-D CNN for small real data sets whose convolutions see the past alone: answers frame by frame", R3D),
    # torchvision
    "r3d_18": ModelCard("torchvision_resnet", CNN_3D, "16x2x112", "ResNet-18 with 3-D convolutions everywhere", R3D, "torchvision/r3d_18"),
    "mc3_18": ModelCard("torchvision_resnet", CNN_3D, "16x2x112", "ResNet-18 with 3-D convolutions early, 2-D late", R3D, "torchvision/mc3_18"),
    "r2plus1d_18": ModelCard("torchvision_resnet", CNN_3D, "16x2x112", "ResNet-18 with convolutions split into space and time", R3D, "torchvision/r2plus1d_18"),
    "s3d": ModelCard("s3d", CNN_3D, "128x2x224", "Inception with convolutions split into space and time", S3D, "torchvision/s3d"),
    # C2D, I3D, Slow, SlowFast, TPN
    "c2d_r50": ModelCard("c2d", CNN_3D, "8x8x224", "2-D ResNet-50 over frames that pools time once", NONLOCAL, "mmaction2/c2d_r50_8x8_k400"),
    "c2d_r101": ModelCard("c2d", CNN_3D, "8x8x224", "2-D ResNet-101 over frames that pools time once", NONLOCAL, "mmaction2/c2d_nopool_r101_8x8_k400"),
    "i3d_r50": ModelCard("i3d", CNN_3D, "8x8x224", "I3D on ResNet-50: kernels of three frames in every other block", I3D, "pyslowfast_c2/I3D_8x8_R50"),
    "i3d_r101": ModelCard("i3d", CNN_3D, "8x8x224", "I3D on ResNet-101: kernels of three frames in every other block", I3D),
    "i3d_nl_r50": ModelCard("i3d", CNN_3D, "8x8x224", "I3D on ResNet-50 with five non-local blocks", NONLOCAL, "pyslowfast_c2/I3D_NLN_8x8_R50"),
    "i3d_nl_r101": ModelCard("i3d", CNN_3D, "8x8x224", "I3D on ResNet-101 with five non-local blocks", NONLOCAL),
    "slow_4x16_r50": ModelCard("slow", CNN_3D, "4x16x224", "Slow on ResNet-50: 4 frames far apart, time only in the last two stages", SLOWFAST, "mmaction2/slowonly_in1k_r50_4x16_k400"),
    "slow_8x8_r50": ModelCard("slow", CNN_3D, "8x8x224", "Slow on ResNet-50: 8 frames far apart, time only in the last two stages", SLOWFAST, "mmaction2/slowonly_in1k_r50_8x8_k400"),
    "slow_8x8_r101": ModelCard("slow", CNN_3D, "8x8x224", "Slow on ResNet-101: 8 frames far apart, time only in the last two stages", SLOWFAST, "mmaction2/slowonly_r101_8x8_k400"),
    "slow_nl_4x16_r50": ModelCard("slow", CNN_3D, "4x16x224", "Slow on ResNet-50 with five non-local blocks, 4 frames", f"{SLOWFAST}; {NONLOCAL}", "mmaction2/slowonly_in1k_nl_r50_4x16_k400"),
    "slow_nl_8x8_r50": ModelCard("slow", CNN_3D, "8x8x224", "Slow on ResNet-50 with five non-local blocks, 8 frames", f"{SLOWFAST}; {NONLOCAL}", "mmaction2/slowonly_in1k_nl_r50_8x8_k400"),
    "slowfast_4x16_r50": ModelCard("slowfast", CNN_3D, "32x2x224", "SlowFast on ResNet-50: a wide pathway on 4 of 32 frames, a narrow one on all", SLOWFAST, "pyslowfast_c2/SLOWFAST_4x16_R50"),
    "slowfast_4x16_r101": ModelCard("slowfast", CNN_3D, "32x2x224", "SlowFast: a wide ResNet-101 on 4 of 32 frames, a narrow ResNet-50 on all", SLOWFAST, "mmaction2/slowfast_r101_r50_4x16_k400"),
    "slowfast_8x8_r50": ModelCard("slowfast", CNN_3D, "32x2x224", "SlowFast on ResNet-50: a wide pathway on 8 of 32 frames, a narrow one on all", SLOWFAST, "pytorchvideo/slowfast_r50"),
    "slowfast_8x8_r101": ModelCard("slowfast", CNN_3D, "32x2x224", "SlowFast on ResNet-101: a wide pathway on 8 of 32 frames, a narrow one on all", SLOWFAST, "mmaction2/slowfast_r101_8x8_k400"),
    "slowfast_16x8_r50": ModelCard("slowfast", CNN_3D, "64x2x224", "SlowFast on ResNet-50: a wide pathway on 16 of 64 frames, a narrow one on all", SLOWFAST),
    "slowfast_16x8_r101": ModelCard("slowfast", CNN_3D, "64x2x224", "SlowFast on ResNet-101: a wide pathway on 16 of 64 frames, a narrow one on all", SLOWFAST, "pytorchvideo/slowfast_16x8_r101_50_50"),
    "tpn_slow_8x8_r50": ModelCard("tpn", CNN_3D, "8x8x224", "temporal pyramid over Slow on ResNet-50", TPN, "mmaction2/tpn_slowonly_in1k_r50_8x8_k400"),
    # X3D, MoViNet, CSN, R(2+1)D, C3D
    "x3d_xs": ModelCard("x3d", CNN_3D, "4x12x160", "X3D-XS: depthwise 3-D CNN, 26 blocks, 4 frames at 160 px", X3D, "pyslowfast/X3D_XS"),
    "x3d_s": ModelCard("x3d", CNN_3D, "13x6x160", "X3D-S: depthwise 3-D CNN, 26 blocks, 13 frames at 160 px", X3D, "pyslowfast/X3D_S"),
    "x3d_m": ModelCard("x3d", CNN_3D, "16x5x224", "X3D-M: depthwise 3-D CNN, 26 blocks, 16 frames at 224 px", X3D, "pyslowfast/X3D_M"),
    "x3d_l": ModelCard("x3d", CNN_3D, "16x5x312", "X3D-L: depthwise 3-D CNN, 55 blocks, 16 frames at 312 px", X3D, "pyslowfast/X3D_L"),
    "efficient_x3d_xs": ModelCard("x3d:x3d_xs", CNN_3D, "4x12x160", "X3D-XS with pytorchvideo's weights for mobile CPUs", X3D, "pytorchvideo/efficient_x3d_xs"),
    "efficient_x3d_s": ModelCard("x3d:x3d_s", CNN_3D, "13x6x160", "X3D-S with pytorchvideo's weights for mobile CPUs", X3D, "pytorchvideo/efficient_x3d_s"),
    "movinet_a0": ModelCard("movinet", CNN_3D, "50x5x172", "MoViNet-A0: depthwise 3-D CNN that a search found, 50 frames at 172 px", MOVINET, "movinet/a0_base_k600"),
    "movinet_a1": ModelCard("movinet", CNN_3D, "50x5x172", "MoViNet-A1: depthwise 3-D CNN that a search found, 50 frames at 172 px", MOVINET, "movinet/a1_base_k600"),
    "movinet_a2": ModelCard("movinet", CNN_3D, "50x5x224", "MoViNet-A2: depthwise 3-D CNN that a search found, 50 frames at 224 px", MOVINET, "movinet/a2_base_k600"),
    "movinet_a3": ModelCard("movinet", CNN_3D, "120x2x256", "MoViNet-A3: depthwise 3-D CNN that a search found, 120 frames at 256 px", MOVINET, "movinet/a3_base_k600"),
    "movinet_a4": ModelCard("movinet", CNN_3D, "80x3x290", "MoViNet-A4: depthwise 3-D CNN that a search found, 80 frames at 290 px", MOVINET, "movinet/a4_base_k600"),
    "movinet_a5": ModelCard("movinet", CNN_3D, "120x2x320", "MoViNet-A5: depthwise 3-D CNN that a search found, 120 frames at 320 px", MOVINET, "movinet/a5_base_k600"),
    "movinet_a0_stream": ModelCard("movinet", CNN_3D, "50x5x172", "MoViNet-A0 whose convolutions see the past alone: answers frame by frame, at 172 px", MOVINET, "movinet/a0_stream_k600"),
    "movinet_a1_stream": ModelCard("movinet", CNN_3D, "50x5x172", "MoViNet-A1 whose convolutions see the past alone: answers frame by frame, at 172 px", MOVINET, "movinet/a1_stream_k600"),
    "movinet_a2_stream": ModelCard("movinet", CNN_3D, "50x5x224", "MoViNet-A2 whose convolutions see the past alone: answers frame by frame, at 224 px", MOVINET, "movinet/a2_stream_k600"),
    "csn_r101": ModelCard("csn", CNN_3D, "32x2x224", "channel-separated ResNet-101, interaction-reduced, pytorchvideo's epsilon", CSN, "pytorchvideo/csn_r101"),
    "ircsn_r50": ModelCard("csn", CNN_3D, "32x2x224", "channel-separated ResNet-50, interaction-reduced", CSN, "mmaction2/ircsn_r50_32x2_k400"),
    "ircsn_r152": ModelCard("csn", CNN_3D, "32x2x224", "channel-separated ResNet-152, interaction-reduced", CSN, "mmaction2/ircsn_r152_32x2_k400"),
    "ipcsn_r152": ModelCard("csn", CNN_3D, "32x2x224", "channel-separated ResNet-152, interaction-preserved", CSN, "mmaction2/ipcsn_r152_32x2_k400"),
    "r2plus1d_r34": ModelCard("r2plus1d", CNN_3D, "32x1x112", "ResNet-34 with convolutions split into space and time", R3D, "ig65m/r2plus1d_34_clip32_ft_kinetics"),
    "r2plus1d_r50": ModelCard("r2plus1d", CNN_3D, "16x4x224", "ResNet-50 with convolutions split into time and space", R3D, "pytorchvideo/r2plus1d_r50"),
    "c3d": ModelCard("c3d", CNN_3D, "16x1x112", "plain 3-D convolutions and wide linear layers", C3D, "mmaction2/c3d_ucf101"),
    # frames through a 2-D network: TSN, TSM, TRN, TANet
    "tsn_r50": ModelCard("tsn", CNN_2D, "8x1x224", "2-D ResNet-50 on frames from the whole video, averaged; any timm network by model.backbone", TSN, "mmaction2/tsn_r50_1x1x8_k400"),
    "tsn_r101": ModelCard("tsn", CNN_2D, "8x1x224", "2-D ResNet-101 on frames from the whole video, averaged", TSN, "mmaction2/tsn_r101_1x1x8_k400"),
    "tsm_r50": ModelCard("tsm", CNN_2D, "8x8x224", "2-D ResNet-50 whose channels are shifted between frames, both ways in time", TSM, "tsm_mit/tsm_resnet50_8seg_k400"),
    "tsm_r101": ModelCard("tsm", CNN_2D, "8x1x224", "2-D ResNet-101 whose channels are shifted between frames, both ways in time", TSM, "mmaction2/tsm_r101_1x1x8_sthv2"),
    "tsm_mobilenetv2": ModelCard("tsm", CNN_2D, "8x8x224", "MobileNetV2 whose channels are shifted between frames, both ways in time", TSM, "tsm_mit/tsm_mobilenetv2_8seg_k400"),
    "tsm_nl_r50": ModelCard("tsm", CNN_2D, "8x8x224", "2-D ResNet-50 with shifted channels and five non-local blocks", f"{TSM}; {NONLOCAL}", "tsm_mit/tsm_nl_resnet50_8seg_k400"),
    "tsm_online_r50": ModelCard("tsm", CNN_2D, "8x8x224", "2-D ResNet-50 whose channels are shifted from the past alone: answers frame by frame", TSM),
    "trn_r50": ModelCard("trn", CNN_2D, "8x1x224", "relation of all frames of a 2-D ResNet-50", TRN),
    "trn_multiscale_r50": ModelCard("trn", CNN_2D, "8x1x224", "relations of two, three, up to all frames of a 2-D ResNet-50", TRN, "mmaction2/trn_r50_1x1x8_sthv2"),
    "tanet_r50": ModelCard("tanet", CNN_2D, "8x8x224", "2-D ResNet-50 with convolutions over time that adapt to the clip", TAM, "mmaction2/tanet_r50_dense_k400"),
    # CNN + RNN
    "cnn_lstm": ModelCard("cnn_rnn", RNN, "16x4x224", "LRCN: any timm 2-D network, then an LSTM", LRCN),
    "cnn_bilstm": ModelCard("cnn_rnn", RNN, "16x4x224", "any timm 2-D network, then an LSTM in both directions of time", LRCN),
    "cnn_lstm_attention": ModelCard("cnn_rnn", RNN, "16x4x224", "any timm 2-D network, then an LSTM whose outputs are averaged with learned weights", LRCN),
    "cnn_gru": ModelCard("cnn_rnn", RNN, "16x4x224", "any timm 2-D network, then a GRU", f"{LRCN}; {GRU}"),
    "cnn_rnn": ModelCard("cnn_rnn", RNN, "16x4x224", "any timm 2-D network, then a plain recurrent network", LRCN),
    "tiny_cnn_gru": ModelCard("cnn_rnn", RNN, "16x2x32", "small 2-D CNN, then a GRU, for a CPU", f"{LRCN}; {GRU}"),
    "convlstm_r18": ModelCard("convlstm", RNN, "16x4x224", "convolutional LSTM over the maps of a ResNet-18 or another timm network", CONVLSTM),
    "tiny_convlstm": ModelCard("convlstm", RNN, "16x2x32", "convolutional LSTM over the maps of a small 2-D CNN, for a CPU", CONVLSTM),
    # video ViT: ViViT, TimeSformer, VideoMAE, MAE-ST, UMT
    "tiny_video_transformer": ModelCard("video_transformer", ATTENTION, "16x2x32", "space-time transformer with a convolutional stem, for a CPU", f"{VIVIT}; Xiao et al. 2021, arXiv:2106.14881"),
    "vivit_s": ModelCard("vivit", ATTENTION, "16x4x224", "ViT-S over 2x16x16 tubelets, joint space-time attention", VIVIT),
    "vivit_b_16x2": ModelCard("vivit", ATTENTION, "32x2x224", "ViT-B over 2x16x16 tubelets, joint space-time attention", VIVIT, "hf/vivit_b_16x2_kinetics400"),
    "vivit_l_16x2": ModelCard("vivit", ATTENTION, "32x2x224", "ViT-L over 2x16x16 tubelets, joint space-time attention", VIVIT),
    "timesformer_base": ModelCard("timesformer", ATTENTION, "8x32x224", "TimeSformer: ViT-B with attention over time, then over space, 8 frames", TIMESFORMER, "mmaction2/timesformer_divST_k400"),
    "timesformer_hr": ModelCard("timesformer", ATTENTION, "16x16x448", "TimeSformer-HR: ViT-B with attention over time, then over space, 16 frames at 448 px", TIMESFORMER, "timesformer/timesformer_divST_16x16_448_k400"),
    "timesformer_large": ModelCard("timesformer", ATTENTION, "96x4x224", "TimeSformer-L: ViT-B with attention over time, then over space, 96 frames", TIMESFORMER, "timesformer/timesformer_divST_96x4_224_k400"),
    "timesformer_joint_base": ModelCard("timesformer", ATTENTION, "8x32x224", "TimeSformer: ViT-B with joint space-time attention", TIMESFORMER, "mmaction2/timesformer_jointST_k400"),
    "timesformer_space_base": ModelCard("timesformer", ATTENTION, "8x32x224", "TimeSformer: ViT-B without attention over time; blind to the order of frames", TIMESFORMER, "mmaction2/timesformer_spaceOnly_k400"),
    "videomae_small": ModelCard("videomae", ATTENTION, "16x4x224", "VideoMAE ViT-S: joint attention, fixed positions, for weights from masked pre-training", VIDEOMAE, "mmaction2/videomaev2_small_k400"),
    "videomae_base": ModelCard("videomae", ATTENTION, "16x4x224", "VideoMAE ViT-B: joint attention, fixed positions, for weights from masked pre-training", VIDEOMAE, "mmaction2/videomaev2_base_k400"),
    "videomae_large": ModelCard("videomae", ATTENTION, "16x4x224", "VideoMAE ViT-L: joint attention, fixed positions, for weights from masked pre-training", VIDEOMAE, "hf/videomae_large_finetuned_kinetics"),
    "videomae_huge": ModelCard("videomae", ATTENTION, "16x4x224", "VideoMAE ViT-H: joint attention, fixed positions, for weights from masked pre-training", VIDEOMAE, "hf/videomae_huge_finetuned_kinetics"),
    "videomae2_giant": ModelCard("videomae", ATTENTION, "16x4x224", "VideoMAE V2 ViT-g: joint attention, fixed positions, 14 px patches", VIDEOMAE2, "videomae/videomaev2_vit_giant_k710"),
    "mae_st_base": ModelCard("videomae", ATTENTION, "16x4x224", "MAE-ST ViT-B: joint attention, learned positions for time and for space", MAE_ST, "pyslowfast/VIT_B_16x4_MAE_PT"),
    "mae_st_large": ModelCard("videomae", ATTENTION, "16x4x224", "MAE-ST ViT-L: joint attention, learned positions for time and for space", MAE_ST, "pyslowfast/VIT_L_16x4_MAE_PT"),
    "mae_st_huge": ModelCard("videomae", ATTENTION, "16x4x224", "MAE-ST ViT-H: joint attention, learned positions for time and for space", MAE_ST, "pyslowfast/VIT_H_16x4_MAE_PT"),
    "umt_base": ModelCard("videomae", ATTENTION, "8x1x224", "UMT ViT-B over frames from the whole video", UMT, "umt/umt_vit_base_k400_f8"),
    "umt_large": ModelCard("videomae", ATTENTION, "8x1x224", "UMT ViT-L over frames from the whole video", UMT, "umt/umt_vit_large_k400_f8"),
    # V-JEPA 2, InternVideo2
    "vjepa2_l": ModelCard("vjepa2", ATTENTION, "16x4x256", "self-supervised ViT-L with rotary positions", VJEPA2, "vjepa2/vjepa2_vitl_encoder"),
    "vjepa2_h": ModelCard("vjepa2", ATTENTION, "16x4x256", "self-supervised ViT-H with rotary positions", VJEPA2, "vjepa2/vjepa2_vith_encoder"),
    "vjepa2_g": ModelCard("vjepa2", ATTENTION, "16x4x256", "self-supervised ViT-g with rotary positions", VJEPA2, "vjepa2/vjepa2_vitg_encoder"),
    "vjepa2_g384": ModelCard("vjepa2", ATTENTION, "64x2x384", "self-supervised ViT-g with rotary positions, trained on to 384 px", VJEPA2, "vjepa2/vjepa2_vitg_384_encoder"),
    "vjepa2_l_probe": ModelCard("vjepa2", ATTENTION, "16x4x256", "ViT-L of V-JEPA 2 and its attentive probe", VJEPA2, "vjepa2/vjepa2_vitl_ssv2_probe"),
    "vjepa2_h_probe": ModelCard("vjepa2", ATTENTION, "16x4x256", "ViT-H of V-JEPA 2 and its attentive probe", VJEPA2),
    "vjepa2_g_probe": ModelCard("vjepa2", ATTENTION, "64x2x384", "ViT-g of V-JEPA 2 and its attentive probe", VJEPA2, "vjepa2/vjepa2_vitg_384_ssv2_probe"),
    "internvideo2_s": ModelCard("internvideo2", ATTENTION, "8x1x224", "ViT-S over frames, attention pooling; distilled from the 1B model", INTERNVIDEO2, "internvideo2/internvideo2_small_k400_f8"),
    "internvideo2_b": ModelCard("internvideo2", ATTENTION, "8x1x224", "ViT-B over frames, attention pooling; distilled from the 1B model", INTERNVIDEO2, "internvideo2/internvideo2_base_k400_f8"),
    "internvideo2_l": ModelCard("internvideo2", ATTENTION, "8x1x224", "ViT-L over frames, attention pooling; distilled from the 1B model", INTERNVIDEO2, "internvideo2/internvideo2_large_k400_f8"),
    "internvideo2_1b": ModelCard("internvideo2", ATTENTION, "16x1x224", "ViT-g over frames, attention pooling; the teacher of the smaller InternVideo2 models", INTERNVIDEO2, "internvideo2/internvideo2_1b_k400_f16"),
    # CLIP, X-CLIP: also with texts as classes
    "clip_b32": ModelCard("clip", ATTENTION, "8x1x224", "CLIP's ViT-B/32 on frames, averaged; blind to their order; classes may be texts", CLIP, "hf/clip_vit_base_patch32"),
    "clip_b16": ModelCard("clip", ATTENTION, "8x1x224", "CLIP's ViT-B/16 on frames, averaged; blind to their order; classes may be texts", CLIP, "hf/clip_vit_base_patch16"),
    "clip_l14": ModelCard("clip", ATTENTION, "8x1x224", "CLIP's ViT-L/14 on frames, averaged; blind to their order; classes may be texts", CLIP, "hf/clip_vit_large_patch14"),
    "xclip_b32": ModelCard("xclip", ATTENTION, "8x1x224", "CLIP's ViT-B/32 whose frames send messages; classes may be texts", XCLIP, "hf/xclip_base_patch32"),
    "xclip_b16": ModelCard("xclip", ATTENTION, "8x1x224", "CLIP's ViT-B/16 whose frames send messages; classes may be texts", XCLIP, "hf/xclip_base_patch16"),
    "xclip_l14": ModelCard("xclip", ATTENTION, "8x1x224", "CLIP's ViT-L/14 whose frames send messages; classes may be texts", XCLIP, "hf/xclip_large_patch14"),
    # MViT, Video Swin
    "mvit_v1_b": ModelCard("mvit", ATTENTION, "16x4x224", "MViT-B: attention over pooled tokens, 16 blocks, 16 frames", MVIT, "torchvision/mvit_v1_b"),
    "mvit_v1_b_32x3": ModelCard("mvit", ATTENTION, "32x3x224", "MViT-B: attention over pooled tokens, 16 blocks, 32 frames", MVIT, "pytorchvideo/mvit_base_32x3"),
    "mvit_v1_b24_32x3": ModelCard("mvit", ATTENTION, "32x3x224", "MViT-B-24: attention over pooled tokens, 24 blocks, 32 frames", MVIT, "pyslowfast/MVIT_B_32x3"),
    "mvit_v2_s": ModelCard("mvit", ATTENTION, "16x4x224", "MViTv2-S: relative positions and pooled shortcuts, 16 blocks", MVIT_V2, "torchvision/mvit_v2_s"),
    "mvit_v2_b": ModelCard("mvit", ATTENTION, "32x3x224", "MViTv2-B: relative positions and pooled shortcuts, 24 blocks", MVIT_V2, "pyslowfast/MVITv2_B_32x3"),
    "mvit_v2_l": ModelCard("mvit", ATTENTION, "40x3x312", "MViTv2-L: relative positions and pooled shortcuts, 48 blocks, 40 frames at 312 px", MVIT_V2, "pyslowfast/MVITv2_L_40x3"),
    "swin3d_t": ModelCard("swin3d", ATTENTION, "32x2x224", "Video Swin-T: attention in shifted 3-D windows, 96 channels, 12 blocks", VIDEO_SWIN, "torchvision/swin3d_t"),
    "swin3d_s": ModelCard("swin3d", ATTENTION, "32x2x224", "Video Swin-S: attention in shifted 3-D windows, 96 channels, 24 blocks", VIDEO_SWIN, "torchvision/swin3d_s"),
    "swin3d_b": ModelCard("swin3d", ATTENTION, "32x2x224", "Video Swin-B: attention in shifted 3-D windows, 128 channels, 24 blocks", VIDEO_SWIN, "torchvision/swin3d_b_22k"),
    "swin3d_l": ModelCard("swin3d", ATTENTION, "32x2x224", "Video Swin-L: attention in shifted 3-D windows, 192 channels, 24 blocks", VIDEO_SWIN, "mmaction2/swin_large_k400"),
    # Hiera, UniFormer, UniFormerV2
    "hiera_b": ModelCard("hiera", ATTENTION, "16x4x224", "Hiera-B: hierarchical ViT, attention in mask units, then over the clip; 96 channels, 24 blocks", HIERA, "hiera/hiera_base_16x224_k400"),
    "hiera_bp": ModelCard("hiera", ATTENTION, "16x4x224", "Hiera-B+: hierarchical ViT, attention in mask units, then over the clip; 112 channels, 24 blocks", HIERA, "hiera/hiera_base_plus_16x224_k400"),
    "hiera_l": ModelCard("hiera", ATTENTION, "16x4x224", "Hiera-L: hierarchical ViT, attention in mask units, then over the clip; 144 channels, 48 blocks", HIERA, "hiera/hiera_large_16x224_k400"),
    "hiera_h": ModelCard("hiera", ATTENTION, "16x4x224", "Hiera-H: hierarchical ViT, attention in mask units, then over the clip; 256 channels, 48 blocks", HIERA, "hiera/hiera_huge_16x224_k400"),
    "uniformer_s": ModelCard("uniformer", ATTENTION, "16x4x224", "UniFormer-S: depthwise convolutions in two stages, space-time attention in two; 18 blocks", UNIFORMER, "mmaction2/uniformer_small_k400"),
    "uniformer_b": ModelCard("uniformer", ATTENTION, "16x4x224", "UniFormer-B: depthwise convolutions in two stages, space-time attention in two; 40 blocks", UNIFORMER, "mmaction2/uniformer_base_k400"),
    "uniformerv2_b": ModelCard("uniformerv2", ATTENTION, "8x1x224", "CLIP's ViT-B/16 on frames, and a video token that reads its last layers", UNIFORMERV2, "mmaction2/uniformerv2_base_k710_u8_k400"),
    "uniformerv2_l": ModelCard("uniformerv2", ATTENTION, "8x1x224", "CLIP's ViT-L/14 on frames, and a video token that reads its last layers", UNIFORMERV2, "mmaction2/uniformerv2_large_k710_u8_k400"),
    "uniformerv2_l336": ModelCard("uniformerv2", ATTENTION, "32x1x336", "CLIP's ViT-L/14 on frames of 336 px, and a video token that reads its last layers", UNIFORMERV2, "mmaction2/uniformerv2_large336_k710_u32_k400"),
    # controls
    "frame_only": ModelCard("frame_only:FrameOnly", CONTROL, "16x2x32", "2-D CNN on the middle frame alone; at chance on motion-only data", "control"),
}
# fmt: on

# "module:function" of every name; a row that names no function means the one called as the model
TARGETS: dict[str, str] = {
    name: f"videoai.models.{card.builder}" if ":" in card.builder else f"videoai.models.{card.builder}:{name}"
    for name, card in MODELS.items()
} | {
    "ensemble": "videoai.models.ensemble:Ensemble",  # made by data.folds from its checkpoints; never trained
    "features": "videoai.models.features:FeatureSteps",  # what data.features makes; below per_frame alone
    "per_frame": "videoai.models.per_frame:PerFrame",  # what task=localize makes of a model
    "text_classifier": "videoai.models.text.classifier:TextClassifier",  # made of texts; never trained
}
