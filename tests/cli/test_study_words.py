"""Which words a study takes, without a process of its own."""

import pytest

from videoai.cli.study import NOISE_TAKEN, TAKEN, check_not_taken


@pytest.mark.parametrize("taken", [TAKEN, NOISE_TAKEN])
@pytest.mark.parametrize("key", ["loading.num_workers", "data.num_workers"])
def test_every_study_says_that_its_own_num_workers_counts(taken, key):
    with pytest.raises(ValueError, match=f"{key} is set by the study: use num_workers="):
        check_not_taken([f"{key}=2"], taken)
