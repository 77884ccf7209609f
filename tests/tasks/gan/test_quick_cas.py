"""What a classifier learns from clips of a generator ranks generators."""

import pytest
import torch

from videoai.core.types import ClipSpec
from videoai.data.lists.from_files import from_folder
from videoai.gan.sampling import sample
from videoai.inference.evaluator import evaluator_of
from videoai.inference.load import from_state, open_checkpoint
from videoai.inference.load_generator import load_generator
from videoai.tasks.gan.quick_cas import new_quick_cas

CLIP = ClipSpec(num_frames=8, size=32, stride=2)


@pytest.mark.slow
def test_made_clips_teach_less_where_they_are_alike_and_nothing_where_they_are_of_another_class(
    planted, judge_run, clip_folder
):
    state = open_checkpoint(f"{judge_run}/checkpoints/best.pt")
    judge = evaluator_of(from_state(state), "judge")
    real = from_folder(clip_folder).splits["train"]  # val holds one clip of a class, which no score can rest on
    cas = new_quick_cas(state["config"], judge, real, CLIP, steps=80, seed=0, num_workers=0)
    assert len(cas.label) == len(real)
    label = torch.arange(len(judge.classes)).repeat_interleave(8)

    def score(mode: str) -> float:
        return cas(sample(load_generator(planted(mode), trust=["planted"]), label, seed=0), label)

    before = torch.get_rng_state()
    assert score("diverse") > 0.7 > score("collapsed") > 0.25 > score("wrong")
    assert torch.equal(torch.get_rng_state(), before)
    assert score("diverse") == score("diverse")
