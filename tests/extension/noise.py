"""A clip transform of a user's own package."""

import torch


class Noise:
    """Adds up to ``most`` levels to every pixel, drawn from the clip's own generator."""

    videos_seen = 0  # by this process

    def __init__(self, *, most: int) -> None:
        self.most = most

    def __call__(self, video, generator):
        Noise.videos_seen += 1
        noise = torch.randint(self.most + 1, video.shape, generator=generator)
        return (video + noise).clamp(max=255).to(torch.uint8)


def crop_corner(*, size: int):
    """A transform that breaks the contract: it changes the size of a clip."""
    return lambda video, generator: video[..., :size, :size]


def forget():
    """A transform that breaks the contract: it returns nothing."""
    return lambda video, generator: None


def first_clip():
    """A batch op that breaks the contract: it leaves out clips and keeps their labels."""

    def first(batch, position):
        return batch._replace(video=batch.video[:1])

    return first
