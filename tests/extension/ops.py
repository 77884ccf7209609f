"""Parts of a user's own package: a batch operation, a clip transform, an optimizer and a schedule."""

import torch


class Invert:
    """Turns a share of the clips of a batch into their negative."""

    def __init__(self, *, strength: float) -> None:
        self.strength = strength

    def __call__(self, batch, position):
        rng = torch.Generator().manual_seed(position)
        turned = torch.rand(len(batch.video), generator=rng) < self.strength
        sign = torch.where(turned, -1.0, 1.0).to(batch.video.device)
        return batch._replace(video=batch.video * sign[:, None, None, None, None])


class Noise:
    """Adds up to ``most`` levels to every pixel, drawn from the clip's own generator."""

    def __init__(self, *, most: int) -> None:
        self.most = most

    def __call__(self, video, generator):
        noise = torch.randint(self.most + 1, video.shape, generator=generator)
        return (video + noise).clamp(max=255).to(torch.uint8)


def too_small(*, size: int):
    """A transform that breaks the rule: it changes the size of a clip."""
    return lambda video, generator: video[..., :size, :size]


class SignSGD(torch.optim.SGD):
    """Gradient signs (arXiv:1802.04434)."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.sign_()
        return super().step(closure)


class Triangle:
    """Rises to 1 in the middle of the run and falls to 0 at its end."""

    def __init__(self, *, total_steps: int, floor: float = 0.0) -> None:
        self.total_steps, self.floor = total_steps, floor

    def __call__(self, step: int) -> float:
        return max(self.floor, 1 - abs(2 * step / self.total_steps - 1))
