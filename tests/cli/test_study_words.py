"""Which words a study takes, without a process of its own."""

import pytest

from videoai.cli.study import NOISE_TAKEN, TAKEN, check_not_taken, with_training
from videoai.settings.study import LabelNoiseSettings, MoreDataSettings


@pytest.mark.parametrize("taken", [TAKEN, NOISE_TAKEN])
@pytest.mark.parametrize("key", ["loading.num_workers", "data.num_workers"])
def test_every_study_says_that_its_own_num_workers_counts(taken, key):
    with pytest.raises(ValueError, match=f"{key} is set by the study: use num_workers="):
        check_not_taken([f"{key}=2"], taken)


GIVEN = ["data=folder", "data.root=clips", "steps=9", "model=x3d_xs", "trainer.num_threads=1"]


@pytest.mark.parametrize(
    ("cls", "words", "unused"),
    [
        (
            LabelNoiseSettings,
            ["runs=cv", "folds=3", "seed=1", *GIVEN],
            ["folds=3", "seed=1", "steps=9", *GIVEN[:2], *GIVEN[3:]],
        ),
        (LabelNoiseSettings, ["checkpoint=c.pt", "folds=3", *GIVEN], GIVEN[2:]),
        (MoreDataSettings, ["checkpoint=c.pt", "parts=[0.2,0.4,1.0]", *GIVEN], GIVEN[2:]),
        (LabelNoiseSettings, ["checkpoint=c.pt", *GIVEN[:2]], []),
        (MoreDataSettings, GIVEN, []),
    ],
)
def test_words_that_change_nothing_where_nothing_is_trained_are_named(cls, words, unused, caplog):
    with_training(cls, words, {})
    assert [record.getMessage().partition("these change nothing: ")[2].split() for record in caplog.records] == (
        [unused] if unused else []
    )


def test_answers_of_two_sources_are_refused():
    with pytest.raises(ValueError, match="runs=cv with checkpoint=c.pt: .* Leave the other out"):
        LabelNoiseSettings(runs="cv", checkpoint="c.pt")
