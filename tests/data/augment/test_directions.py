import numpy as np
import pytest

from videoai.data.augment.directions import Directions, label_map, resolve_directions, resolve_flip
from videoai.settings.data import DataSettings

CLASSES = ("swipe_left", "swipe_right", "open", "close", "wave")


def node(**changes) -> DataSettings:
    return DataSettings(**{"source": {}, "flip": 0.0, **changes})


def test_a_pair_is_meant_both_ways_and_the_rest_keep_their_label():
    assert label_map({"swipe_left": "swipe_right"}, CLASSES, where="x") == (1, 0, 2, 3, 4)
    both = {"swipe_left": "swipe_right", "swipe_right": "swipe_left", "open": "close"}
    assert label_map(both, CLASSES, where="x") == (1, 0, 3, 2, 4)
    assert label_map(None, CLASSES, where="x") == ()


def test_names_that_yaml_takes_for_numbers_are_class_names_too():
    assert label_map({1: 2}, ("1", "2"), where="x") == (1, 0)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({"swipe_lft": "swipe_right"}, "data.flip_labels: 'swipe_lft' is no class. Did you mean swipe_left?"),
        ({"open": "close", "close": "wave"}, "'close' cannot turn into both 'open' and 'wave'"),
        ({"open": "wave", "close": "wave"}, "'wave' cannot turn into both 'open' and 'close'"),
        ({"open": "open", "close": "open"}, "'open' cannot turn into both"),
        ("left", "data.flip_labels=left: give pairs of class names"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(pairs, message):
    with pytest.raises(ValueError, match=message):
        label_map(pairs, CLASSES, where="data.flip_labels")


def test_turning_a_clip_round_twice_is_its_own_label_again():
    turned = Directions(flip_labels=(1, 0, 2, 3, 4), reverse_labels=(1, 0, 3, 2, 4))
    assert [turned.label(i, is_mirrored=True, is_reversed=False) for i in range(5)] == [1, 0, 2, 3, 4]
    assert [turned.label(i, is_mirrored=False, is_reversed=True) for i in range(5)] == [1, 0, 3, 2, 4]
    assert [turned.label(i, is_mirrored=True, is_reversed=True) for i in range(5)] == [0, 1, 3, 2, 4]
    assert [Directions().label(i, is_mirrored=True, is_reversed=True) for i in range(5)] == list(range(5))


def test_mirroring_directional_classes_without_a_map_is_refused():
    with pytest.raises(ValueError, match=r"data.flip=0.5: the classes are declared directional.*data.flip_labels="):
        resolve_directions(node(flip=0.5, directional=True), CLASSES)
    resolve_directions(node(flip=0.0, directional=True), CLASSES)
    resolve_directions(node(flip=0.5, directional=True, flip_labels={"swipe_left": "swipe_right"}), CLASSES)


def test_mirroring_classes_that_look_sided_is_warned_about(caplog):
    resolve_directions(node(flip=0.5), CLASSES)
    assert "mirroring makes 'swipe_left' look like its opposite; labels will be wrong (data.flip=0.5)" in caplog.text


SIDED = [
    *(("left", "right"), ("Swipe_Left", "Swipe_Right"), ("swipeLeft", "swipeRight"), ("LEFT 1", "RIGHT 1")),
    *(("leftwards", "rightwards"), ("left-handed", "right-handed"), ("04_V_Swiping_Left", "05_V_Swiping_Right")),
    *(("clockwise", "counterclockwise"), ("turn counter-clockwise", "turn"), ("anticlockwise", "x"), ("15_CW", "CCW")),
]


@pytest.mark.parametrize("classes", SIDED)
def test_classes_that_differ_by_their_side_are_not_mirrored_and_that_is_said(classes, caplog):
    caplog.set_level("INFO")
    assert resolve_flip(node(flip="auto"), ["wave", *classes]) == 0
    assert f"no clip is mirrored, since mirroring makes another class of '{classes[0]}'" in caplog.text
    assert "To mirror all the same: data.flip=0.5" in caplog.text


@pytest.mark.parametrize(
    ("given", "classes", "flip"),
    [
        ({"flip": "auto"}, ("cleft", "brightness", "copyright", "cwm", "wave"), 0.5),
        ({"flip": "auto", "directional": False}, CLASSES, 0.5),
        ({"flip": "auto", "flip_labels": {"swipe_left": "swipe_right"}}, CLASSES, 0.5),
        ({"flip": "auto", "directional": True}, ("wave", "clap"), 0.0),
        ({"flip": 0.3}, CLASSES, 0.3),
        ({"flip": 0.0}, ("wave", "clap"), 0.0),
    ],
)
def test_clips_are_mirrored_unless_that_is_wrong_or_a_person_says_otherwise(given, classes, flip):
    assert resolve_flip(node(**given), classes) == flip


@pytest.mark.parametrize(
    ("settings", "classes"),
    [
        ({"flip": 0.0}, CLASSES),
        ({"flip": 0.5, "directional": False}, CLASSES),
        ({"flip": 0.5, "flip_labels": {"swipe_left": "swipe_right"}}, CLASSES),
        ({"flip": 0.5}, ("brightness", "cleft")),
    ],
)
def test_nothing_is_said_where_nothing_is_wrong(settings, classes, caplog):
    resolve_directions(node(**settings), classes)
    assert caplog.text == ""


def test_playing_backwards_needs_to_know_what_becomes_of_the_labels():
    with pytest.raises(ValueError, match="data.reverse=0.5: played backwards, most actions are others"):
        resolve_directions(node(reverse=0.5), CLASSES)
    resolve_directions(node(reverse=0.5, directional=False), CLASSES)
    actual = resolve_directions(node(reverse=0.5, reverse_labels={"open": "close"}), CLASSES)
    assert (actual.reverse, actual.reverse_labels) == (0.5, (0, 1, 3, 2, 4))


def test_expected_counts_follow_the_maps():
    turned = Directions(flip=0.5, reverse=0.25, flip_labels=(1, 0, 2), reverse_labels=(0, 2, 1))
    # flip: 50, 50, 8; then a quarter of the last two change places
    assert turned.counts(np.array([100, 0, 8])).tolist() == [50, 39.5, 18.5]
    assert Directions(flip=0.5).counts(np.array([3, 1])).tolist() == [3, 1]


def test_among_chosen_classes_pairs_of_others_are_left_alone_unless_a_clip_would_turn_into_one():
    pairs = {"swipe_left": "swipe_right", "open": "close"}
    left = ("swipe_left", "swipe_right", "open")
    resolved = resolve_directions(node(only=left, flip_labels=pairs), left)
    assert resolved.flip_labels == (1, 0, 2)
    with pytest.raises(ValueError, match="'close' is no class"):
        resolve_directions(node(only=left, flip=0.5, flip_labels=pairs), left)
    with pytest.raises(ValueError, match="'close' is no class"):
        resolve_directions(node(flip_labels=pairs), left)


@pytest.mark.parametrize("how", ["flip", "reverse"])
def test_a_map_of_labels_is_refused_where_columns_of_targets_are_learned(how):
    pairs = {f"{how}_labels": {"swipe_left": "swipe_right"}, "directional": True}
    with pytest.raises(ValueError, match=rf"data\.{how}_labels=.*the task learns columns of targets.*data\.{how}=0"):
        resolve_directions(
            node(**{"flip": 0.0, "reverse": 0.0, **pairs, how: 0.5}), ["clip"], ["hand", "left", "right"]
        )
    resolved = resolve_directions(node(flip=0.0, **pairs), ["clip"], ["hand", "left", "right"])
    assert (resolved.flip, resolved.flip_labels, resolved.reverse_labels) == (0.0, (), ())


def test_mirroring_is_off_or_warned_about_where_classes_of_a_column_have_sides(caplog):
    assert resolve_directions(node(flip="auto"), ["clip"], ["hand", "left", "right"]).flip == 0
    resolve_directions(node(flip=0.5), ["clip"], ["hand", "left", "right"])
    assert "mirroring makes 'left' look like its opposite" in caplog.text
