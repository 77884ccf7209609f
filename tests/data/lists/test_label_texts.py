import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoai.data.lists.label_texts import join_labels, split_labels
from videoai.data.lists.listing import NamedSpan

seconds = st.floats(0, 1e5)
names = st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name == name.strip()
)
spans = st.builds(NamedSpan, names, seconds, st.none() | st.floats(1e5 + 1, 1e6), st.just(True))


@given(st.lists(spans, unique=True, max_size=4).map(tuple))
def test_what_is_written_is_read(given_spans):
    assert split_labels(*join_labels(given_spans)) == given_spans


def test_labels_are_cut_at_the_bar_and_times_stand_beside_them():
    assert split_labels(" run | long jump ") == (NamedSpan("run"), NamedSpan("long jump"))
    assert split_labels("run|jump", "0-1.5|2-") == (NamedSpan("run", 0.0, 1.5), NamedSpan("jump", 2.0))
    assert split_labels("run|jump|run", "0-1||3-4") == (
        NamedSpan("run", 0.0, 1.0),
        NamedSpan("jump"),
        NamedSpan("run", 3.0, 4.0),
    )
    assert split_labels("") == ()


@pytest.mark.parametrize(
    ("labels", "times", "message"),
    [
        ("run||jump", "", "a name between | is empty"),
        ("run|", "", "a name between | is empty"),
        ("run|run", "", "label 'run' is given twice: in this field, or in two lines of one clip; delete one"),
        ("a|run|run", "0-1|2-3.5|2-3.5", "label 'run' is given twice from 2 to 3.5 s"),
        ("run|a|run", "2-|0-1|2-", "label 'run' is given twice from 2 to the end"),
        ("run|jump", "0-1", "1 times for 2 labels"),
        ("run", "2-1", "holds '2-1'"),
        ("run", "1", "holds '1'"),
        ("run", "a-b", "holds 'a-b'"),
        ("run", "0-inf", "holds '0-inf'"),
        ("run", "nan-", "holds 'nan-'"),
    ],
)
def test_what_cannot_be_meant_is_refused(labels, times, message):
    with pytest.raises(ValueError, match=message.replace("|", r"\|")):
        split_labels(labels, times)


def test_a_name_with_the_bar_cannot_be_written():
    with pytest.raises(ValueError, match=r"class 'a\|b': its name holds a \|"):
        join_labels([NamedSpan("a|b")])
