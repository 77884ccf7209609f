import pytest

from videoai.core.slurm import first_host, name_processes, tasks_on_node

# The variables that the manual of srun lists, for the fourth of five tasks: three run on gpu03, two on gpu07.
FOURTH = {
    "SLURM_JOB_ID": "123456",
    "SLURM_STEP_ID": "2",
    "SLURM_STEP_NUM_TASKS": "5",
    "SLURM_STEP_TASKS_PER_NODE": "3,2",
    "SLURM_STEP_NODELIST": "gpu[03,07]",
    "SLURM_PROCID": "3",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "1",
}


def test_a_task_of_srun_gets_the_names_of_torchrun():
    environment = dict(FOURTH)
    name_processes(environment)
    assert {key: environment[key] for key in environment if not key.startswith("SLURM")} == {
        "RANK": "3",
        "WORLD_SIZE": "5",
        "LOCAL_RANK": "0",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "gpu03",
        "MASTER_PORT": "13458",
    }


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_JOB_ID": "1", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"},  # a batch script, not a step
        {**FOURTH, "SLURM_STEP_NUM_TASKS": "1"},
        {**FOURTH, "WORLD_SIZE": "2", "RANK": "0"},  # torchrun below srun
    ],
)
def test_other_processes_stay_what_they_are(environment):
    after = dict(environment)
    name_processes(after)
    assert after == environment


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("gpu1", "gpu1"),
        ("gpu[03-05,9],login1", "gpu03"),
        ("a-b7,c", "a-b7"),
        ("rack[1-2]node[07-09]", "rack1node07"),
        ("n[2]-ib,n3", "n2-ib"),
    ],
)
def test_the_first_host_of_a_list(nodes, first):
    assert first_host(nodes) == first


def test_tasks_of_a_node():
    assert [tasks_on_node("4(x2),1", node) for node in range(3)] == [4, 4, 1]
