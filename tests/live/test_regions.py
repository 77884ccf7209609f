"""Regions of a picture are judged as films of them alone are."""

import numpy as np
import pytest
import torch

from tests.live.conftest import pictures
from tests.live.test_session import HOP, RULES, events, session
from videoai.data.encode import write_clip
from videoai.live.regions import Region, read_regions
from videoai.live.session import Session
from videoai.live.sources import FileSource
from videoai.live.stream import Plan

LEFT, RIGHT = ((0, 17), (1, 9), (2, 14)), ((2, 12), (0, 20), (1, 8))  # colour, frames: 40 frames
AT = {"left": (0, 0, 32, 24), "right": (40, 8, 32, 24)}
FPS = 20.0


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """The path of a film whose two sides change colour at different times, and of each side alone."""
    folder = tmp_path_factory.mktemp("films")
    whole = np.full((40, 40, 80, 3), 90, np.uint8)
    for (x, y, w, h), segments in zip(AT.values(), (LEFT, RIGHT), strict=True):
        whole[:, y : y + h, x : x + w] = pictures(segments)
    paths = {"whole": str(folder / "whole.mp4")} | {name: str(folder / f"{name}.mp4") for name in AT}
    write_clip(folder / "whole.mp4", whole, FPS)
    for name, segments in zip(AT, (LEFT, RIGHT), strict=True):
        write_clip(folder / f"{name}.mp4", pictures(segments), FPS)
    return paths


def run(predictor, path, regions, **more):
    clip = predictor.model.clip
    plan = Plan(clip=clip, policy="block", window_seconds=predictor.window_seconds, hop_seconds=HOP)
    judging = {"judge": predictor.scores, "classes": predictor.model.classes, "rules": RULES, "realtime": False}
    live = Session(sources=[FileSource(path, clip, regions=regions, **more)], plan=plan, **judging)
    return live, [*live.run()]


def region(name, *boxes, seconds=None):
    return Region(name, np.array(boxes, float), None if seconds is None else np.array(seconds, float), False)


@pytest.mark.parametrize("view_side", [None, 24])
def test_each_region_has_the_events_of_a_film_of_it_alone(view_side, films, predictor):
    judge = predictor()
    live, lines = run(judge, films["whole"], [region(name, box) for name, box in AT.items()], view_side=view_side)
    for stream in live.streams:
        _, _, name = stream.name.rpartition("#")
        alone = events(session(judge, [films[name]]).run())
        assert len(alone) >= 3
        assert events(line for line in lines if line["stream"] == stream.name) == alone
    assert [stream.name for stream in live.streams] == [f"{films['whole']}#left", f"{films['whole']}#right"]


def test_the_whole_picture_as_a_region_is_seen_as_without_regions(films, predictor):
    seen = []
    for regions in ([], [region("all", (0, 0, 80, 40))]):
        source = FileSource(films["whole"], predictor().model.clip, regions=regions)
        seen.append(torch.stack([shown.parts[0].picture for shown in source.frames(lambda timing: None)]).float())
    assert (seen[0] - seen[1]).abs().mean() < 5  # two libraries scale noise


def test_who_comes_and_goes_is_judged_in_between(films, predictor):
    person = region("ann", AT["left"], AT["left"], seconds=[0.5, 1.5])
    live, lines = run(predictor(), films["whole"], [person, region("right", AT["right"])])
    ann, right = live.streams
    assert (ann.num_frames, right.num_frames) == (21, 40)
    starts = [line["window"] for line in lines if line["stream"] == ann.name and line["window"]]
    assert starts[0][0] == 0.5 and starts[-1][1] == pytest.approx(1.55)
    told = {name: events(line for line in lines if line["stream"] == name) for name in (ann.name, right.name)}
    assert {label for label, _, _ in told[ann.name]} == {"red", "green", "blue"}
    assert told[right.name][-1][2] > 1.9  # the other one goes on


def test_a_box_moves_along_a_straight_line():
    moving = region("ann", (0, 0, 10, 20), (20, 10, 10, 20), seconds=[1.0, 2.0])
    assert moving.box(0.9) is None and moving.box(2.1) is None
    assert moving.box(1.25).tolist() == [5.0, 2.5, 10.0, 20.0]
    assert moving.cut_out(torch.zeros(3, 40, 40, dtype=torch.uint8), 2.0).shape == (3, 20, 10)


def test_a_region_that_leaves_the_picture_is_cut_and_one_outside_is_an_error(films, predictor):
    picture = torch.zeros(3, 40, 80, dtype=torch.uint8)
    assert region("edge", (70, 30, 20, 20)).cut_out(picture, 0.0).shape == (3, 10, 10)
    live, lines = run(predictor(), films["whole"], [region("gone", (90, 0, 10, 10))])
    assert not lines and live.streams[0].state == "failed"
    assert "the region gone" in live.streams[0].error and "80 x 40 px" in live.streams[0].error


def write(folder, text):
    path = folder / "regions.csv"
    path.write_text(text)
    return str(path)


def test_a_table_of_regions_holds_for_all_sources_or_for_one(tmp_path):
    path = write(tmp_path, "region,x,y,w,h,path\ndoor,0,0,0.5,1,\ntill,0.5,0,0.5,1,b.mp4\n")
    found = read_regions(path, ["a.mp4", "b.mp4"])
    assert {source: [one.name for one in regions] for source, regions in found.items()} == {
        "a.mp4": ["door"],
        "b.mp4": ["door", "till"],
    }
    assert found["a.mp4"][0].cut_out(torch.zeros(3, 40, 80, dtype=torch.uint8), 0.0).shape == (3, 40, 40)  # shares


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("region,x,y,w\na,0,0,1\n", "needs the column 'h'"),
        ("region,x,y,w,h\n", "there is no region below the header"),
        ("region,x,y,w,h\na,0,0,0,5\n", ":2: w=0; it must be above 0"),
        ("region,x,y,w,h\na,0,zero,1,5\n", ":2: y='zero' is no number"),
        ("region,x,y,w,h\na,0,0,9,5\na,0,0,8,5\n", ":3: the region a is there twice; boxes that move need seconds"),
        ("region,x,y,w,h\n,0,0,9,5\n", ":2: the region has no name"),
        ("region,x,y,w,h,path\na,0,0,9,5,other.mp4\n", "has no region of a.mp4"),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_its_line(text, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read_regions(write(tmp_path, text), ["a.mp4"])
