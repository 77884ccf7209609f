"""``train``: from a plain config to a trained model in a run folder."""

import logging
import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from videoai.core import distributed
from videoai.core.build import ANYTHING
from videoai.core.device import resolve_device
from videoai.core.paths import display_path
from videoai.core.seeding import seed_for
from videoai.core.types import ClipSpec
from videoai.data.augment.mix import Mix
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import resolve_workers
from videoai.data.normalize import ToModelInput
from videoai.engine import precision as precisions
from videoai.engine.freeze import Freeze
from videoai.engine.optim import build_optimizer
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.trainer import Cadence, Trainer
from videoai.inference.load import build_model
from videoai.models.contract import check_contract
from videoai.models.heads import checkpoint_activations, head_parameters, with_head
from videoai.run.limits import refuse_nonsense
from videoai.run.manifests import absolute_paths, announce_data, build_manifest
from videoai.run.reading import announce_clip, resolve_reading
from videoai.run.training.bad_count import BadCount
from videoai.run.training.feature_augment import new_drawn_features, refuse_unfit
from videoai.run.training.fit import counted, facts, fit, new_log, pick, refuse_other_data
from videoai.run.training.folder import RunFolder
from videoai.run.training.generated_clips import Synthetic, new_synthetic
from videoai.run.training.stream import TrainStream
from videoai.run.training.validation import Validation, settle_metric
from videoai.run.training.weights import load_weights, settle_weights
from videoai.tasks.classify import Classify
from videoai.tasks.losses import classification_loss, multi_label_loss
from videoai.tasks.multilabel import MultiLabel

logger = logging.getLogger(__name__)
EVALUATIONS = 20  # a run, unless trainer.eval_every says otherwise


def train(config: dict[str, Any], *, at_default: Collection[str] = ()) -> dict[str, Any]:
    """Train, or continue the run that ``run_dir`` holds. ``config`` is what ``configs/train.yaml`` composes to,
    resolved; ``at_default`` names what nobody set in it, for a run that began before there were such settings.

    Returns: ``run_dir``, ``checkpoint`` (the best), ``step``, ``seconds``, ``metric`` (its name), ``best_top1`` (or
    whatever the metric is), ``best_step``, ``received`` (a signal that came in the last step, else 0).
    Raises: ValueError, OSError: one line each. Interrupted: on a signal, after saving.
    """
    refuse_nonsense(config)
    return fit(settle_weights({**config, "data": absolute_paths(config["data"])}), assemble, at_default)


def assemble(config: dict[str, Any], folder: RunFolder, state: dict[str, Any] | None = None) -> Trainer:
    """Every object of a run in the order of dependency, ready to ``fit``; ``state`` is the checkpoint to continue
    from."""
    device = resolve_device(config["device"])
    manifest = build_manifest(config["data"], trust=ANYTHING)
    manifest.refuse_unlearnable()
    announce_data(manifest)
    refuse_other_data(manifest, state, config)
    clip = ClipSpec(**config["clip"])
    settings = config["trainer"]
    settings["metric"] = settle_metric(settings["metric"], manifest)
    refuse_useless_imbalance(config["imbalance"], manifest)
    workers = resolve_workers(config["data"]["num_workers"], device.type)
    how = resolve_reading(config["data"], manifest.splits["train"], clip)
    cadence, schedule = pace(config, len(manifest.splits["train"]))
    synthetic = new_synthetic(config, manifest, clip, schedule.total_steps, device)
    refuse_other_bank(synthetic, state, config)
    pin = device.type == "cuda"
    stream = TrainStream(config, manifest, clip, how, num_workers=workers, pin=pin, synthetic=synthetic)
    with distributed.first_goes_first():  # it may fetch weights
        model, fresh = new_model(config, manifest.classes, with_weights=state is None)
    freeze = new_freeze(config, model, fresh, len(manifest.splits["train"]))
    refuse_unfit(config, model, manifest, freeze)
    precision = choose_precision(config, model, clip, len(manifest.classes), device)
    task = new_task(config, precision.place(model), clip, manifest, stream.counts, device, synthetic)
    first_step = state["step"] if state else 0
    log = new_log(folder, settings, first_step)
    trainer = Trainer(
        task=task,
        batches=stream,
        evaluate=Validation(manifest, clip, task.to_input, precision, settings["batch_size"], workers, log, how),
        metric=settings["metric"],
        write=folder.write_checkpoint,
        optimizer=build_optimizer(config["optim"], model, layer_decay=config["finetune"]["layer_decay"]),
        schedule=schedule,
        precision=precision,
        log=log,
        cadence=cadence,
        progress=Progress(cadence.stop_step, start_step=first_step, num_workers=workers),
        facts=facts(config, manifest, clip, synthetic),
        freeze=freeze,
        seed=config["seed"],
        on_clips=BadCount(manifest, config["data"]["max_bad_fraction"]),
        **pick(settings, "accumulate", "max_grad_norm", "ema_decay"),
    )
    if state:
        trainer.restore(state)
    task.drawn = new_drawn_features(config, model, manifest, clip, how, task.to_input, workers)
    announce_clip(manifest.splits["train"], clip, how)
    announce_run(trainer, folder, config, len(manifest.splits["train"]))
    folder.write_config(config)
    return trainer


def new_model(
    config: dict[str, Any], classes: Sequence[str], *, with_weights: bool
) -> tuple[nn.Module, list[nn.Parameter]]:
    """The model of the config, initialised from the seed; then from other weights where asked for. Beside it the
    parameters that these weights left as they were drawn; none without."""
    torch.manual_seed(seed_for(config["seed"], "init"))
    model = build_model(config["model"], num_classes=len(classes), trust=ANYTHING, fetch_backbone=with_weights)
    fresh = load_weights(model, config, classes) if with_weights else []
    model = with_head(model, config["finetune"]["head"], len(classes))
    if config["trainer"]["activation_checkpointing"]:
        checkpoint_activations(model)
    return model, fresh


def new_freeze(config: dict[str, Any], model: nn.Module, fresh: list[nn.Parameter], num_videos: int) -> Freeze | None:
    """What learns, and from when on everything does.

    Raises: ValueError: the model does not tell its head apart, or something would stay as it was drawn to the end.
    """
    settings = config["finetune"]
    if not settings["freeze"]:
        return None
    epochs = settings["unfreeze_epoch"]
    until = None if epochs is None else math.ceil(epochs * steps_per_epoch(config, num_videos))
    head = head_parameters(model)
    drawn = {id(parameter) for parameter in fresh}
    stuck = [name for name, parameter in model.named_parameters() if id(parameter) in drawn and name not in head]
    if stuck:
        what = f"finetune.freeze=true holds {len(stuck)} tensors that nothing has trained ({', '.join(stuck[:3])}, ...)"
        if until is None:
            raise ValueError(
                f"{what}, to the end. Set weights=... or model.pretrained=true, or let them learn once the head has: "
                "finetune=gradual; or from the start: finetune=full."
            )
        logger.warning("%s, for %d steps", what, until)
    logger.info(
        "frozen: all but %d tensors of the head, %s",
        *(len(head), "to the end" if until is None else f"for {until} steps"),
    )
    return Freeze(trainable=head, until_step=until)


def new_task(
    config: dict[str, Any],
    model: nn.Module,
    clip: ClipSpec,
    manifest: Manifest,
    counts: np.ndarray,
    device: torch.device,
    synthetic: Synthetic | None = None,
) -> Classify:
    """One label or several, as the data have; the config's loss, mixing and penalties. counts: [K], clips of each class
    that come in an epoch."""
    shared: dict[str, Any] = {
        "model": model,
        "to_input": ToModelInput(clip).to(device),
        "mix": Mix(num_classes=len(counts), seed=config["seed"], **pick(config["augment"], "mixup", "cutmix")),
        "generate": synthetic.generate if synthetic else None,
        "targets": synthetic.targets if synthetic else None,
        "policy": config["augment"]["diff_augment"],
        "seed": config["seed"],
        **pick(config["trainer"], "l1", "l2"),
    }
    on_device, smoothing = torch.tensor(counts, device=device), config["trainer"]["label_smoothing"]
    if manifest.is_multi_label:
        balancing = pick(config["imbalance"], "focal", "pos_weight")
        num_clips = len(manifest.splits["train"])
        return MultiLabel(loss=multi_label_loss(on_device, num_clips, label_smoothing=smoothing, **balancing), **shared)
    balancing = pick(config["imbalance"], "focal", "effective_number", "balanced_softmax")
    return Classify(loss=classification_loss(on_device, label_smoothing=smoothing, **balancing), **shared)


def refuse_useless_imbalance(settings: dict[str, Any], manifest: Manifest) -> None:
    """Raises: ValueError: a setting that means nothing for such labels."""
    off: dict[str, Any] = {"pos_weight": 0.0}
    needs, have, instead = "weighs one of several labels", "one each", "sampler, effective_number or balanced_softmax"
    if manifest.is_multi_label:
        off = {"sampler": "uniform", "effective_number": 0.0, "balanced_softmax": False}
        needs, have, instead = "goes by the one class of a clip", "several labels each", "pos_weight or focal"
    for key, value in off.items():
        if settings[key] != value:
            raise ValueError(
                f"imbalance.{key}={settings[key]} {needs}, but the clips of {manifest.source} have {have}; use "
                f"{instead}."
            )


def choose_precision(
    config: dict[str, Any], model: nn.Module, clip: ClipSpec, num_classes: int, device: torch.device
) -> Precision:
    """Settle format, layout and threads by measuring where they are ``auto``, and write the choice into the config, so
    that a continued run does not measure again."""
    settings = config["trainer"]
    shape = (settings["batch_size"], 3, clip.num_frames, clip.size, clip.size)
    generator = torch.Generator().manual_seed(seed_for(config["seed"], "probe"))
    video = torch.randn(shape, generator=generator).to(device)
    if "_target_" in config["model"]:
        first = "fp32" if settings["precision"] == "auto" else settings["precision"]
        check_contract(model.to(device), video, num_classes, Precision(first, device=device).autocast)

    def settled() -> tuple[str, str, int]:
        precision, num_threads = precisions.settle(
            settings["precision"],
            settings["layout"],
            settings["num_threads"],
            model.to(device),
            video,
            num_classes,
            device=device,
            report=logger.info,
        )
        return precision.name, precision.layout, num_threads

    settings["precision"], settings["layout"], settings["num_threads"] = distributed.from_first(settled)
    torch.set_num_threads(settings["num_threads"])
    return Precision(settings["precision"], settings["layout"], device=device)


def pace(config: dict[str, Any], num_videos: int) -> tuple[Cadence, Schedule]:
    """Steps from epochs. The schedule runs over ``max_epochs``; ``max_steps`` only stops earlier, so that stopping and
    going on gives the weights of never stopping. Without ``max_epochs`` the schedule runs over ``max_steps``.

    Raises: ValueError: neither is set.
    """
    settings = config["trainer"]
    epochs, steps = settings["max_epochs"], settings["max_steps"]
    if epochs is None and steps is None:
        raise ValueError("set trainer.max_epochs or trainer.max_steps: training needs an end.")
    total = math.ceil(epochs * steps_per_epoch(config, num_videos)) if epochs is not None else steps
    about = max(1, math.ceil(total / EVALUATIONS))
    eval_every = settings["eval_every"] or about
    cadence = Cadence(
        stop_step=min(total, steps or total),
        eval_every=eval_every,
        save_every=settings["save_every"] or eval_every,
        **pick(settings, "log_every", "patience"),
    )
    return cadence, Schedule(total_steps=total, **config["schedule"])


def steps_per_epoch(config: dict[str, Any], num_videos: int) -> int:
    """Optimizer steps until every video was drawn once."""
    batch, accumulate = config["trainer"]["batch_size"], config["trainer"]["accumulate"]
    return math.ceil(num_videos * config["augment"]["repeats"] / (batch * accumulate))


def refuse_other_bank(synthetic: Synthetic | None, state: dict[str, Any] | None, config: dict[str, Any]) -> None:
    """A continued run must draw from the same generated clips. Raises: ValueError."""
    now = synthetic.fingerprint if synthetic else None
    if state and now != (then := state["versions"].get("synthetic")):
        raise ValueError(
            f"synthetic.source={config['synthetic']['source']}: the run in {config['run_dir']} began "
            f"{'with other generated clips' if then else 'without generated clips'}. Choose another run_dir."
        )


def announce_run(trainer: Trainer, folder: RunFolder, config: dict[str, Any], num_videos: int) -> None:
    """The derived facts that a person would otherwise have to work out."""
    settings, model = config["trainer"], trainer.task.model
    parameters = sum(p.numel() for p in model.parameters())
    batch = settings["batch_size"] * settings["accumulate"]
    name = config["model"].get("name") or config["model"].get("_target_")
    device = trainer.precision.device
    threads = f", {counted(settings['num_threads'], 'thread')}" if device.type == "cpu" else ""
    if (processes := distributed.world_size()) > 1:
        logger.info("%d processes share the micro-batches of each step", processes)
    logger.info("model %s: %.2f M parameters; %s on %s%s", name, parameters / 1e6, trainer.precision, device, threads)
    stop = trainer.cadence.stop_step
    logger.info(
        "batch %d (%d x %d accumulated), %d steps an epoch, schedule over %d steps%s",
        *(batch, settings["batch_size"], settings["accumulate"], steps_per_epoch(config, num_videos)),
        *(trainer.schedule.total_steps, f", stopping at {stop}" if stop < trainer.schedule.total_steps else ""),
    )
    if trainer.step >= stop:
        logger.info(
            "%s: already at step %d; raise trainer.max_steps or max_epochs to go on",
            display_path(folder.path),
            trainer.step,
        )
    elif trainer.step:
        logger.info("continuing %s at step %d of %d", display_path(folder.path), trainer.step, stop)
