"""One process alone; ``tests/cli/test_distributed.py`` trains with several."""

import pytest
import torch

from videoai.core import distributed


def test_one_process_is_the_first_of_one_and_keeps_what_it_has():
    assert (distributed.rank(), distributed.world_size()) == (0, 1)
    assert (distributed.local_rank(), distributed.local_world_size()) == (0, 1)
    tensor = torch.tensor([1.0, 2.0])
    distributed.add_up([tensor])
    distributed.average([tensor])
    assert tensor.tolist() == [1.0, 2.0]
    assert distributed.largest(7) == 7
    assert distributed.from_first(lambda: "found") == "found"
    assert distributed.from_all("mine") == ["mine"]
    with distributed.together("cpu"), distributed.first_goes_first():
        assert distributed.world_size() == 1


def test_without_a_place_to_meet_it_says_how_to_start(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    told = "WORLD_SIZE=2, but the processes cannot meet .* Start them with torchrun"
    with pytest.raises(ValueError, match=told), distributed.together("cpu"):
        pass


def test_sums_and_means_over_a_group_keep_shapes_and_types(tmp_path):
    """A real group of two; what differs between them is the number of the process."""
    torch.multiprocessing.spawn(check_group, (str(tmp_path / "meet"),), nprocs=2)


def check_group(number: int, where: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{where}", rank=number, world_size=2)
    whole, real, double = torch.tensor([[number, 1]]), torch.tensor(number + 0.5), torch.ones(2, dtype=torch.float64)
    distributed.add_up([real, whole, double])
    assert (whole.tolist(), real.item(), double.tolist()) == ([[1, 2]], 2.0, [2.0, 2.0])
    mean, counter = torch.tensor([number * 4.0]), torch.tensor(number)
    distributed.average([mean, counter])
    assert (mean.tolist(), counter.item()) == ([2.0], number)  # counters are no means
    assert distributed.largest(number * 15) == 15
    assert distributed.from_first(lambda: f"of {number}") == "of 0"
    assert distributed.from_all({"number": number}) == [{"number": 0}, {"number": 1}]
    torch.distributed.destroy_process_group()
