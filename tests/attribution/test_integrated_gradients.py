import torch
from torch import nn

from videoai.attribution.integrated_gradients import integrated_gradients
from videoai.models import create_model


def test_of_a_linear_network_each_pixel_gets_its_weight_times_its_difference():
    torch.manual_seed(0)
    video, start = torch.randn(1, 3, 2, 4, 4), torch.randn(1, 3, 2, 4, 4)
    network = nn.Sequential(nn.Flatten(), nn.Linear(96, 2))
    found = integrated_gradients(network, video, 1, baseline=start, steps=4)
    wanted = (network[1].weight[1].reshape(3, 2, 4, 4) * (video - start)[0]).detach()
    torch.testing.assert_close(found, wanted)


def test_the_sum_is_what_the_output_gains():
    """Completeness, the paper's axiom; the midpoint rule of 128 steps leaves some promille of a curved network."""
    torch.manual_seed(0)
    network, video = create_model("tiny_r3d", num_classes=3).eval(), torch.randn(1, 3, 8, 32, 32)
    start = torch.zeros_like(video)
    found = integrated_gradients(network, video, 2, steps=128, baseline=start)
    with torch.no_grad():
        gain = network(video)[0, 2] - network(start)[0, 2]
    assert abs(float(found.sum() - gain)) < 0.01 * abs(float(gain)) + 1e-4
