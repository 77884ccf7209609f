"""Tensor names and rows shared by each publisher's 3-D ResNets; no weights of its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FACEBOOK = "https://dl.fbaipublicfiles.com"
OPENMMLAB = "https://download.openmmlab.com/mmaction/v1.0/recognition"
PYSLOWFAST_PAGE = "https://github.com/facebookresearch/SlowFast/blob/main/MODEL_ZOO.md"
PYTORCHVIDEO_PAGE = "https://github.com/facebookresearch/pytorchvideo/blob/main/docs/source/model_zoo.md"
PTV_IN_PYSLOWFAST_PAGE = "https://github.com/facebookresearch/SlowFast/tree/main/projects/pytorchvideo"
MMACTION2_PAGE = "https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition"
LICENCE = "Apache-2.0"

Convert = Callable[[StateDict], StateDict]
LETTERS = tuple(enumerate("abc", start=1))  # the three convolutions of a block
PYSLOWFAST = (
    (r"\bs1\.pathway0_stem\.(conv|bn)\.", r"\g<1>1."),
    *((rf"\bs{i + 1}\.pathway0_", f"layer{i}.") for i in range(1, 5)),
    (r"\.nonlocal(\d+)\.(?:conv_)?(\w+)\.", r".\1.non_local.\2."),
    (r"\.non_local\.bn\.", ".non_local.norm."),
    (r"\.res(\d+)\.", r".\1."),
    (r"\.branch1\.", ".downsample.0."),
    (r"\.branch1_bn\.", ".downsample.1."),
    *((rf"\.branch2\.{letter}\.", f".conv{i}.") for i, letter in LETTERS),
    *((rf"\.branch2\.{letter}_bn\.", f".bn{i}.") for i, letter in LETTERS),
    (r"^head\.projection\.", "fc."),
)
CAFFE2_LEAVES = (
    (r"_w$", ".weight"),
    (r"bn_s$", "bn.weight"),
    (r"bn_b$", "bn.bias"),
    (r"bn_rm$", "bn.running_mean"),
    (r"bn_riv$", "bn.running_var"),  # a variance, in spite of its name
    (r"_b$", ".bias"),
)
CAFFE2 = (
    (r"res_conv1_bn\.", "bn1."),
    *((rf"nonlocal_conv{i + 1}_(\d+)_(\w+)\.", rf"layer{i}.\1.non_local.\2.") for i in range(1, 5)),
    (r"\.non_local\.bn\.", ".non_local.norm."),
    *((rf"res{i + 1}_(\d+)_branch", rf"layer{i}.\1.branch") for i in range(1, 5)),
    (r"\.branch1\.", ".downsample.0."),
    (r"\.branch1_bn\.", ".downsample.1."),
    *((rf"\.branch2{letter}\.", f".conv{i}.") for i, letter in LETTERS),
    *((rf"\.branch2{letter}_bn\.", f".bn{i}.") for i, letter in LETTERS),
    (r"^pred\.", "fc."),
)
PYTORCHVIDEO = (
    (r"\.res_blocks\.", "."),
    (r"\.branch1_conv\.", ".downsample.0."),
    (r"\.branch1_norm\.", ".downsample.1."),
    *((rf"\.branch2\.conv_{letter}\.", f".conv{i}.") for i, letter in LETTERS),
    *((rf"\.branch2\.norm_{letter}\.", f".bn{i}.") for i, letter in LETTERS),
)
MMACTION2 = (
    (r"^backbone\.", ""),
    (r"\bconv([123])\.conv\.", r"conv\1."),
    (r"\bconv([123])\.bn\.", r"bn\1."),
    (r"\.downsample\.conv\.", ".downsample.0."),
    (r"\.downsample\.bn\.", ".downsample.1."),
    (r"\.non_local_block\.(theta|phi|g)\.(?:0\.)?conv\.", r".non_local.\1."),  # 0 = before the pooling
    (r"\.non_local_block\.conv_out\.conv\.", ".non_local.out."),
    (r"\.non_local_block\.conv_out\.bn\.", ".non_local.norm."),
    (r"^cls_head\.fc_cls\.", "fc."),
)


def from_pyslowfast(state: StateDict) -> StateDict:
    """PySlowFast's names -> ours."""
    return rename(state, PYSLOWFAST)


def from_caffe2(state: StateDict) -> StateDict:
    """The names of PySlowFast's Caffe2 files -> ours."""
    return rename(drop_training_state(state), (*CAFFE2_LEAVES, *CAFFE2))


def from_pytorchvideo(state: StateDict) -> StateDict:
    """pytorchvideo's names, with or without PySlowFast's wrapper -> ours."""
    pools = any(".6.proj." in name for name in state)  # the pooling after the first stage is a block of its own
    first, *others, head = (1, 3, 4, 5, 6) if pools else (1, 2, 3, 4, 5)
    blocks = (
        (r"^model\.", ""),
        (r"^blocks\.0\.conv\.", "conv1."),
        (r"^blocks\.0\.norm\.", "bn1."),
        *((rf"^blocks\.{block}\.", f"layer{i}.") for i, block in enumerate((first, *others), start=1)),
        (rf"^blocks\.{head}\.proj\.", "fc."),
    )
    return rename(state, (*blocks, *PYTORCHVIDEO))


def from_mmaction2(state: StateDict) -> StateDict:
    """mmaction2's names -> ours. Its networks over single frames have 2-D kernels: [O, I, H, W] -> [O, I, 1, H, W]."""
    return {
        name: tensor.unsqueeze(2) if tensor.ndim == 4 else tensor for name, tensor in rename(state, MMACTION2).items()
    }


def drop_training_state(blobs: StateDict) -> StateDict:
    """Caffe2 files also hold what only training needs: the optimizer's momentum, its rate and its step count."""
    return {
        name: blob
        for name, blob in blobs.items()
        if not name.endswith("_momentum") and name not in ("lr", "model_iter")
    }


def facebook_clip(num_frames: int, stride: int) -> ClipSpec:
    """Frames of 30 fps, PySlowFast's statistics."""
    return ClipSpec(num_frames=num_frames, stride=stride, fps=30, size=224, resize=256)


def mmaction2_clip(num_frames: int, stride: int) -> ClipSpec:
    """The file's own frames, ImageNet's statistics."""
    return ClipSpec(num_frames=num_frames, stride=stride, size=224, resize=256, mean=IMAGENET_MEAN, std=IMAGENET_STD)


def pyslowfast(model: str, num_frames: int, stride: int, *, convert: Convert = from_pyslowfast) -> Weights:
    """A file that PySlowFast writes when it trains its own configurations; most of its published files are Caffe2's."""
    clip = facebook_clip(num_frames, stride)
    row = Weights(
        model=model,
        convert=convert,
        clip=clip,
        licence=LICENCE,
        url=None,
        page=PYSLOWFAST_PAGE,
        container="model_state",
    )
    return row._replace(verified="parity")


def caffe2(
    model: str, file: str, num_frames: int, stride: int, top1: float, *, convert: Convert = from_caffe2, **facts: Any
) -> Weights:
    """A Caffe2 file of PySlowFast's zoo; ``facts`` are fields of the row that differ from the usual."""
    url = f"{FACEBOOK}/pyslowfast/model_zoo/kinetics400/{file}.pkl"
    row = Weights(
        model=model,
        convert=convert,
        clip=facebook_clip(num_frames, stride),
        licence=LICENCE,
        url=url,
        page=PYSLOWFAST_PAGE,
        container="blobs",
    )
    return row._replace(**{"top1": top1, "views": "10x3", "verified": "parity", **facts})


def pytorchvideo(
    model: str,
    file: str,
    num_frames: int,
    stride: int,
    top1: float | None,
    *,
    convert: Convert = from_pytorchvideo,
    **facts: Any,
) -> Weights:
    """A file of pytorchvideo's zoo."""
    url = f"{FACEBOOK}/pytorchvideo/model_zoo/{file}.pyth"
    clip = facebook_clip(num_frames, stride)
    row = Weights(
        model=model,
        convert=convert,
        clip=clip,
        licence=LICENCE,
        url=url,
        page=PYTORCHVIDEO_PAGE,
        container="model_state",
    )
    return row._replace(**{"top1": top1, "views": "10x3", "verified": "parity", **facts})


def ssv2(row: Weights, *, views: str) -> Weights:
    """A row fine-tuned on Something-Something v2: frames spread over the whole video."""
    clip = replace(row.clip, sampling="uniform", stride=1, fps=None)
    return row._replace(clip=clip, num_classes=174, dataset="ssv2", views=views)


def charades(row: Weights) -> Weights:
    """A row fine-tuned on Charades: several labels a video, so the score is a mean average precision, not a top-1."""
    return row._replace(num_classes=157, dataset="charades", top1=None, views=None)


def rekeyed(row: Weights) -> Weights:
    """The same weights as PySlowFast publishes them: every name behind "model."."""
    url = (row.url or "").replace("/model_zoo/", "/pysf_model_zoo/")
    return row._replace(url=url, page=PTV_IN_PYSLOWFAST_PAGE)


def mmaction2(
    model: str, file: str, num_frames: int, stride: int, top1: float, *, convert: Convert = from_mmaction2, **facts: Any
) -> Weights:
    """A file of mmaction2's zoo: ``family/configuration_date-hash``, in the folder of its configuration."""
    family, name = file.split("/")
    url = f"{OPENMMLAB}/{family}/{name.rpartition('_')[0]}/{name}.pth"
    page = f"{MMACTION2_PAGE}/{family}"
    row = Weights(
        model=model,
        convert=convert,
        clip=mmaction2_clip(num_frames, stride),
        licence=LICENCE,
        url=url,
        page=page,
        container="state_dict",
    )
    return row._replace(**{"top1": top1, "views": "10x3", "verified": "parity", **facts})
