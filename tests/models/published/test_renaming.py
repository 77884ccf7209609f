import pytest
import torch

from videoai.models.published.renaming import fuse, rename


def test_rules_apply_to_every_name_in_order() -> None:
    state = {"a.b": torch.zeros(1), "a.c": torch.ones(1)}
    assert list(rename(state, ((r"^a\.", "x."), (r"^x\.(.)$", r"\1.y")))) == ["b.y", "c.y"]


def test_two_names_that_become_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"published names 'a\.1' and 'a\.2' both become 'a'"):
        rename({"a.1": torch.zeros(1), "a.2": torch.zeros(1)}, ((r"\.\d$", ""),))


def test_layers_are_joined_in_the_order_of_the_parts() -> None:
    state = {f"n.{part}.{leaf}": torch.full((1,), i) for leaf in ("weight", "bias") for i, part in enumerate("vqk")}
    fused = fuse({"other.weight": torch.zeros(1), **state}, ("q", "k", "v"), "qkv")
    assert list(fused) == ["other.weight", "n.qkv.weight", "n.qkv.bias"]
    assert fused["n.qkv.weight"].tolist() == [1, 2, 0]
