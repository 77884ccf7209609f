"""SlowFast: PySlowFast's weights, pytorchvideo's and mmaction2's, which is a checkpoint variant of its own."""

from typing import Any

import torch

from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename
from videoai.models.published.resnet3d import (
    CAFFE2,
    CAFFE2_LEAVES,
    FACEBOOK,
    MMACTION2,
    PYSLOWFAST,
    PYTORCHVIDEO,
    caffe2,
    charades,
    drop_training_state,
    mmaction2,
    pyslowfast,
    pytorchvideo,
    rekeyed,
    ssv2,
)

PYSLOWFAST_PATHWAYS = (
    *((rf"^s{i + 1}_fuse\.", f"lateral.{i}.") for i in range(4)),
    (r"\.conv_f2s\.", ".conv."),
    (r"^(lateral\.\d)\.bn\.", r"\1.norm."),
    (r"^(s\d\.pathway)0_", r"slow.\g<1>0_"),
    (r"^(s\d\.pathway)1_", r"fast.\g<1>0_"),
)
CAFFE2_PATHWAYS = (
    (r"^t_pool1_subsample", "lateral.0"),
    *((rf"^t_res{i + 1}_\d+_branch2c_bn_subsample", f"lateral.{i}") for i in range(1, 4)),
    (r"^(lateral\.\d)_bn\.", r"\1.norm."),
    (r"^(lateral\.\d)\.weight$", r"\1.conv.weight"),
    (r"^t_", "fast."),
    (r"^(?!fast|lateral|pred)", "slow."),
)
PYTORCHVIDEO_PATHWAYS = (
    (r"^model\.", ""),  # PySlowFast's wrapper
    (r"^blocks\.(\d)\.multipathway_fusion\.(?:conv_fast_to_slow|(norm))\.", r"lateral.\1.\2."),
    (r"^(lateral\.\d)\.\.", r"\1.conv."),
    (r"^blocks\.(\d)\.multipathway_blocks\.0\.", r"slow.layer\1."),
    (r"^blocks\.(\d)\.multipathway_blocks\.1\.", r"fast.layer\1."),
    (r"\.layer0\.conv\.", ".conv1."),
    (r"\.layer0\.norm\.", ".bn1."),
    (r"^blocks\.6\.proj\.", "fc."),
)
MMACTION2_PATHWAYS = (
    (r"^(slow|fast)_path\.", r"\1."),
    (r"^slow\.conv1_lateral\.", "lateral.0."),
    (r"^slow\.layer(\d)_lateral\.", r"lateral.\1."),
    (r"^(lateral\.\d)\.bn\.", r"\1.norm."),
)
FAST_FEATURES = 256
STRIDED = {"slow_frames": "stride", "lateral_norm": False}  # mmaction2's checkpoint variant
MULTIGRID = f"{FACEBOOK}/pyslowfast/pyslowfast/model_zoo/multigrid/model_zoo"


def from_pyslowfast(state: StateDict) -> StateDict:
    """PySlowFast's names -> ours."""
    return rename(state, (*PYSLOWFAST_PATHWAYS, *PYSLOWFAST))


def from_caffe2(state: StateDict) -> StateDict:
    """The names of PySlowFast's Caffe2 files -> ours."""
    return rename(drop_training_state(state), (*CAFFE2_LEAVES, *CAFFE2_PATHWAYS, *CAFFE2))


def from_pytorchvideo(state: StateDict) -> StateDict:
    """pytorchvideo's names, with or without PySlowFast's wrapper -> ours."""
    return rename(state, (*PYTORCHVIDEO_PATHWAYS, *PYTORCHVIDEO))


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours; its classifier reads (fast, slow), ours (slow, fast)."""
    state = rename(state, (*MMACTION2, *MMACTION2_PATHWAYS))
    fast, slow = state["fc.weight"].tensor_split([FAST_FEATURES], dim=1)
    return {**state, "fc.weight": torch.cat([slow, fast], dim=1)}


def _pyslowfast(model: str, num_frames: int) -> Weights:
    return pyslowfast(model, num_frames, 2, convert=from_pyslowfast)


def _pytorchvideo(model: str, file: str, num_frames: int, top1: float | None) -> Weights:
    return pytorchvideo(model, file, num_frames, 2, top1, convert=from_pytorchvideo)


def _multigrid(model: str, file: str, num_frames: int, top1: float | None) -> Weights:
    """Trained by PySlowFast itself: torch files in spite of their suffix."""
    row = pyslowfast(model, num_frames, 2, convert=from_pyslowfast)
    return row._replace(url=f"{MULTIGRID}/{file}.pkl", top1=top1, views="10x3")


def _mmaction2(model: str, file: str, top1: float, **options: Any) -> Weights:
    file = f"slowfast/slowfast_{file}"
    return mmaction2(model, file, 32, 2, top1, convert=from_mmaction2, options={**STRIDED, **options})


PTV_4x16_R50 = _pytorchvideo("slowfast_4x16_r50", "kinetics/SLOWFAST_4x16_R50", 32, 75.34)
PTV_8x8_R50 = _pytorchvideo("slowfast_8x8_r50", "kinetics/SLOWFAST_8x8_R50", 32, 76.94)
PTV_8x8_R101 = _pytorchvideo("slowfast_8x8_r101", "kinetics/SLOWFAST_8x8_R101", 32, 77.90)
PTV_16x8_R101 = _pytorchvideo("slowfast_16x8_r101", "kinetics/SLOWFAST_16x8_R101_50_50", 64, 78.70)
PTV_SSV2 = ssv2(_pytorchvideo("slowfast_8x8_r50", "ssv2/SLOWFAST_8x8_R50", 32, 61.68), views="1x3")
PTV_CHARADES = charades(_pytorchvideo("slowfast_8x8_r50", "charades/SLOWFAST_8x8_R50", 32, None))

WEIGHTS: dict[str, Weights] = {
    "pyslowfast/SLOWFAST_4x16_R50": _pyslowfast("slowfast_4x16_r50", 32),
    "pyslowfast/SLOWFAST_8x8_R50": _pyslowfast("slowfast_8x8_r50", 32),
    "pyslowfast/SLOWFAST_8x8_R101": _pyslowfast("slowfast_8x8_r101", 32),
    "pyslowfast/SLOWFAST_8x8_R50_STEPWISE": _multigrid(
        "slowfast_8x8_r50", "Kinetics/SLOWFAST_8x8_R50_stepwise", 32, 76.8
    ),
    "pyslowfast/SLOWFAST_8x8_R50_MULTIGRID": _multigrid(
        "slowfast_8x8_r50", "Kinetics/SLOWFAST_8x8_R50_stepwise_multigrid", 32, 76.6
    ),
    "pyslowfast/SLOWFAST_16x8_R50_SSV2": ssv2(
        _multigrid("slowfast_16x8_r50", "SSv2/SLOWFAST_16x8_R50", 64, 63.0), views="1x1"
    ),
    "pyslowfast/SLOWFAST_16x8_R50_SSV2_MULTIGRID": ssv2(
        _multigrid("slowfast_16x8_r50", "SSv2/SLOWFAST_16x8_R50_multigrid", 64, 63.5), views="1x1"
    ),
    "pyslowfast/SLOWFAST_16x8_R50_CHARADES": charades(
        _multigrid("slowfast_16x8_r50", "Charades/SLOWFAST_16x8_R50", 64, None)
    ),
    "pyslowfast/SLOWFAST_16x8_R50_CHARADES_MULTIGRID": charades(
        _multigrid("slowfast_16x8_r50", "Charades/SLOWFAST_16x8_R50_multigrid", 64, None)
    ),
    "pyslowfast_c2/SLOWFAST_4x16_R50": caffe2(
        "slowfast_4x16_r50", "SLOWFAST_4x16_R50", 32, 2, 75.6, convert=from_caffe2
    ),
    "pyslowfast_c2/SLOWFAST_8x8_R50": caffe2("slowfast_8x8_r50", "SLOWFAST_8x8_R50", 32, 2, 77.0, convert=from_caffe2),
    "pytorchvideo/slowfast_r50": PTV_8x8_R50,
    "pytorchvideo/slowfast_r101": PTV_8x8_R101,
    "pytorchvideo/slowfast_4x16_r50": PTV_4x16_R50,
    "pytorchvideo/slowfast_16x8_r101_50_50": PTV_16x8_R101,
    "pytorchvideo/slowfast_r50_ssv2": PTV_SSV2,
    "pytorchvideo/slowfast_r50_charades": PTV_CHARADES,
    "pyslowfast_ptv/SLOWFAST_8x8_R50": rekeyed(PTV_8x8_R50),
    "pyslowfast_ptv/SLOWFAST_8x8_R101": rekeyed(PTV_8x8_R101),
    "pyslowfast_ptv/SLOWFAST_4x16_R50": rekeyed(PTV_4x16_R50),
    "pyslowfast_ptv/SLOWFAST_16x8_R101_50_50": rekeyed(PTV_16x8_R101),
    "pyslowfast_ptv/SLOWFAST_8x8_R50_SSV2": rekeyed(PTV_SSV2),
    "mmaction2/slowfast_r50_4x16_k400": _mmaction2(
        "slowfast_4x16_r50", "r50_8xb8-4x16x1-256e_kinetics400-rgb_20220901-701b0f6f", 75.55
    ),
    "mmaction2/slowfast_r50_8x8_k400": _mmaction2(
        "slowfast_8x8_r50", "r50_8xb8-8x8x1-256e_kinetics400-rgb_20220818-1cb6dfc8", 76.80
    ),
    "mmaction2/slowfast_r50_8x8_steplr_k400": _mmaction2(
        "slowfast_8x8_r50",
        "r50_8xb8-8x8x1-steplr-256e_kinetics400-rgb_20220818-b62a501f",
        76.65,
        lateral_norm=True,
    ),
    "mmaction2/slowfast_r101_8x8_k400": _mmaction2(
        "slowfast_8x8_r101", "r101_8xb8-8x8x1-256e_kinetics400-rgb_20220818-9c0e09bd", 78.65, fusion_kernel=7
    ),
    "mmaction2/slowfast_r101_r50_4x16_k400": _mmaction2(
        "slowfast_4x16_r101", "r101-r50_32xb8-4x16x1-256e_kinetics400-rgb_20220901-a77ac3ee", 77.03
    ),
}
