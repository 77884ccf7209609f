"""Similarity of generated and real clips by their energy distance, cheaply and without a trained network: enough to
choose among the checkpoints of one run. It does not say whether a classifier recognises a class."""

import torch
from torch import Tensor
from torch.nn import functional as F

GRID = (2, 4, 4)  # cells in time, height and width


def motion_features(video: Tensor) -> Tensor:
    """uint8 [N, T, C, H, W] -> float [N, D]: the structure tensor of each cell, products of the slopes in x, y and t of
    its grey levels, which tell direction and speed (Bigün and Granlund 1987). Signed roots, so that few bright edges
    do not outweigh all.

    Raises: ValueError: fewer than 3 frames or pixels a side: no slope.
    """
    if min(video.shape[1], *video.shape[3:]) < 3:
        raise ValueError(f"clips of {video.shape[1]} frames, {video.shape[3]} x {video.shape[4]} px: 3 are needed.")
    grey = video.float().mean(2) / 255
    t = (grey[:, 2:] - grey[:, :-2])[:, :, 1:-1, 1:-1]
    y = (grey[:, :, 2:] - grey[:, :, :-2])[:, 1:-1, :, 1:-1]
    x = (grey[..., 2:] - grey[..., :-2])[:, 1:-1, 1:-1]
    products = torch.stack([x * x, y * y, t * t, x * y, x * t, y * t], 1)
    cells = F.adaptive_avg_pool3d(products, GRID).flatten(1)
    return cells.sign() * cells.abs().sqrt()


def energy_similarity(real: Tensor, generated: Tensor) -> float:
    """1 = the same distribution, 0 = far apart: one minus the energy coefficient of inhomogeneity (Székely and Rizzo
    2013), ``(2 E|r - m| - E|r - r'| - E|m - m'|) / (2 E|r - m|)``. Low when generated clips look
    wrong, and when they are all alike; unbiased differences, so real clips of another split get about 1.

    real: float [N, D]; generated: float [M, D]; N, M >= 2.

    Raises: ValueError: fewer than two clips on a side.
    """
    if min(len(real), len(generated)) < 2:
        raise ValueError(
            f"similarity of {len(generated)} generated clips and {len(real)} real ones: two of each are needed."
        )
    between = 2 * torch.cdist(real, generated).mean().item()
    return (spread(real) + spread(generated)) / max(between, 1e-12)


def spread(features: Tensor) -> float:
    """The mean distance between two clips. features: [N, D], N >= 2."""
    return torch.pdist(features).mean().item()
