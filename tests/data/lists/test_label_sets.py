import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from videoai.core.types import LabelSpan
from videoai.data.lists.label_sets import LabelSets

SETS = [(), (LabelSpan(2), LabelSpan(0, 1.0, 2.0), LabelSpan(2, 5.0)), (LabelSpan(1),)]


def test_sets_come_out_as_they_went_in():
    sets = LabelSets.of(SETS)
    assert [sets[number] for number in range(len(sets))] == SETS


@given(st.lists(st.lists(st.integers(-1, 5), max_size=4), max_size=5), st.data())
def test_pairs_name_every_label_of_every_item_once(labels, data):
    sets = LabelSets.of([tuple(map(LabelSpan, some)) for some in labels])
    numbers = data.draw(st.lists(st.integers(0, len(labels) - 1), max_size=6)) if labels else []
    position, label = sets.pairs(np.array(numbers, np.int32))
    expected = [(at, one) for at, number in enumerate(numbers) for one in sorted(set(labels[number]))]
    assert list(zip(position.tolist(), label.tolist(), strict=True)) == expected


def test_labels_that_turn_into_none_are_left_out_with_their_times():
    renumbered = LabelSets.of(SETS).renumbered(np.array([7, -1, 3]))
    assert [renumbered[number] for number in range(3)] == [
        (),
        (LabelSpan(3), LabelSpan(7, 1.0, 2.0), LabelSpan(3, 5.0)),
        (),
    ]
