"""What the launcher (torchrun, srun through ``slurm.py``, or a person) says of this process in the environment, before
there is a process group. Imports no torch."""

import os


class LostProcess(ConnectionError):
    """Another of the processes that were started together ended; its own error says why."""


def launched_rank() -> int:
    """RANK: the number of this process among those that were started together; 0 where none is named.

    Raises: ValueError: it is no number.
    """
    return _number("RANK", 0)


def launched_processes() -> int:
    """WORLD_SIZE: how many processes were started together; 1 where nothing is named.

    Raises: ValueError: it is no number.
    """
    return _number("WORLD_SIZE", 1)


def launched_local_rank() -> int:
    """LOCAL_RANK: the number of this process on its machine; 0 where none is named. Raises: ValueError: it is no
    number."""
    return _number("LOCAL_RANK", 0)


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal():
        raise ValueError(f"the environment variable {name}={text}: torchrun or srun sets it, to a number. Unset it.")
    return int(text)
