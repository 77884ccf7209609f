import pytest
import torch

from videoai.models.wrapped import prefixes, unwrap, without_prefix

STATE = {"conv.weight": torch.ones(2), "conv.bias": torch.zeros(2), "fc.weight": torch.ones(1)}


def named(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in STATE.items()}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (STATE, ""),
        ({"epoch": 3, "state_dict": STATE}, "state_dict"),
        ({"model": STATE, "optimizer": {"state": {}}}, "model"),
        ({"model": named("x."), "model_ema": {"module": STATE}}, "model_ema.module"),
        ({"ema": {"decay": 0.9, "shadow": STATE}, "step": torch.tensor(1)}, "ema.shadow"),
    ],
)
def test_the_state_dict_is_found_below_usual_keys(content, where):
    state, found = unwrap(content)
    assert (state.keys(), found) == (STATE.keys(), where)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.model.", "net.backbone."])
def test_a_prefix_of_most_names_is_found_and_what_lacks_it_goes(prefix):
    state = named(prefix) | {"n_averaged": torch.tensor(3)}
    assert prefix in prefixes(state)
    assert without_prefix(state, prefix).keys() == STATE.keys()


def test_names_as_they_are_come_first():
    assert prefixes(STATE) == ["", "conv."]
    assert prefixes({"fc": torch.ones(1)}) == [""]
