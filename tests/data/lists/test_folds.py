"""Is each clip tested once, and does no group cross a fold?"""

import pytest

from videoai.data.lists.folds import with_fold
from videoai.data.lists.from_files import from_csv


@pytest.fixture
def manifest(tmp_path):
    """Two classes of 12 clips, of 8 people."""
    lines = ["path,label,group,split"]
    for index in range(24):
        (tmp_path / f"{index}.mp4").touch()
        lines.append(f"{index}.mp4,{'ab'[index % 2]},p{index // 3},{'test' if index < 3 else 'train'}")
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
    return from_csv(tmp_path / "clips.csv")


def test_every_clip_is_tested_once_and_trained_on_or_validated_otherwise(manifest):
    tested = []
    for fold in range(4):
        splits = with_fold(manifest, folds=4, fold=fold).splits
        names = {split: {item.path for item in items} for split, items in splits.items()}
        assert sum(map(len, names.values())) == len(set().union(*names.values())) == 24
        tested += names["test"]
    assert len(tested) == len(set(tested)) == 24


def test_people_stay_together_and_both_classes_are_tested(manifest):
    for fold in range(4):
        splits = with_fold(manifest, folds=4, fold=fold).splits
        people = [{item.group for item in items} for items in splits.values()]
        assert sum(map(len, people)) == 8
        assert {item.label for item in splits["test"]} == {0, 1}


def test_the_seed_decides_and_the_note_says_what_became_of_given_splits(manifest):
    one, again, other = (with_fold(manifest, folds=4, fold=0, seed=seed) for seed in (0, 0, 1))
    assert one.fingerprint() == again.fingerprint() != other.fingerprint()
    assert one.notes[-1].startswith("fold 0 of 4, by group, is test; the given splits (3 of test) are not used.")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"folds": 3, "fold": 3}, "choose from 0 to 2"),
        ({"folds": 9, "fold": 0}, "the class 'a' has 8 groups, and each fold needs one. Set data.folds to 8 or less"),
    ],
)
def test_folds_that_cannot_be_are_refused(manifest, given, message):
    with pytest.raises(ValueError, match=message):
        with_fold(manifest, **given)
