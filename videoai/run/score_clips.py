"""Every view of the videos of a split, read and put through a model."""

import torch

from videoai.data.dataset import EvalClips
from videoai.data.faces.crop import FaceCropping
from videoai.data.loader import eval_batches, resolve_workers
from videoai.data.normalize import ToModelInput
from videoai.engine.precision import Precision
from videoai.inference.ablate import ablated_batches
from videoai.inference.load import LoadedModel
from videoai.inference.score import ViewOutputs, view_outputs
from videoai.run.reading import resolve_reading
from videoai.run.scored_split import Split, parse_views
from videoai.settings.loading import LoadingSettings
from videoai.settings.verbs import Ablation, EvaluateSettings


def split_clips(
    model: LoadedModel, split: Split, settings: EvaluateSettings, device: torch.device, faces: FaceCropping | None
) -> EvalClips:
    """Every view of every video, as the settings say."""
    num_clips, num_crops = parse_views(settings.views)
    reading = resolve_reading(loading_of(settings, split.frame_fps), split.items, model.clip, device)
    views = {"num_clips": num_clips, "num_crops": num_crops}
    return EvalClips(split.items, model.clip, **views, target=split.target, reading={**reading, "faces": faces})


def score(
    model: LoadedModel,
    dataset: EvalClips,
    settings: EvaluateSettings,
    precision: Precision,
    ablation: Ablation | None = None,
) -> ViewOutputs:
    """Every view of every item, through the model as the config says."""
    device, num_views = precision.device, dataset.num_clips * dataset.num_crops
    batches = eval_batches(
        dataset,
        videos_per_batch=max(1, settings.batch_size // num_views),
        num_workers=resolve_workers(settings.num_workers, device.type, dataset.reading["decoder"]),
        pin=device.type == "cuda",
        shared=True,
    )
    return view_outputs(
        precision.place(model),
        ablated_batches(batches, ablation) if ablation else batches,
        to_input=ToModelInput(model.clip).to(device),
        precision=precision,
        num_videos=len(dataset),
        num_views=num_views,
        max_views=settings.batch_size,
    )


def loading_of(settings: EvaluateSettings, frame_fps: float | None) -> LoadingSettings:
    """How the videos are read."""
    return LoadingSettings(decoder=settings.decoder, isolated=settings.isolated, frame_fps=frame_fps)


def evaluation_precision(name: str, device: torch.device) -> Precision:
    """fp32 unless asked: the same numbers everywhere matter more here than speed."""
    return Precision("fp32" if name == "auto" else name, device=device)
