"""Whether the same run gives the same bits, also on a GPU (setting ``deterministic``)."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.backends import cudnn

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"  # cuBLAS reads it when CUDA starts; with either value its results repeat
CUBLAS_VALUES = (":4096:8", ":16:8")


@contextmanager
def determinism(is_wanted: bool) -> Iterator[None]:
    """Inside, torch takes implementations that give the same bits each time; where it is not wanted, cuDNN times its
    algorithms for each new size and takes the fastest.

    Raises: ValueError: an operation has no such implementation, or CUDA started before this could be chosen.
    """
    before, flags = torch.get_deterministic_debug_mode(), (cudnn.deterministic, cudnn.benchmark)
    if is_wanted:
        _choose_cublas()
        torch.set_deterministic_debug_mode("error")
    cudnn.deterministic, cudnn.benchmark = is_wanted, not is_wanted
    try:
        yield
    except RuntimeError as error:
        name = re.search(r"(\S+) does not have a deterministic implementation", str(error))
        if not is_wanted or name is None:
            raise
        raise ValueError(
            f"deterministic=true: torch {torch.__version__} has no deterministic implementation of {name[1]}, which "
            "this run needs. Choose another model, or continue with deterministic=false."
        ) from error
    finally:
        torch.set_deterministic_debug_mode(before)
        cudnn.deterministic, cudnn.benchmark = flags


def _choose_cublas() -> None:
    """Raises: ValueError: too late, or the environment says otherwise."""
    given = os.environ.get(CUBLAS)
    if given not in CUBLAS_VALUES and (given is not None or torch.cuda.is_initialized()):
        raise ValueError(
            f"deterministic=true: cuBLAS repeats its results only if {CUBLAS} is one of {', '.join(CUBLAS_VALUES)} "
            f"before CUDA starts; it is {given or 'not set'}. Set it in the environment and start again."
        )
    os.environ.setdefault(CUBLAS, CUBLAS_VALUES[0])
