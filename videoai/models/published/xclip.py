"""X-CLIP: its authors' weights, as they publish them and as Hugging Face keeps them. The converters are CLIP's."""

from typing import Any

from videoai.core.types import ClipSpec
from videoai.models.published import Weights
from videoai.models.published.clip import convert

# Names at huggingface.co/microsoft -> model, frames, what it was trained on, top-1 there, views
HF_FILES = (
    ("xclip-base-patch32", "xclip_b32", 8, "kinetics400", 80.4, {}),
    ("xclip-base-patch32-16-frames", "xclip_b32", 16, "kinetics400", 81.1, {}),
    ("xclip-base-patch16", "xclip_b16", 8, "kinetics400", 83.8, {}),
    ("xclip-base-patch16-16-frames", "xclip_b16", 16, "kinetics400", 84.7, {}),
    ("xclip-large-patch14", "xclip_l14", 8, "kinetics400", 87.1, {}),
    ("xclip-large-patch14-16-frames", "xclip_l14", 16, "kinetics400", 87.7, {"size": 336}),
    ("xclip-base-patch16-kinetics-600", "xclip_b16", 8, "kinetics600", 85.3, {}),
    ("xclip-base-patch16-kinetics-600-16-frames", "xclip_b16", 16, "kinetics600", 85.8, {}),
    ("xclip-large-patch14-kinetics-600", "xclip_l14", 8, "kinetics600", 88.3, {}),
    ("xclip-base-patch16-zero-shot", "xclip_b16", 32, "kinetics400", None, {}),
)
# Names at github.com/nbl97/X-CLIP_Model_Zoo -> the same
AUTHORS_FILES = (
    ("k400_32_8", "xclip_b32", 8, "kinetics400", 80.4, {}),
    ("k400_32_16", "xclip_b32", 16, "kinetics400", 81.1, {}),
    ("k400_16_8", "xclip_b16", 8, "kinetics400", 83.8, {}),
    ("k400_16_16", "xclip_b16", 16, "kinetics400", 84.7, {}),
    ("k600_16_8", "xclip_b16", 8, "kinetics600", 85.3, {}),
    ("k600_16_16", "xclip_b16", 16, "kinetics600", 85.8, {}),
    ("zero", "xclip_b16", 32, "kinetics400", None, {}),
)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, not CLIP's
AUTHORS = "https://github.com/nbl97/X-CLIP_Model_Zoo/releases/download/v1.0"


def _row(model: str, frames: int, dataset: str, top1: float | None, options: dict[str, int], **facts: Any) -> Weights:
    size = options.get("size", 224)
    spec = ClipSpec(num_frames=frames, size=size, resize=size * 256 // 224, sampling="uniform", mean=MEAN, std=STD)
    return Weights(
        model=model,
        convert=convert,
        clip=spec,
        licence="MIT",
        options=options if frames == 8 else {**options, "num_frames": frames},  # 8 is the model's default
        num_classes=0,
        dataset=dataset,
        top1=top1,
        views=None if top1 is None else "4x3",
        verified="no" if model == "xclip_l14" else "parity",  # its config could not be read to compare with
        **facts,
    )


def _hf(name: str, *row: Any) -> Weights:
    page = f"https://huggingface.co/microsoft/{name}"
    return _row(*row, url=f"{page}/resolve/main/pytorch_model.bin", page=page)


def _authors(file: str, *row: Any) -> Weights:
    page = "https://github.com/microsoft/VideoX/tree/master/X-CLIP"
    return _row(*row, url=f"{AUTHORS}/{file}.pth", page=page, container="model")


WEIGHTS: dict[str, Weights] = {
    **{f"hf/{row[0].replace('-', '_')}": _hf(*row) for row in HF_FILES},
    **{f"xclip/{row[0]}": _authors(*row) for row in AUTHORS_FILES},
}
