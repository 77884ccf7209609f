"""What is trained: a model with random weights, one batch of noise in pinned memory, and its arithmetic."""

import gc
from dataclasses import dataclass

import torch
from loops import WARMUP, Watch
from torch import Tensor, nn

import videoai
from videoai.core.seeding import generator_for, seed_for
from videoai.core.types import Clips, ClipSpec
from videoai.data.normalize import ToModelInput
from videoai.engine.flops import count_flops, peak_flops
from videoai.tasks.classify import Classify
from videoai.tasks.losses import ClassificationLoss, TrainingLoss
from videoai.tasks.supervised import SupervisedLearner

CLASSES = 400
CLIPS = {  # model -> frames, pixels, clips in a batch
    "r3d_18": (16, 112, 32),
    "videomae_base": (16, 224, 16),
    "slowfast_8x8_r50": (32, 224, 16),
    "mvit_v2_s": (16, 224, 16),
    "vjepa2_l": (16, 256, 8),
}
STANDINS = {"r3d_18": "tiny_r3d", "videomae_base": "tiny_video_transformer"}  # in a rehearsal
SMALL_CLIP = (16, 32, 2)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """All that the loops share, the model object too."""

    name: str
    clip: ClipSpec
    clips: Clips  # uint8 [B, T, C, H, W]
    model: nn.Module
    initial: dict[str, Tensor]  # its first weights, on the CPU
    device: torch.device
    flops: float  # one clip, forward and backward

    def fresh_model(self) -> nn.Module:
        """The same object with its first weights again."""
        self.model.load_state_dict(self.initial)
        return self.model.train()

    def mfu(self, watch: Watch) -> str:
        """The share of the GPU's peak; "" = it is not known."""
        peak = peak_flops(torch.cuda.get_device_name(self.device)) if self.device.type == "cuda" else None
        return f"{self.flops * len(self.clips.label) / watch.seconds / peak:.1%}" if peak else ""


def new_workload(name: str, device: str, *, small: bool) -> Workload:
    """The model ``name``, or what stands for it in a rehearsal."""
    frames, size, batch = SMALL_CLIP if small else CLIPS[name]
    name = STANDINS[name] if small else name
    torch.manual_seed(seed_for(0, "gpu check"))
    model = videoai.create_model(name, num_classes=CLASSES)
    return Workload(
        name=name,
        clip=ClipSpec(num_frames=frames, size=size),
        clips=noise(batch, frames, size, pin=device == "cuda"),
        model=model,
        initial={key: value.clone() for key, value in model.state_dict().items()},
        device=torch.device(device),
        flops=count_flops(model, num_frames=frames, size=size),
    )


def noise(batch: int, frames: int, size: int, *, pin: bool) -> Clips:
    """One batch; the arithmetic does not care what it sees."""
    shape = (batch, frames, 3, size, size)
    video = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator_for(0, "gpu check"))
    label, zeros = torch.arange(batch) % CLASSES, torch.zeros(batch, dtype=torch.int64)
    if pin:
        video, label = video.pin_memory(), label.pin_memory()
    return Clips(video, label, zeros, zeros, [""] * batch)


def learner(work: Workload, model: nn.Module) -> SupervisedLearner:
    """The training step of this project."""
    return SupervisedLearner(
        model=model,
        to_input=ToModelInput(work.clip).to(work.device),
        loss=TrainingLoss(criterion=ClassificationLoss(), model=model),
        metrics=Classify().batch_metrics,
    )


def clear_memory(device: torch.device) -> None:
    """Free what nothing holds any more, and measure the peak again."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def figures(batch: int, watch: Watch, plain: Watch, device: torch.device) -> dict[str, object]:
    """One row; ``of plain``: speed as a share of the plain loop's."""
    memory = torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else ""
    return {
        "clips/s": batch / watch.seconds,
        "ms a step": 1000 * watch.seconds,
        "of plain": plain.seconds / watch.seconds,
        "peak GiB": memory,
        "steps": watch.steps - WARMUP,
        "first losses": ", ".join(f"{float(loss):.4f}" for loss in watch.losses),
    }
