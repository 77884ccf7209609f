import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from videoai.data.feature_table import Block, FeatureRow, write_table
from videoai.run.features.columns import thinned
from videoai.run.features.neighbors import Neighbors, neighbors
from videoai.settings.features import NeighborsSettings

Row = tuple[str, str | None, str | None, str | None, list[float] | None]  # video, split, label, group, features


def write(path: Path, rows: list[Row]) -> None:
    error = [None if features else "missing" for *_, features in rows]
    width = len(next(features for *_, features in rows if features))
    made = [
        FeatureRow(video, None, None, split, label, group, "00", why)
        for (video, split, label, group, _), why in zip(rows, error, strict=True)
    ]
    features = np.array([features or [np.nan] * width for *_, features in rows], np.float32)
    write_table(path, iter([Block(made, features)]), width, {"weights": "ab"})


def asked(tmp_path: Path, rows: list[Row], **changed: Any) -> tuple[Neighbors, dict[str, list[dict[str, str]]], Any]:
    write(tmp_path / "x.npz", rows)
    given = {"table": str(tmp_path / "x.npz"), "run_dir": str(tmp_path / "out"), "device": "cpu", **changed}
    done = neighbors(NeighborsSettings(**given))
    tables = {path.stem: [*csv.DictReader(path.read_text().splitlines())] for path in (tmp_path / "out").glob("*.csv")}
    return done, tables, json.loads((tmp_path / "out" / "neighbors.json").read_text())


def random_rows(count: int, seed: int = 0) -> list[Row]:
    features = np.random.default_rng(seed).normal(size=(count, 16))
    return [(f"{place}.mp4", "train", "run", None, vector.tolist()) for place, vector in enumerate(features)]


def test_a_copy_in_another_split_comes_first_also_where_each_split_has_copies_of_its_own(tmp_path: Path):
    rows = random_rows(40)
    film, other = rows[0][4], rows[20][4]
    assert film
    again = [value + 0.01 for value in film]  # encoded again
    rows[1] = ("1.mp4", "train", "run", None, film)  # the nearest of 0 and 1 are each other,
    rows[2], rows[3] = (("2.mp4", "test", "run", None, again), ("3.mp4", "test", "walk", None, again))  # and of 2 and 3
    rows[21] = ("21.mp4", "train", "run", None, other)
    done, tables, numbers = asked(tmp_path, rows)
    assert [row["leak"] for row in tables["pairs"]] == [*["yes"] * 3, *["no"] * 3]
    leaks = {(row["video"], row["other"]) for row in tables["pairs"][:3]}
    assert leaks == {("0.mp4", "2.mp4"), ("1.mp4", "2.mp4"), ("0.mp4", "3.mp4")}
    assert (numbers["pairs"], numbers["leaks"]) == (6, 3)
    said = (
        "Near-duplicates (cosine similarity 0.99 or more): 6 pairs among 40 videos, 3 across splits: 0.mp4 (train) = "
    )
    assert done.sentences[0].startswith(said)
    assert done.sentences[1].startswith("Labels differ in 2 pairs.")


def test_without_copies_and_without_labels_that_is_what_is_said(tmp_path: Path):
    done, tables, _ = asked(tmp_path, [(video, None, None, None, vector) for video, *_, vector in random_rows(10)])
    assert done.sentences == ["Near-duplicates (cosine similarity 0.99 or more): none among 10 videos."]
    assert tables == {"pairs": []}


def test_windows_of_one_video_are_no_pair_and_two_videos_are_one(tmp_path: Path):
    vector = random_rows(6)
    rows: list[Row] = [("a.mp4", "train", None, None, vector[place % 3][4]) for place in range(6)]
    rows += [("b.mp4", "train", None, None, vector[place][4]) for place in (1, 2, 5)]
    _, tables, _ = asked(tmp_path, rows)
    (pair,) = tables["pairs"]
    assert (pair["video"], pair["other"]) == ("a.mp4", "b.mp4")
    assert int(pair["rows"]) == 4  # rows 1, 2, 4 and 5 of a, and b's two


@pytest.mark.parametrize(("spread", "is_said"), [(1.0, False), (0.01, True)])
def test_a_threshold_that_random_pairs_reach_is_said_to_tell_little(tmp_path: Path, spread: float, is_said: bool):
    rows = [(*about, (1 + spread * np.array(vector)).tolist()) for *about, vector in random_rows(200)]
    done, _, numbers = asked(tmp_path, rows)  # pyright: ignore[reportArgumentType]
    assert any("hardly tells copies from others" in sentence for sentence in done.sentences) == is_said
    assert (numbers["random_pairs_above_threshold"] > 0.9) == is_said


def test_the_scores_are_those_of_a_loop_that_leaves_own_video_and_group_out(tmp_path: Path):
    draw = np.random.default_rng(3)
    rows: list[Row] = [
        (
            f"{draw.integers(25)}.mp4",
            ["train", "test"][place % 2],
            ["run", "walk", "run|walk", "jump"][draw.integers(4)] if place else None,
            [None, "anna", "ben"][draw.integers(3)],
            draw.normal(size=4).tolist() if place != 1 else None,
        )
        for place in range(60)
    ]
    done, tables, numbers = asked(tmp_path, rows)
    for name, asking, holding in (
        ("leave-one-out", ("train", "test"), ("train", "test")),
        ("test against train", ("test",), ("train",)),
    ):
        hits, precision = [], []
        for video, split, label, group, vector in rows:
            if split not in asking or label is None or vector is None:
                continue
            held = [
                (float(np.dot(vector, v) / np.linalg.norm(v)), bool({*label.split("|")} & {*lab.split("|")}))
                for vid, spl, lab, grp, v in rows
                if spl in holding and lab and v and vid != video and (grp is None or grp != group)
            ]
            scores, relevant = zip(*sorted(held, reverse=True), strict=True)
            hits.append([any(relevant[:k]) for k in (1, 5, 10)])
            precision.append(average_precision_score(relevant, scores))
        found = numbers["retrieval"][name]
        assert [found[f"recall@{k}"] for k in (1, 5, 10)] == pytest.approx(np.mean(hits, 0).tolist())
        assert found["mAP"] == pytest.approx(np.mean(precision))
        assert found["queries"] == len(hits)
        classes = [row["class"] for row in tables["retrieval"] if row["asked"] == name]
        assert classes == ["all", "jump", "run", "walk"]
    assert any(sentence.startswith("test against train: Recall@1 ") for sentence in done.sentences)
    assert numbers["without_features"] == 1


def test_a_class_of_one_group_has_nothing_to_find(tmp_path: Path):
    rows: list[Row] = [
        (f"{place}.mp4", None, "run", "anna", vector) for place, (*_, vector) in enumerate(random_rows(4))
    ]
    done, _, numbers = asked(tmp_path, rows)
    assert "leave-one-out: no row has another of its class in another video and group" in done.sentences[-1]
    assert numbers["retrieval"]["leave-one-out"]["queries"] == 0


def test_of_too_many_rows_some_ask_evenly(tmp_path: Path):
    assert thinned(torch.arange(5), 5).tolist() == [0, 1, 2, 3, 4]
    assert thinned(torch.arange(101), 5).tolist() == [0, 25, 50, 75, 100]
    done, _, numbers = asked(tmp_path, random_rows(30), max_queries=10)
    assert numbers["retrieval"]["leave-one-out"]["asked"] == 10
    assert done.sentences[-1].endswith("over 10 rows, drawn evenly from 30.")


def test_rows_of_one_video_have_no_neighbours(tmp_path: Path):
    rows: list[Row] = [("a.mp4", None, None, None, vector) for *_, vector in random_rows(3)]
    with pytest.raises(ValueError, match="all rows are of one video"):
        asked(tmp_path, rows)
