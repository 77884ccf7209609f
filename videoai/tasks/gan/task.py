"""The task of a GAN: a conditional generator of clips, trained against a discriminator."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.build import ANYTHING
from videoai.core.checkpoint import load_model_state
from videoai.core.log import RunLog
from videoai.core.seeding import seed_for
from videoai.core.types import BatchOp, ClipSpec
from videoai.data.encode import make_folder
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest
from videoai.data.normalize import ToModelInput
from videoai.data.targets import OneClass
from videoai.engine.average import Average
from videoai.engine.precision import Precision
from videoai.gan import DISCRIMINATORS, GENERATORS
from videoai.gan.ada import Augmentation
from videoai.gan.auxiliary import AuxiliaryClassifier
from videoai.gan.gan import Gan
from videoai.gan.monitor import Monitor
from videoai.inference.load_generator import build_network
from videoai.settings.gan import TrainGanSettings
from videoai.tasks.gan.evaluator_validation import EvaluatorGanValidation, new_real_reference
from videoai.tasks.gan.step import Generate
from videoai.tasks.gan.validation import GanValidation, fewest
from videoai.tasks.task import Metric, Setup, Validation

logger = logging.getLogger(__name__)
PIXELS: dict[str, Any] = {
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "channels": "rgb",
}  # a generator's range is [-1, 1]


class GanTask:
    """Learns to make clips of each class; scores no videos."""

    metrics: Mapping[str, Metric] = {
        "likeness": Metric("likeness"),
        "score": Metric("named x spread"),
        "judged": Metric("agreement x diversity"),
        "cas": Metric("CAS"),
    }
    evaluations = 10
    has_classes = True
    takes_probes = False
    no_scores = (
        "checkpoint={checkpoint}: a GAN, which makes clips and names none. Its own scores: videoai gan evaluate {word}"
    )

    def resolve(self, settings: TrainGanSettings) -> TrainGanSettings:
        """Pixels in the generator's range."""
        validate_recipe(settings)
        return replace(settings, clip=replace(settings.clip, **PIXELS))

    def prefer(self, settings: TrainGanSettings) -> TrainGanSettings:
        """As they are."""
        return settings

    def arrange(self, manifest: Manifest) -> Manifest:
        """As they are."""
        return manifest

    def training_items(self, manifest: Manifest, clip: ClipSpec, reading: Mapping[str, Any]) -> Items:
        """Those of train."""
        return manifest.splits["train"]

    def validate(self, manifest: Manifest, settings: TrainGanSettings) -> None:
        """Raises: ValueError: several labels a clip, or a class with a single one."""
        manifest.check_learnable()
        if manifest.splits["train"].label_sets is not None:
            raise ValueError(f"{manifest.source}: a GAN makes clips of one class; these have several labels each.")
        if fewest(manifest, "train") < 2:
            raise ValueError(
                f"{manifest.source}: a class with a single training clip; a GAN needs two of each at least."
            )

    def decided(self, manifest: Manifest) -> dict[str, Any]:
        """Nothing."""
        return {}

    def outputs(self, manifest: Manifest) -> list[str]:
        """The classes that it makes clips of."""
        return list(manifest.classes)

    def target(self, manifest: Manifest, outputs: Sequence[str], source: str) -> OneClass:
        """The number of the class."""
        return OneClass([outputs.index(name) for name in manifest.classes])

    def build_model(self, setup: Setup) -> tuple[Gan, None]:
        """All networks, initialised from the seed; everything learns."""
        torch.manual_seed(seed_for(setup.settings.seed, "init"))
        node, num_classes, clip = setup.gan.gan, len(setup.outputs), setup.clip
        size = {"num_classes": num_classes, "num_frames": clip.num_frames, "size": clip.size}
        gan = Gan(
            build_network(node.generator, GENERATORS, "gan.generator", num_classes, clip, ANYTHING),
            build_network(node.discriminator, DISCRIMINATORS, "gan.discriminator", num_classes, clip, ANYTHING),
            # each process sees its share of the clips, and p is the mean of what they make of it
            Augmentation(node.ada_target, clips_to_one=node.ada_clips / process_group.world_size()),
            Monitor(),
            AuxiliaryClassifier(**size, width=node.aux_classifier_width) if node.aux_classifier_width else None,
        )
        if setup.state is not None:
            load_model_state(gan, setup.state)
        return gan, None

    def average(self, model: nn.Module, decay: float | None) -> Average:
        """Only the generator is averaged and evaluated."""
        return Average(_gan(model).generator, decay=decay, ramp_up=True)

    def build_optimizer(self, settings: TrainGanSettings, model: nn.Module) -> torch.optim.Optimizer:
        """Adam, each network at a rate of its own (TTUR, arXiv:1706.08500); the classifier at the discriminator's."""
        node, gan = settings.optim, _gan(model)
        groups = [
            {"params": gan.generator.parameters(), "lr": node.lr_generator},
            {"params": gan.discriminator.parameters(), "lr": node.lr_discriminator},
        ]
        if gan.auxiliary is not None:
            groups.append({"params": gan.auxiliary.parameters(), "lr": node.lr_discriminator})
        return torch.optim.Adam(groups, betas=(node.betas[0], node.betas[1]))

    def build_learner(self, setup: Setup, model: nn.Module, ops: Sequence[BatchOp], counts: Tensor) -> Generate:
        """The losses and what eases them."""
        node = setup.gan.gan
        steps = self.conditioning_steps(setup)
        return Generate(
            model=_gan(model),
            to_input=ToModelInput(setup.clip).to(setup.device),
            ops=ops,
            policy=node.diff_augment,
            conditioning_steps=steps,
            accumulate=setup.settings.trainer.accumulate,
            class_weight=node.class_weight,
            mode_seeking_weight=node.mode_seeking_weight,
            r1=node.r1,
            r1_every=node.r1_every,
            seed=setup.settings.seed,
        )

    def conditioning_steps(self, setup: Setup) -> tuple[int, int] | None:
        """When the class fades in: for few clips only."""
        node, num_videos = setup.gan.gan, len(setup.train_items)
        if num_videos >= node.conditioning_below or not node.conditioning_steps:
            return None
        begin, end = node.conditioning_steps
        logger.info("%d training clips: the class fades in from step %d to %d", num_videos, begin, end)
        if setup.gan.trainer.max_steps <= end:
            logger.warning(
                "the run ends before that: clips will not show the class they are asked for. Raise trainer.max_steps, "
                "or set gan.conditioning_steps"
            )
        return begin, end

    def resolve_metric(self, name: str, source: str) -> str:
        """The validation chooses the metric: that depends on the evaluator."""
        return name

    def build_validation(self, setup: Setup, model: nn.Module, precision: Precision, log: RunLog) -> Validation:
        """Similarity of generated to real clips; with an evaluator its metrics too."""
        reference = new_real_reference(setup)
        films = setup.folder / "films"
        make_folder(films)
        seed, workers = setup.settings.seed, setup.num_workers
        made = GanValidation(setup.manifest, setup.clip, _gan(model), log, films, seed, workers)
        return EvaluatorGanValidation(made, reference) if reference else made

    def describe(self, model: nn.Module, settings: TrainGanSettings) -> str:
        """The sizes of both networks."""
        gan = _gan(model)
        sizes = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (gan.generator, gan.discriminator)]
        return f"generator {sizes[0]:.2f} M, discriminator {sizes[1]:.2f} M parameters"


def validate_recipe(settings: TrainGanSettings) -> None:
    """Raises: ValueError: a recipe that would train silently wrong."""
    for key in ("mixup", "cutmix"):
        if value := getattr(settings.augment, key):
            raise ValueError(f"augment.{key}={value}: a GAN learns from clips of one class; set it to 0.")
    if settings.augment.diff_augment:
        raise ValueError(
            "augment.diff_augment augments a classifier's clips; for a GAN's discriminator set gan.diff_augment=[...]."
        )
    steps = settings.gan.conditioning_steps
    if steps is not None and steps[0] == steps[1]:
        raise ValueError(f"gan.conditioning_steps={steps}: give [from, to], the lower step first, or null.")


def _gan(model: nn.Module) -> Gan:
    assert isinstance(model, Gan)
    return model
