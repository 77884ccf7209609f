"""I3D, alone and with non-local blocks: PySlowFast's weights, pytorchvideo's and mmaction2's."""

from videoai.models.published import Weights
from videoai.models.published.resnet3d import caffe2, mmaction2, pyslowfast, pytorchvideo, rekeyed

STRIDED = {"stem_stride": 4}
UNSCALED = {**STRIDED, "affinity_scaled": False, "non_local_variant": "mmaction2"}
PTV = pytorchvideo("i3d_r50", "kinetics/I3D_8x8_R50", 8, 8, 73.27)
R50 = "i3d/i3d_imagenet-pretrained-r50"

WEIGHTS: dict[str, Weights] = {
    "pyslowfast/I3D_8x8_R50": pyslowfast("i3d_r50", 8, 8),
    "pyslowfast/I3D_NLN_8x8_R50": pyslowfast("i3d_nl_r50", 8, 8),
    "pyslowfast_c2/I3D_8x8_R50": caffe2("i3d_r50", "I3D_8x8_R50", 8, 8, 73.5),
    "pyslowfast_c2/I3D_NLN_8x8_R50": caffe2("i3d_nl_r50", "I3D_NLN_8x8_R50", 8, 8, 74.0),
    "pytorchvideo/i3d_r50": PTV,
    "pyslowfast_ptv/I3D_8x8_R50": rekeyed(PTV),
    "mmaction2/i3d_r50_32x2_k400": mmaction2(
        "i3d_r50",
        f"{R50}_8xb8-32x2x1-100e_kinetics400-rgb_20220812-e213c223",
        32,
        2,
        73.47,
        options=STRIDED,
    ),
    "mmaction2/i3d_r50_dense_32x2_k400": mmaction2(
        "i3d_r50", f"{R50}_8xb8-dense-32x2x1-100e_kinetics400-rgb_20220812-9f46003f", 32, 2, 73.77, options=STRIDED
    ),
    "mmaction2/i3d_r50_heavy_32x2_k400": mmaction2(
        "i3d_r50",
        f"{R50}-heavy_8xb8-32x2x1-100e_kinetics400-rgb_20220812-ed501b31",
        32,
        2,
        76.21,
        options={"temporal_kernels": "every"},
    ),
    "mmaction2/i3d_r50_nl_embedded_gaussian_k400": mmaction2(
        "i3d_nl_r50",
        f"{R50}-nl-embedded-gaussian_8xb8-32x2x1-100e_kinetics400-rgb_20220812-afd8f562",
        32,
        2,
        74.73,
        options=UNSCALED,
    ),
    "mmaction2/i3d_r50_nl_dot_product_k400": mmaction2(
        "i3d_nl_r50",
        f"{R50}-nl-dot-product_8xb8-32x2x1-100e_kinetics400-rgb_20220812-8e1f2148",
        32,
        2,
        74.80,
        options={**UNSCALED, "affinity": "dot_product"},
    ),
    "mmaction2/i3d_r50_nl_gaussian_k400": mmaction2(
        "i3d_nl_r50",
        f"{R50}-nl-gaussian_8xb8-32x2x1-100e_kinetics400-rgb_20220812-0c5cbf5a",
        32,
        2,
        73.97,
        options={**UNSCALED, "affinity": "gaussian"},
    ),
}
