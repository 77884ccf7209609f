import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from videoai.core.seeding import generator_for
from videoai.engine.linear import fit_linear


def test_it_is_the_optimum_that_sklearn_finds():
    rng = generator_for(0, "linear")
    features, labels = torch.randn(60, 5, generator=rng), torch.arange(60) % 3
    weight = torch.rand(60, generator=rng) + 0.5
    ours = fit_linear(features, F.one_hot(labels).float(), sample_weight=weight, l2=2.0)
    theirs = LogisticRegression(C=1 / 2.0, tol=1e-10, max_iter=2000)
    theirs.fit(features.double().numpy(), labels.numpy(), sample_weight=weight.double().numpy())
    np.testing.assert_allclose(ours(features).softmax(1), theirs.predict_proba(features.double().numpy()), atol=1e-4)


def test_a_soft_target_is_as_two_clips_that_share_its_weight():
    rng = generator_for(1, "linear")
    features, target = torch.randn(20, 3, generator=rng), torch.rand(20, 1, generator=rng)
    target = torch.cat([target, 1 - target], 1)
    soft = fit_linear(features, target, sample_weight=torch.ones(20), l2=1.0)
    hard = torch.eye(2).repeat_interleave(20, 0)
    twice = fit_linear(features.repeat(2, 1), hard, sample_weight=target.T.flatten(), l2=1.0)
    assert torch.allclose(soft.weight, twice.weight, atol=1e-4)
