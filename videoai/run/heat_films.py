"""Films of an evaluation's page under the heat of what the answer depends on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from videoai.attribution.methods import attribute
from videoai.core.seeding import generator_for
from videoai.core.types import ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.inference.explain import WITHOUT_GRADIENTS, as_input, suited_method
from videoai.inference.load import LoadedModel
from videoai.report.heat import overlay
from videoai.report.page.film import Film
from videoai.settings.verbs import ExplainMethod
from videoai.tasks.supervised import SupervisedTask


@dataclass(frozen=True)
class HeatFilms:
    """Explains the best class of each video that the page shows."""

    model: LoadedModel
    scores: Tensor  # [N, K], of the videos
    method: ExplainMethod

    def __call__(self, index: int, film: Film) -> Film:
        """The film of a video, by its number, under its heat. Raises: NoMap: the network cannot be explained so."""
        number = int(self.scores[index].argmax())
        return film._replace(video=overlay(film.video, self.heat(film.video, number)))

    def heat(self, frames: Tensor, number: int) -> Tensor:
        """uint8 [T, C, H, W] and the number of a class -> float [T, H, W]."""
        network = self.model.model
        device = next((one.device for one in network.parameters()), torch.device("cpu"))
        video = as_input(ToModelInput(self.model.clip).to(device), frames)
        return attribute(network, video, number, suited_method(network, self.method)).heat

    def check(self) -> None:
        """One clip of noise, before any video is scored. Raises: ValueError: the network cannot be explained so."""
        if self.method in WITHOUT_GRADIENTS:
            return
        clip = self.model.clip
        shape = (clip.num_frames, 3, clip.size, clip.size)
        self.heat(torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator_for(0, "explain")), 0)


def check_explain(task: SupervisedTask, clip: ClipSpec, method: str) -> None:
    """Raises: ValueError: there is no best class, or it also depends on sound."""
    if type(task).is_right is SupervisedTask.is_right:
        raise ValueError(f"explain={method} explains the class that is answered, and {type(task).__name__} has none.")
    if clip.sound:
        raise ValueError(f"explain={method} explains pictures alone, and the checkpoint hears. Leave it out.")
