"""Settings in the layout that ``videoai.run`` still reads: nested dicts under the former names."""

from typing import Any

from videoai.settings.parse import to_dict
from videoai.settings.renamed import LOADING


def former(settings: Any) -> dict[str, Any]:
    return _former(to_dict(settings))


def _former(config: dict[str, Any]) -> dict[str, Any]:
    config = {key: dict(value) if isinstance(value, dict) else value for key, value in config.items()}
    loading = config.pop("loading", None)
    if loading is not None and "data" in config:
        config["data"] = {**config["data"], **{key: loading[key] for key in LOADING}}
    if "gan" in config:
        config["gan"]["class_width"] = config["gan"].pop("aux_classifier_width")
        config["gan"]["sameness_weight"] = config["gan"].pop("mode_seeking_weight")
        config["task"] = "gan"
    elif set(config.get("task", ())) == {"name"}:
        config["task"] = config["task"]["name"]
    return config


def compose(job: str, words: list[str]) -> tuple[dict[str, Any], Any]:
    from videoai.compose.settings import from_arguments
    from videoai.settings import datasets, gan, study, training, verbs

    classes: dict[str, type] = {
        "train": training.TrainSettings,
        "train_gan": gan.TrainGanSettings,
        "evaluate_gan": gan.EvaluateGanSettings,
        "generate": gan.GenerateSettings,
        "data_prepare": datasets.PrepareSettings,
        "study_feature_augment": study.FeatureStudySettings,
        "study_gan_augment": study.GanStudySettings,
        "predict": verbs.PredictSettings,
    }
    composed = from_arguments(classes[job], words)
    return _former(composed.whole), composed.choices


def complete(given: Any) -> tuple[dict[str, Any], Any]:
    from videoai.compose.settings import from_keywords
    from videoai.settings.gan import TrainGanSettings
    from videoai.settings.training import TrainSettings

    given = dict(given)
    is_gan = given.get("task") == "gan"
    if is_gan:
        given.pop("task")
    composed = from_keywords(TrainGanSettings if is_gan else TrainSettings, given)
    return _former(composed.whole), composed


def with_run_dir(config: dict[str, Any], composed: Any) -> dict[str, Any]:
    return former(composed.settings())
