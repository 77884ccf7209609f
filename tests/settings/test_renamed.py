import logging

from videoai.settings.renamed import RENAMED, renamed, renamed_override


def test_old_names_are_read_and_said():
    notes: list[str] = []
    old = {"data": {"name": "csv", "num_workers": 0, "decoder": "auto"}, "trainer": {"tensorboard": False, "l1": 0.1}}
    assert renamed(old, notes.append) == {
        "data": {"name": "csv"},
        "trainer": {"l1": 0.1},
        "loading": {"num_workers": 0, "decoder": "auto"},
        "logger": [],
    }
    assert "data.num_workers is called loading.num_workers now" in notes
    assert old["data"]["num_workers"] == 0  # what was given stays as it was


def test_the_new_name_wins_where_both_are_given():
    given = {"gan": {"sameness_weight": 1.0, "mode_seeking_weight": 2.0}}
    assert renamed(given) == {"gan": {"mode_seeking_weight": 2.0}}


def test_an_override_is_renamed_with_its_value(caplog):
    caplog.set_level(logging.WARNING)
    say = logging.getLogger("videoai").warning
    assert renamed_override("data.num_workers=2", say) == "loading.num_workers=2"
    assert renamed_override("trainer.tensorboard=false", say) == "logger=[]"
    assert renamed_override("trainer.tensorboard=true", say) == "logger=[tensorboard]"
    assert renamed_override("trainer.max_steps=2", say) == "trainer.max_steps=2"
    assert len(caplog.records) == 3


def test_every_new_name_is_a_setting():
    from videoai.settings.gan import TrainGanSettings
    from videoai.settings.parse import flatten, whole_names
    from videoai.settings.training import TrainSettings

    known = {**flatten(whole_names(TrainSettings)), **flatten(whole_names(TrainGanSettings))}
    assert set(RENAMED.values()) <= set(known)
    assert not set(RENAMED) & set(known)
