import pytest

from videoai.compose.settings import from_keywords
from videoai.settings.augment import ImbalanceSettings
from videoai.settings.parse import parse
from videoai.settings.training import TrainSettings


@pytest.mark.parametrize("other", ["gamma_neg", "gamma_pos", "margin"])
def test_focal_and_asymmetric_loss_exclude_each_other(other):
    with pytest.raises(ValueError, match=rf"imbalance.focal=2 with imbalance.{other}=0.5: .* Set imbalance.focal=0"):
        parse(ImbalanceSettings, {"focal": 2.0, other: 0.5})
    assert getattr(parse(ImbalanceSettings, {other: 0.5}), other) == 0.5


def settings_with(**given) -> TrainSettings:
    return from_keywords(TrainSettings, given).settings()


def test_a_model_sees_unless_it_is_told_to_hear():
    assert (settings_with().sees, settings_with().hears) == (True, False)
    both = settings_with(modalities=["v", "a"], audio={"num_mels": 32})
    assert both.sees and both.hears and both.audio.num_mels == 32
    assert not settings_with(modalities=["a"]).sees


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"modalities": []}, r"modalities=\[\]: give v, a, or both"),
        ({"modalities": ["v", "v"]}, r"modalities=\[v,v\]: give v, a, or both"),
        ({"audio.num_mels": 32}, r"audio.\* means nothing with modalities=\[v\]"),
        ({"audio": {"drop": 0.5, "drop_video": 0.5}}, "together they must stay below 1"),
        ({"modalities": ["v", "a"], "augment.mixup": 0.2}, r"augment.mixup=0.2 knows no sound: leave it out"),
        ({"modalities": ["v", "a"], "augment.features": "smote"}, "augment.features=smote knows no sound"),
        ({"modalities": ["v", "a"], "synthetic.source": "x.pt"}, "synthetic.source=x.pt knows no sound"),
        ({"modalities": ["v", "a"], "trainer.compile": "model"}, "trainer.compile=model knows no sound"),
        ({"modalities": ["v", "a"], "task": {"name": "localize"}}, "task=localize knows no sound"),
        ({"modalities": ["a"], "audio.drop": 0.1}, "audio.drop=0.1 is for the network of pictures"),
        ({"modalities": ["a"], "weights": "x.pt"}, "weights=x.pt is for the network of pictures"),
        ({"modalities": ["a"], "finetune.freeze": True}, "finetune.freeze=True is for the network of pictures"),
    ],
)
def test_what_means_nothing_to_sound_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        from_keywords(TrainSettings, given).settings()
