import math
import re
from typing import Any

import pytest
import torch

from videoai.report.metrics import confidence_interval, macro_f1, mean_class_accuracy, predicted_labels
from videoai.report.multilabel_metrics import is_hit
from videoai.report.page.class_summary import class_summary
from videoai.report.page.film import Film
from videoai.report.page.label_summary import label_summary
from videoai.report.page.page import MAX_FILM_BYTES, About, Shown, page
from videoai.report.page.summary import Summary, plain_summary
from videoai.report.result_files import Evaluated

NAMES = ["<script>alert(1)</script>", 'a "b" & c', "يمين", "👋 wave", "x" * 300]
PATHS = ["a/<img src=x onerror=alert(1)>.mp4", "caf\udce9.mp4", "new\nline\x1b[31m.mp4", "é.mp4"]


def evaluated(num_videos: int = 8, **changes: Any) -> Evaluated:
    """Videos of five classes, some wrong, the last unreadable."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(num_videos, 5, generator=generator).softmax(1)
    scores[-1] = math.nan
    given = {
        "scores": scores,
        "targets": torch.arange(num_videos) % 5,
        "paths": [PATHS[number % 4] for number in range(num_videos)],
        "errors": ["", *[""] * (num_videos - 2), "moov atom <not> found"],
        "names": NAMES,
        "views": "1x1",
        "split": "test",
        "checkpoint": "best.pt",
        "fingerprint": "0123",
    }
    return Evaluated(**{**given, **changes})


def about(**changes: Any) -> About:
    given = {
        "title": "tiny_r3d <1>",
        "source": "caf\udce9/clips",
        "counts": [(name, [40 * (number == 0) + 1, 3]) for number, name in enumerate(NAMES)],
        "splits": ["train", "test"],
        "notes": ["made test out of train."],
        "bad_videos": [{"path": PATHS[1], "reason": "moov atom <not> found"}],
        "facts": [("model", "tiny_r3d")],
        "settings": {"optim.lr": 0.1, "data.root": "a b"},
        "versions": {"torch": "2"},
        "command": "videoai evaluate 'checkpoint=a b.pt'",
    }
    return About(**{**given, **changes})


def class_results(of: Evaluated) -> dict[str, Any]:
    """Those of results.json that the page shows."""
    predicted = predicted_labels(of.scores)
    num_right = int((predicted == of.targets).sum())
    counts = {"num_classes": len(of.names)}
    return {
        "video_top1": num_right / len(of.targets),
        "top1_interval95": confidence_interval(num_right, len(of.targets)),
        "mean_class_accuracy": mean_class_accuracy(predicted, of.targets, **counts),
        "macro_f1": macro_f1(predicted, of.targets, **counts),
    }


def class_page(of: Evaluated, side: int = 32, num_frames: int = 8) -> str:
    summary = class_summary(of, class_results(of))
    rng = torch.Generator().manual_seed(0)
    noise = torch.randint(256, (num_frames, 3, side, side), generator=rng, dtype=torch.uint8)
    films = {index: Film(noise) for index in range(len(of.paths))}
    return page(about(), summary, [Shown(gallery, films) for gallery in summary.galleries]).decode("utf-8")


def test_the_page_says_how_good_the_model_is_where_it_errs_and_how_to_repeat_it():
    of = evaluated()
    made = class_page(of)
    results = class_results(of)
    num_right, (low, high) = round(8 * results["video_top1"]), results["top1_interval95"]
    interval = f"{100 * num_right / 8:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
    assert f"{num_right} of 8 test videos are recognised: {interval}" in made
    for part in ("Confusions", "Classes", "Calibration", "Confident mistakes", "Barely right", "Data", "Settings"):
        assert f"<h2>{part}</h2>" in made
    assert "1 of the videos could not be read and count as wrong." in made
    assert "Expected calibration error" in made and "over 15 bins of equal width" in made
    assert "Train is imbalanced: 41 clips of" in made
    assert "videoai evaluate &#x27;checkpoint=a b.pt&#x27;" in made
    assert made.count('data-frames="8"') == 7  # each readable video once


def test_names_are_never_markup_whatever_they_hold():
    made = class_page(evaluated())
    assert made.count("<script>") == 1  # the page's own
    assert "<img" not in made and "<not>" not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made
    assert "caf\\udce9.mp4" in made  # bytes that are no UTF-8
    assert "\x1b" not in made and "␛[31m" in made
    assert "<bdi>يمين</bdi>" in made and "👋 wave" in made


def test_the_page_asks_for_nothing_outside_itself():
    made = class_page(evaluated())
    assert re.findall(r'<[^>]+\s(?:src|href)="(?!#)', made) == re.findall(r"url\((?!data:)", made) == []
    assert "default-src 'none'; img-src data:" in made
    assert "prefers-color-scheme: dark" in made


def test_two_thousand_videos_and_large_long_clips_stay_below_20_mb():
    made = class_page(evaluated(2000), side=144, num_frames=64)  # the films are noise, which compresses worst
    assert MAX_FILM_BYTES < len(made) < 20_000_000
    assert re.search(r"\d+ films are left out for time or size\.", made)


def test_a_video_that_cannot_be_read_again_is_named_and_one_without_film_is_counted():
    of = evaluated()
    summary = class_summary(of, class_results(of))
    (first, *_), chosen = summary.galleries, summary.galleries[0].exhibits
    made = page(about(), summary, [Shown(first, {chosen[0].index: "a.mp4: gone"})]).decode()
    assert "a.mp4: gone" in made
    assert f"{len(chosen) - 1} films are left out" in made


def test_several_labels_have_a_page_of_their_own():
    targets = torch.eye(5)[torch.arange(8) % 5] + torch.eye(5)[(torch.arange(8) + 1) % 5]
    of = evaluated(targets=targets)
    results: dict[str, float | None] = {
        "mAP": 0.5,
        "mAP_of_chance": 0.4,
        "micro_f1": 0.3,
        "macro_f1": None,
        "hit_at_1": 0.2,
    }
    results |= {"labels_per_video": 2.0, "threshold": 0.5}
    summary = label_summary(of, results, is_hit(of.scores, of.targets.bool()))
    made = page(about(), summary, [Shown(one, {}) for one in summary.galleries]).decode()
    assert "mAP 50.0 % on 8 test videos; for 20.0 % of them" in made
    assert "average precision %" in made and "Farthest off" in made


def test_a_task_that_says_no_more_shows_its_table():
    summary = plain_summary(evaluated(), [("mean absolute error", "0.123")])
    assert isinstance(summary, Summary)
    assert "Mean absolute error: 0.123, on 8 test videos." in page(about(), summary, []).decode()


@pytest.mark.parametrize("num_classes", [2, 30, 400])
def test_any_number_of_classes_has_a_matrix(num_classes):
    names = [f"class {number}" for number in range(num_classes)]
    scores = torch.rand(50, num_classes, generator=torch.Generator().manual_seed(0)).softmax(1)
    of = evaluated(
        scores=scores, targets=torch.arange(50) % num_classes, names=names, paths=["a"] * 50, errors=[""] * 50
    )
    made = page(about(counts=[]), class_summary(of, class_results(of)), []).decode()
    assert made.count('class="wrong"') >= 2 and made.count("<tr>") > num_classes
