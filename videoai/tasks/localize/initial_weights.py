"""What a localiser starts from: another localiser, or a classifier whose body it takes."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from videoai.inference.initial_weights import load_weights, published_id
from videoai.inference.load import read_weights
from videoai.models.features import FeatureSteps
from videoai.models.per_frame import PerFrame
from videoai.models.weights import load_partial
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)


def load_initial(model: PerFrame, settings: TrainSettings, outputs: Sequence[str]) -> list[nn.Parameter]:
    """Weights of a localiser for all of the model, those of a classifier for its body.

    Returns: the parameters of the body that keep their random initial values.
    Raises: ValueError, OSError.
    """
    if settings.weights and not published_id(settings):
        tensors, known = read_weights(settings.weights)
        if isinstance(model.body, FeatureSteps) or any(name.startswith("body.") for name in tensors):
            if known != list(outputs):
                tensors = {name: value for name, value in tensors.items() if name.startswith(("body.", "norm."))}
            report, named = load_partial(model, tensors), dict(model.named_parameters())
            logger.info("weights %s: %s", settings.weights, report)
            return [named[name] for name in report.new if name in named]
    return load_weights(model.body, replace(settings, model=settings.model["body"]), outputs)
