import copy
import logging
import re
from typing import Any

import pytest

from videoai.compose.settings import from_keywords
from videoai.run.training.same_run import continued
from videoai.settings.gan import TrainGanSettings
from videoai.settings.parse import flatten, to_dict
from videoai.settings.training import TrainSettings

KINDS = {"classify": TrainSettings, "gan": TrainGanSettings}


def settings_of(task: str = "classify", **changes: Any) -> Any:
    given = {"data": {"name": "folder", "root": "x", "flip_labels": {"a": "b"}}, "run_dir": "r", **changes}
    given |= {"model": "tiny_r3d"} if task == "classify" else {}
    return from_keywords(KINDS[task], given).settings()


def recorded(settings: Any, **changes: Any) -> dict[str, Any]:
    """A checkpoint's config, with dotted keys changed; ... takes one away."""
    config = copy.deepcopy(to_dict(settings))
    for key, value in changes.items():
        *groups, name = key.split(".")
        node = config
        for group in groups:
            node = node[group]
        if value is ...:
            del node[name]
        else:
            node[name] = value
    return config


def test_auto_takes_the_value_that_the_run_began_with():
    settings = settings_of()
    before = recorded(
        settings, **{"trainer.precision": "bf16", "trainer.layout": "channels_last_3d", "trainer.max_steps": 5}
    )
    now = continued(settings, before)
    assert (now.trainer.precision, now.trainer.layout, now.trainer.max_steps) == ("bf16", "channels_last_3d", None)
    assert settings.trainer.precision == "auto"


def test_a_changed_setting_names_what_it_was_and_is():
    settings = settings_of(**{"optim.lr": 0.2})
    with pytest.raises(ValueError, match="other settings: augment.mixup was 0.5, is 0.0; optim.lr was 0.1"):
        continued(settings, recorded(settings, **{"optim.lr": 0.1, "augment.mixup": 0.5}))


def test_another_decoder_is_refused_as_its_pixels_differ():
    for then, now in (("pyav", "nvdec"), ("nvdec", "pyav")):
        settings = settings_of(**{"loading.decoder": now})
        with pytest.raises(ValueError, match=f"loading.decoder was {then}, is {now} .their pixels differ a little"):
            continued(settings, recorded(settings, **{"loading.decoder": then}))


def test_the_setting_that_names_the_other_run_is_said():
    settings = settings_of(resume="other/last.pt", **{"optim.lr": 0.2})
    with pytest.raises(ValueError, match="^resume=other/last.pt holds a run with other settings: optim.lr was 0.1"):
        continued(settings, recorded(settings, **{"optim.lr": 0.1}), source="resume")


MAY_CHANGE = {  # literally: a setting that slips in here changes weights without a word
    *(
        "run_dir",
        "resume",
        "debug",
        "report",
        "device",
        "deterministic",
        "name",
        "judge",
        "cas_steps",
        "synthetic.source",
        "logger",
    ),
    *(f"trainer.{name}" for name in ("max_steps", "max_epochs", "eval_every", "save_every", "log_every", "patience")),
    *("loading.num_workers", "loading.max_bad_fraction", "loading.isolated", "data.verify"),
    *("data.root", "data.path", "data.annotations", "data.max_missing_fraction"),
    "data.features",  # where a table lies; features of another network are refused
    *("profile.steps", "profile.memory", "trainer.step_timeout", "parallel", "shard_size"),
    "finetune.features",  # where a list lies; the numbers in it are finetune.columns
}


@pytest.mark.parametrize("task", KINDS)
def test_every_setting_that_makes_the_weights_is_refused_when_it_changes(task):
    settings = settings_of(task)
    keys = flatten(to_dict(settings))
    assert {"trainer.ema_decay", "data.flip", "clip.stride", "data.flip_labels.a"} <= set(keys)
    for key, value in keys.items():
        before = recorded(settings, **{key: "another"})
        if (key in MAY_CHANGE and key != "trainer.max_epochs") or key == "trainer.metric":  # auto: the task checks it
            continued(settings, before)
        elif value == "auto" and key != "task.name":
            with pytest.raises(ValueError, match=f"{re.escape(key)}=another"):
                continued(settings, before)
        else:
            with pytest.raises(ValueError, match=rf"holds a run with other settings: {re.escape(key)} was"):
                continued(settings, before)


def test_a_setting_that_is_newer_than_the_run_is_no_change_at_its_default():
    settings = settings_of()
    without = {
        "augment.batch_ops": ...,
        "loading.frame_fps": ...,
        "finetune.layer_decay": ...,
        "model.temporal_difference": ...,
    }
    assert continued(settings, recorded(settings, **without)) == settings


def test_a_setting_that_is_newer_than_the_run_is_what_the_run_had_without_it():
    settings = settings_of("gan")
    assert settings.gan.mode_seeking_weight == 2.0
    assert continued(settings, recorded(settings, **{"gan.mode_seeking_weight": ...})).gan.mode_seeking_weight == 0.0
    settings = settings_of("gan", **{"gan.mode_seeking_weight": 1.0})
    with pytest.raises(ValueError, match="gan.mode_seeking_weight was 0.0, is 1.0"):
        continued(settings, recorded(settings, **{"gan.mode_seeking_weight": ...}))


def test_a_newer_setting_at_another_value_is_refused():
    settings = settings_of(**{"augment.mixup": 0.2})
    with pytest.raises(ValueError, match="settings: augment.mixup was 0.0, is 0.2"):
        continued(settings, recorded(settings, **{"augment.mixup": ...}))


def test_a_setting_that_is_gone_is_named():
    settings = settings_of()
    with pytest.raises(ValueError, match=r"optim.old was 1, is \(no setting now\).*with the videoai that began"):
        continued(settings, recorded(settings, **{"optim.old": 1}))


def test_the_names_of_former_checkpoints_are_understood():
    settings = settings_of()
    before = recorded(settings, loading=..., logger=...)
    before["data"] |= {
        "num_workers": 3,
        "decoder": "pyav",
        "isolated": False,
        "frame_fps": None,
        "max_bad_fraction": 0.1,
    }
    before["trainer"]["tensorboard"] = False
    assert continued(settings, before) == settings


def test_another_length_of_the_schedule_is_said(caplog):
    settings = settings_of(**{"trainer.max_epochs": 30})
    with caplog.at_level(logging.WARNING):
        continued(settings, recorded(settings, **{"trainer.max_epochs": 20}))
    assert "trainer.max_epochs was 20, is 30" in caplog.text


@pytest.mark.parametrize(("was", "changed"), [(True, "deterministic was true, is false"), (False, None)])
def test_a_change_of_deterministic_is_said(caplog, was, changed):
    settings = settings_of()
    with caplog.at_level(logging.WARNING):
        assert continued(settings, recorded(settings, deterministic=was)).deterministic is False
    assert len(caplog.messages) == (1 if changed else 0)
    assert (changed or "") in caplog.text


def test_a_checkpoint_may_not_ask_for_countless_threads():
    settings = settings_of()
    with pytest.raises(ValueError, match="trainer.num_threads was 100000 in the run to continue"):
        continued(settings, recorded(settings, **{"trainer.num_threads": 100000}))
