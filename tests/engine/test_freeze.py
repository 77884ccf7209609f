import pytest
import torch

from videoai.engine.freeze import Freeze

HEAD = ("head.weight", "head.bias")


def moved(before: dict[str, torch.Tensor], model: torch.nn.Module) -> set[str]:
    return {key for key, tensor in model.state_dict().items() if not torch.equal(tensor, before[key])}


def test_only_the_head_moves_and_batch_norm_keeps_its_statistics(make_trainer):
    trainer = make_trainer(freeze=Freeze(trainable=HEAD))
    model = trainer.learner.model
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    trainer.fit()
    assert moved(before, model) == set(HEAD)


def test_everything_moves_once_it_is_unfrozen(make_trainer):
    trainer = make_trainer(freeze=Freeze(trainable=HEAD, until_step=6))
    model = trainer.learner.model
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    trainer.fit()
    assert {"conv.weight", "norm.weight", "norm.running_mean", *HEAD} <= moved(before, model)
    assert model.norm.num_batches_tracked == 4


@pytest.mark.parametrize("stop", [3, 6, 8])
def test_a_run_stopped_before_at_or_after_the_thaw_continues_to_the_same_weights(make_trainer, stop):
    freeze = Freeze(trainable=HEAD, until_step=6)
    whole = make_trainer(folder="whole", freeze=freeze)
    whole.fit()
    make_trainer(stop=stop, folder="parts", freeze=freeze).fit()
    second = make_trainer(folder="parts", freeze=freeze)
    second.restore(make_trainer.load("last", "parts"))
    second.fit()
    assert moved(whole.learner.model.state_dict(), second.learner.model) == set()


def test_dropout_of_what_is_frozen_is_off(make_trainer):
    model = make_trainer().learner.model
    Freeze(trainable=HEAD).apply(model, step=0)
    assert model.training and model.head.training and not model.drop.training and not model.norm.training


def test_a_freeze_needs_something_that_learns():
    with pytest.raises(AssertionError, match="something must learn"):
        Freeze(trainable=())
