"""Actors whom names of files tell must not cross splits unnoticed."""

from pathlib import Path

import pytest

from videoai.data.lists.source_names import actor_of, source_of
from videoai.run.actors import check_actors, crossing_actors
from videoai.run.manifests import build_manifest
from videoai.settings.data import DataSettings
from videoai.settings.parse import parse


def data(**node: object) -> DataSettings:
    return parse(DataSettings, node)


def check(settings: DataSettings) -> None:
    check_actors(build_manifest(settings, trust=()), settings)


@pytest.fixture
def sorted_by_emotion(tmp_path: Path) -> Path:
    """RAVDESS as people often keep it: a folder for each emotion."""
    for emotion, number in (("happy", 3), ("sad", 4)):
        (tmp_path / emotion).mkdir()
        for actor in range(1, 9):
            for take in (1, 2):
                (tmp_path / emotion / f"01-01-0{number}-01-01-0{take}-{actor:02d}.mp4").touch()
    return tmp_path


@pytest.mark.parametrize("more", [{}, {"folds": 4, "test_fold": 1}, {"split_by": None}])
def test_class_folders_whose_names_tell_actors_are_refused_with_both_commands(sorted_by_emotion, more):
    with pytest.raises(ValueError, match=r"\d+ actors are in train and in val or test, first RAVDESS 0\d") as error:
        check(data(name="folder", root=str(sorted_by_emotion), **more))
    assert "Keep each actor together: data.split_by=source" in str(error.value)
    assert "Part them all the same: data.split_by=clip" in str(error.value)


@pytest.mark.parametrize("more", [{"split_by": "source"}, {"split_by": "source", "folds": 4, "test_fold": 1}])
def test_what_the_refusal_proposes_keeps_actors_together(sorted_by_emotion, more):
    settings = data(name="folder", root=str(sorted_by_emotion), **more)
    check(settings)
    assert not crossing_actors(build_manifest(settings, trust=()))


def test_actors_may_be_parted_where_that_is_asked_for(sorted_by_emotion):
    settings = data(name="folder", root=str(sorted_by_emotion), split_by="clip")
    check(settings)
    assert crossing_actors(build_manifest(settings, trust=()))


@pytest.mark.parametrize(
    ("names", "layout"),
    [
        ([f"01-01-0{e}-01-01-01-{a:02d}" for e in (3, 4) for a in range(1, 9)], "ravdess"),
        ([f"{a}_DFA_{e}_XX" for e in ("HAP", "SAD") for a in range(1001, 1009)], "crema_d"),
    ],
)
def test_a_given_split_that_parts_actors_names_the_layout_that_does_not(tmp_path, names, layout):
    lines = ["path,label,split"]
    for number, name in enumerate(names):
        (tmp_path / f"{name}.mp4").touch()
        lines.append(
            f"{name}.mp4,{'ab'[number * 2 // len(names)]},{('train', 'train', 'val', 'test')[number % 4 - number // 8]}"
        )
    (tmp_path / "clips.csv").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=f"videoai train data={layout} data.root="):
        check(data(name="csv", path=str(tmp_path / "clips.csv")))


def test_names_that_tell_no_actor_are_never_refused(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(9):
            (tmp_path / label / f"{number}.mp4").touch()
    check(data(name="folder", root=str(tmp_path)))


@pytest.mark.parametrize(
    ("path", "actor"),
    [
        ("x/01-01-05-01-01-01-12.mp4", "RAVDESS 12"),
        ("1012_DFA_ANG_XX.flv", "CREMA-D 1012"),
        ("01-01-05-01-01-01.mp4", None),
        ("1012_DFA_JOY_XX.flv", None),
    ],
)
def test_actors_of_two_sets_are_told_apart_by_the_set(path, actor):
    assert actor_of(path) == source_of(path) == actor
