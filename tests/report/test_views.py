import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from videoai.report.views import average_views, max_over_views

NUM_VIDEOS, NUM_VIEWS, NUM_CLASSES = 5, 6, 4


def clips(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """logits float32 [30, 4], index, view: every view of every video, in order."""
    logits = torch.randn(NUM_VIDEOS * NUM_VIEWS, NUM_CLASSES, generator=torch.Generator().manual_seed(seed)) * 5
    index = torch.arange(NUM_VIDEOS).repeat_interleave(NUM_VIEWS)
    return logits, index, torch.arange(NUM_VIEWS).repeat(NUM_VIDEOS)


def average(logits: Tensor, index: Tensor, view: Tensor, mode="softmax") -> Tensor:
    return average_views(logits, index=index, view=view, num_videos=NUM_VIDEOS, num_views=NUM_VIEWS, mode=mode)


@pytest.mark.parametrize("mode", ["softmax", "logits"])
def test_the_average_is_the_mean_over_the_views_of_each_video(mode):
    logits, index, view = clips()
    values = logits.double().softmax(dim=1) if mode == "softmax" else logits.double()
    expected = values.reshape(NUM_VIDEOS, NUM_VIEWS, NUM_CLASSES).mean(dim=1)
    # Both add six float64 values, in another order.
    torch.testing.assert_close(average(logits, index, view, mode), expected, rtol=1e-14, atol=1e-15)


def test_the_two_modes_can_disagree_about_the_best_class():
    logits = torch.tensor([[9.0, 0.0], [0.0, 2.0], [0.0, 2.0]])
    arguments = {"index": torch.zeros(3, dtype=torch.int64), "view": torch.arange(3), "num_videos": 1, "num_views": 3}
    assert average_views(logits, **arguments, mode="softmax").argmax() == 1
    assert average_views(logits, **arguments, mode="logits").argmax() == 0


@given(st.permutations(range(NUM_VIDEOS * NUM_VIEWS)), st.sampled_from(["softmax", "logits"]), st.integers(0, 9))
@settings(deadline=None, max_examples=50)
def test_the_order_of_the_rows_does_not_change_a_bit(order, mode, seed):
    rows = clips(seed)
    assert torch.equal(average(*(values[order] for values in rows), mode), average(*rows, mode))


@given(st.lists(st.integers(0, NUM_VIDEOS * NUM_VIEWS - 1), max_size=40), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50)
def test_repeated_rows_do_not_change_a_bit(repeated, random):
    rows = clips()
    order = [*range(NUM_VIDEOS * NUM_VIEWS), *repeated]
    random.shuffle(order)
    assert torch.equal(average(*(values[order] for values in rows)), average(*rows))


def test_repeated_rows_that_differ_give_the_same_in_any_order():
    logits, index, view = clips()
    again = (torch.cat([logits, logits + 1e-6]), index.repeat(2), view.repeat(2))
    assert torch.equal(average(*again), average(*(values.flip(0) for values in again)))


def test_one_order_in_float32_would_not_have_been_enough():
    logits, index, view = (values[:NUM_VIEWS] for values in clips())
    orders = [torch.randperm(NUM_VIEWS, generator=torch.Generator().manual_seed(seed)) for seed in range(50)]
    naive = {tuple((sum(logits[row] for row in order) / NUM_VIEWS).tolist()) for order in orders}
    ours = {tuple(average(logits[order], index[order], view[order], "logits")[0].tolist()) for order in orders}
    assert len(naive) > 1, "the case no longer shows the problem that average_views solves"
    assert len(ours) == 1


def test_a_video_without_rows_is_nan_and_leaves_the_others_alone():
    logits, index, view = clips()
    kept = index != 2
    scores = average(logits[kept], index[kept], view[kept])
    assert scores[2].isnan().all()
    others = [0, 1, 3, 4]
    assert torch.equal(scores[others], average(logits, index, view)[others])


def test_a_video_that_lacks_views_is_averaged_over_those_it_has():
    logits, index, view = clips()
    kept = (index != 1) | (view == 4)
    scores = average(logits[kept], index[kept], view[kept])
    assert torch.equal(scores[1], logits[(index == 1) & (view == 4)][0].double().softmax(dim=0))


def test_a_clip_with_nan_logits_spoils_its_video_only_even_when_repeated():
    logits, index, view = clips()
    logits = torch.cat([logits, logits[:1]])
    logits[0] = torch.nan
    scores = average(logits, torch.cat([index, index[:1]]), torch.cat([view, view[:1]]))
    assert scores.isnan().all(dim=1).tolist() == [True, False, False, False, False]


def test_no_clips_at_all_give_nan_for_every_video():
    nothing = torch.zeros(0, dtype=torch.int64)
    scores = average(torch.zeros(0, NUM_CLASSES), nothing, nothing)
    assert scores.shape == (NUM_VIDEOS, NUM_CLASSES)
    assert scores.isnan().all()


def test_half_precision_logits_are_averaged_in_float64():
    logits, index, view = clips()
    scores = average(logits.bfloat16(), index, view)
    assert scores.dtype == torch.float64
    assert torch.equal(scores, average(logits.bfloat16().double(), index, view))


@pytest.mark.parametrize("column", ["index", "view"])
def test_an_index_or_view_outside_its_range_is_named(column):
    columns = dict(zip(("logits", "index", "view"), clips(), strict=True))
    columns[column][0] = 99
    with pytest.raises(ValueError, match=rf"{column} spans 0 \.\. 99, but 0 \.\. \d is allowed"):
        average(**columns)


def test_shapes_that_do_not_match_are_named():
    logits, index, view = clips()
    with pytest.raises(ValueError, match=r"index is torch.int64 \[29\], but logits need int64 \[30\]"):
        average(logits, index[1:], view)
    with pytest.raises(ValueError, match=r"logits torch.float32 \[4\], but a float \[M, K\]"):
        average(logits[0], index, view)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode 'mean', but 'softmax' or 'logits'"):
        average(*clips(), mode="mean")


def highest(logits: Tensor, index: Tensor, view: Tensor) -> Tensor:
    return max_over_views(logits, index, view, NUM_VIDEOS, NUM_VIEWS)


def test_of_several_labels_each_has_its_highest_sigmoid_over_the_views():
    logits, index, view = clips()
    expected = logits.double().sigmoid().reshape(NUM_VIDEOS, NUM_VIEWS, NUM_CLASSES).amax(dim=1)
    assert torch.equal(highest(logits, index, view), expected)
    order = torch.randperm(len(logits), generator=torch.Generator().manual_seed(1)).repeat(2)
    assert torch.equal(highest(logits[order], index[order], view[order]), expected)


def test_a_video_without_rows_has_no_highest_score_and_a_nan_stays_one():
    logits, index, view = clips()
    logits[0, 2] = torch.nan
    actual = highest(logits[:-NUM_VIEWS], index[:-NUM_VIEWS], view[:-NUM_VIEWS])
    assert actual[-1].isnan().all()
    assert actual[0].isnan().tolist() == [False, False, True, False]
    assert not actual[1:-1].isnan().any()
