"""A conditional WGAN-GP of features with a classification loss (f-CLSWGAN, arXiv:1712.00981).

It differs from the paper where the task does: the condition is the class's mean feature instead of an attribute vector, so
that a class needs no description, and the generator adds to it instead of starting from nothing.
"""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from videoai.core.seeding import generator_for, seed_for
from videoai.gan.feature_space import Drawn, Members, Standard, class_means, one_hot

NUM_STEPS = 600  # of the generator
BATCH_SIZE = 64  # section 4
CRITIC_STEPS = 5  # for each of the generator: arXiv:1704.00028, algorithm 1
GRADIENT_PENALTY = 10.0  # likewise
CLASSIFICATION_WEIGHT = 0.01  # section 4
LEARNING_RATE, BETAS = 1e-4, (0.5, 0.9)  # arXiv:1704.00028, section 5
HIDDEN = (128, 4096)  # twice the width of the features within these; 4096 for 2048 is the paper's
CLASSIFIER_STEPS = 200  # of full-batch Adam: the loss of 64-dimensional features has settled by then


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
        self.classify = fit_classifier(self.features, labels, total)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "feature gan", "init"))
            width = features.shape[1]
            self.generator = Conditional(width, width, width).to(features)
            self.critic = Conditional(width, width, 1).to(features)
        self._fit(num_steps, generator_for(seed, "feature gan", "steps"))

    @torch.no_grad()
    def draw(self, labels: Tensor, generator: Generator) -> Drawn:
        """As FeatureAugmenter."""
        drawn = self._generate(self.prototypes[labels], generator)
        return Drawn(self.standard.undo(drawn), one_hot(labels, self.num_classes, drawn))

    def _generate(self, prototype: Tensor, generator: Generator) -> Tensor:
        noise = torch.randn(prototype.shape, generator=generator).to(prototype)
        return prototype + self.generator(noise, prototype)

    def _fit(self, num_steps: int, generator: Generator) -> None:
        g = torch.optim.Adam(self.generator.parameters(), lr=LEARNING_RATE, betas=BETAS)
        d = torch.optim.Adam(self.critic.parameters(), lr=LEARNING_RATE, betas=BETAS)
        for _ in range(num_steps):
            for _ in range(CRITIC_STEPS):
                _update(d, self._critic_loss(generator))
            _update(g, self._generator_loss(generator))

    def _batch(self, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Features, labels of classes drawn evenly, and prototypes of as few clips as the drawn classes will have."""
        label = torch.randint(len(self.members.count), (BATCH_SIZE,), generator=generator)
        few = self.members.pick(label[:, None].expand(-1, self.shots), generator)
        prototype = self.features[few].mean(1)
        return self.features[self.members.pick(label, generator)], label.to(self.features.device), prototype

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
        wrong = F.cross_entropy(self.classify(drawn), label)
        return CLASSIFICATION_WEIGHT * wrong - self.critic(drawn, prototype).mean()


class Conditional(nn.Module):
    """Two layers over a vector and its condition."""

    def __init__(self, width: int, condition_width: int, out_width: int) -> None:
        super().__init__()
        hidden = min(max(HIDDEN[0], 2 * width), HIDDEN[1])
        self.layers = nn.Sequential(
            nn.Linear(width + condition_width, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, out_width)
        )

    def forward(self, vector: Tensor, condition: Tensor) -> Tensor:
        """[M, D] and [M, C] -> [M, out_width]."""
        return self.layers(torch.cat([vector, condition], 1))


def fit_classifier(features: Tensor, labels: Tensor, num_classes: int) -> nn.Linear:
    """A linear softmax classifier of standardised features, frozen."""
    linear = nn.utils.skip_init(nn.Linear, features.shape[1], num_classes).to(features)  # draws nothing
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
