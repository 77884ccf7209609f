"""From a checkpoint file to a model, with nothing else: no config, no data set, no Hydra."""

import errno
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from videoai.core import checkpoint
from videoai.core.build import build
from videoai.core.hub import local_file
from videoai.core.messages import command_line, truncated_list
from videoai.core.types import ClipSpec
from videoai.data.sound import check_torchaudio
from videoai.inference.bundle import Bundle, check_no_part, is_bundle, open_bundle
from videoai.inference.class_texts import Classes
from videoai.inference.exported import open_network
from videoai.inference.text_models import check_no_texts, open_text_classifier, reads_texts
from videoai.models import TARGETS, create_model
from videoai.models.heads import num_outputs, with_columns, with_head
from videoai.models.late_fusion import LateFusion, SoundNet, SoundOnly, outputs_of
from videoai.models.published import find, is_published
from videoai.models.published.classes import names_beside, names_of
from videoai.models.published.files import read_any
from videoai.models.wrapped import unwrap, without_prefix
from videoai.settings.audio import AudioSettings
from videoai.settings.parse import parse

logger = logging.getLogger(__name__)

FETCHED = {"backbone_pretrained": False, "inflate": None}  # options of models that fetch weights, and their no


class LoadedModel(nn.Module):
    """A model in eval mode with what it was trained on. video: float [B, C, T, H, W], normalised -> outputs [B, K],
    which ``classes`` names; their meaning is up to the task. One that hears, ``clip.sound``, also takes sound: float
    [B, M, S]; without any it answers by the picture."""

    def __init__(self, model: nn.Module, *, classes: list[str], clip: ClipSpec) -> None:
        super().__init__()
        self.model, self.classes, self.clip = model, classes, clip

    def forward(self, video: torch.Tensor, sound: torch.Tensor | None = None) -> torch.Tensor:
        return outputs_of(self.model, video, sound)


def load(checkpoint_path: str | Path, *, trust: Sequence[str] = (), device: str = "cpu") -> LoadedModel:
    """The model of a checkpoint, or of published weights by id, with ``.classes`` (index = label) and ``.clip``; the
    averaged weights if there are any.

    ``trust`` names packages of your own that the checkpoint's model may be imported from.

    Raises: FileNotFoundError, ValueError: naming the file and what is wrong with it.
    """
    return from_state(open_checkpoint(checkpoint_path), trust=trust, may_hear=True).to(device).eval()


def open_checkpoint(
    source: str | Path, *, classes: Classes = (), templates: str | Sequence[str] = ()
) -> dict[str, Any]:
    """The content of a checkpoint file, also of the hub (``hf://OWNER/NAME``), of the folder of an export, or of
    published weights by id (``ID`` or ``ID:FILE``), which come with their own classes and clip but without data.

    Args:
        classes: texts, for a network that compares videos with texts; ``templates``: the sentences that they stand in.
    Raises: FileNotFoundError, OSError, ValueError: naming the file and what is wrong with it.
    """
    if reads_texts(str(source)):
        return open_text_classifier(str(source), classes, templates)
    state = _open_trained(source)
    check_no_texts(str(source), classes, templates)
    return state


def _open_trained(source: str | Path) -> dict[str, Any]:
    """A checkpoint with classes of its own."""
    if not is_published(str(source)):
        check_no_part(source)
        return open_bundle(source) if is_bundle(source) else checkpoint.load(source)
    weights = str(source)
    try:
        row = find(weights)
        model = create_model(row.model, weights=weights) if row.num_classes else None
    except (OSError, ValueError) as error:  # they name weights=, the setting of train
        kind = OSError if isinstance(error, OSError) else ValueError
        raise kind(str(error).replace("weights=", "checkpoint=")) from error
    if model is None:
        head = command_line("train", f"model={row.model}", f"weights={weights}", "finetune=linear_probe")
        raise ValueError(f"checkpoint={weights}: an encoder without classes. Train a head for it: {head}")
    return {
        "format": checkpoint.FORMAT,
        "config": {
            "task": row.task,
            "model": {"name": row.model, **row.options},
            "data": {},
        },
        "classes": names_of(weights, num_outputs(model)),
        "clip": row.clip.to_dict(),
        "model": model.state_dict(),
        "step": 0,
        "versions": {"weights": weights},
    }


def from_state(state: dict[str, Any], *, trust: Sequence[str] = (), may_hear: bool = False) -> LoadedModel:
    """As ``load``, from a checkpoint that is already in memory. ``may_hear``: the caller gives a model the sound that
    it asks for.

    Raises: ValueError: its task names no actions, such as a GAN; or it hears, and would be given pictures alone.
    """
    if "model" not in state["config"]:
        raise ValueError(f"a checkpoint of task={state['config'].get('task')}, which predicts no actions.")
    clip = ClipSpec(**state["clip"])
    if clip.sound and not may_hear:
        raise ValueError("the checkpoint hears (modalities with a), and this reads pictures alone. Train with [v].")
    network = state["model"]  # a file of torch holds no Bundle
    model = open_network(network, trust=trust) if isinstance(network, Bundle) else rebuilt(state, clip, trust)
    return LoadedModel(model, classes=list(state["classes"]), clip=clip).eval()


def rebuilt(state: Mapping[str, Any], clip: ClipSpec, trust: Sequence[str]) -> nn.Module:
    """The network of a checkpoint's config with its weights. Raises: ValueError: they do not fit, or are no numbers."""
    finetune = state["config"].get("finetune", {})
    head, columns = finetune.get("head", "linear"), finetune.get("columns") or ()
    model = build_model(state["config"]["model"], num_classes=len(state["classes"]), head=head, trust=trust)
    model = with_columns(model, checked_columns(columns))
    if clip.sound:
        check_torchaudio()
        model = with_sound(model, *heard_as(state["config"]), len(state["classes"]))
    weights = averaged(state) or state["model"]
    broken = [name for name, value in weights.items() if value.is_floating_point() and not value.isfinite().all()]
    if broken:
        raise ValueError(f"checkpoint: {broken[0]} holds numbers that are not finite; every prediction would be noise.")
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        what = " ".join(str(error).split(":", 1)[-1].split())[:200]
        raise ValueError(
            f"checkpoint: its weights are not those of its model {node_name(state)}: {what} ..."
        ) from error
    return model


def heard_as(config: Mapping[str, Any]) -> tuple[Sequence[str], AudioSettings]:
    """``modalities`` and ``audio`` of a checkpoint. Raises: ValueError: what no training allows."""
    return config.get("modalities") or ("v",), parse(AudioSettings, config.get("audio") or {})


def with_sound(model: nn.Module, modalities: Sequence[str], audio: AudioSettings, num_classes: int) -> nn.Module:
    """The model itself (``[v]``), beside a network of sounds (``[v,a]``), or that alone (``[a]``); freshly drawn."""
    if "a" not in modalities:
        return model
    sound = SoundNet(num_classes, width=audio.width)
    if "v" not in modalities:
        return SoundOnly(sound, audio.num_mels, audio.num_steps)
    return LateFusion(model, sound, drop=audio.drop, drop_video=audio.drop_video)


def checked_columns(columns: Any) -> Sequence[int]:
    """``finetune.columns`` of a checkpoint. Raises: ValueError: no numbers."""
    if not isinstance(columns, list | tuple) or not all(type(number) is int for number in columns):
        raise ValueError(f"checkpoint: finetune.columns is {str(columns)[:40]!r}, no list of numbers.")
    return columns


def num_values(state: Mapping[str, Any]) -> int:
    """How many numbers the network of a checkpoint or of an export holds."""
    network = state["model"]
    if isinstance(network, Bundle):
        return network.manifest.num_values
    return sum(value.numel() for value in network.values())


def node_name(state: Mapping[str, Any]) -> str:
    """The name of a checkpoint's model, or its class."""
    node = state["config"]["model"]
    return str(node.get("name") or node.get("_target_"))


def build_model(
    node: dict[str, Any],
    *,
    num_classes: int,
    head: str = "linear",
    trust: Sequence[str] = (),
    fetch_backbone: bool = False,
) -> nn.Module:
    """A model from its config node, with fresh weights; ``head`` is ``finetune.head``. ``backbone_pretrained`` and
    ``inflate`` count with ``fetch_backbone`` only: a checkpoint holds all weights, and loading it needs no network."""
    node = plain_node(node, fetch_backbone=fetch_backbone)
    model = build(node, TARGETS, where="model", trust=trust, num_classes=num_classes)
    if not isinstance(model, nn.Module):
        target = node.get("_target_") or node.get("name")
        raise ValueError(f"model: {target} gives a {type(model).__name__}; a torch.nn.Module is needed.")
    return with_head(model, head, num_classes)


def plain_node(node: dict[str, Any], *, fetch_backbone: bool) -> dict[str, Any]:
    """A node without ``pretrained``, and without what fetches weights where they are not wanted; so its ``body``."""
    if "_target_" in node:
        return node
    node = {key: value for key, value in node.items() if key != "pretrained"}
    if isinstance(body := node.get("body"), dict):
        node["body"] = plain_node(body, fetch_backbone=fetch_backbone)
    return node if fetch_backbone else node | {key: nothing for key, nothing in FETCHED.items() if key in node}


def averaged(state: Mapping[str, Any]) -> dict[str, Any] | None:
    """The averaged weights under the model's own names, or None."""
    if not state.get("ema"):
        return None
    prefix = "module."  # torch.optim.swa_utils.AveragedModel
    return {key[len(prefix) :]: value for key, value in state["ema"].items() if key.startswith(prefix)}


def read_weights(path: str | Path) -> tuple[dict[str, torch.Tensor], list[str] | None]:
    """The tensors of a checkpoint of this project and its classes, or a state dict of the same model, as other training
    scripts save it, and the classes in the config.json beside it, else None. ``hf://OWNER/NAME`` is fetched first.

    Raises: FileNotFoundError, OSError, ValueError.
    """
    path = local_file(path)
    if path.is_dir():
        raise ValueError(f"weights={path} is a folder. Give a file in it, such as {path}/checkpoints/best.pt of a run.")
    if not path.exists():
        raise FileNotFoundError(
            f"weights={path}: neither a file nor published weights; videoai models NAME shows the ids of a model."
        )
    state, classes = _content(path), None
    if isinstance(state, dict) and "format" in state and "model" in state:
        state, classes = seen_part(state, path), state.get("classes")
    elif isinstance(state, dict):
        (state, where), classes = unwrap(state), names_beside(path)
        if where:
            logger.info("weights %s: the state dict is the file's %s", path, where)
    if isinstance(state, dict) and any(key.startswith("probe.") for key in state):
        # an attentive head: others start from the model below it
        state = {key.removeprefix("model."): value for key, value in state.items() if key.startswith("model.")}
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(
            f"weights={path}: expected a checkpoint of videoai or a state dict of tensors, plain or under a usual key "
            f"such as state_dict or model. {_found(state)}"
        )
    return state, classes


def seen_part(state: dict[str, Any], path: Path) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint; of one that sees and hears, those of its network of pictures.

    Raises: ValueError: it hears alone.
    """
    weights, modalities = averaged(state) or state["model"], state.get("config", {}).get("modalities") or ("v",)
    if "a" not in modalities:
        return weights
    if "v" not in modalities:
        raise ValueError(f"weights={path}: a checkpoint that hears alone has no network of pictures.")
    logger.info("weights %s: its network of pictures; that of sounds begins anew", path)
    return without_prefix(weights, "video.")


def _content(path: Path) -> Any:
    """What a file of weights holds: of torch, with other programs' objects as placeholders, or safetensors.

    Raises: ValueError: damaged, or more than plain data.
    """
    try:
        return read_any(path, caffe2=False)
    except checkpoint.UNREADABLE as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: shorter than its own index says
            raise
        raise ValueError(
            f"weights={path}: cannot be read ({type(error).__name__}): it is damaged, holds more than plain data, or "
            "is no file of torch or safetensors. Give another file."
        ) from error


def _found(content: Any) -> str:
    if not isinstance(content, dict):
        return f"It holds a {type(content).__name__}."
    return f"It holds {truncated_list([str(key) for key in content])}."
