import pytest
import torch

from videoai.models.published.renaming import rename


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
