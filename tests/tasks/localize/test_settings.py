"""What a localiser makes of the settings of a run."""

from dataclasses import replace

import pytest

from videoai.compose.settings import from_keywords
from videoai.settings.training import TrainSettings
from videoai.tasks.localize.task import Localize
from videoai.tasks.localize.unused_settings import check_settings


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


@pytest.mark.parametrize("thresholds", [(0.5, 0.9), (0.3, 0.4), (0.2, 0.36)])
def test_a_low_threshold_above_the_threshold_is_refused(thresholds):
    threshold, low = thresholds
    with pytest.raises(ValueError, match=rf"task\.low_threshold={low}: above task\.threshold={threshold}"):
        Localize(threshold=threshold, low_threshold=low).check_thresholds()


@pytest.mark.parametrize("threshold", [0.2, 0.34, 0.6])
def test_the_default_low_threshold_follows_a_threshold_below_it(threshold):
    Localize(threshold=threshold).check_thresholds()


@pytest.mark.parametrize("given", [{"window_seconds": 2.0}, {"hop_seconds": 9.0}, {"window_seconds": 0.5}])
def test_windows_of_another_length_are_refused(given):
    ((key, value),) = given.items()
    with pytest.raises(ValueError, match=rf"{key}={value:g}: best\.pt is a localiser, .*Leave it out"):
        Localize().check_windows("best.pt", **given)
    Localize().check_windows("best.pt", window_seconds=None, hop_seconds=None)


@pytest.mark.parametrize(("width", "nearest"), [(5, 8), (6, 8), (63, 64)])
def test_a_width_that_heads_of_attention_cannot_share_is_refused(width, nearest):
    with pytest.raises(ValueError, match=rf"task\.width={width}: .*such as task\.width={nearest}\."):
        Localize(head="local_attention", width=width).check_width()
    Localize(head="local_attention", width=nearest).check_width()
    Localize(head="ms_tcn", width=width).check_width()
