import pytest
import torch

from videoai.models.per_frame import PerFrame, over_time, spread
from videoai.models.temporal_heads import HEADS, LocalAttention, MsTcn, temporal_head
from videoai.models.temporal_pyramid import points_of

BODIES = {
    "tiny_r3d": 32,
    "tiny_cnn_gru": 32,
    "tiny_convlstm": 32,
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("body", BODIES)
def test_every_head_on_every_kind_of_body_gives_classes_for_each_frame(body, head):
    torch.manual_seed(0)
    model = PerFrame(5, body={"name": body}, head={"name": head}).eval()
    video = torch.randn(2, 3, 16, BODIES[body], BODIES[body])
    logits = model(video)
    assert logits.shape[0] == 2
    # actionformer: two distances beside the classes, at 16, 8, 4 and 2 points
    more, places = (2, 16 + 8 + 4 + 2) if head == "actionformer" else (0, 16)
    assert logits.shape[2:] == (5 + more, places)
    assert model.forward_head(model.forward_features(video), pre_logits=True).shape == (2, model.num_features)
    model.reset_classifier(3)
    assert model(video).shape[2] == 3 + more
    model.reset_classifier(0)
    assert model(video).shape == (2, model.num_features, 16)


def test_ms_tcn_gives_a_guess_a_stage_and_sees_as_far_as_its_dilations_reach():
    head = MsTcn(4, 2, width=8, num_layers=3, num_stages=2).eval()
    steps = torch.randn(1, 4, 64, requires_grad=True)
    guesses = head(steps)
    assert guesses.shape == (1, 2, 2, 64)
    (gradient,) = torch.autograd.grad(guesses[0, 0, 0, 32], steps)
    seen = gradient[0].abs().sum(0).nonzero().flatten()
    assert (int(seen.min()), int(seen.max())) == (32 - 7, 32 + 7)  # dilations 1, 2, 4 on each side


def test_local_attention_does_not_see_beyond_its_neighbourhood():
    head = LocalAttention(4, 2, width=8, num_layers=1, num_levels=1, reach=3).eval()
    steps = torch.randn(1, 4, 40, requires_grad=True)
    (gradient,) = torch.autograd.grad(head(steps)[0, 0, 0, 20], steps)
    seen = gradient[0].abs().sum(0).nonzero().flatten()
    assert int(seen.min()) >= 20 - 3 - 3  # the neighbourhood and three convolutions of three steps
    assert int(seen.max()) <= 20 + 3 + 3


@pytest.mark.parametrize("length", [1, 7, 33])
def test_local_attention_takes_any_number_of_steps(length):
    assert LocalAttention(4, 2, width=8)(torch.randn(2, 4, length)).shape == (2, 1, 2, length)


def test_tokens_without_an_order_in_time_are_refused():
    with pytest.raises(ValueError, match=r"ViT gives features \[2, 65, 8\], whose order in time is not known"):
        over_time(torch.zeros(2, 65, 8), 16, "ViT")


def test_pathways_of_different_rates_come_together():
    slow, fast = torch.zeros(1, 8, 4, 2, 2), torch.zeros(1, 2, 16, 2, 2)
    assert over_time((slow, fast), 16, "SlowFast").shape == (1, 10, 16)


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="task.head='ms_tnc' is unknown.* ms_tcn"):
        temporal_head("ms_tnc", 4, 2)


def test_a_step_stands_at_the_frame_that_its_convolution_is_centred_on():
    frames = torch.zeros(1, 1, 16)
    frames[..., 8] = 1.0
    ones = torch.ones(1, 1, 3)
    steps = torch.nn.functional.conv1d(frames, ones, stride=2, padding=1)
    steps = torch.nn.functional.conv1d(steps, ones, stride=2, padding=1)  # 4 steps of 16 frames
    assert int(spread(steps, 16).argmax()) == 8
    assert torch.equal(spread(frames, 16), frames)
    assert spread(frames, 5).shape == (1, 1, 5)


def test_a_point_of_the_pyramid_lies_on_the_step_that_it_sees():
    head = temporal_head("actionformer", 4, 2, width=8, reach=1, num_layers=1).eval()
    steps = torch.randn(1, 4, 37, requires_grad=True)
    outputs, points = head(steps), points_of(37)
    assert outputs.shape[-1] == len(points.step)
    assert bool((outputs[:, 0, 2:] >= 0).all())  # distances
    for level, stride in enumerate((1, 2, 4, 8)):
        at = int((points.stride == stride).nonzero()[2 if level == 3 else 4])
        (gradient,) = torch.autograd.grad(outputs[0, 0, 0, at], steps, retain_graph=True)
        seen = gradient[0].abs().sum(0).nonzero().flatten()
        ends = int(seen.min()), int(seen.max())
        assert ends[0] <= int(points.step[at]) <= ends[1]
        if ends[0] > 0 and ends[1] < 36:
            assert sum(ends) / 2 == pytest.approx(int(points.step[at]), abs=0.5)
