"""``srun`` starts one process a task and names them in words of its own: here they become those of torchrun.

Only the variables of a step count (https://slurm.schedmd.com/srun.html, "output environment variables"): those of a job
are there in a batch script too, which is one process.
"""

import re
from collections.abc import MutableMapping

FIRST_PORT, NUM_PORTS = 10_000, 20_000  # below Linux's ephemeral ports, which begin at 32768


def name_processes(environment: MutableMapping[str, str]) -> None:
    """Set RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT for the tasks of a SLURM step.
    What torchrun or a person set stays."""
    if "WORLD_SIZE" in environment or int(environment.get("SLURM_STEP_NUM_TASKS", 1)) < 2:
        return
    job, step, node = (int(environment[f"SLURM_{name}"]) for name in ("JOB_ID", "STEP_ID", "NODEID"))
    names = {
        "RANK": environment["SLURM_PROCID"],
        "WORLD_SIZE": environment["SLURM_STEP_NUM_TASKS"],
        "LOCAL_RANK": environment["SLURM_LOCALID"],
        "LOCAL_WORLD_SIZE": str(tasks_on_node(environment["SLURM_STEP_TASKS_PER_NODE"], node)),
        "MASTER_ADDR": first_host(environment["SLURM_STEP_NODELIST"]),
        "MASTER_PORT": str(FIRST_PORT + (job + step) % NUM_PORTS),
    }
    for key, value in names.items():
        environment.setdefault(key, value)


def first_host(node_list: str) -> str:
    """``gpu[03-05,9],login1`` -> ``gpu03``."""
    first = re.split(r",(?![^\[]*\])", node_list)[0]  # a comma in brackets separates numbers, not names
    return re.sub(r"\[(\w+)[^\]]*\]", r"\1", first)


def tasks_on_node(tasks_per_node: str, node: int) -> int:
    """``4(x2),1`` -> 4, 4, 1: the tasks of the node with this number."""
    counts: list[int] = []
    for part in tasks_per_node.split(","):
        count, _, times = part.rstrip(")").partition("(x")
        counts += [int(count)] * int(times or 1)
    return counts[node]
