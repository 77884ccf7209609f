"""``videoai study``: ways to train, compared over seeds."""

import logging
import re
from dataclasses import replace
from typing import Any, TypeVar

from videoai.cli.overrides import about_data, data_change
from videoai.compose.settings import for_classifier, from_arguments, shared_out
from videoai.core.messages import pluralize
from videoai.settings.augment import DiffOperation
from videoai.settings.gan import TrainGanSettings
from videoai.settings.study import (
    ArchitecturesStudySettings,
    EncodersStudySettings,
    ExplanationsStudySettings,
    FeatureStudySettings,
    GanStudySettings,
    LabelNoiseSettings,
    MoreDataSettings,
    SplitLeakSettings,
)
from videoai.settings.training import TrainSettings

logger = logging.getLogger(__name__)
T = TypeVar("T", SplitLeakSettings, MoreDataSettings, LabelNoiseSettings)

# Settings of train that a study sets itself, and the setting of its own that says so.
SHARED = {f"trainer.{key}": "steps" for key in ("max_steps", "max_epochs", "eval_every")}
SHARED |= {"data.num_workers": "num_workers", "loading.num_workers": "num_workers"}
TAKEN = SHARED | {"seed": "seeds"}
FAMILIES_TAKEN = TAKEN | {"data.folds": "folds", "data.test_fold": "folds", "model": "models", "weights": "models"}
WIDE = 112  # columns that a row of the table of architectures needs
NOISE_TAKEN = SHARED | {"data.folds": "folds"}
# Settings of a study that change nothing where its answers are not those of networks that it trains; of the settings of
# train, those of the data count with a checkpoint, and none with runs.
UNUSED = {"runs": ("folds", "steps", "seed", "batch_size", "num_workers", "device"), "checkpoint": ("steps",)}


def feature_augment(arguments: list[str]) -> int:
    """Data are the encoder's own, or named."""
    words, rest = about_data(arguments)
    settings = from_arguments(FeatureStudySettings, rest).settings()
    from videoai.run.study.feature_augment import study_features

    return show(study_features(settings, data_change(words, settings.checkpoint)))


def gan_augment(arguments: list[str]) -> int:
    """Settings of the generator go to it, all others to the classifiers, and the user's own YAML to both."""
    own, others = shared_out(GanStudySettings, arguments)
    check_not_taken(others, TAKEN | {"synthetic.source": "arms"})
    settings = from_arguments(GanStudySettings, own).settings()
    of_both = [one for one in others if one.startswith("--") or "=" not in one]  # --config-dir and its folder
    of_gan = [one for one in others if one.startswith(("gan=", "gan.", "clip=", "clip."))]
    of_classifier = [one for one in others if one not in (*of_gan, *of_both)]
    from videoai.run.study.gan_augment import BASES, evaluator_arm, study_gan

    gan = from_arguments(TrainGanSettings, [*of_both, *of_gan]).settings()
    arms = dict.fromkeys([*BASES, evaluator_arm(settings.rare), *settings.arms])
    classifiers = {arm: _classifier(arm, [*of_both, *of_classifier], gan.gan.diff_augment) for arm in arms}
    one = classifiers[BASES[0]]
    loading = replace(one.loading, num_workers=settings.num_workers)  # one for all
    classifiers = {arm: replace(each, device=settings.device, loading=loading) for arm, each in classifiers.items()}
    trainer = replace(gan.trainer, num_threads=one.trainer.num_threads)
    gan = replace(gan, data=one.data, loading=loading, logger=one.logger, device=settings.device, trainer=trainer)
    return show(study_gan(settings, gan, classifiers))


def explanations(arguments: list[str]) -> int:
    """Nothing is trained: the classifier is there."""
    settings = from_arguments(ExplanationsStudySettings, arguments).settings()
    from videoai.core.paths import display_path
    from videoai.run.study.explanations import study_explanations

    results = study_explanations(settings)
    print(results["table"])
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ results.json")
    return 0


def split_leak(arguments: list[str]) -> int:
    """Settings of train go to the classifiers."""
    settings, training = with_training(SplitLeakSettings, arguments, TAKEN)
    from videoai.core.paths import display_path
    from videoai.run.study.split_leak import study_split_leak

    results = study_split_leak(settings, training)
    for row in results["rows"]:
        clips = f"{pluralize(row['clips'], 'clip')}, {pluralize(row['test_clips'], 'test clip')}"
        print(f"seed {row['seed']}  {row['arm']:<9} {row['accuracy']:6.1%}  {clips}")
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ rows.jsonl results.json")
    return 0


def more_data(arguments: list[str]) -> int:
    """Settings of train go to the classifiers."""
    settings, training = with_training(MoreDataSettings, arguments, TAKEN)
    from videoai.core.paths import display_path
    from videoai.report.more_data import gains_table
    from videoai.report.tables import as_text
    from videoai.run.study.more_data import study_more_data

    results = study_more_data(settings, training)
    print(as_text(gains_table(results["all_gains"], sorted(set(settings.parts)))))
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ rows.jsonl results.json curve.png")
    return 0


def label_noise(arguments: list[str]) -> int:
    """Settings of train go to the classifiers, unless a cross-validation is named."""
    settings, training = with_training(LabelNoiseSettings, arguments, NOISE_TAKEN)
    from videoai.core.paths import display_path
    from videoai.report.label_noise import suspects_table
    from videoai.report.tables import as_text
    from videoai.run.study.label_noise import study_label_noise

    results = study_label_noise(settings, training)
    if results["suspects"]:
        print(as_text(suspects_table(results["suspects"])))
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ {' '.join(results['files'])}")
    return 0


def architectures(arguments: list[str]) -> int:
    """Settings of train go to all models, each with the clip that it was designed for unless one is named."""
    own, others = shared_out(ArchitecturesStudySettings, arguments)
    check_not_taken(others, FAMILIES_TAKEN)
    settings = from_arguments(ArchitecturesStudySettings, own).settings()
    trainings = {}
    for model in settings.models:
        training = from_arguments(TrainSettings, [f"model={model}", *others]).settings()
        loading = replace(training.loading, num_workers=settings.num_workers)
        trainings[model] = replace(training, loading=loading, device=settings.device)
    from videoai.core.paths import display_path
    from videoai.report.architectures import architectures_table, lowest_recalls
    from videoai.report.tables import as_text
    from videoai.run.study.architectures import study_architectures

    words = [one for one in others if one.partition("=")[0] not in ("data.root", "data.path", "data.annotations")]
    results = study_architectures(settings, trainings, words)
    print(as_text(architectures_table(results["table"], results["gaps"]), width=WIDE))
    print(lowest_recalls(results["table"]))
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ rows.jsonl results.json")
    return 0


def encoders(arguments: list[str]) -> int:
    """Data go to all encoders; a name of the zoo gets the clip that it is designed for."""
    words, rest = about_data(arguments)
    settings = from_arguments(EncodersStudySettings, rest).settings()
    if not any(word.startswith("data=") for word in words):
        raise ValueError("data: name the videos that all encoders see, such as data=csv data.path=clips.csv.")
    from videoai.core.paths import display_path
    from videoai.models import names
    from videoai.report.encoders import encoders_table
    from videoai.report.tables import as_text
    from videoai.run.checkpoint_data import DataChange
    from videoai.run.study.encoders import study_encoders

    untrained = {
        name: from_arguments(TrainSettings, [f"model={name}", *words]).settings()
        for name in settings.encoders
        if name in names()
    }
    change: DataChange = data_change(words, settings.encoders[0])
    results = study_encoders(settings, change, untrained)
    print(as_text(encoders_table(results["table"]), width=140))
    for row in results["table"]:
        if row.refused:
            print(f"{row.encoder}: {row.refused}")
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ rows.jsonl results.json encoders.png features/")
    return 0


def with_training(cls: type[T], arguments: list[str], taken: dict[str, str]) -> tuple[T, TrainSettings]:
    """The settings of a study and those of its classifiers, ``tiny_r3d`` where no model is named."""
    own, others = shared_out(cls, arguments)
    check_not_taken(others, taken)
    settings = from_arguments(cls, own).settings()
    warn_of_unused(settings, own, others)
    model = [] if any(one.startswith(("model=", "experiment=")) for one in others) else ["model=tiny_r3d"]
    training = from_arguments(TrainSettings, [*model, *others]).settings()
    loading = replace(training.loading, num_workers=settings.num_workers)
    return settings, replace(training, loading=loading, device=settings.device)


def warn_of_unused(settings: object, own: list[str], others: list[str]) -> None:
    """Name the words that change nothing, as nothing is trained."""
    source = next((key for key in UNUSED if getattr(settings, key, None)), None)
    if source is None:
        return
    counts = ("data", "experiment") if source == "checkpoint" else ()
    words = [one for one in own if one.partition("=")[0] in UNUSED[source]]
    words += [one for one in others if is_setting(one) and re.split("[.=]", one)[0] not in counts]
    if words:
        named = f"{source}={getattr(settings, source)}"
        logger.warning("%s: nothing is trained, so these change nothing: %s", named, " ".join(words))


def is_setting(word: str) -> bool:
    """Whether a word is no flag, nor its value."""
    return "=" in word and not word.startswith("--")


def check_not_taken(words: list[str], by_study: dict[str, str]) -> None:
    """Raises: ValueError: a setting of train that a study sets itself."""
    if taken := next((key for one in words if (key := one.partition("=")[0]) in by_study), None):
        raise ValueError(f"{taken} is set by the study: use {by_study[taken]}=...")


def show(results: dict[str, Any]) -> int:
    """Print a table, a sentence, and where the files are."""
    from videoai.core.paths import display_path
    from videoai.report.study import Difference, study_table
    from videoai.report.tables import as_text

    differences = [Difference(**one) for one in results["differences"]]
    print(as_text(study_table(results["rows"], results["baseline"], differences)))
    for where, reason in results["refused"].items():
        print(f"{where}: {reason}")
    print(results["verdict"])
    print(f"files: {display_path(results['folder'])}/ rows.jsonl results.json study.png")
    return 0


def _classifier(arm: str, arguments: list[str], policy: tuple[DiffOperation, ...]) -> TrainSettings:
    """Settings of train with the augmentation that the arm's base names. ``policy``: DiffAugment's operations."""
    from videoai.run.study.gan_augment import split_arm

    base, added = split_arm(arm)
    more = {"oversampling": ["imbalance.sampler=balanced"], "gaussian": ["finetune=linear_probe"]}.get(added, [])
    settings = from_arguments(TrainSettings, for_classifier([*arguments, *more])).settings()
    augment = settings.augment
    if base != "standard":  # an experiment may change single keys of its own
        plain = from_arguments(TrainSettings, ["augment=none"]).settings().augment
        augment = replace(plain, diff_augment=policy if base == "diff_augment" else ())
    if added == "gaussian":
        augment = replace(augment, features="gaussian")
    return replace(settings, augment=augment)
