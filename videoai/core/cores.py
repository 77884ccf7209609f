"""The cores of the machine."""

import os


def available_cores() -> int:
    """Those that this process may use: fewer than the machine has under taskset, SLURM or in a container."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
