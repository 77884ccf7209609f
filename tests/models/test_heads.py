"""Heads apart from their models, over every kind of features."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from videoai.models import create_model
from videoai.models.heads import checkpoint_activations, head_parameters, linear_head, with_head

# a map, tokens, maps of two pathways, a map that the pool widens, one frame
KINDS = {
    "tiny_r3d": (8, 32, 32),
    "tiny_video_transformer": (16, 32, 32),
    "slowfast_4x16_r50": (16, 32, 32),
    "x3d_xs": (4, 32, 32),
    "frame_only": (4, 32, 32),
}


@pytest.mark.parametrize("name", list(KINDS))
def test_an_attentive_head_reads_any_features(name: str) -> None:
    torch.manual_seed(0)
    model: Any = with_head(create_model(name, num_classes=5), "attentive", 5).eval()
    video = torch.randn(2, 3, *KINDS[name])
    logits = model(video)
    assert logits.shape == (2, 5)
    features = model.forward_features(video)
    assert torch.equal(model.forward_head(features), logits)
    assert model.forward_head(features, pre_logits=True).shape == (2, model.num_features)
    logits.sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.probe.head.parameters())
    model.reset_classifier(7)
    assert model(video).shape == (2, 7)


def test_an_attentive_head_sees_what_a_mean_does_not() -> None:
    """Tokens of another order but the same mean: the mean stays, a query that weighs them does not notice order, but
    tokens of another spread with the same mean it does."""
    torch.manual_seed(0)
    model: Any = with_head(create_model("tiny_r3d", num_classes=5), "attentive", 5).eval()
    features = torch.randn(1, 64, 2, 2, 2)
    spread = features.mean((2, 3, 4), keepdim=True) + 3 * (features - features.mean((2, 3, 4), keepdim=True))
    assert torch.allclose(spread.mean((2, 3, 4)), features.mean((2, 3, 4)), atol=1e-5)
    assert not torch.allclose(model.forward_head(spread), model.forward_head(features), rtol=1e-3)


def test_the_linear_head_is_the_models_own() -> None:
    model = create_model("tiny_r3d", num_classes=5)
    assert with_head(model, "linear", 5) is model


@pytest.mark.parametrize(("name", "head"), [("tiny_r3d", "head"), ("r3d_18", "fc"), ("tiny_cnn_gru", "head")])
def test_the_head_is_what_reset_classifier_replaces(name: str, head: str) -> None:
    model = create_model(name, num_classes=5)
    before = copy.deepcopy(model.state_dict())
    assert head_parameters(model) == [f"{head}.weight", f"{head}.bias"]
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())  # only looked at


@pytest.mark.parametrize("name", list(KINDS))
def test_the_linear_head_turns_pooled_features_into_logits(name: str) -> None:
    torch.manual_seed(0)
    model: Any = create_model(name, num_classes=3).eval()
    features = model.forward_features(torch.randn(2, 3, *KINDS[name]))
    pooled = model.forward_head(features, pre_logits=True)
    expected = model.forward_head(features)
    assert torch.allclose(linear_head(model, setting="x")(pooled), expected, atol=1e-5)


def test_a_head_of_more_than_one_layer_is_refused_where_pooled_features_are_fed() -> None:
    model = with_head(create_model("tiny_r3d", num_classes=3), "attentive", 3)
    with pytest.raises(ValueError, match=r"augment.features=smote needs a head that .* that of AttentiveModel is more"):
        linear_head(model, setting="augment.features=smote")


def test_all_of_an_attentive_probe_is_head() -> None:
    model = with_head(create_model("tiny_r3d", num_classes=5), "attentive", 5)
    names = head_parameters(model)
    assert names and set(names) == {key for key, _ in model.named_parameters() if key.startswith("probe.")}


def test_the_layers_below_an_attentive_head_keep_their_depths() -> None:
    from timm.optim import param_groups_layer_decay

    model = with_head(create_model("tiny_video_transformer", num_classes=5), "attentive", 5)
    groups = param_groups_layer_decay(model, layer_decay=0.5)
    scale = {id(p): group["lr_scale"] for group in groups for p in group["params"]}
    assert scale[id(model.get_parameter("probe.head.weight"))] == 1.0
    assert (
        scale[id(model.get_parameter("model.blocks.0.norm_mlp.weight"))]
        < scale[id(model.get_parameter("model.blocks.2.norm_mlp.weight"))]
        < 1.0
    )


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: with_head(model, "attentive", 2), r"finetune\.head=attentive: Own has no forward_features"),
        (head_parameters, r"finetune\.freeze=true: Own has no reset_classifier"),
        (checkpoint_activations, r"trainer\.activation_checkpointing=true: Own has no set_grad_checkpointing"),
        (lambda model: with_head(model, "linaer", 2), r"finetune\.head='linaer' is unknown\. Did you mean linear\?"),
    ],
)
def test_a_model_of_ones_own_that_lacks_a_method_is_told_which(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(Own())


class ResetsNothing(Own):
    def reset_classifier(self, num_classes: int) -> None: ...


def test_a_head_that_is_never_taken_away_is_not_known() -> None:
    with pytest.raises(ValueError, match=r"ResetsNothing\.reset_classifier\(0\) takes no parameter away"):
        head_parameters(ResetsNothing())
