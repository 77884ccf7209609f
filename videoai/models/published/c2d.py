"""C2D: PySlowFast's weights, pytorchvideo's and mmaction2's."""

from videoai.models.published import Weights
from videoai.models.published.resnet3d import caffe2, mmaction2, pyslowfast, pytorchvideo, rekeyed

NO_POOL = {"temporal_pool": False}
UNPADDED = {"stem_pool_padding": 0}
R50 = "c2d/c2d_r50-in1k-pre"
PTV = pytorchvideo("c2d_r50", "kinetics/C2D_8x8_R50", 8, 8, 71.46)

WEIGHTS: dict[str, Weights] = {
    "pyslowfast/C2D_8x8_R50": pyslowfast("c2d_r50", 8, 8),
    # Two readings of one file. The first pools, as PySlowFast@287ec00 runs the file's configuration (arch c2d), and is
    # what the golden logits are. But the commit that published the file configured arch c2d_nopool, which never pools,
    # and so must have been the training: the second. Which of them scores 67.2 was not measured.
    "pyslowfast_c2/C2D_NOPOOL_8x8_R50": caffe2("c2d_r50", "C2D_NOPOOL_8x8_R50", 8, 8, 67.2),
    "pyslowfast_c2/C2D_NOPOOL_8x8_R50_AS_TRAINED": caffe2(
        "c2d_r50", "C2D_NOPOOL_8x8_R50", 8, 8, 67.2, options=NO_POOL, verified="no"
    ),
    "pytorchvideo/c2d_r50": PTV,
    "pyslowfast_ptv/C2D_8x8_R50": rekeyed(PTV),
    "mmaction2/c2d_r50_8x8_k400": mmaction2(
        "c2d_r50",
        f"{R50}_8xb32-8x8x1-100e_kinetics400-rgb_20221027-3ca304fa",
        8,
        8,
        73.89,
        options=UNPADDED,
    ),
    "mmaction2/c2d_r50_16x4_k400": mmaction2(
        "c2d_r50",
        f"{R50}_8xb32-16x4x1-100e_kinetics400-rgb_20221027-5f382a43",
        16,
        4,
        74.97,
        options=UNPADDED,
    ),
    "mmaction2/c2d_nopool_r50_8x8_k400": mmaction2(
        "c2d_r50",
        f"{R50}-nopool_8xb32-8x8x1-100e_kinetics400-rgb_20221027-e0227b22",
        8,
        8,
        73.44,
        options=NO_POOL,
    ),
    "mmaction2/c2d_nopool_r101_8x8_k400": mmaction2(
        "c2d_r101",
        "c2d/c2d_r101-in1k-pre-nopool_8xb32-8x8x1-100e_kinetics400-rgb_20221027-557bd8bc",
        8,
        8,
        74.97,
        options=NO_POOL,
    ),
}
