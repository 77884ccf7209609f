import pytest
import torch

from videoai.core.device import has_bf16, resolve_device, take_device


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused():
    assert resolve_device("auto").type == "cpu"
    with pytest.raises(ValueError, match="device=cuda: torch sees no GPU here"):
        resolve_device("cuda")
    with pytest.raises(ValueError, match="device=mps: torch sees no Apple GPU here"):
        resolve_device("mps")
    with pytest.raises(ValueError, match="choose auto, cpu, cuda or cuda:N"):
        resolve_device("gpu7")


def test_a_gpu_beyond_the_last_is_refused_with_those_that_there_are(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ValueError, match="cuda:2: torch sees 2 GPUs here. Choose auto, or one from cuda:0 to cuda:1"):
        resolve_device("cuda:2")


def test_a_run_makes_the_gpu_that_it_names_the_current_one_and_fp32_fp32(monkeypatch):
    taken = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert [take_device(name).type for name in ("cuda:1", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]
    assert taken == [torch.device("cuda:1")]
    assert not torch.backends.cudnn.allow_tf32  # with which convolutions in fp32 have 10 bits of mantissa


def test_a_cpu_has_no_bf16_of_a_gpu():
    assert not has_bf16(torch.device("cpu"))


@pytest.mark.gpu
def test_a_gpu_has_bf16_from_ampere_on():
    device = torch.device("cuda", torch.cuda.device_count() - 1)
    assert has_bf16(device) == (torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0))
