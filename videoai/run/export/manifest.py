"""What a bundle says of itself, and the proof of each of its files."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Literal

import torch

from videoai.core.checkpoint import versions
from videoai.core.files import write_together
from videoai.inference.bundle import CONFIG, KEPT, MANIFEST, NETWORK, VERSION, Bundle, BundleClip, BundleManifest
from videoai.inference.load import LoadedModel, num_values
from videoai.inference.runtimes import NEEDS
from videoai.models import default_weights
from videoai.models.published import find, is_published
from videoai.models.published.download import digest_of
from videoai.report.result_files import json_bytes
from videoai.run.export.judge import Judgement
from videoai.settings.export import ExportSettings
from videoai.settings.parse import parse, to_dict
from videoai.tasks.supervised import SupervisedTask

JUDGEMENT = "judgement.json"


def manifest_of(
    settings: ExportSettings, state: Mapping[str, Any], task: SupervisedTask, original: LoadedModel, sha256: str
) -> BundleManifest:
    """The manifest before anything is verified."""
    clip = {key: value for key, value in original.clip.to_dict().items() if key in BundleClip.__dataclass_fields__}
    kept = {key: state[key] for key in KEPT if key in state and key not in ("clip", "config")}
    config = {key: state["config"][key] for key in CONFIG if key in state["config"]}
    metric = (state["config"].get("trainer") or {}).get("metric")
    return parse(
        BundleManifest,
        {
            "bundle": VERSION,
            "format": settings.format,
            "precision": settings.precision,
            "num_values": num_values(state),
            "license": licence_of(state),
            "activation": activation_of(task),
            "clip": clip,
            "state": {**kept, "config": {**config, "trainer": {"metric": metric}} if metric else config},
            "versions": {**versions(), **runtime_versions(settings)},
            "verified": {},
            "milliseconds": {},
            "judgement": None,
            "files": {NETWORK[settings.format]: sha256},
        },
    )


def runtime_versions(settings: ExportSettings) -> dict[str, str]:
    """What else the file depends on."""
    if settings.format not in NEEDS:
        return {}
    package = NEEDS[settings.format][0].partition(".")[0]
    return {package: version(package)}


def licence_of(state: Mapping[str, Any]) -> str | None:
    """The licence of published weights, or of those that training began with; None = not known, or none."""
    config, node = state["config"], state["config"]["model"]
    begun = state["versions"].get("weights") or config.get("weights")
    begun = begun or (default_weights(node["name"]) if node.get("pretrained") and node.get("name") else None)
    return find(str(begun)).licence if begun and is_published(str(begun)) else None


def activation_of(task: SupervisedTask) -> Literal["softmax", "sigmoid", "none"]:
    """What the task makes of outputs, as the script can: asked, since tasks of the user's own do not say."""
    outputs = torch.tensor([[-1.0, 0.5, 2.0]])
    try:
        scores = task.activated(outputs)
    except Exception:  # it takes as many outputs as it has
        return "none"
    if torch.allclose(scores, outputs.softmax(-1)):
        return "softmax"
    return "sigmoid" if torch.allclose(scores, outputs.sigmoid()) else "none"


def write_manifest(
    bundle: Bundle, verified: dict[str, Any], judged: Judgement | None, milliseconds: dict[str, float]
) -> None:
    """The judgement, and at last the manifest with the digests of all."""
    if judged:
        write_together({bundle.folder / JUDGEMENT: json_bytes(judged.to_dict())})
    files = {one.name: digest_of(one) for one in sorted(bundle.folder.iterdir())}
    said = {key: value for key, value in judged.to_dict().items() if key != "differing"} if judged else None
    whole = replace(bundle.manifest, verified=verified, milliseconds=milliseconds, judgement=said, files=files)
    write_together({bundle.folder / MANIFEST: json_bytes(to_dict(whole))})
