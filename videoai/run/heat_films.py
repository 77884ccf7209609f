"""Films of an evaluation's page under the heat of what the answer depends on."""

from dataclasses import dataclass

from torch import Tensor

from videoai.attribution.methods import attribute
from videoai.core.types import ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.inference.explain import as_input, suited_method
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
        to_input = ToModelInput(self.model.clip).to(next(self.model.parameters()).device)
        network = self.model.model
        number = int(self.scores[index].argmax())
        found = attribute(network, as_input(to_input, film.video), number, suited_method(network, self.method))
        return film._replace(video=overlay(film.video, found.heat))


def check_explain(task: SupervisedTask, clip: ClipSpec, method: str) -> None:
    """Raises: ValueError: there is no best class, or it also depends on sound."""
    if type(task).is_right is SupervisedTask.is_right:
        raise ValueError(f"explain={method} explains the class that is answered, and {type(task).__name__} has none.")
    if clip.sound:
        raise ValueError(f"explain={method} explains pictures alone, and the checkpoint hears. Leave it out.")
