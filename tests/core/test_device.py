import pytest
import torch

from videoai.core.device import resolve_device


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused():
    assert resolve_device("auto").type == "cpu"
    with pytest.raises(ValueError, match="device=cuda: torch sees no GPU here"):
        resolve_device("cuda")
    with pytest.raises(ValueError, match="device=mps: torch sees no Apple GPU here"):
        resolve_device("mps")
    with pytest.raises(ValueError, match="choose auto, cpu, cuda or cuda:N"):
        resolve_device("gpu7")
