import pytest
import torch

import videoai
from videoai.engine.flops import count_flops, peak_flops, seconds_at_peak


def test_flops_of_a_transformer_are_those_of_its_products():
    """By hand: the patch embedding, then in each block q, k, v, the two products of attention, the projection and the
    MLP; and the head. Biases, norms and the softmax do not count."""
    model = videoai.create_model("videomae_small", num_classes=400)
    tokens, width, blocks = 8 * 14 * 14, 384, 12
    block = 4 * width * width + 2 * tokens * width + 2 * 4 * width * width
    forward = 2 * (tokens * (3 * 2 * 16 * 16 * width + blocks * block) + width * 400)
    assert count_flops(model, num_frames=16, size=224) == pytest.approx(3 * forward)


def test_counting_changes_neither_statistics_nor_weights():
    model = videoai.create_model("tiny_r3d", num_classes=4)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    count_flops(model, num_frames=4, size=32)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("name", "teraflops"),
    [
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", None),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA L40S", 362),
        ("NVIDIA L4", 121),
        ("NVIDIA GeForce RTX 4090", 165),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("Tesla T4", None),
    ],
)
def test_the_peak_is_that_of_the_very_card(name, teraflops):
    assert peak_flops(name) == (teraflops and pytest.approx(teraflops * 1e12))


def test_a_model_whose_flops_cannot_be_counted_is_said_and_trains_without(monkeypatch, caplog):
    class Reads(torch.nn.Module):
        def forward(self, video):
            return video * float(video.mean())

    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")
    caplog.set_level("INFO")
    assert seconds_at_peak(Reads(), torch.device("cuda"), num_frames=2, size=8) is None
    assert "mfu is not logged" in caplog.text
