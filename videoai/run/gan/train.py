"""``train task=gan``: from a plain config to a trained generator in a run folder."""

import logging
import math
from collections.abc import Collection
from typing import Any

import torch

from videoai.core import distributed
from videoai.core.build import ANYTHING
from videoai.core.device import resolve_device
from videoai.core.paths import display_path
from videoai.core.seeding import seed_for
from videoai.core.types import ClipSpec
from videoai.data.encode import make_folder
from videoai.data.loader import resolve_workers
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer
from videoai.gan import DISCRIMINATORS, GENERATORS
from videoai.gan.ada import Augmentation
from videoai.gan.auxiliary import AuxiliaryClassifier
from videoai.gan.gan import Gan
from videoai.gan.monitor import Monitor
from videoai.inference.load_generator import build_network
from videoai.run.gan.judged_validation import JudgedClips, new_judgement
from videoai.run.gan.validation import MadeClips, fewest
from videoai.run.limits import refuse_nonsense
from videoai.run.manifests import absolute_paths, announce_data, build_manifest
from videoai.run.reading import announce_clip, resolve_reading
from videoai.run.training.bad_count import BadCount
from videoai.run.training.fit import counted, facts, fit, new_log, pick, refuse_other_data
from videoai.run.training.folder import RunFolder
from videoai.run.training.stream import TrainStream
from videoai.tasks.generate import Generate

logger = logging.getLogger(__name__)
EVALUATIONS = 10  # a run, unless trainer.eval_every says otherwise
PIXELS = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "channels": "rgb"}  # a generator's range is [-1, 1]


def train_gan(config: dict[str, Any], *, at_default: Collection[str] = ()) -> dict[str, Any]:
    """Train, or continue the run that ``run_dir`` holds. ``config`` is what ``configs/train_gan.yaml`` composes to,
    resolved.

    ``at_default``, returns and raises: as ``run.train.train``.
    """
    refuse_nonsense(config)
    refuse_odd_recipe(config)
    config = {**config, "data": absolute_paths(config["data"]), "clip": {**config["clip"], **PIXELS}}
    return fit(config, assemble, at_default)


def assemble(config: dict[str, Any], folder: RunFolder, state: dict[str, Any] | None = None) -> Trainer:
    """Every object of a run in the order of dependency, ready to ``fit``; ``state`` is the checkpoint to continue
    from."""
    device = resolve_device(config["device"])
    manifest = build_manifest(config["data"], trust=ANYTHING)
    manifest.refuse_unlearnable()
    if manifest.is_multi_label:
        raise ValueError(f"{manifest.source}: a GAN makes clips of one class; these have several labels each.")
    if fewest(manifest, "train") < 2:
        raise ValueError(f"{manifest.source}: a class with a single training clip; a GAN needs two of each at least.")
    announce_data(manifest)
    refuse_other_data(manifest, state, config)
    clip = ClipSpec(**config["clip"])
    workers = resolve_workers(config["data"]["num_workers"], device.type)
    judgement = new_judgement(config, manifest, clip, workers, device)
    how = resolve_reading(config["data"], manifest.splits["train"], clip)
    stream = TrainStream(config, manifest, clip, how, num_workers=workers, pin=device.type == "cuda")
    precision = settle_precision(config, device)
    gan = new_gan(config, len(manifest.classes), clip)
    precision.place(gan)
    cadence = pace(config)
    first_step = state["step"] if state else 0
    log = new_log(folder, config["trainer"], first_step)
    make_folder(folder.path / "films")
    made = MadeClips(manifest, clip, gan, log, folder.path / "films", config["seed"], workers)
    trainer = Trainer(
        task=new_task(config, gan, clip, len(manifest.splits["train"]), device),
        batches=stream,
        evaluate=JudgedClips(made, judgement) if judgement else made,
        metric=judgement.metric if judgement else "likeness" if gan.auxiliary is None else "score",
        judge=judgement.name if judgement else "",
        write=folder.write_checkpoint,
        optimizer=new_optimizer(config["optim"], gan),
        schedule=Schedule(total_steps=cadence.stop_step, **config["schedule"]),
        precision=precision,
        log=log,
        cadence=cadence,
        progress=Progress(cadence.stop_step, start_step=first_step, num_workers=workers),
        facts=facts(config, manifest, clip),
        averaged=gan.generator,
        ema_ramp_up=True,
        seed=config["seed"],
        on_clips=BadCount(manifest, config["data"]["max_bad_fraction"]),
        **pick(config["trainer"], "accumulate", "ema_decay"),
    )
    if state:
        trainer.restore(state)
    announce_clip(manifest.splits["train"], clip, how)
    announce_run(trainer, folder, config)
    folder.write_config(config)
    return trainer


def refuse_odd_recipe(config: dict[str, Any]) -> None:
    """Raises: ValueError: a recipe that would train silently wrong."""
    for key in ("mixup", "cutmix"):
        if config["augment"][key]:
            raise ValueError(
                f"augment.{key}={config['augment'][key]}: a GAN learns from clips of one class; set it to 0."
            )
    if config["augment"]["diff_augment"]:
        raise ValueError(
            "augment.diff_augment is what a classifier sees; of a GAN's discriminator: gan.diff_augment=[...]."
        )
    steps = config["gan"]["conditioning_steps"]
    if steps is not None and not (len(steps) == 2 and 0 <= steps[0] < steps[1]):
        raise ValueError(f"gan.conditioning_steps={steps}: give [from, to], the lower step first, or null.")


def new_gan(config: dict[str, Any], num_classes: int, clip: ClipSpec) -> Gan:
    """Both networks, initialised from the seed."""
    torch.manual_seed(seed_for(config["seed"], "init"))
    node = config["gan"]
    size = {"num_classes": num_classes, "num_frames": clip.num_frames, "size": clip.size}
    return Gan(
        build_network(node["generator"], GENERATORS, "gan.generator", num_classes, clip, ANYTHING),
        build_network(node["discriminator"], DISCRIMINATORS, "gan.discriminator", num_classes, clip, ANYTHING),
        # each process sees its share of the clips, and p is the mean of what they make of it
        Augmentation(node["ada_target"], clips_to_one=node["ada_clips"] / distributed.world_size()),
        Monitor(),
        AuxiliaryClassifier(**size, width=node["class_width"]) if node["class_width"] else None,
    )


def new_task(config: dict[str, Any], gan: Gan, clip: ClipSpec, num_videos: int, device: torch.device) -> Generate:
    """The losses and what eases them."""
    node = config["gan"]
    steps = node["conditioning_steps"] if num_videos < node["conditioning_below"] else None
    if steps:
        logger.info("%d training clips: the class fades in from step %d to %d", num_videos, *steps)
        if config["trainer"]["max_steps"] <= steps[1]:
            logger.warning(
                "the run ends before that: clips will not show the class they are asked for. Raise trainer.max_steps, "
                "or set gan.conditioning_steps"
            )
    return Generate(
        model=gan,
        to_input=ToModelInput(clip).to(device),
        policy=node["diff_augment"],
        conditioning_steps=tuple(steps) if steps else None,
        accumulate=config["trainer"]["accumulate"],
        seed=config["seed"],
        **pick(node, "class_weight", "sameness_weight", "r1", "r1_every"),
    )


def new_optimizer(node: dict[str, Any], gan: Gan) -> torch.optim.Optimizer:
    """Adam, each network at a rate of its own (TTUR, arXiv:1706.08500); the classifier at the discriminator's."""
    groups = [
        {"params": gan.generator.parameters(), "lr": node["lr_generator"]},
        {"params": gan.discriminator.parameters(), "lr": node["lr_discriminator"]},
    ]
    if gan.auxiliary is not None:
        groups.append({"params": gan.auxiliary.parameters(), "lr": node["lr_discriminator"]})
    return torch.optim.Adam(groups, betas=tuple(node["betas"]))


def settle_precision(config: dict[str, Any], device: torch.device) -> Precision:
    """``auto`` = bf16 on a GPU that has it, else fp32, and all cores; the choice goes into the config, so that a
    continued run keeps it."""
    settings = config["trainer"]
    if settings["precision"] == "auto":
        settings["precision"] = "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    if settings["num_threads"] == "auto":
        settings["num_threads"] = torch.get_num_threads()
    torch.set_num_threads(settings["num_threads"])
    return Precision(settings["precision"], device=device)


def pace(config: dict[str, Any]) -> Cadence:
    """``max_steps`` only stops: nothing of the training depends on it, so a run may go on with a higher value."""
    settings = config["trainer"]
    eval_every = settings["eval_every"] or math.ceil(settings["max_steps"] / EVALUATIONS)
    return Cadence(
        stop_step=settings["max_steps"],
        eval_every=eval_every,
        save_every=settings["save_every"] or eval_every,
        log_every=settings["log_every"],
    )


def announce_run(trainer: Trainer, folder: RunFolder, config: dict[str, Any]) -> None:
    """The derived facts that a person would otherwise have to work out."""
    sizes = [sum(p.numel() for p in part.parameters()) / 1e6 for part in trainer.task.model.children()][:2]
    device = trainer.precision.device
    threads = f", {counted(config['trainer']['num_threads'], 'thread')}" if device.type == "cpu" else ""
    logger.info(
        "generator %.2f M, discriminator %.2f M parameters; %s on %s%s", *sizes, trainer.precision, device, threads
    )
    if trainer.step >= trainer.cadence.stop_step:
        logger.info("%s: already at step %d; raise trainer.max_steps to go on", display_path(folder.path), trainer.step)
    elif trainer.step:
        logger.info(
            "continuing %s at step %d of %d", display_path(folder.path), trainer.step, trainer.cadence.stop_step
        )
