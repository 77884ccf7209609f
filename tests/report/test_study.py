import json

import pytest
from scipy import stats

from videoai.report.study import differences, study_table, verdict, write_study
from videoai.report.tables import as_text

BASE = [0.50, 0.55, 0.45, 0.60, 0.52]
ADDED = {"up": [0.05, 0.04, 0.06, 0.05, 0.05], "down": [-0.05, -0.04, -0.06, -0.05, -0.05]}
ADDED["noise"] = [0.05, -0.05, 0.01, -0.02, 0.0]


def rows(shots=5, arms=tuple(ADDED)):
    rows = [{"shots": shots, "seed": seed, "arm": "none", "accuracy": value} for seed, value in enumerate(BASE)]
    for arm in arms:
        for seed, (value, added) in enumerate(zip(BASE, ADDED[arm], strict=True)):
            rows.append({"shots": shots, "seed": seed, "arm": arm, "accuracy": value + added})
    return rows


def refused(arm, shots=5):
    return [{"shots": shots, "seed": s, "arm": arm, "accuracy": None, "refused": "too few"} for s in range(5)]


def test_the_interval_is_that_of_a_paired_t_test():
    one = differences(rows(), "none")[0]
    after = [value + added for value, added in zip(BASE, ADDED["up"], strict=True)]
    expected = stats.ttest_rel(after, BASE).confidence_interval(0.95)
    assert (one.arm, one.shots, one.wins, one.losses, one.num_seeds) == ("up", 5, 5, 0, 5)
    assert (one.mean, one.low, one.high) == pytest.approx((5.0, 100 * expected.low, 100 * expected.high))


def test_pairing_finds_what_the_spread_of_seeds_would_hide():
    one = differences(rows(), "none")[0]
    assert one.sign == 1
    after = [value + added for value, added in zip(BASE, ADDED["up"], strict=True)]
    unpaired = stats.ttest_ind(after, BASE).confidence_interval(0.95)
    assert unpaired.low < 0 < unpaired.high


def test_bootstrap_gives_an_interval_of_like_width():
    t, bootstrap = (differences(rows(), "none", kind)[2] for kind in ("t", "bootstrap"))
    assert 0.3 < (bootstrap.high - bootstrap.low) / (t.high - t.low) < 1.2  # it is known to be narrow for five seeds
    assert bootstrap.sign == t.sign == 0


def test_only_seeds_that_both_arms_have_are_compared():
    some = [row for row in rows() if (row["arm"], row["seed"]) != ("none", 0)]
    assert differences(some, "none")[0].num_seeds == 4


def test_equal_differences_have_an_interval_of_no_width():
    same = [{**row, "accuracy": row["accuracy"] + (row["arm"] == "up") - (row["arm"] == "up")} for row in rows(arms=())]
    same += [{**row, "arm": "same"} for row in same]
    assert differences(same, "none")[0][2:5] == (0.0, 0.0, 0.0)


def test_the_sentence_says_what_helps_what_hurts_and_how_many_would_by_chance():
    said = verdict(differences([*rows(5), *rows(25)], "none"), "none")
    assert "up helps at 5, 25 shots; down hurts at 5, 25 shots; noise makes no difference that shows at 5, 25" in said
    assert "of 6, 0.3 would exclude 0 by chance" in said


def test_one_seed_is_nothing_to_compare():
    assert "each arm needs 2 seeds" in verdict(differences([row for row in rows() if row["seed"] == 0], "none"), "none")


def test_the_table_shows_accuracy_points_interval_and_refusals():
    all_rows = [*rows(5), *refused("gan", 5)]
    text = as_text(study_table(all_rows, "none", differences(all_rows, "none")))
    assert "52.4 ± 5.6" in text
    assert "+5.0" in text and "5/0" in text
    assert any("gan" in line and "refused" in line for line in text.splitlines())


def test_the_files_are_a_picture_and_strict_json(tmp_path):
    results = write_study(tmp_path, [*rows(), *refused("gan", 1)], "none", {"l2": 1}, "t", "A study of $5")
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert results["refused"] == {"gan at 1": "too few"}


def test_a_study_in_which_all_was_refused_still_says_so(tmp_path):
    assert write_study(tmp_path, refused("gan"), "none", {}, "t", "x")["verdict"].startswith("Nothing to compare")
