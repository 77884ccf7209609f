"""How fast a network answers for one clip here, as it is and as it was exported."""

import statistics
import time
from collections.abc import Mapping

import torch
from torch import Tensor, nn

SECONDS = 2.0  # for each network, after one pass that counts for nothing
MOST = 200  # passes


def milliseconds(networks: Mapping[str, nn.Module], video: Tensor) -> dict[str, float]:
    """The median time of a forward pass of each, by name. They take turns, so that a busy machine is fair to all.

    Args:
        video: float [1, C, T, S, S].
    """
    times: dict[str, list[float]] = {name: [] for name in networks}
    with torch.inference_mode():
        for network in networks.values():
            network(video)
        end = time.perf_counter() + SECONDS * len(networks)
        while time.perf_counter() < end and len(times[next(iter(times))]) < MOST:
            for name, network in networks.items():
                begin = time.perf_counter()
                network(video)
                times[name].append(1000 * (time.perf_counter() - begin))
    return {name: statistics.median(own) for name, own in times.items()}
