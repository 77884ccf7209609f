"""What a localiser makes of the settings of a run."""

from dataclasses import replace

import pytest

from videoai.compose.settings import from_keywords
from videoai.settings.training import TrainSettings
from videoai.tasks.localize.task import Localize, check_settings


def settings(**finetune):
    given = from_keywords(TrainSettings, {"task": "localize", "data": "motion16", "model": "tiny_r3d"}).settings()
    return replace(given, finetune=replace(given.finetune, **finetune))


@pytest.mark.parametrize("columns", ["auto", ()])
def test_the_config_of_a_checkpoint_says_that_no_column_is_chosen(columns):
    task = Localize()
    resolved = task.resolve(task.prefer(settings(columns=columns)))
    assert resolved.finetune.columns == ()  # a loader takes numbers alone


@pytest.mark.parametrize("given", [{"features": "selected.json"}, {"head": "attentive"}])
def test_a_setting_of_another_head_is_refused(given):
    with pytest.raises(ValueError, match=rf"finetune\.{next(iter(given))}=.* means nothing to task=localize"):
        check_settings(settings(**given))
