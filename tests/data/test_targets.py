import pickle

import torch

from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.items import Items
from videoai.data.targets import Block, Heads, MultiHot, OneClass, Shares, Values, split_targets


def test_a_class_becomes_its_output():
    def several(*labels):
        return VideoItem("x.mp4", MULTI_LABEL, spans=tuple(map(LabelSpan, labels)))

    assert OneClass([2, 0])(VideoItem("x.mp4", 1), ()) == 0
    assert MultiHot([2, 0], num_outputs=3)(several(0, 1), ()).tolist() == [1, 0, 1]
    assert MultiHot([2, 0], num_outputs=3)(several(), ()).tolist() == [0, 0, 0]


def test_targets_travel_to_workers():
    for target in (OneClass([1, 0]), MultiHot([1, 0], 2)):
        assert pickle.loads(pickle.dumps(target)) == target


def test_a_split_has_the_targets_of_its_items_and_each_label_is_asked_for_once():
    items = Items.of([VideoItem("x.mp4", label) for label in (2, 0, 2, 1)])
    asked = []

    def target(item, seconds):
        asked.append(item.labels)
        return torch.tensor(item.label + 0.5)

    assert split_targets(items, target).tolist() == [2.5, 0.5, 2.5, 1.5]
    assert sorted(asked) == [(0,), (1,), (2,)]
    assert split_targets(items, OneClass([5, 6, 7])).tolist() == [7, 5, 7, 6]


def test_of_several_labels_too():
    sets = ((LabelSpan(1),), (), (LabelSpan(0), LabelSpan(1)), (LabelSpan(1),))
    items = Items.of([VideoItem("x.mp4", MULTI_LABEL, spans=spans) for spans in sets])
    assert split_targets(items, MultiHot([0, 1], 2)).tolist() == [[0, 1], [0, 0], [1, 1], [0, 1]]
    assert torch.equal(split_targets(items, MultiHot([0, 1], 2)).bool(), torch.from_numpy(items.multi_hot(2)))


def test_numbers_shares_and_heads_come_from_the_values_of_an_item():
    item = VideoItem("x.mp4", 0, values=(0.5, None, 2.0))
    assert Values([2, 0])(item, ()).tolist() == [2.0, 0.5]
    assert Values([1])(item, ()).isnan().all()
    assert Shares([0, 2], [2, 0], 3)(item, ()).tolist() == [2.0, 0.0, 0.5]
    heads = Heads([Block(2, 0, 3, (0, 1, 2)), Block(0, 3, 4, ()), Block(1, 4, 6, (0, 1))], 6)
    assert heads(item, ()).nan_to_num(-1).tolist() == [0, 0, 1, 0.5, -1, -1]
    assert pickle.loads(pickle.dumps(heads)) == heads


def test_a_split_with_values_asks_for_each_item():
    items = Items.of([VideoItem("x.mp4", 0, values=(value,)) for value in (1.0, None, 3.0)])
    assert split_targets(items, Values([0])).nan_to_num(-1).tolist() == [[1], [-1], [3]]
    assert split_targets(items[1:2], Values([0])).isnan().all()
