"""One process alone; ``tests/cli/test_distributed.py`` trains with several."""

import pytest
import torch

from videoai.core import process_group


def test_one_process_is_the_first_of_one_and_keeps_what_it_has():
    assert (process_group.rank(), process_group.world_size()) == (0, 1)
    assert (process_group.local_rank(), process_group.local_world_size()) == (0, 1)
    tensor = torch.tensor([1.0, 2.0])
    process_group.all_reduce_sum([tensor])
    process_group.all_reduce_mean([tensor])
    assert tensor.tolist() == [1.0, 2.0]
    assert process_group.all_reduce_max(7) == 7
    assert process_group.broadcast_from_rank0(lambda: "found") == "found"
    assert process_group.all_gather("mine") == ["mine"]
    with process_group.process_group("cpu"), process_group.first_on_node():
        assert process_group.world_size() == 1


def test_without_a_place_to_meet_it_says_how_to_start(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    message = "WORLD_SIZE=2, but the processes cannot meet .* Start them with torchrun"
    with pytest.raises(ValueError, match=message), process_group.process_group("cpu"):
        pass


def test_sums_and_means_over_a_group_keep_shapes_and_types(tmp_path):
    """A real group of two; what differs between them is the number of the process."""
    torch.multiprocessing.spawn(check_group, (str(tmp_path / "meet"),), nprocs=2)


def check_group(number: int, where: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{where}", rank=number, world_size=2)
    whole, real, double = torch.tensor([[number, 1]]), torch.tensor(number + 0.5), torch.ones(2, dtype=torch.float64)
    process_group.all_reduce_sum([real, whole, double])
    assert (whole.tolist(), real.item(), double.tolist()) == ([[1, 2]], 2.0, [2.0, 2.0])
    mean, counter = torch.tensor([number * 4.0]), torch.tensor(number)
    process_group.all_reduce_mean([mean, counter])
    assert (mean.tolist(), counter.item()) == ([2.0], number)  # counters are no means
    assert process_group.all_reduce_max(number * 15) == 15
    assert process_group.broadcast_from_rank0(lambda: f"of {number}") == "of 0"
    assert process_group.all_gather({"number": number}) == [{"number": 0}, {"number": 1}]
    torch.distributed.destroy_process_group()
