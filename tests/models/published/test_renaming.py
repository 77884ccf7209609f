import pytest
import torch

from videoai.models.published.renaming import parse_name, rename
from videoai.models.published.uniformerv2 import _authors


def test_rules_apply_in_order_to_every_name() -> None:
    tensor = torch.zeros(1)
    renamed = rename(
        {"s2.a.weight": tensor, "s2.a_bn.bias": tensor}, ((r"^s2\.", "stages.0."), (r"\.a_bn\.", ".norm."))
    )
    assert list(renamed) == ["stages.0.a.weight", "stages.0.norm.bias"]
    assert renamed["stages.0.a.weight"] is tensor


def test_two_names_that_become_one_are_refused() -> None:
    state = {"fc.weight": torch.zeros(1), "head.weight": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"'fc\.weight' and 'head\.weight' both become 'head\.weight'"):
        rename(state, ((r"^fc\.", "head."),))


def test_a_file_name_of_another_form_is_refused() -> None:
    assert parse_name(r"(?P<size>[sb])(?P<frames>16|32)(x(?P<stride>4))?", "s16") == {
        "size": "s",
        "frames": "16",
        "stride": "",
    }
    for typo in ("k400_uniformerv2_b16_8x225", "k400_uniformerv2_b14_8x224", "k600_uniformerv2_b16_8x224"):
        with pytest.raises(ValueError, match=rf"published name '{typo}' is not of the form "):
            _authors("k400", typo, None, None)
