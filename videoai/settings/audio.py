"""What is heard beside the picture (``modalities``, ``audio``)."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.setting import setting

Modality = Literal["v", "a"]


@dataclass(frozen=True, kw_only=True)
class AudioSettings:
    """The sound of a clip and the network that hears it, with modalities=[v,a] or [a]."""

    num_mels: int = setting(64, min=16, max=128, help="bands of the log-mel spectrogram, 125 to 7,500 Hz")
    num_steps: int = setting(128, min=16, max=2048, help="time steps of the spectrogram over the clip")
    width: int = setting(16, min=4, max=256, help="channels of the first of four blocks; each next has twice as many")
    drop: float = setting(
        0.25,
        min=0,
        max=0.9,
        help="modality dropout (arXiv:1501.00102): chance that training takes the sound of a clip away",
    )
    drop_video: float = setting(0.25, min=0, max=0.9, help="likewise the picture, of a clip that keeps its sound")

    def __post_init__(self) -> None:
        """Raises: ValueError: nothing would be left to learn from both at once."""
        if self.drop + self.drop_video >= 1:
            raise ValueError(
                f"audio.drop={self.drop:g} and audio.drop_video={self.drop_video:g}: together they must stay below 1, "
                "so that some clips are seen and heard."
            )
