"""Networks that were trained together with texts: they compare a video with any text, and need no training for it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.core import checkpoint
from videoai.core.messages import command_line, truncated_list
from videoai.inference.class_texts import HOW, Classes, ClassTexts, Line, placed_lines, read_classes
from videoai.models.published import StateDict, Weights, all_weights, build_loaded, find, is_published, read_published
from videoai.models.published.clip import joint, text_tower
from videoai.models.published.vocabulary import find_vocabulary
from videoai.models.text.templates import TEMPLATES, fault_of_template
from videoai.models.text.tokenizer import Tokenizer, check_packages
from videoai.models.text.tower import TextTower, tower_from_state

logger = logging.getLogger(__name__)
TEXTS_AT_ONCE = 256


def reads_texts(source: str) -> bool:
    """Whether these are published weights of a network that was trained together with texts."""
    row = all_weights().get(source.partition(":")[0])
    return is_published(source) and row is not None and row.model in TEMPLATES


@dataclass(frozen=True)
class TextModel:
    """Both sides of such a network."""

    weights: str  # the id, or ID:FILE
    row: Weights
    network: nn.Module  # clips -> vectors
    tower: TextTower
    tokenizer: Tokenizer
    joined: StateDict  # the scale of logits and, of X-CLIP, the video-specific prompts

    @torch.inference_mode()
    def vectors(self, texts: Sequence[str]) -> Tensor:
        """float32 [N, E], of any length. Raises: ValueError: a text that is empty or too long."""
        parts = [
            self.tower(self.tokenizer([*texts[first : first + TEXTS_AT_ONCE]]))
            for first in range(0, len(texts), TEXTS_AT_ONCE)
        ]
        return torch.cat(parts)

    def vector(self, text: str) -> Tensor:
        """float32 [E], of length 1: the mean over the default templates."""
        vectors = self.vectors([one.replace("{}", text) for one in TEMPLATES[self.row.model]])
        return F.normalize(F.normalize(vectors, dim=-1).mean(0), dim=-1)

    @property
    def num_prompts(self) -> int:
        """Layers of the video-specific prompts."""
        return len({key.split(".")[2] for key in self.joined if key.startswith("prompts.layers.")})


def open_text_model(weights: str) -> TextModel:
    """Raises: ImportError: naming the extra. OSError, ValueError: weights or vocabulary that cannot be had."""
    check_packages()
    try:
        row, state = find(weights), read_published(weights)
    except (OSError, ValueError) as error:  # they name weights=, the setting of train
        kind = OSError if isinstance(error, OSError) else ValueError
        raise kind(str(error).replace("weights=", "checkpoint=")) from error
    try:
        tower = tower_from_state(text_tower(state), weights)
        network = build_loaded({"name": row.model}, weights, 0, lambda: state)
    except KeyError as error:
        raise ValueError(f"weights {weights}: no tensor is called {error}. Is it the published file?") from error
    merges = find_vocabulary(weights)
    tokenizer = Tokenizer(merges, vocabulary=tower.vocabulary, context=tower.context)
    return TextModel(weights, row, network.eval(), tower, tokenizer, joint(state))


def open_text_classifier(weights: str, classes: Classes, templates: str | Sequence[str]) -> dict[str, Any]:
    """The content of a checkpoint whose classes are texts: what ``open_checkpoint`` gives of one that was trained.

    Raises: ImportError, OSError, ValueError: as ``open_text_model`` and ``read_classes``; or no classes.
    """
    row = all_weights()[weights.partition(":")[0]]
    if not classes:
        head = command_line("train", f"model={row.model}", f"weights={weights}", "finetune=linear_probe")
        raise ValueError(f"checkpoint={weights}: compares videos with texts. {HOW}. Or train a head for it: {head}")
    texts = texts_of(row, read_classes(classes), templates)
    return state_of(open_text_model(weights), texts)


def texts_of(row: Weights, said: ClassTexts, templates: str | Sequence[str]) -> ClassTexts:
    """Every phrasing of every class in every template. Raises: ValueError: a template without a place for it."""
    sentences = sentences_of(placed_lines(templates, "templates")) if templates else TEMPLATES[row.model]
    return {name: [one.replace("{}", text) for text in said[name] for one in sentences] for name in said}


def sentences_of(lines: Sequence[Line]) -> tuple[str, ...]:
    """The templates. Raises: ValueError: one without a place for the class, several, or a brace of no place."""
    for place, sentence in lines:
        if fault := fault_of_template(sentence):
            raise ValueError(f"{place}: {sentence!r} {fault}")
    return tuple(sentence for _, sentence in lines)


def state_of(model: TextModel, texts: ClassTexts) -> dict[str, Any]:
    """The checkpoint of a classifier: the network, what joins it with texts, and their vectors."""
    vectors = model.vectors([text for of_class in texts.values() for text in of_class])
    shown = [f"{name} = {of_class[0]!r}" + (", ..." if len(of_class) > 1 else "") for name, of_class in texts.items()]
    logger.info("classes are texts: %s", truncated_list(shown))
    network = {f"network.{key}": tensor for key, tensor in model.network.state_dict().items()}
    node = {
        "name": "text_classifier",
        "network": {"name": model.row.model, **model.row.options},
        "texts": [len(of_class) for of_class in texts.values()],
        "prompts": model.num_prompts,
    }
    return {
        "format": checkpoint.FORMAT,
        "config": {"task": model.row.task, "model": node, "data": {}, "texts": texts},
        "classes": [*texts],
        "clip": model.row.clip.to_dict(),
        "model": {**network, **model.joined, "texts": vectors.clone()},
        "step": 0,
        "versions": {"weights": model.weights},
    }


def check_no_texts(source: str, classes: Classes, templates: str | Sequence[str]) -> None:
    """Raises: ValueError: texts for a checkpoint that reads none."""
    for key, given in (("classes", classes), ("templates", templates)):
        if given:
            raise ValueError(
                f"checkpoint={source}: answers with the classes that it was trained on, and reads no texts. Leave "
                f"{key}=, or give a model that compares videos with texts: checkpoint=hf/xclip_base_patch32"
            )
