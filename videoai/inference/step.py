"""One frame more: what a causal network says of a video that is still going on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from videoai.inference.predict import Predictor, check_outputs
from videoai.models.memory import CausalModel, State, is_causal


@dataclass(frozen=True)
class Stepper:
    """The network of a predictor, frame by frame, with the same normalisation, precision and activation."""

    predictor: Predictor
    network: CausalModel

    @torch.inference_mode()
    def __call__(self, frame: Tensor, state: State | None) -> tuple[Tensor, State]:
        """uint8 [C, size, size], what the last call gave or None -> scores, float [K], and the next state."""
        precision = self.predictor.precision
        with precision.autocast():
            video = precision.place_video(self.predictor.to_input.normalized(frame[None, None]))  # [1, C, 1, H, W]
            logits, state = self.network.step(video[:, :, 0], state)
        check_outputs(logits, 1, self.predictor.model)
        return self.predictor.task.activated(logits.float()).cpu()[0], state


def stepper_of(predictor: Predictor) -> Stepper | None:
    """None = the network reads whole clips alone."""
    network = predictor.model.model
    return Stepper(predictor, network) if is_causal(network) else None
