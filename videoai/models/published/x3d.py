"""X3D: PySlowFast's weights, pytorchvideo's (four files of its own, four for PySlowFast, two for mobile CPUs), and
mmaction2's, which are PySlowFast's under other names."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

FACEBOOK = "https://dl.fbaipublicfiles.com"
PYSLOWFAST_PAGE = "https://github.com/facebookresearch/SlowFast/blob/main/MODEL_ZOO.md"
PYTORCHVIDEO_PAGE = "https://github.com/facebookresearch/pytorchvideo/blob/main/docs/source/model_zoo.md"
PTV_IN_PYSLOWFAST_PAGE = "https://github.com/facebookresearch/SlowFast/tree/main/projects/pytorchvideo"
MMACTION2_PAGE = "https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/x3d"
LICENCE = "Apache-2.0"

# Frames of 30 fps; the short side is what the publishers' three test crops have.
CLIPS = {
    "xs": ClipSpec(num_frames=4, stride=12, fps=30, size=160, resize=182),
    "s": ClipSpec(num_frames=13, stride=6, fps=30, size=160, resize=182),
    "m": ClipSpec(num_frames=16, stride=5, fps=30, size=224, resize=256),
    "l": ClipSpec(num_frames=16, stride=5, fps=30, size=312, resize=356),
}
Size = Literal["xs", "s", "m", "l"]

PYSLOWFAST = (
    (r"^s1\.pathway0_stem\.conv_xy\.", "stem.0."),
    (r"^s1\.pathway0_stem\.conv\.", "stem.1."),
    (r"^s1\.pathway0_stem\.bn\.", "stem.2."),
    *((rf"^s{i + 2}\.pathway0_res", f"stages.{i}.") for i in range(4)),
    (r"\.branch1\.", ".shortcut.0."),
    (r"\.branch1_bn\.", ".shortcut.1."),
    *((rf"\.branch2\.{letter}\.", f".conv{i}.") for i, letter in enumerate("abc", start=1)),
    *((rf"\.branch2\.{letter}_bn\.", f".norm{i}.") for i, letter in enumerate("abc", start=1)),
    (r"\.branch2\.se\.", ".squeeze."),
    (r"^head\.conv_5\.", "conv5.0."),
    (r"^head\.conv_5_bn\.", "conv5.1."),
    (r"^head\.lin_5\.", "lin5."),
    (r"^head\.projection\.", "head."),
)
PYTORCHVIDEO = (
    (r"^model\.", ""),  # PySlowFast's wrapper
    (r"^blocks\.0\.conv\.conv_t\.", "stem.0."),  # called t, but it convolves in space
    (r"^blocks\.0\.conv\.conv_xy\.", "stem.1."),
    (r"^blocks\.0\.norm\.", "stem.2."),
    *((rf"^blocks\.{i + 1}\.res_blocks\.", f"stages.{i}.") for i in range(4)),
    (r"\.branch1_conv\.", ".shortcut.0."),
    (r"\.branch1_norm\.", ".shortcut.1."),
    (r"\.branch2\.norm_b\.0\.", ".norm2."),
    (r"\.branch2\.norm_b\.1\.block\.0\.", ".squeeze.fc1."),
    (r"\.branch2\.norm_b\.1\.block\.2\.", ".squeeze.fc2."),
    *((rf"\.branch2\.(conv|norm)_{letter}\.", rf".\g<1>{i}.") for i, letter in enumerate("abc", start=1)),
    (r"^blocks\.5\.pool\.pre_conv\.", "conv5.0."),
    (r"^blocks\.5\.pool\.pre_norm\.", "conv5.1."),
    (r"^blocks\.5\.pool\.post_conv\.", "lin5."),
    (r"^blocks\.5\.proj\.", "head."),
)
EFFICIENT = (
    (r"\.kernel\.conv\.", ".conv."),
    (r"\.kernel\.bn\.", ".norm."),
    (r"^s1\.pathway0_stem_conv_xy\.conv\.", "stem.0."),
    (r"^s1\.pathway0_stem_conv\.conv\.", "stem.1."),
    (r"^s1\.pathway0_stem_conv\.norm\.", "stem.2."),
    *((rf"^s{i + 2}\.pathway0_res", f"stages.{i}.") for i in range(4)),
    (r"\._res_proj\.conv\.", ".shortcut.0."),
    (r"\._res_proj\.norm\.", ".shortcut.1."),
    *((rf"\.layers\.conv_{i}\.(conv|norm)\.", rf".\g<1>{i + 1}.") for i in range(3)),
    (r"\.layers\.se\.se\.block\.0\.", ".squeeze.fc1."),
    (r"\.layers\.se\.se\.block\.2\.", ".squeeze.fc2."),
    (r"^head\.conv_5\.conv\.", "conv5.0."),
    (r"^head\.conv_5\.norm\.", "conv5.1."),
    (r"^head\.lin_5\.conv\.", "lin5."),
    (r"^projection\.model\.", "head."),
)
MMACTION2 = (
    (r"^backbone\.conv1_s\.conv\.", "stem.0."),
    (r"^backbone\.conv1_t\.conv\.", "stem.1."),
    (r"^backbone\.conv1_t\.bn\.", "stem.2."),
    *((rf"^backbone\.layer{i + 1}\.", f"stages.{i}.") for i in range(4)),
    (r"\.downsample\.conv\.", ".shortcut.0."),
    (r"\.downsample\.bn\.", ".shortcut.1."),
    (r"^(stages.+)\.conv([123])\.conv\.", r"\1.conv\2."),
    (r"^(stages.+)\.conv([123])\.bn\.", r"\1.norm\2."),
    (r"\.se_module\.", ".squeeze."),
    (r"^backbone\.conv5\.conv\.", "conv5.0."),
    (r"^backbone\.conv5\.bn\.", "conv5.1."),
    (r"^cls_head\.fc1\.", "lin5."),
    (r"^cls_head\.fc2\.", "head."),
)


def from_pyslowfast(state: StateDict) -> StateDict:
    """PySlowFast's names -> ours."""
    return _convolutions_to_linear(rename(state, PYSLOWFAST))


def from_pytorchvideo(state: StateDict) -> StateDict:
    """pytorchvideo's names, with or without PySlowFast's wrapper -> ours."""
    return _convolutions_to_linear(rename(state, PYTORCHVIDEO))


def from_efficient(state: StateDict) -> StateDict:
    """pytorchvideo's names for mobile CPUs, in the form before its conversion -> ours."""
    return _convolutions_to_linear(rename(state, EFFICIENT))


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours."""
    return _convolutions_to_linear(rename(state, MMACTION2))


def _convolutions_to_linear(state: StateDict) -> StateDict:
    """Layers that read pooled vectors, 1x1x1 convolutions to most publishers: [N, C, 1, 1, 1] -> [N, C]."""
    linear = ("lin5.weight", ".squeeze.fc1.weight", ".squeeze.fc2.weight")
    return {name: tensor.flatten(1) if name.endswith(linear) else tensor for name, tensor in state.items()}


def _row(size: Size, convert: Callable[[StateDict], StateDict], url: str, page: str, top1: float) -> Weights:
    return Weights(
        model=f"x3d_{size}",
        convert=convert,
        clip=CLIPS[size],
        licence=LICENCE,
        url=url,
        page=page,
        container="model_state",
        top1=top1,
        views="10x3",
        verified="parity",
    )


def _pyslowfast(size: Size, top1: float) -> Weights:
    return _row(size, from_pyslowfast, f"{FACEBOOK}/pyslowfast/x3d_models/x3d_{size}.pyth", PYSLOWFAST_PAGE, top1)


def _pytorchvideo(size: Size, top1: float, *, folder: str = "model_zoo", page: str = PYTORCHVIDEO_PAGE) -> Weights:
    url = f"{FACEBOOK}/pytorchvideo/{folder}/kinetics/X3D_{size.upper()}.pyth"
    return _row(size, from_pytorchvideo, url, page, top1)._replace(options={"norm_every_shortcut": False})


def _in_pyslowfast(size: Size, top1: float) -> Weights:
    return _pytorchvideo(size, top1, folder="pysf_model_zoo", page=PTV_IN_PYSLOWFAST_PAGE)


def _efficient(size: Size, top1: float) -> Weights:
    url = f"{FACEBOOK}/pytorchvideo/model_zoo/kinetics/efficient_x3d_{size}_original_form.pyth"
    row = _row(size, from_efficient, url, PYTORCHVIDEO_PAGE, top1)
    return row._replace(model=f"efficient_x3d_{size}", container=None, views="10x1")


def _mmaction2(size: Size, name: str, top1: float) -> Weights:
    url = f"https://download.openmmlab.com/mmaction/v1.0/recognition/x3d/facebook/{name}.pth"
    row = _row(size, from_mmaction2, url, MMACTION2_PAGE, top1)
    clip = replace(row.clip, std=(57.38 / 255,) * 3)  # rounded by mmaction2
    return row._replace(clip=clip, container="state_dict", sha256=name.rpartition("-")[2])


WEIGHTS: dict[str, Weights] = {
    "pyslowfast/X3D_XS": _pyslowfast("xs", 69.5),
    "pyslowfast/X3D_S": _pyslowfast("s", 73.5),
    "pyslowfast/X3D_M": _pyslowfast("m", 76.2),
    "pyslowfast/X3D_L": _pyslowfast("l", 77.5),
    "pyslowfast_ptv/X3D_XS": _in_pyslowfast("xs", 69.12),
    "pyslowfast_ptv/X3D_S": _in_pyslowfast("s", 73.33),
    "pyslowfast_ptv/X3D_M": _in_pyslowfast("m", 75.94),
    "pyslowfast_ptv/X3D_L": _in_pyslowfast("l", 77.44),
    "pytorchvideo/x3d_xs": _pytorchvideo("xs", 69.12),
    "pytorchvideo/x3d_s": _pytorchvideo("s", 73.33),
    "pytorchvideo/x3d_m": _pytorchvideo("m", 75.94),
    "pytorchvideo/x3d_l": _pytorchvideo("l", 77.44),
    "pytorchvideo/efficient_x3d_xs": _efficient("xs", 68.5),
    "pytorchvideo/efficient_x3d_s": _efficient("s", 73.0),
    "mmaction2/x3d_s_k400": _mmaction2("s", "x3d_s_13x6x1_facebook-kinetics400-rgb_20201027-623825a0", 73.3),
    "mmaction2/x3d_m_k400": _mmaction2("m", "x3d_m_16x5x1_facebook-kinetics400-rgb_20201027-3f42382a", 76.4),
}
