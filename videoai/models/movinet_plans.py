"""The widths, kernels and blocks of MoViNet A0 to A5 (Kondratyuk et al. 2021, arXiv:2103.11511, tables 13 to 15), which
a search found. As in the authors' code (tensorflow/models, official/projects/movinet)."""

from typing import Literal, NamedTuple

Size = Literal["a0", "a1", "a2", "a3", "a4", "a5"]


class Stage(NamedTuple):
    """Blocks of one width."""

    width: int
    stride: int  # H and W shrink by it, in the first block
    blocks: str  # one a block: channels/kernel through time x kernel through space, as "80/3x3"


class Plan(NamedTuple):
    """One network."""

    stem: int  # channels
    last: int  # channels of the last convolution
    stages: tuple[Stage, ...]


PLANS: dict[Size, Plan] = {
    "a0": Plan(
        stem=8,
        last=480,
        stages=(
            Stage(8, 2, "24/1x5"),
            Stage(32, 2, "80/3x3 80/3x3 80/3x3"),
            Stage(56, 2, "184/5x3 112/3x3 184/3x3"),
            Stage(56, 1, "184/5x3 184/3x3 184/3x3 184/3x3"),
            Stage(104, 2, "384/5x3 280/1x5 280/1x5 344/1x5"),
        ),
    ),
    "a1": Plan(
        stem=16,
        last=600,
        stages=(
            Stage(16, 2, "40/1x5 40/3x3"),
            Stage(40, 2, "96/3x3 120/3x3 96/3x3 96/3x3"),
            Stage(64, 2, "216/5x3 128/3x3 216/3x3 168/3x3 216/3x3"),
            Stage(64, 1, "216/5x3 216/3x3 216/3x3 128/3x3 128/1x5 216/3x3"),
            Stage(136, 2, "456/5x3 360/1x5 360/1x5 360/1x5 456/1x5 456/3x3 544/1x3"),
        ),
    ),
    "a2": Plan(
        stem=16,
        last=640,
        stages=(
            Stage(16, 2, "40/1x5 40/3x3 64/3x3"),
            Stage(40, 2, "96/3x3 120/3x3 96/3x3 96/3x3 120/3x3"),
            Stage(72, 2, "240/5x3 160/3x3 240/3x3 192/3x3 240/3x3"),
            Stage(72, 1, "240/5x3 240/3x3 240/3x3 240/3x3 144/1x5 240/3x3"),
            Stage(144, 2, "480/5x3 384/1x5 384/1x5 480/1x5 480/1x5 480/3x3 576/1x3"),
        ),
    ),
    "a3": Plan(
        stem=16,
        last=744,
        stages=(
            Stage(16, 2, "40/1x5 40/3x3 64/3x3 40/3x3"),
            Stage(48, 2, "112/3x3 144/3x3 112/3x3 112/1x5 144/3x3 144/3x3"),
            Stage(80, 2, "240/5x3 152/3x3 240/3x3 192/3x3 240/3x3"),
            Stage(88, 1, "264/5x3 264/3x3 264/3x3 264/3x3 160/1x5 264/3x3 264/3x3 264/3x3"),
            Stage(168, 2, "560/5x3 448/1x5 448/1x5 560/1x5 560/1x5 560/3x3 448/1x5 448/1x5 560/3x3 672/1x3"),
        ),
    ),
    "a4": Plan(
        stem=24,
        last=856,
        stages=(
            Stage(24, 2, "64/1x5 64/3x3 96/3x3 64/3x3 96/3x3 64/3x3"),
            Stage(56, 2, "168/3x3 168/3x3 136/3x3 136/3x3 168/3x3 168/3x3 168/3x3 136/1x5 136/3x3"),
            Stage(96, 2, "320/5x3 160/3x3 320/3x3 192/3x3 320/3x3 160/3x3 320/3x3 256/3x3 320/3x3"),
            Stage(96, 1, "320/5x3 320/3x3 320/3x3 320/3x3 192/1x5 320/3x3 320/3x3 192/3x3 320/3x3 320/3x3"),
            Stage(
                192,
                2,
                "640/5x3 512/1x5 512/1x5 640/1x5 640/1x5 640/3x3 512/1x5 512/1x5 640/1x5 768/1x5 640/1x5 "
                "640/3x3 768/3x3",
            ),
        ),
    ),
    "a5": Plan(
        stem=24,
        last=992,
        stages=(
            Stage(24, 2, "64/1x5 64/1x5 96/3x3 64/3x3 96/3x3 64/3x3"),
            Stage(64, 2, "192/5x3 152/3x3 152/3x3 152/3x3 192/3x3 192/3x3 192/3x3 152/3x3 152/3x3 192/3x3 192/3x3"),
            Stage(
                112,
                2,
                "376/5x3 224/3x3 376/3x3 376/3x3 296/3x3 376/3x3 224/3x3 376/3x3 376/3x3 296/3x3 376/3x3 "
                "376/3x3 376/3x3",
            ),
            Stage(120, 1, "376/5x3 376/3x3 376/3x3 376/3x3 224/1x5 376/3x3 376/3x3 224/3x3 376/3x3 376/3x3 376/3x3"),
            Stage(
                224,
                2,
                "744/5x3 744/3x3 600/1x5 600/1x5 744/1x5 744/1x5 744/3x3 896/1x5 600/1x5 600/1x5 896/1x5 "
                "744/1x5 744/3x3 896/1x5 600/1x5 600/1x5 744/1x5 744/3x3",
            ),
        ),
    ),
}
