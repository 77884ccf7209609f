import torch

from videoai.report.motion import compare, motion_rows, sentence


def right(count: int, total: int) -> torch.Tensor:
    return torch.arange(total) < count


def test_a_clear_loss_is_said_to_be_a_use_of_motion():
    ablated = compare(right(80, 100), right(30, 100))
    said = sentence("single_frame", ablated)
    assert "30.0 % of the answers are right instead of 80.0 %: 50.0 points fewer (95 % interval of the loss" in said
    assert said.endswith("the model relies on motion.")
    assert motion_rows({"single_frame": ablated}) == [("middle frame alone", "30.0 % (-50.0 points)")]


def test_what_a_few_videos_cannot_show_is_not_claimed():
    said = sentence("shuffle", compare(right(6, 10), right(5, 10)))
    assert said.endswith("these 10 videos do not show that the model relies on their order.")
    assert sentence("reverse", compare(right(10, 100), right(60, 100))).endswith("the model does better so.")
