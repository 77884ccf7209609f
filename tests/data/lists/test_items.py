import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoai.core.types import MULTI_LABEL, LabelSpan, VideoItem
from videoai.data.lists.items import CHUNK, Items, StringTable

ROOT = Path(__file__).resolve().parents[3]

seconds = st.floats(0, 1e6)
names = st.text(st.characters(min_codepoint=1, exclude_characters="/", exclude_categories=()), min_size=1, max_size=9)
video_items = st.builds(
    VideoItem,
    names,
    st.integers(0, 2**31 - 1),
    seconds,
    st.none() | seconds,
    st.none() | st.just("") | names,
    st.none(),
    st.just(()),
)
valued_items = video_items.flatmap(
    lambda item: st.tuples(st.none() | st.floats(-1e6, 1e6), st.none() | st.integers(0, 9).map(float)).map(
        lambda values: item._replace(values=values)
    )
)
spans = st.builds(LabelSpan, st.integers(0, 2**31 - 1), seconds, st.none() | seconds)
multi_label_items = st.builds(
    VideoItem,
    names,
    st.just(MULTI_LABEL),
    seconds,
    st.none() | seconds,
    st.none() | names,
    st.lists(spans, max_size=4).map(tuple),
    st.just(()),
)


def many(count: int) -> list[VideoItem]:
    return [
        VideoItem(f"{i % 97}/{i}.mp4", i % 7, i / 8, None if i % 2 else i / 8 + 1, f"g{i % 11}" if i % 3 else None)
        for i in range(count)
    ]


@given(st.lists(video_items, max_size=8) | st.lists(multi_label_items, max_size=8) | st.lists(valued_items, max_size=8))
def test_what_goes_in_comes_out_even_names_that_are_not_unicode(items):
    columns = Items.of(items)
    assert list(columns) == items
    assert [columns[index] for index in range(-len(items), len(items))] == [*items, *items]
    assert columns == items
    assert pickle.loads(pickle.dumps(columns)) == items


def test_more_items_than_are_handled_at_a_time_keep_their_order():
    items = many(2 * CHUNK + 5)
    assert list(Items.of(iter(items))) == items


def test_more_texts_than_are_handled_at_a_time_are_all_there():
    names = [f"é{i}" if i % 5 else "" for i in range(2 * CHUNK + 5)]
    texts = StringTable.of(names)
    assert list(texts) == names
    backwards = np.arange(len(names))[::-1]
    assert list(texts.encoded(backwards)) == [name.encode() for name in names[::-1]]


def test_paths_lie_below_root_unless_they_are_absolute():
    items = Items.of([VideoItem("a.mp4", 0), VideoItem("/b.mp4", 0)], root="/data")
    assert [item.path for item in items] == ["/data/a.mp4", "/b.mp4"]


def test_slices_masks_and_indices_select_items():
    items = many(20)
    columns = Items.of(items)
    assert columns[3:15:4] == items[3:15:4]
    assert columns[np.array([5, 1, 1])] == [items[5], items[1], items[1]]
    assert columns[columns.label == 2] == [item for item in items if item.label == 2]
    assert columns[:0] == []
    with pytest.raises(IndexError):
        columns[20]


def test_other_items_are_not_equal():
    items = many(4)
    assert Items.of(items) != items[:3]
    assert Items.of(items) != [*items[:3], items[3]._replace(group="other")]


@pytest.mark.parametrize("apart", [False, True])
def test_parts_are_joined_whether_or_not_they_were_one(apart):
    items = many(10)
    columns = Items.of(items)
    parts = [Items.of(items[6:]), Items.of(items[:2])] if apart else [columns[6:], columns[:2]]
    assert Items.join(parts) == [*items[6:], *items[:2]]


def test_the_order_is_by_path_start_end_and_label():
    items = [
        VideoItem("a", 1, 0.0, 5.0),
        VideoItem("a", 0, 1.0, 2.0),
        VideoItem("a", 0, 1.0, None),
        VideoItem("a-b", 0),
        VideoItem("a/b", 0),
        VideoItem("a/b", 3),
        VideoItem("é", 0),
    ]
    columns = Items.of(reversed(items))
    assert columns[columns.in_order()] == items


def test_labels_are_counted():
    assert Items.of(many(15)).count_labels(9).tolist() == [3, 2, 2, 2, 2, 2, 2, 0, 0]


def test_an_item_takes_its_text_and_a_few_numbers():
    items = Items.of(many(50_000))
    text = sum(len(item.path) for item in items) / len(items)
    # Two int32, two float64, an index of the text of 8 bytes and one of the group: 36 bytes; the rest is for headers.
    assert len(pickle.dumps(items)) / len(items) < text + 37


def several(count: int) -> list[VideoItem]:
    """Items that take turns in having no label, two, and one that holds for a while."""
    sets = [(), (LabelSpan(0), LabelSpan(2)), (LabelSpan(1, 0.5, 2.0),)]
    return [VideoItem(f"{i}.mp4", MULTI_LABEL, spans=sets[i % 3]) for i in range(count)]


def test_a_set_of_labels_is_kept_once_however_many_items_have_it():
    items = Items.of(several(2 * CHUNK + 7))
    assert list(items[-3:]) == several(2 * CHUNK + 7)[-3:]
    assert items.label_sets is not None and len(items.label_sets) == 3
    assert len(pickle.dumps(items)) / len(items) < 36 + 8 + 5  # as much as with one label each, and 8 letters


def test_labels_of_several_are_counted_selected_and_joined():
    items = Items.of(several(7))
    assert items.count_labels(4).tolist() == [2, 2, 2, 0]
    assert items.multi_hot(3)[1].tolist() == [True, False, True]
    chosen = items[np.array([2, 1])]
    assert [item.labels for item in chosen] == [(1,), (0, 2)]
    assert Items.join([items[3:], items[:2]]) == [*several(7)[3:], *several(7)[:2]]
    assert Items.join([items[3:], Items.of(several(2))]) == [*several(7)[3:], *several(2)]


def test_labels_get_other_numbers_and_of_several_some_may_be_left_out():
    one = Items.of([VideoItem("a", 0), VideoItem("b", 1)])
    assert [item.label for item in one.relabelled(np.array([5, 3]))] == [5, 3]
    items = Items.of(several(3)).relabelled(np.array([4, -1, 0]))
    assert [item.labels for item in items] == [(), (0, 4), ()]


def test_one_label_and_several_are_not_mixed():
    for items in ([VideoItem("a", 0), *several(1)], [VideoItem("a", 0)] * CHUNK + several(1)):
        with pytest.raises(ValueError, match="items with one label and items with a set of labels cannot be mixed"):
            Items.of(items)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says what a process holds alone")
def test_workers_share_the_columns_and_would_copy_a_list():
    command = [sys.executable, "scripts/benchmark_manifest.py", "--rows", "200000", "--workers-only"]
    ours = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, cwd=ROOT, env=ours, capture_output=True, text=True, check=True, timeout=120).stdout
    grown = {
        kind: [float(mb) for mb in sizes.split(", ")] for kind, sizes in re.findall(r"workers, (\w+): (.*) MB", said)
    }
    # A worker copies 35 MB for 200,000 items as objects, and nothing for columns, give or take its own buffers.
    assert min(grown["list"]) > 20
    assert max(grown["columns"]) < 5
