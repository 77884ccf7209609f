"""Does the schedule fit the number of clips, and the learning rate the clips of a step?"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import torch

from videoai.compose.settings import from_keywords
from videoai.run.training.choose_schedule import fitted_decay, fitted_epochs, with_learning_rate
from videoai.settings.training import TrainSettings


@dataclass
class Sized:
    """What of a Setup a learning rate depends on."""

    settings: Any
    batch_size: int


@pytest.fixture(scope="module")
def settings() -> TrainSettings:
    return from_keywords(TrainSettings, {"model": "tiny_r3d"}).settings()


def steps(settings: TrainSettings, num_clips: int) -> float:
    return fitted_epochs(settings, num_clips) * num_clips / 16


def test_a_small_set_gets_hundreds_of_steps_and_a_large_one_at_least_ten_epochs(settings):
    assert 500 < steps(settings, 87) < 900
    assert 1400 < steps(settings, 534) < 2000
    assert fitted_epochs(settings, 1600) == 20
    assert fitted_epochs(settings, 1_000_000) == 10


def test_more_clips_never_get_fewer_steps(settings):
    counts = [steps(settings, round(1.5**power)) for power in range(4, 36)]
    assert all(more >= 0.95 * fewer for fewer, more in pairwise(counts))


def test_the_average_remembers_a_twelfth_of_the_schedule():
    assert fitted_decay(600) == 0.98
    assert fitted_decay(12_000) == 0.999
    assert fitted_decay(1) == 0.9
    assert fitted_decay(10**9) == 0.9999
    assert fitted_decay(None) is None


@pytest.mark.parametrize(
    ("words", "rate"),
    [
        ({"model": "tiny_r3d"}, 0.004),
        ({"model": "tiny_r3d", "trainer": {"accumulate": 4}}, 0.008),  # AdamW: the root of four times the clips
        ({"model": "tiny_r3d", "optim": "sgd", "trainer": {"accumulate": 4}}, 0.2),  # SGD: four times
        ({"model": "tiny_r3d", "weights": "mine.pt"}, 0.0003),
        ({"model": "tiny_r3d", "optim": {"lr": 0.1}, "trainer": {"accumulate": 4}}, 0.1),  # typed: as it is
    ],
)
def test_the_rate_follows_the_clips_of_a_step(words, rate):
    settings = from_keywords(TrainSettings, words).settings()
    setup = Sized(settings=settings, batch_size=16)
    assert with_learning_rate(setup, torch.nn.Linear(4, 4)).settings.optim["lr"] == pytest.approx(rate)


def test_a_large_model_learns_more_slowly(settings):
    with torch.device("meta"):
        large = torch.nn.Linear(4000, 4000)
    assert with_learning_rate(Sized(settings=settings, batch_size=16), large).settings.optim["lr"] == 0.0005
