import pytest
import torch
from torch.nn import attention

from videoai.core import device as devices
from videoai.core.device import emulates_bf16, has_bf16, prefer_flash_attention_3, resolve_device, take_device


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


@pytest.mark.parametrize(
    ("facts", "emulated"),
    [
        ({"architecture": "x86_64", "amx_bf16": False, "avx512_bf16": False}, True),
        ({"architecture": "x86_64", "amx_bf16": False, "avx512_bf16": True}, False),
        ({"architecture": "aarch64"}, False),  # other names there: it is measured
    ],
)
def test_a_cpu_tells_whether_it_emulates_bf16(facts, emulated, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: facts, raising=False)
    assert emulates_bf16() == emulated


@pytest.mark.gpu
def test_a_gpu_has_bf16_from_ampere_on():
    device = torch.device("cuda", torch.cuda.device_count() - 1)
    assert has_bf16(device) == (torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0))


@pytest.mark.parametrize(
    ("installed", "capability", "called"), [(True, 9, ["FA3"]), (True, 10, []), (True, 8, []), (False, 9, [])]
)
def test_flash_attention_3_is_taken_on_hopper_where_it_is_installed(monkeypatch, installed, capability, called):
    activated = []
    monkeypatch.setattr(attention, "activate_flash_attention_impl", activated.append, raising=False)
    monkeypatch.setattr(devices, "find_spec", lambda name: object() if installed else None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (capability, 0))
    prefer_flash_attention_3(torch.device("cuda"))
    assert activated == called


def test_a_torch_without_the_switch_is_left_alone(monkeypatch):
    monkeypatch.delattr(attention, "activate_flash_attention_impl", raising=False)
    prefer_flash_attention_3(torch.device("cuda"))


def test_a_flash_attention_3_that_does_not_work_is_said(monkeypatch, caplog):
    def broken(name):
        raise RuntimeError("does not expose FA3 kernels")

    monkeypatch.setattr(attention, "activate_flash_attention_impl", broken, raising=False)
    monkeypatch.setattr(devices, "find_spec", lambda name: object())
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    prefer_flash_attention_3(torch.device("cuda"))
    assert "does not expose FA3 kernels" in caplog.text
