"""The sound of the very stretch of time that a clip shows, as a network takes it: a log-mel spectrogram of fixed size.

Windows of 25 ms every 10 ms, 125 to 7,500 Hz, as in VGGish (arXiv:1609.09430). Their logarithms are
averaged over ``num_steps`` equal parts of the clip, so that all clips of a batch have one shape: a clip that lasts
longer has longer steps, as it has wider gaps between its frames. Filters and spectrogram are torchaudio's.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoai.core.types import SOUND_RATE, ClipSpec, SoundSpec
from videoai.data.decode import Video
from videoai.data.media import BadVideo

WINDOW = SOUND_RATE // 40  # samples, 25 ms
HOP = SOUND_RATE // 100
FFT = 1024  # samples; a window is padded to it, so that no filter falls between two bins, even of 128
LOWEST_HZ, HIGHEST_HZ = 125.0, 7500.0
FLOOR = 1e-6  # power that stands for silence; its logarithm is -13.8


def check_torchaudio() -> None:
    """Raises: ImportError: naming the extra, and what goes without it."""
    try:
        import torchaudio  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError(
            f"sound needs a package ({error.name}): pip install 'videoai[audio]'. Models that only see, "
            "modalities=[v], go without it."
        ) from error


def sound_of(video: Video, seconds: Sequence[float], clip: ClipSpec) -> Tensor:
    """The sound from the first to the last of these times, of an open video's frames, and until the next frame.

    Returns: float32 [num_mels, num_steps]; NaN = the file has no audio stream that decodes.
    Raises: BadVideo: likewise, where ``clip`` says that sound is required; or a clip above 10 minutes.
    """
    from videoai.data.decode.sound import read_sound  # FFmpeg loads only where videos are read

    spec, clock = clip.sound, video.clock_start
    assert spec is not None
    start, end = min(seconds), max(seconds) + 1 / video.fps
    samples = None if clock is None else read_sound(video.path, clock + start, clock + end)
    if samples is not None:
        return log_mel(samples, spec)
    if spec.is_required:
        detail = "modalities=[a] hears alone, and the file has no sound that decodes"
        raise BadVideo(video.path, "no_audio_stream", "open", detail)
    return spec.missing


def log_mel(samples: Tensor, spec: SoundSpec) -> Tensor:
    """float32 [n] at 16 kHz -> float32 [num_mels, num_steps], natural logarithms of power.

    Computed in float64: how many threads a process has then changes no bit of the result.
    """
    with torch.no_grad():
        power = _spectrogram(spec.num_mels)(samples.double())
        steps = F.adaptive_avg_pool1d(power.clamp_min(FLOOR).log(), spec.num_steps)
    return steps.float()


@lru_cache(maxsize=4)
def _spectrogram(num_mels: int) -> nn.Module:
    from torchaudio.transforms import MelSpectrogram  # pyright: ignore[reportMissingImports]

    return MelSpectrogram(
        SOUND_RATE,
        n_fft=FFT,
        win_length=WINDOW,
        hop_length=HOP,
        f_min=LOWEST_HZ,
        f_max=HIGHEST_HZ,
        n_mels=num_mels,
        pad_mode="constant",
    ).double()
