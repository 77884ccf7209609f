"""``push``: publish a run's best checkpoint with its evaluation and a model card, unless a number cannot be proven."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save

from videoai.core import checkpoint
from videoai.core.files import write_together
from videoai.core.hub import CHECKPOINT, EVALUATION, LICENSES, NAME, is_on_hub, upload
from videoai.core.messages import command_line, did_you_mean
from videoai.core.paths import composed, display_path
from videoai.inference.initial_weights import pretrained_backbone
from videoai.inference.load import averaged, node_name
from videoai.models import default_weights
from videoai.models.published import find, is_non_commercial, is_published
from videoai.report.derived import derived_results, read_results
from videoai.report.model_card import CardFacts, model_card
from videoai.run.checkpoint_data import DataChange, choose_data, read_data
from videoai.run.training.folder import RunFolder
from videoai.settings.verbs import PushSettings

logger = logging.getLogger(__name__)

PLACES = ("test", "val", ".")  # where a run's own evaluation lies; . = runs of before


@dataclass(frozen=True)
class Pushed:
    """What was published."""

    files: list[str]
    folder: str | None  # where they were written
    url: str | None  # the commit's


def push(settings: PushSettings) -> Pushed:
    """Check everything first, then write the folder and send the commit.

    Raises: ValueError, OSError: what is missing or does not follow from the files; nothing was written or sent.
    """
    _check(settings)
    run = RunFolder(Path(settings.run))
    files = published_files(settings, run)
    logger.info("config.yaml and %s hold the paths of your data as they are here", CHECKPOINT)
    url = None
    if settings.hub:
        message = f"Publish {run.path.absolute().name}"
        url = upload(settings.hub, files, private=settings.private, revision=settings.revision, message=message)
    if settings.local_dir:
        write_together({Path(settings.local_dir) / name: data for name, data in files.items()})
    return Pushed([*files], settings.local_dir, url)


def published_files(settings: PushSettings, run: RunFolder) -> dict[str, bytes]:
    """The content of the repository, by path. Raises: ValueError, OSError: as ``push``."""
    if not run.best.is_file():
        raise ValueError(f"{run.path}: no checkpoints/best.pt in it. Give the folder of a run: videoai push RUN ...")
    folder = evaluation_of(settings, run)
    data = run.best.read_bytes()
    state = checkpoint.load(run.best)
    again = f"Evaluate it again: {command_line('evaluate', f'checkpoint={display_path(run.best)}')}"
    try:
        check_evaluated(run.best, sha256(data).hexdigest(), folder)
        results, evaluation = derived_results(folder, state["classes"])
    except (ValueError, OSError) as error:
        raise ValueError(f"{error}. {again}") from error
    weights = averaged(state) or state["model"]
    return {
        "README.md": model_card(card_facts(settings, state, results)).encode("utf-8", "backslashreplace"),
        CHECKPOINT: data,
        # the weights alone; cloned, since the format knows no tensors that share memory
        "model.safetensors": save({key: value.clone().contiguous() for key, value in weights.items()}),
        "config.yaml": yaml.safe_dump(state["config"], sort_keys=False).encode(),
        f"{EVALUATION}/results.json": (folder / "results.json").read_bytes(),
        **{f"{EVALUATION}/{name}": content for name, content in evaluation.items()},
    }


def check_evaluated(best: Path, digest: str, folder: Path) -> None:
    """Raises: ValueError: the results in ``folder`` are of another checkpoint than ``best``, whose SHA-256 is given."""
    recorded = read_results(folder)
    other = str(recorded.get("checkpoint_sha256"))
    if other != digest:
        raise ValueError(
            f"{folder / 'results.json'}: of another checkpoint ({recorded['checkpoint']}, SHA-256 {other[:16]}) than "
            f"{best} (SHA-256 {digest[:16]})"
        )


def evaluation_of(settings: PushSettings, run: RunFolder) -> Path:
    """The folder of the evaluation. Raises: ValueError: there is none."""
    places = [Path(settings.results)] if settings.results else [run.path / name for name in PLACES]
    for folder in places:
        if (folder / "results.json").is_file():
            return folder
    command = command_line("evaluate", f"checkpoint={display_path(run.best)}")
    raise ValueError(f"{places[-1]}: no results.json, so it was not evaluated yet: {command}")


def card_facts(settings: PushSettings, state: Mapping[str, Any], results: Mapping[str, Any]) -> CardFacts:
    """What the card says, from the checkpoint and its results."""
    config, known = state["config"], state["versions"].get("data")
    is_own = results["fingerprint"] == known
    nodes = [config.get("model"), config.get("task")]
    targets = [str(node["_target_"]) for node in nodes if isinstance(node, Mapping) and node.get("_target_")]
    at = f"@{settings.revision}" if settings.revision else ""
    return CardFacts(
        name=composed(settings.hub or Path(str(settings.local_dir)).absolute().name),
        checkpoint=f"hf://{settings.hub}{at}" if settings.hub else CHECKPOINT,
        license=settings.license,
        model=node_name(dict(state)),
        classes=state["classes"],
        clip=state["clip"],
        data=data_name(config.get("data")) if is_own else f"other videos (list {results['fingerprint'][:8]})",
        sizes=data_sizes(state, str(known), display_path(settings.run)),
        weights=initial_weights(config, settings.license),
        results=results,
        trust=list(dict.fromkeys(re.split("[.:]", target)[0] for target in targets)),
    )


def data_name(node: Any) -> str:
    """``clips`` of ``root: /home/me/clips``: enough to know the data by, without where they lie."""
    given = node if isinstance(node, Mapping) else {}
    place = given.get("root") or given.get("path") or given.get("name") or given.get("_target_") or "videos"
    return Path(str(place)).stem or str(given.get("name"))


def data_sizes(state: Mapping[str, Any], known: str, source: str) -> dict[str, int]:
    """Videos of each split, by listing them again; nothing where they are not here, or not the same any more."""
    try:
        manifest = read_data(choose_data(DataChange(), state, source, scores_whole=False), source)
        if manifest.fingerprint() != known:
            raise ValueError("the list of videos is another one than that of the training")
    except (ValueError, OSError) as error:
        logger.warning("the card leaves out how many videos there are: %s", error)
        return {}
    return {name: len(items) for name, items in manifest.splits.items() if len(items)}


def initial_weights(config: Mapping[str, Any], given_license: str) -> str:
    """What training started from: an id with its licence, a repository of the hub, ...; "" = from scratch."""
    node = config["model"]
    weights = config.get("weights") or (default_weights(node["name"]) if node.get("pretrained") else None)
    if not weights:
        backbone = pretrained_backbone(node)
        return f"ImageNet weights of {backbone}" if backbone else ""
    if is_on_hub(weights):
        return weights
    if not is_published(weights):
        return "another checkpoint"
    name, licence = weights.partition(":")[0], find(weights).licence
    if is_non_commercial(licence) and "nc" not in given_license.split("-"):
        logger.warning("training started from %s, licensed %s, and license=%s", name, licence, given_license)
    return f"{name} ({licence})"


def _check(settings: PushSettings) -> None:
    """Raises: ValueError: settings that do not go together, or a folder that holds something."""
    if not settings.hub and not settings.local_dir:
        raise ValueError("push: where to? Give hub=OWNER/NAME, or local_dir=DIR to write the files without network.")
    if settings.hub and not re.fullmatch(NAME, settings.hub):
        raise ValueError(f"hub={settings.hub}: give OWNER/NAME.")
    if settings.license not in LICENSES:
        plain = re.sub(r"[\s_]+", "-", settings.license.lower())
        raise ValueError(
            f"license={settings.license}: the hub knows no such licence.{did_you_mean(plain, LICENSES)} Give "
            "apache-2.0, mit, cc-by-4.0, cc-by-nc-4.0, another of "
            "https://huggingface.co/docs/hub/repositories-licenses, or other."
        )
    folder = Path(settings.local_dir or "")
    if settings.local_dir and folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ValueError(f"local_dir={folder}: is there already. Choose a new folder.")
