"""2-D weights for 3-D networks: every kernel repeated over time, divided by the number of repeats.

I3D (Carreira & Zisserman 2017, arXiv:1705.07750, section 2.4): so that a clip of one repeated picture gives what the
picture gave. ImageNet networks want ImageNet's mean and standard deviation (clip.mean, clip.std).
"""

import logging
from collections.abc import Mapping

from torch import Tensor, nn

from videoai.core.messages import did_you_mean
from videoai.models.weights import LoadReport, load_partial

logger = logging.getLogger(__name__)


def inflate_kernel(weight: Tensor, num_frames: int) -> Tensor:
    """A convolution or patch embedding [O, I, H, W] -> [O, I, T, H, W]."""
    return weight.unsqueeze(2).repeat(1, 1, num_frames, 1, 1) / num_frames


def inflate_state(state: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A 2-D network's state dict for a 3-D network of the same names, whose state dict is ``like``.

    What is a kernel [O, I, H, W] here and [O, I, T, H, W] there is inflated; all else stays as it is.
    """

    def inflate(name: str, tensor: Tensor) -> Tensor:
        wanted = like.get(name)
        if tensor.ndim == 4 and wanted is not None and wanted.ndim == 5:
            return inflate_kernel(tensor, wanted.shape[2])
        return tensor

    return {name: inflate(name, tensor) for name, tensor in state.items()}


def inflate_timm(model: nn.Module, name: str) -> LoadReport:
    """Start ``model``, whose parameters are named as a 2-D ResNet's, from the published weights of a timm model.

    Raises: ValueError: timm has no such model, or its tensors do not fit. OSError: its weights cannot be fetched.
    """
    import timm

    if not timm.is_model(name.partition(".")[0]):
        near = did_you_mean(name, timm.list_models("*resnet*", pretrained=True))
        raise ValueError(f"model.inflate='{name}' is not a model of timm {timm.__version__}.{near}")
    try:
        state = timm.create_model(name, pretrained=True).state_dict()
    except (OSError, RuntimeError) as error:
        raise OSError(
            f"model.inflate={name}: cannot fetch its weights ({error}). Put them into the Hugging Face cache (HF_HOME) "
            "on a machine with network, or set model.inflate=null."
        ) from error
    state = {key: tensor for key, tensor in state.items() if not key.startswith("fc.")}  # ImageNet's classes
    report = load_partial(model, inflate_state(state, model.state_dict()))
    logger.info("model.inflate=%s: kernels repeated over time; %s", name, report)
    return report
