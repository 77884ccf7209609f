"""What a run's parts are built from: the data are read, and every ``auto`` that depends on them is resolved."""

import logging
import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from videoai.core import process_group
from videoai.core.build import ANYTHING
from videoai.core.checkpoint import versions
from videoai.core.device import has_bf16, take_device
from videoai.core.seeding import seed_for
from videoai.core.types import ClipSpec
from videoai.data.augment.directions import resolve_flip
from videoai.data.faces.record import KEY as FACES
from videoai.data.faces.record import recorded_faces
from videoai.data.lists.manifest import Manifest
from videoai.data.loader import resolve_workers
from videoai.engine.choose_precision import resolve_precision
from videoai.engine.precision import Precision
from videoai.inference.video_features import KEY as FEATURES
from videoai.models.contract import check_contract
from videoai.run.actors import check_actors
from videoai.run.manifests import announce_data, build_manifest, class_warnings, warn_of_parted_sources
from videoai.run.reading import resolve_reading
from videoai.run.recorded_features import check_features, facts_of_features
from videoai.run.training.balance import asked_metric, with_balance
from videoai.run.training.choose_model import is_open, with_model_and_clip
from videoai.run.training.open_run import Run, Settings
from videoai.run.training.sound import check_heard, with_heard
from videoai.run.training.trained_on import KEY, videos_trained_on, warn_of_seen_videos
from videoai.run.video_facts import still_note
from videoai.settings.data import DataSettings
from videoai.settings.gan import GanTrainerSettings
from videoai.settings.parse import to_dict
from videoai.settings.trainer import TrainerSettings
from videoai.settings.training import TrainSettings
from videoai.tasks import AUTO, build_task, suiting
from videoai.tasks.classify import ClassTask
from videoai.tasks.localize.task import Localize
from videoai.tasks.task import Setup, Task

logger = logging.getLogger(__name__)
MIN_SIDE = 8  # pixels of a clip


def set_up(run: Run) -> tuple[Task, Setup]:
    """Read the data, check that the task can learn from them, resolve what they decide.

    Raises: ValueError, OSError: one line each.
    """
    settings, device = run.settings, take_device(run.settings.device)
    manifest = build_manifest(settings.data, trust=ANYTHING)
    node = suiting(manifest) if settings.task == AUTO else settings.task
    task = build_task(node)
    check_takes_features(task, settings)
    manifest = task.arrange(manifest)
    if run.state:
        check_features(settings.data, run.state, str(run.settings.run_dir))
    else:
        check_actors(manifest, settings.data)
    settings = with_balance(settings, task, manifest)
    task.validate(manifest, settings)
    if decided := task.decided(manifest):
        task = build_task(node := {**node, **decided})
    announce_data(manifest)
    warn_of_parted_sources(manifest)
    note_classes(task, manifest, settings.data)
    outputs = task.outputs(manifest)
    check_same_data(manifest, outputs, run)
    if isinstance(settings, TrainSettings) and is_open(settings):
        settings = task.resolve(with_model_and_clip(settings, manifest.splits["train"], device))
    elif not run.state:
        warn_of_stills(manifest, settings)
    if not run.state:
        warn_of_seen_videos(manifest, settings)
    clip = with_heard(ClipSpec(**to_dict(settings.clip)), settings, task)
    check_size(clip)
    check_heard(manifest.splits["train"], clip)
    reading = resolve_reading(settings.loading, manifest.splits["train"], clip, device)
    data = replace(settings.data, flip=resolve_flip(settings.data, manifest.all_names))
    settings = replace(settings, task=node, data=data, loading=replace(settings.loading, decoder=reading["decoder"]))
    if isinstance(settings, TrainSettings):
        metric = task.resolve_metric(asked_metric(settings, task), manifest.source)
        settings = replace(settings, trainer=replace(settings.trainer, metric=metric))
    train = task.training_items(manifest, clip, reading)
    return task, Setup(
        settings=settings,
        manifest=replace(manifest, splits={**manifest.splits, "train": train}),
        fingerprint=manifest.fingerprint(),
        clip=clip,
        outputs=outputs,
        target=task.target(manifest, outputs, "this run"),
        reading=reading,
        num_workers=resolve_workers(
            settings.loading.num_workers, device.type, reading["decoder"], decodes=not clip.features
        ),
        device=device,
        steps_per_epoch=steps_per_epoch(settings, len(train)),
        folder=run.folder.path,
        state=run.state,
    )


def check_size(clip: ClipSpec) -> None:
    """Raises: ValueError: pictures of which torch 2.15 corrupts its memory, by bf16 on a CPU, below 5 px."""
    if clip.size < MIN_SIDE and not clip.features:
        raise ValueError(
            f"clip.size={clip.size}: pictures have {MIN_SIDE} px at least. Give clip.size={MIN_SIDE} or more."
        )


def check_takes_features(task: Task, settings: Settings) -> None:
    """Raises: ValueError: features for a task that learns from pixels."""
    if settings.data.features and not isinstance(task, Localize):
        raise ValueError(
            f"data.features={settings.data.features}: for task=localize. Of classifiers on features, "
            "videoai features probe says how good they are."
        )


def warn_of_stills(manifest: Manifest, settings: Settings) -> None:
    """Where training videos hold a single frame, there is no motion to learn. Choosing a model or a clip looks, too."""
    if process_group.rank() == 0:
        reading = {"frame_fps": settings.loading.frame_fps, "isolated": settings.loading.isolated}
        if note := still_note(manifest.splits["train"], reading):
            logger.warning(note)


def note_classes(task: Task, manifest: Manifest, data: DataSettings) -> None:
    """Where classes differ much in size or have few clips; nothing for a GAN, nor for a task whose labels are none."""
    for note in class_warnings(manifest, data) if isinstance(task, ClassTask) else ():
        logger.info("note: %s", note)  # no warning: a study of few clips would repeat it for each of its trainings


def steps_per_epoch(settings: Settings, num_videos: int) -> int:
    """Optimizer steps until every video was drawn once; 0 as long as ``trainer.batch_size`` is auto."""
    batch_size, accumulate = settings.trainer.batch_size, settings.trainer.accumulate
    if batch_size == "auto":
        return 0
    return math.ceil(num_videos * settings.augment.repeats / (batch_size * accumulate))


def with_precision(task: Task, setup: Setup, model: nn.Module) -> tuple[Setup, Precision]:
    """The number format, layout and threads, and the setup with them in the place of ``auto``, so that a continued run
    keeps the choice. Moves the model to the device and sets torch's threads."""
    if task.takes_probes:
        video = probe_clips(setup)
        check_custom_model(setup, model, video)
        chosen = process_group.broadcast_from_rank0(lambda: measured(setup, model, video))
    else:
        chosen = by_rule(setup.settings.trainer, setup.device)
    torch.set_num_threads(chosen["num_threads"])
    precision = Precision(chosen["precision"], chosen.get("layout", "contiguous"), device=setup.device)
    precision.place(model)
    trainer = replace(setup.settings.trainer, **chosen)
    return replace(setup, settings=replace(setup.settings, trainer=trainer)), precision


def probe_clips(setup: Setup) -> Tensor:
    """A batch of noise, float [B, C, T, H, W] of the size that will be trained."""
    batch_size, clip = setup.batch_size, setup.clip
    rng = torch.Generator().manual_seed(seed_for(setup.settings.seed, "probe"))
    return torch.randn((batch_size, clip.num_channels, clip.num_frames, clip.size, clip.size), generator=rng).to(
        setup.device
    )


def check_custom_model(setup: Setup, model: nn.Module, video: Tensor) -> None:
    """Raises: ValueError: a custom model breaks the contract of ``models/__init__.py``."""
    if "_target_" in setup.training.model:
        asked = setup.training.trainer.precision
        precision = Precision("fp32" if asked == "auto" else asked, device=setup.device)
        check_contract(model.to(setup.device), video, len(setup.outputs), precision.autocast)


def measured(setup: Setup, model: nn.Module, video: Tensor) -> dict[str, Any]:
    """Format, layout and threads, by measuring where they are ``auto``."""
    trainer, num_outputs = setup.training.trainer, len(setup.outputs)
    asked = (trainer.precision, trainer.layout, trainer.num_threads)
    where: dict[str, Any] = {"device": setup.device, "report": logger.info}
    precision, num_threads = resolve_precision(*asked, model.to(setup.device), video, num_outputs, **where)
    return {"precision": precision.name, "layout": precision.layout, "num_threads": num_threads}


def by_rule(trainer: GanTrainerSettings | TrainerSettings, device: torch.device) -> dict[str, Any]:
    """``auto`` = bf16 on a GPU that has it, else fp32, and all cores."""
    name, num_threads = trainer.precision, trainer.num_threads
    if name == "auto":
        name = "bf16" if has_bf16(device) else "fp32"
    return {"precision": name, "num_threads": torch.get_num_threads() if num_threads == "auto" else num_threads}


def facts(setup: Setup, generated: str | None = None) -> dict[str, Any]:
    """What every checkpoint of the run carries unchanged. generated: the fingerprint of generated clips."""
    made_with = {**versions(), "data": setup.fingerprint}
    if generated:
        made_with["synthetic"] = generated
    faces, features = recorded_faces(setup.manifest.source), facts_of_features(setup.settings.data)
    return {
        "config": to_dict(setup.settings),
        "classes": list(setup.outputs),
        "clip": setup.clip.to_dict(),
        "versions": made_with,
        KEY: videos_trained_on(setup.manifest, setup.settings, setup.state),
        **({FACES: faces} if faces else {}),
        **({FEATURES: features} if features else {}),
    }


def check_same_data(manifest: Manifest, outputs: list[str], run: Run) -> None:
    """A continued run must see the same classes and videos. Raises: ValueError naming both."""
    state, run_dir = run.state, run.settings.run_dir
    if not state:
        return
    if outputs != state["classes"]:
        raise ValueError(
            f"{manifest.source} has the classes {', '.join(outputs)}, but the run in {run_dir} was trained on "
            f"{', '.join(state['classes'])}. Choose another run_dir, or fine-tune with weights=PATH."
        )
    if manifest.fingerprint() != state["versions"]["data"]:
        raise ValueError(
            f"{manifest.source}: the list of videos changed since the run in {run_dir} began. Choose another run_dir; "
            f"weights={run_dir}/checkpoints/last.pt starts from what it learned."
        )
