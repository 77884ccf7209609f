"""Slow: PySlowFast's weights, pytorchvideo's and mmaction2's (SlowOnly)."""

from videoai.models.published import Weights
from videoai.models.published.resnet3d import (
    OPENMMLAB,
    caffe2,
    charades,
    mmaction2,
    pyslowfast,
    pytorchvideo,
    rekeyed,
    ssv2,
)

PTV_4x16 = pytorchvideo("slow_4x16_r50", "kinetics/SLOW_4x16_R50", 4, 16, 72.40)
PTV_8x8 = pytorchvideo("slow_8x8_r50", "kinetics/SLOW_8x8_R50", 8, 8, 74.58)
PTV_SSV2 = ssv2(pytorchvideo("slow_8x8_r50", "ssv2/SLOW_8x8_R50", 8, 8, 60.04), views="1x3")
PTV_CHARADES = charades(pytorchvideo("slow_8x8_r50", "charades/SLOW_8x8_R50", 8, 8, None))

SCRATCH, IMAGENET = "slowonly/slowonly_r50_8xb16", "slowonly/slowonly_imagenet-pretrained-r50"
NON_LOCAL = "slowonly/slowonly_r50-in1k-pre-nl-embedded-gaussian_8xb16"
EVEN = {"non_local_variant": "mmaction2", "non_local_after": "even"}
# the one file that is not named as its folder
FILE_4x16 = "slowonly_r50_8xb16-4x16x1-256e_kinetics400-rgb/slowonly_r50_4x16x1_256e_8xb16_kinetics400-rgb"

WEIGHTS: dict[str, Weights] = {
    "pyslowfast/SLOW_4x16_R50": pyslowfast("slow_4x16_r50", 4, 16),
    "pyslowfast/SLOW_8x8_R50": pyslowfast("slow_8x8_r50", 8, 8),
    "pyslowfast_c2/SLOWONLY_4x16_R50": caffe2("slow_4x16_r50", "SLOWONLY_4x16_R50", 4, 16, 72.7),
    "pyslowfast_c2/SLOWONLY_8x8_R50": caffe2("slow_8x8_r50", "SLOWONLY_8x8_R50", 8, 8, 74.8),
    "pytorchvideo/slow_r50": PTV_8x8,
    "pytorchvideo/slow_4x16_r50": PTV_4x16,
    "pytorchvideo/slow_r50_ssv2": PTV_SSV2,
    "pytorchvideo/slow_r50_charades": PTV_CHARADES,
    "pyslowfast_ptv/SLOW_8x8_R50": rekeyed(PTV_8x8),
    "pyslowfast_ptv/SLOW_4x16_R50": rekeyed(PTV_4x16),
    "pyslowfast_ptv/SLOW_8x8_R50_SSV2": rekeyed(PTV_SSV2),
    "mmaction2/slowonly_r50_4x16_k400": mmaction2(
        "slow_4x16_r50", f"{SCRATCH}-4x16x1-256e_kinetics400-rgb_20220901-f6a40d08", 4, 16, 72.97
    )._replace(url=f"{OPENMMLAB}/slowonly/{FILE_4x16}_20220901-f6a40d08.pth"),
    "mmaction2/slowonly_r50_8x8_k400": mmaction2(
        "slow_8x8_r50", f"{SCRATCH}-8x8x1-256e_kinetics400-rgb_20220901-2132fc87", 8, 8, 75.15
    ),
    "mmaction2/slowonly_r101_8x8_k400": mmaction2(
        "slow_8x8_r101", "slowonly/slowonly_r101_8xb16-8x8x1-196e_kinetics400-rgb_20220901-e6281431", 8, 8, 76.59
    ),
    "mmaction2/slowonly_in1k_r50_4x16_k400": mmaction2(
        "slow_4x16_r50", f"{IMAGENET}_8xb16-4x16x1-steplr-150e_kinetics400-rgb_20220901-e7b65fad", 4, 16, 75.12
    ),
    "mmaction2/slowonly_in1k_r50_8x8_k400": mmaction2(
        "slow_8x8_r50", f"{IMAGENET}_8xb16-8x8x1-steplr-150e_kinetics400-rgb_20220901-df42dc84", 8, 8, 76.45
    ),
    "mmaction2/slowonly_in1k_nl_r50_4x16_k400": mmaction2(
        "slow_nl_4x16_r50",
        f"{NON_LOCAL}-4x16x1-steplr-150e_kinetics400-rgb_20220901-cf739c75",
        4,
        16,
        75.07,
        options=EVEN,
    ),
    # the publisher's link ends as that of slowonly_in1k_r50_8x8_k400 does; perhaps a slip
    "mmaction2/slowonly_in1k_nl_r50_8x8_k400": mmaction2(
        "slow_nl_8x8_r50",
        f"{NON_LOCAL}-8x8x1-steplr-150e_kinetics400-rgb_20220901-df42dc84",
        8,
        8,
        76.65,
        options=EVEN,
    ),
    "mmaction2/slowonly_in1k_r50_4x16_k700": mmaction2(
        "slow_4x16_r50",
        f"{IMAGENET}_16xb16-4x16x1-steplr-150e_kinetics700-rgb_20221013-98b1b0a7",
        4,
        16,
        65.52,
        num_classes=700,
        dataset="kinetics700",
    ),
    "mmaction2/slowonly_in1k_r50_8x8_k700": mmaction2(
        "slow_8x8_r50",
        f"{IMAGENET}_16xb16-8x8x1-steplr-150e_kinetics700-rgb_20221013-15b93b10",
        8,
        8,
        67.67,
        num_classes=700,
        dataset="kinetics700",
    ),
    "mmaction2/slowonly_in1k_r50_8x8_k710": mmaction2(
        "slow_8x8_r50",
        f"{IMAGENET}_32xb8-8x8x1-steplr-150e_kinetics710-rgb_20230612-12ce977c",
        8,
        8,
        72.39,
        num_classes=710,
        dataset="kinetics710",
    ),
}
