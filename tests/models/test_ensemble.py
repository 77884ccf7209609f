"""Does an ensemble answer with the mean of its networks' probabilities?"""

import pytest
import torch

from videoai.models.ensemble import Ensemble

MEMBERS = [{"name": "tiny_r3d", "width": 4}, {"name": "tiny_r3d", "width": 8}]


@pytest.mark.parametrize("several_labels", [False, True])
def test_the_probabilities_are_the_mean_of_those_of_the_members(several_labels):
    torch.manual_seed(0)
    model = Ensemble(3, members=MEMBERS, several_labels=several_labels).eval()
    video = torch.randn(2, 3, 4, 16, 16)
    activate = torch.sigmoid if several_labels else (lambda logits: logits.softmax(1))
    wanted = torch.stack([activate(member(video)) for member in model.members]).mean(0)
    assert torch.allclose(activate(model(video)), wanted, atol=1e-5)  # rounding of the logarithm


def test_code_of_strangers_is_not_imported():
    with pytest.raises(ValueError, match="trust"):
        Ensemble(3, members=[{"_target_": "os.path.join"}])
