"""CSN: pytorchvideo's weights, and mmaction2's, of which it trained two itself and converted the authors' (VMZ)."""

from videoai.core.types import ClipSpec
from videoai.models.published import StateDict, Weights
from videoai.models.published.renaming import rename

PYTORCHVIDEO_URL = "https://dl.fbaipublicfiles.com/pytorchvideo/{folder}/kinetics/CSN_32x2_R101.pyth"
MMACTION2_URL = "https://download.openmmlab.com/mmaction"
LICENCE = "Apache-2.0"

PTV_CLIP = ClipSpec(num_frames=32, stride=2, fps=30, size=224, resize=256)
IMAGENET_CLIP = ClipSpec(
    num_frames=32, stride=2, size=224, resize=256, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
)
VMZ_CLIP = ClipSpec(  # the means of the authors' own Kinetics files
    num_frames=32,
    stride=2,
    size=224,
    resize=256,
    mean=(110.2008 / 255, 100.63983 / 255, 95.99475 / 255),
    std=(58.14765 / 255, 56.46975 / 255, 55.332195 / 255),
)

PYTORCHVIDEO = (
    (r"^model\.", ""),  # PySlowFast's wrapper
    (r"^blocks\.0\.conv\.", "stem.0."),
    (r"^blocks\.0\.norm\.", "stem.1."),
    *((rf"^blocks\.{i + 1}\.res_blocks\.", f"stages.{i}.") for i in range(4)),
    (r"\.branch1_conv\.", ".shortcut.0."),
    (r"\.branch1_norm\.", ".shortcut.1."),
    *((rf"\.branch2\.(conv|norm)_{letter}\.", rf".\g<1>{i}.") for i, letter in enumerate("abc", start=1)),
    (r"^blocks\.5\.proj\.", "head."),
)
# conv2 is a sequence: the depthwise convolution, in ip-CSN after the one that lets channels meet
IR_CONV2 = ((r"\.conv2\.0\.", ".conv2."),)
IP_CONV2 = (
    (r"\.conv2\.0\.conv\.", ".interact.0."),
    (r"\.conv2\.0\.bn\.", ".interact.1."),
    (r"\.conv2\.1\.", ".conv2."),
)
MMACTION2 = (
    (r"^backbone\.conv1\.conv\.", "stem.0."),
    (r"^backbone\.conv1\.bn\.", "stem.1."),
    *((rf"^backbone\.layer{i + 1}\.", f"stages.{i}.") for i in range(4)),
    (r"\.downsample\.conv\.", ".shortcut.0."),
    (r"\.downsample\.bn\.", ".shortcut.1."),
    (r"\.conv([123])\.conv\.", r".conv\1."),
    (r"\.conv([123])\.bn\.", r".norm\1."),
    (r"^cls_head\.fc_cls\.", "head."),
)


def from_pytorchvideo(state: StateDict) -> StateDict:
    """pytorchvideo's names, with or without PySlowFast's wrapper -> ours."""
    return rename(state, PYTORCHVIDEO)


def from_mmaction2_ir(state: StateDict) -> StateDict:
    """mmaction2's names of ir-CSN -> ours."""
    return rename(state, IR_CONV2 + MMACTION2)


def from_mmaction2_ip(state: StateDict) -> StateDict:
    """mmaction2's names of ip-CSN -> ours."""
    return rename(state, IP_CONV2 + MMACTION2)


def _pytorchvideo(folder: str) -> Weights:
    return Weights(
        model="csn_r101",
        convert=from_pytorchvideo,
        clip=PTV_CLIP,
        licence=LICENCE,
        url=PYTORCHVIDEO_URL.format(folder=folder),
        page="https://github.com/facebookresearch/pytorchvideo/blob/main/docs/source/model_zoo.md",
        container="model_state",
        top1=77.00,
        views="10x3",
        verified="parity",
    )


def _mmaction2(model: str, file: str, top1: float, clip: ClipSpec = IMAGENET_CLIP) -> Weights:
    return Weights(
        model=model,
        convert=from_mmaction2_ip if model.startswith("ip") else from_mmaction2_ir,
        clip=clip,
        licence=LICENCE,
        url=f"{MMACTION2_URL}/{file}.pth",
        page="https://github.com/open-mmlab/mmaction2/tree/main/configs/recognition/csn",
        container="state_dict",
        top1=top1,
        views="10x3",
        sha256=file.rpartition("-")[2],
        verified="parity",
    )


def _own(model: str, name: str, suffix: str, top1: float) -> Weights:
    return _mmaction2(model, f"v1.0/recognition/csn/{name}/{name}_{suffix}", top1)


def _vmz(model: str, file: str, top1: float, clip: ClipSpec = VMZ_CLIP) -> Weights:
    return _mmaction2(model, f"recognition/csn/vmz/vmz_{file}", top1, clip)


# Pre-trained on IG-65M unless the id says otherwise; the norms stayed frozen while Kinetics was learnt.
WEIGHTS: dict[str, Weights] = {
    "pytorchvideo/csn_r101": _pytorchvideo("model_zoo"),
    "pyslowfast_ptv/CSN_32x2_R101": _pytorchvideo("pysf_model_zoo"),
    "mmaction2/ircsn_r50_32x2_k400": _own(
        "ircsn_r50",
        "ircsn_ig65m-pretrained-r50-bnfrozen_8xb12-32x2x1-58e_kinetics400-rgb",
        "20220811-44395bae",
        79.44,
    ),
    "mmaction2/ircsn_r152_32x2_k400": _own(
        "ircsn_r152",
        "ircsn_ig65m-pretrained-r152-bnfrozen_8xb12-32x2x1-58e_kinetics400-rgb",
        "20220811-7d1dacde",
        82.84,
    ),
    "mmaction2/ircsn_r152_bn_trained_32x2_k400": _own(
        "ircsn_r152",
        "ircsn_ig65m-pretrained-r152_8xb12-32x2x1-58e_kinetics400-rgb",
        "20220811-c7a3cc5b",
        82.87,
    ),
    "mmaction2/ipcsn_r152_32x2_k400": _vmz(
        "ipcsn_r152",
        "ipcsn_ig65m_pretrained_r152_32x2x1_58e_kinetics400_rgb_20210617-c3be9793",
        82.68,
        IMAGENET_CLIP,
    ),
    "mmaction2/ircsn_r152_sports1m_32x2_k400": _vmz(
        "ircsn_r152", "ircsn_sports1m_pretrained_r152_32x2x1_58e_kinetics400_rgb_20210617-b9b10241", 78.57
    ),
    "mmaction2/ipcsn_r152_sports1m_32x2_k400": _vmz(
        "ipcsn_r152", "ipcsn_sports1m_pretrained_r152_32x2x1_58e_kinetics400_rgb_20210617-3367437a", 79.07
    ),
    "mmaction2/ircsn_r152_scratch_32x2_k400": _vmz(
        "ircsn_r152", "ircsn_from_scratch_r152_32x2x1_180e_kinetics400_rgb_20210617-5c933ae1", 76.53
    ),
    "mmaction2/ipcsn_r152_scratch_32x2_k400": _vmz(
        "ipcsn_r152", "ipcsn_from_scratch_r152_32x2x1_180e_kinetics400_rgb_20210617-d565828d", 77.80
    ),
}
