import copy

import pytest
import torch
from torch import Tensor, nn

from videoai.models.weights import load_exact, load_partial


def net(num_classes: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, num_classes))


def test_everything_loads_into_the_same_model() -> None:
    source, target = net(), net()
    assert str(load_partial(target, source.state_dict())) == "loaded 6/6 tensors"
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))


def test_a_head_of_another_size_is_named_with_both_shapes_and_kept() -> None:
    source, target = net(num_classes=400), net()
    head = target.get_parameter("2.weight").detach().clone()
    report = load_partial(target, source.state_dict())
    assert (report.loaded, report.total) == (4, 6)
    assert report.new == ["2.weight", "2.bias"]
    assert report.mismatched == ["2.weight [400, 4] -> [3, 4]", "2.bias [400] -> [3]"]
    assert report.unused == []
    assert torch.equal(target.get_parameter("0.weight"), source.get_parameter("0.weight"))
    assert torch.equal(target.get_parameter("2.weight"), head)


def test_tensors_that_only_one_side_has_are_named() -> None:
    state = net().state_dict()
    del state["2.bias"]
    state["queue"] = torch.zeros(8)
    assert str(load_partial(net(), state)) == "loaded 5/6 tensors; new: 2.bias; unused: queue"


def test_a_long_list_is_cut_short() -> None:
    state = net().state_dict() | {f"extra.{i}": torch.zeros(1) for i in range(30)}
    assert str(load_partial(net(), state)).endswith(
        "unused: extra.0, extra.1, extra.2, extra.3, extra.4, extra.5, extra.6, extra.7 and 22 more"
    )


def test_a_foreign_file_is_refused_and_changes_nothing() -> None:
    target = net()
    before = copy.deepcopy(target.state_dict())
    state: dict[str, Tensor] = {f"layer{key}": tensor + 1 for key, tensor in before.items()}
    state["0.weight"] = before["0.weight"] + 1
    with pytest.raises(ValueError, match=r"only 1 of 6 tensors fit Sequential\. Wrong checkpoint\? .*layer0\.weight"):
        load_partial(target, state)
    assert all(torch.equal(tensor, before[key]) for key, tensor in target.state_dict().items())


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.net."])
def test_a_prefix_that_the_names_share_is_stripped_and_said(prefix: str) -> None:
    source, target = net(), net(num_classes=5)
    state = {prefix + key: tensor for key, tensor in source.state_dict().items()} | {"n_averaged": torch.tensor(1)}
    report = load_partial(target, state)
    assert f"loaded 4/6 tensors; names without their prefix {prefix}; new: 2.weight" in str(report)
    assert torch.equal(target.get_parameter("0.weight"), source.get_parameter("0.weight"))


class Headed(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, num_classes)


def test_weights_of_an_encoder_leave_the_head_fresh_and_nothing_else() -> None:
    model = Headed(3)
    head = model.head.weight.detach().clone()
    body = nn.Linear(4, 4).state_dict()
    state = {f"body.{key}": tensor for key, tensor in body.items()}
    load_exact(model, state, num_classes=0, name="mine/encoder")
    assert torch.equal(model.body.weight, body["weight"]) and torch.equal(model.head.weight, head)
    with pytest.raises(
        ValueError, match=r"weights mine/classifier do not fit Headed: missing: head\.weight, head\.bias"
    ):
        load_exact(model, state, num_classes=3, name="mine/classifier")
    del state["body.bias"]
    with pytest.raises(ValueError, match=r"weights mine/encoder do not fit Headed: missing: body\.bias\."):
        load_exact(model, state, num_classes=0, name="mine/encoder")
