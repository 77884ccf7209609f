import pytest

from videoai.settings.augment import ImbalanceSettings
from videoai.settings.parse import parse


@pytest.mark.parametrize("other", ["gamma_neg", "gamma_pos", "margin"])
def test_focal_and_asymmetric_loss_exclude_each_other(other):
    with pytest.raises(ValueError, match=rf"imbalance.focal=2 with imbalance.{other}=0.5: .* Set imbalance.focal=0"):
        parse(ImbalanceSettings, {"focal": 2.0, other: 0.5})
    assert getattr(parse(ImbalanceSettings, {other: 0.5}), other) == 0.5
