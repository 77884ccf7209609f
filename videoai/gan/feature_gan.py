"""A conditional WGAN-GP of features with a classification loss (f-CLSWGAN, arXiv:1712.00981).

It differs from the paper where the task does: the condition is the class's mean feature instead of an attribute vector,
so that a class needs no description, and both networks describe what a clip adds to that mean.
"""

from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from videoai.core.seeding import generator_for, seed_for
from videoai.gan.feature_space import Drawn, Members, Standard, class_means, one_hot

NUM_STEPS = 1000  # generator steps
BATCH_SIZE = 64  # section 4
CRITIC_STEPS = 5  # for each of the generator: arXiv:1704.00028, algorithm 1
GRADIENT_PENALTY = 10.0  # likewise
CLASSIFICATION_WEIGHT = 0.01  # section 4
LEARNING_RATE = 5e-4  # the paper's 1e-4 has not converged after so few steps: tests/gan/test_feature_gan.py
BETAS = (0.5, 0.9)  # section 4
AVERAGE = 0.99  # decay of the average of the generator's weights, which go round in circles otherwise: arXiv:1806.04498
HIDDEN = (128, 4096)  # twice the width of the features within these; 4096 for 2048 is the paper's
CLASSIFIER_STEPS = 200  # full-batch Adam steps: the loss of 64-dimensional features has converged by then


class FeatureGan:
    """Fitting takes NUM_STEPS steps on the device of ``features``; drawing is one forward pass."""

    def __init__(
        self,
        features: Tensor,
        labels: Tensor,
        *,
        num_classes: int,
        others: tuple[Tensor, Tensor] | None = None,
        seed: int = 0,
        num_steps: int = NUM_STEPS,
    ) -> None:
        self.num_classes = num_classes
        self.shots = int(labels.bincount(minlength=num_classes).min())
        if others:
            features, labels = torch.cat([features, others[0]]), torch.cat([labels, others[1] + num_classes])
        total = int(labels.max()) + 1
        self.standard = Standard(features)
        self.features, self.labels = self.standard.apply(features), labels
        self.members = Members(labels, total)
        self.prototypes = class_means(self.features, labels, total)
        self.spread = Standard(self.features - self.prototypes[labels]).deviation
        self.classify = fit_classifier(self.features, labels, total)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "feature gan", "init"))
            width = features.shape[1]
            self.generator: nn.Module = Conditional(width, width).to(features)
            self.critic = Conditional(width, 1).to(features)
        self._fit(num_steps, generator_for(seed, "feature gan", "steps"))

    @torch.no_grad()
    def draw(self, labels: Tensor, generator: Generator) -> Drawn:
        """As FeatureAugmenter."""
        prototype = self.prototypes[labels]
        drawn = self.standard.undo(prototype + self.spread * self._generate(prototype, generator))
        return Drawn(drawn, one_hot(labels, self.num_classes, drawn))

    def _generate(self, prototype: Tensor, generator: Generator) -> Tensor:
        """What a clip adds to its prototype, in units of ``spread``: what both networks describe."""
        noise = torch.randn(prototype.shape, generator=generator).to(prototype)
        return self.generator(noise, prototype)

    def _fit(self, num_steps: int, generator: Generator) -> None:
        g = torch.optim.Adam(self.generator.parameters(), lr=LEARNING_RATE, betas=BETAS)
        d = torch.optim.Adam(self.critic.parameters(), lr=LEARNING_RATE, betas=BETAS)
        average = AveragedModel(self.generator, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE))
        for _ in range(num_steps):
            for _ in range(CRITIC_STEPS):
                _update(d, self._critic_loss(generator))
            _update(g, self._generator_loss(generator))
            average.update_parameters(self.generator)
        self.generator = average.module

    def _batch(self, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """What clips add to their prototypes; their labels, of classes drawn evenly; and the prototypes, each of as few
        clips as the classes to draw have."""
        label = torch.randint(len(self.members.count), (BATCH_SIZE,), generator=generator)
        shots = self.members.choose(label[:, None].expand(-1, self.shots), generator)
        prototype = self.features[shots].mean(1)
        added = (self.features[self.members.choose(label, generator)] - prototype) / self.spread
        return added, label.to(self.features.device), prototype

    def _critic_loss(self, generator: Generator) -> Tensor:
        real, _, prototype = self._batch(generator)
        with torch.no_grad():
            drawn = self._generate(prototype, generator)
        distance = self.critic(drawn, prototype).mean() - self.critic(real, prototype).mean()
        share = torch.rand(len(real), 1, generator=generator).to(real)
        between = real.lerp(drawn, share).requires_grad_()
        (slope,) = torch.autograd.grad(self.critic(between, prototype).sum(), between, create_graph=True)
        return distance + GRADIENT_PENALTY * (slope.norm(dim=1) - 1).square().mean()

    def _generator_loss(self, generator: Generator) -> Tensor:
        _, label, prototype = self._batch(generator)
        drawn = self._generate(prototype, generator)
        wrong = F.cross_entropy(self.classify(prototype + self.spread * drawn), label)
        return CLASSIFICATION_WEIGHT * wrong - self.critic(drawn, prototype).mean()


class Conditional(nn.Module):
    """Two layers over a vector and its condition, both of ``width``."""

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        hidden = min(max(HIDDEN[0], 2 * width), HIDDEN[1])
        self.layers = nn.Sequential(nn.Linear(2 * width, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, out_width))

    def forward(self, vector: Tensor, condition: Tensor) -> Tensor:
        """[M, D] and [M, D] -> [M, out_width]."""
        return self.layers(torch.cat([vector, condition], 1))


def fit_classifier(features: Tensor, labels: Tensor, num_classes: int) -> nn.Linear:
    """A linear softmax classifier of standardised features, frozen."""
    linear: Any = nn.utils.skip_init(nn.Linear, features.shape[1], num_classes).to(features)  # draws nothing
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    optimizer = torch.optim.Adam(linear.parameters(), lr=0.05)
    for _ in range(CLASSIFIER_STEPS):
        _update(optimizer, F.cross_entropy(linear(features), labels))
    return linear.requires_grad_(False)


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
