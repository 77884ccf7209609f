"""ELAN's files: which tier, whose times, which video."""

import pytest

from videoai.core.types import LabelSpan
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey


def document(*tiers, url="./a.mp4", more="", slots=((1, 0), (2, 500), (3, 1000), (4, None)), mime="video/mp4"):
    media = f'<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/x/y.wav" MIME_TYPE="audio/x-wav"/>\n<MEDIA_DESCRIPTOR {more} '
    media += f'MEDIA_URL="{url}" MIME_TYPE="{mime}"/>' if "://" in url else f'RELATIVE_MEDIA_URL="{url}" MEDIA_URL=""/>'
    times = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{number}"' + (f' TIME_VALUE="{at}"/>' if at is not None else "/>")
        for number, at in slots
    )
    return (
        f"<ANNOTATION_DOCUMENT>\n<HEADER>{media if url else ''}</HEADER>\n<TIME_ORDER>{times}</TIME_ORDER>\n"
        + "\n".join(tiers)
        + "\n</ANNOTATION_DOCUMENT>"
    )


def tier(name, *values):
    """Values are (number, first slot, second slot, text), or (number, the number it refers to, text)."""
    held = ""
    for number, *where, text in values:
        if len(where) == 2:
            kind, place = "ALIGNABLE", f'TIME_SLOT_REF1="ts{where[0]}" TIME_SLOT_REF2="ts{where[1]}"'
        else:
            kind, place = "REF", f'ANNOTATION_REF="a{where[0]}"'
        held += f'<ANNOTATION><{kind}_ANNOTATION ANNOTATION_ID="a{number}" {place}><ANNOTATION_VALUE>{text}'
        held += f"</ANNOTATION_VALUE></{kind}_ANNOTATION></ANNOTATION>"
    return f'<TIER TIER_ID="{name}">{held}</TIER>'


ACTION = tier("action", (1, 1, 2, "run"), (2, 2, 3, "walk"))
UNNAMED = tier("action", (1, 1, 2, ""), (2, 2, 3, ""))
RUN, WALK = ("a.mp4", "run", 0.0, 0.5), ("a.mp4", "walk", 0.5, 1.0)


@pytest.mark.parametrize(
    ("eaf", "stretches"),
    [
        (document(ACTION), [RUN, WALK]),
        (document(ACTION, more='TIME_ORIGIN="250"'), [("a.mp4", "run", 0.25, 0.75), ("a.mp4", "walk", 0.75, 1.25)]),
        (document(tier("child", (3, 2, "jump")), UNNAMED), [("a.mp4", "jump", 0.5, 1.0)]),
        (document(tier("lower", (4, 3, "hop")), tier("child", (3, 1, "")), UNNAMED), [("a.mp4", "hop", 0.0, 0.5)]),
    ],
    ids=["aligned", "the video begins earlier", "refers to an annotation that follows", "refers to one that refers"],
)
def test_annotations_have_the_times_of_their_slots(put, trained_on, eaf, stretches):
    assert trained_on(put({"x.eaf": eaf}, ["a.mp4"])) == stretches


@pytest.mark.parametrize(
    ("path", "url", "video"),
    [
        ("x.eaf", "./a.mp4", "a.mp4"),
        ("eaf/x.eaf", "../videos/my%20day/a.mp4", "videos/my day/a.mp4"),
        ("x.eaf", "file:///C:/Users/me/a.mp4", "videos/a.mp4"),
        ("a.eaf", "", "a.mp4"),
    ],
)
def test_the_video_is_the_linked_one_or_called_as_the_file(put, trained_on, path, url, video):
    assert trained_on(put({path: document(ACTION, url=url)}, [video])) == [RUN, WALK]


def test_a_file_beside_its_video_means_that_one(put, read):
    both = {f"day{day}/a.eaf": document(tier("action", (1, 1, 2, f"act {day}"))) for day in (1, 2)}
    items = read(put(both, ["day1/a.mp4", "day2/a.mp4"])).splits["train"]
    assert [(item.path[-10:], item.label) for item in items] == [("day1/a.mp4", 0), ("day2/a.mp4", 1)]


def test_of_several_tiers_one_is_chosen_and_named(put, read, trained_on):
    root = put({"x.eaf": document(ACTION, tier("who", (3, 1, "me")), tier("empty"))}, ["a.mp4"])
    fit = candidates(survey(str(root)))[0]
    assert fit.settings["tier"] == "action"
    assert "tiers action (2 labels), who (1 label), data.tier chooses" in fit.why
    assert trained_on(root, tier="who") == [("a.mp4", "me", 0.0, 0.5)]
    with pytest.raises(ValueError, match=r"several kinds of labels, action .* choose: data.tier=action"):
        read(root, tier=None)
    with pytest.raises(ValueError, match=r"data.tier=actoin, but there are .* Did you mean action\?"):
        read(root, tier="actoin")


def test_a_video_may_have_all_its_labels_and_what_is_left_out_is_said(put, read):
    files = {
        "a.eaf": document(ACTION, tier("mood", (3, 1, 2, "glad"))),
        "b.eaf": document(tier("action", (1, 2, 4, "run")), url="b.mp4"),
        "c.eaf": document(tier("other"), url="c.mp4"),
    }
    root = put(files, ["a.mp4", "b.mp4", "c.mp4"])
    manifest = read(root, multi_label=True)
    spans = [item.spans for item in manifest.splits["train"]]
    assert spans == [(LabelSpan(0, 0.0, 0.5), LabelSpan(1, 0.5, 1.0)), ()]
    notes = read(root).notes
    assert any(note.startswith("left out 2 files without annotations in the tier action, first") for note in notes)
    assert "left out 1 annotation never aligned in time in ELAN." in notes


REVERSED = tier("action", (1, 1, 2, "run"), (2, 3, 2, "walk"))
NO_SLOT = tier("action", (1, 1, 2, "run"), (2, 9, 3, "walk"))


@pytest.mark.parametrize(
    ("eaf", "message"),
    [
        (document(REVERSED), r"x.eaf:5: annotation a2 \('walk'\) is from 1 to 0.5 s; it must not end before it begins"),
        (
            document(tier("child", (3, 2, "jump")), REVERSED),
            r"annotation a2 \('jump'\) is from 1 to 0.5 s; it must not",
        ),
        (document(REVERSED, more='TIME_ORIGIN="250"'), r"annotation a2 \('walk'\) is from 1.25 to 0.75 s"),
        (
            document(NO_SLOT),
            r"x.eaf:5: TIME_SLOT_REF1 of annotation a2 is 'ts9', which TIME_ORDER does not define; .*ts1",
        ),
        (document(ACTION, slots=()), r"TIME_SLOT_REF1 of annotation a1 is 'ts1', .*defined: none. Export"),
    ],
    ids=["reversed", "refers to a reversed one", "reversed with an origin", "undefined slot", "no slot at all"],
)
def test_times_that_cannot_be_are_named_with_their_annotation(put, read, eaf, message):
    with pytest.raises(ValueError, match=message):
        read(put({"x.eaf": eaf}, ["a.mp4"]))


def test_annotations_without_length_are_left_out_and_the_first_is_named(put, read):
    eaf = document(ACTION, slots=((1, 0), (2, 500), (3, 500)))
    notes = read(put({"x.eaf": eaf, "y.eaf": document(ACTION, url="b.mp4")}, ["a.mp4", "b.mp4"])).notes
    assert "left out 1 labelled stretch not ending after the beginning, first 'walk' of a.mp4, 0.5 to 0.5 s." in notes


@pytest.mark.parametrize(
    ("eaf", "message"),
    [
        (
            document(tier("a", (1, 9, "run"))),
            r"x.eaf:5: ANNOTATION_REF is 'a9', which leads to no annotation with times",
        ),
        (
            document(tier("a", (1, 1, "run"))),
            r"x.eaf:5: ANNOTATION_REF is 'a1', which leads to no annotation with times",
        ),
        (document(ACTION, slots=((1, "x"),)), r"x.eaf:4: TIME_VALUE is 'x'; a whole number"),
        (document("<TIER/>"), r"x.eaf:\d: no 'TIER_ID' here"),
        (document()[:60], r"x.eaf:\d: .*this is not XML"),
    ],
)
def test_what_is_malformed_is_named_with_its_line(put, read, eaf, message):
    with pytest.raises(ValueError, match=message):
        read(put({"x.eaf": eaf}, ["a.mp4"]))
