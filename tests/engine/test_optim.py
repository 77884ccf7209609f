import copy

import pytest
import torch
from torch import nn

from videoai.engine.optim import build_optimizer, load_optimizer, parameter_groups, penalty


def net() -> nn.Module:
    return nn.Sequential(nn.Conv3d(3, 4, 3), nn.BatchNorm3d(4), nn.Flatten(), nn.Linear(4, 2))


def test_norms_and_biases_do_not_decay():
    model = net()
    decaying, kept = parameter_groups(model, 0.1)
    assert [p.ndim for p in decaying["params"]] == [5, 2]
    assert all(p.ndim == 1 for p in kept["params"])
    assert (decaying["weight_decay"], kept["weight_decay"]) == (0.1, 0.0)


def test_what_a_model_exempts_does_not_decay_with_or_without_layers():
    class Exempting(Layered):
        def no_weight_decay(self) -> set[str]:
            return {"stem.weight"}

    model = Exempting()
    for layer_decay in (None, 0.5):
        groups = build_optimizer({"name": "sgd", "lr": 0.1, "weight_decay": 0.1}, model, layer_decay=layer_decay)
        decay = {id(p): group["weight_decay"] for group in groups.param_groups for p in group["params"]}
        assert (decay[id(model.stem.weight)], decay[id(model.head.weight)]) == (0.0, 0.1)


def test_frozen_parameters_are_left_out():
    model = net()
    whole = penalty(model, l1=1.0, l2=0.0)
    model[0].requires_grad_(False)
    assert sum(len(group["params"]) for group in parameter_groups(model, 0.1)) == 4
    assert torch.isclose(penalty(model, l1=1.0, l2=0.0), whole - model[0].weight.abs().sum())


def test_adamw_and_sgd_are_built_from_a_node():
    assert build_optimizer({"name": "adamw", "lr": 0.1, "betas": [0.9, 0.99]}, net()).param_groups[0]["betas"] == (
        0.9,
        0.99,
    )
    assert build_optimizer({"name": "sgd", "lr": 0.1, "momentum": 0.9}, net()).param_groups[1]["momentum"] == 0.9


def test_a_run_moves_between_devices_and_takes_the_implementation_of_the_new_one():
    """Fused AdamW stands for that of a GPU. 1e-6: it rounds otherwise than the plain one."""

    def stepped(model: nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
        model.zero_grad()
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        return nn.utils.parameters_to_vector(model.parameters()).detach().clone()

    models = [nn.Linear(2, 1) for _ in range(3)]
    pairs = zip(models, (True, None, True), strict=True)
    there, here, back = (torch.optim.AdamW(model.parameters(), lr=0.1, fused=fused) for model, fused in pairs)
    stepped(models[0], there)
    for model in models[1:]:
        model.load_state_dict(models[0].state_dict())
    load_optimizer(here, copy.deepcopy(there.state_dict()))
    load_optimizer(back, copy.deepcopy(here.state_dict()))
    assert [each.param_groups[0]["fused"] for each in (there, here, back)] == [True, None, True]
    there_now, here_now, back_now = map(stepped, models, (there, here, back))
    torch.testing.assert_close(here_now, there_now, rtol=0, atol=1e-6)
    assert torch.equal(back_now, there_now)


def test_a_cpu_keeps_the_plain_implementation():
    assert build_optimizer({"name": "adamw", "lr": 0.1}, net()).defaults["fused"] is None


@pytest.mark.gpu
def test_adamw_is_fused_on_a_gpu_unless_told_otherwise():
    node = {"name": "adamw", "lr": 0.1}
    assert build_optimizer(node, net().cuda()).defaults["fused"]
    assert not build_optimizer({**node, "foreach": True}, net().cuda()).defaults["fused"]
    assert not build_optimizer({**node, "fused": False}, net().cuda()).defaults["fused"]


def test_an_option_of_another_optimizer_is_refused():
    with pytest.raises(ValueError, match="AdamW does not take 'momentum'"):
        build_optimizer({"name": "adamw", "lr": 0.1, "momentum": 0.9}, net())


def test_penalties_are_the_textbook_sums():
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, -4.0]]))
    assert penalty(model, l1=0.5, l2=0.0).item() == pytest.approx(3.5)
    assert penalty(model, l1=0.0, l2=2.0).item() == pytest.approx(25.0)


class Layered(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.blocks, self.head = (
            nn.Linear(4, 4),
            nn.ModuleList(nn.Linear(4, 4) for _ in range(2)),
            nn.Linear(4, 2),
        )

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        return {"stem": r"^stem", "blocks": r"^blocks\.(\d+)"}


def test_each_layer_learns_at_a_fraction_of_the_rate_above_it():
    model = Layered()
    optimizer = build_optimizer({"name": "adamw", "lr": 1.0, "weight_decay": 0.1}, model, layer_decay=0.5)
    rate = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    decay = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert [rate[id(layer.weight)] for layer in (model.stem, *model.blocks, model.head)] == [0.125, 0.25, 0.5, 1.0]
    assert rate[id(model.stem.bias)] == 0.125
    assert decay[id(model.stem.weight)] == 0.1 and decay[id(model.stem.bias)] == 0.0


def test_a_model_that_does_not_tell_its_layers_apart_is_refused():
    with pytest.raises(ValueError, match=r"finetune\.layer_decay=0\.5: Sequential does not name its layers"):
        build_optimizer({"name": "sgd", "lr": 0.1}, net(), layer_decay=0.5)


def first_alone(params, lr):
    return torch.optim.SGD(params[0]["params"][:1], lr)


def another(params, lr):
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr)


@pytest.mark.parametrize(("name", "others"), [("first_alone", 0), ("another", 1)])
def test_an_own_optimizer_must_take_all_parameters_that_it_is_given(name, others):
    node = {"_target_": f"{__name__}.{name}", "lr": 0.1}
    with pytest.raises(
        ValueError, match=rf"{name} takes {1 - others} of the model's \d parameters and {others} others"
    ):
        build_optimizer(node, net(), trust=[__name__.split(".")[0]])


def test_what_an_optimizer_refuses_names_it_and_momentum_0_is_plain_sgd():
    with pytest.raises(ValueError, match=r"optim: torch\.optim\.Adam refuses its options: Invalid learning rate: -1"):
        build_optimizer({"_target_": "torch.optim.Adam", "lr": -1}, net(), trust=["torch"])
    with pytest.raises(ValueError, match=r"optim\.weight_decay=-3: give a number from 0 up"):
        build_optimizer({"_target_": "torch.optim.Adam", "lr": 1, "weight_decay": -3}, net(), trust=["torch"])
    plain = build_optimizer({"name": "sgd", "lr": 0.1, "momentum": 0, "nesterov": True}, net())
    assert plain.defaults["nesterov"] is False


def test_an_own_optimizer_that_is_none_is_named_and_a_rate_that_is_no_number():
    own = {"_target_": "types.SimpleNamespace", "lr": 0.1}
    with pytest.raises(ValueError, match="types.SimpleNamespace made a SimpleNamespace, and no torch.optim.Optimizer"):
        build_optimizer(own, net(), trust=["types"])
    with pytest.raises(ValueError, match="optim.lr='fast': give a number above 0"):
        build_optimizer({**own, "lr": "fast"}, net(), trust=["types"])
