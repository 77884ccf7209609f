"""The short look that a trainer takes again and again tells good generators from bad ones."""

import pytest
import torch

from videoai.core.types import ClipSpec
from videoai.data.lists.from_files import from_folder
from videoai.gan.sampling import sample
from videoai.inference.evaluator import load_evaluator
from videoai.inference.load_generator import load_generator
from videoai.inference.reference import at_most, extract_items
from videoai.tasks.gan.measure import measure_in_training

CLIP = ClipSpec(num_frames=8, size=32, stride=2)


@pytest.fixture(scope="module")
def quick(planted, judge_run, clip_folder):
    judge, splits = load_evaluator(str(judge_run / "checkpoints/best.pt")), from_folder(clip_folder).splits
    train, val = (extract_items(judge, splits[split], CLIP, batch_size=8, num_workers=0) for split in ("train", "val"))

    def look(mode):
        generator = load_generator(planted(mode), trust=["planted"])
        label = torch.arange(len(judge.classes)).repeat_interleave(8)
        return measure_in_training(sample(generator, label, seed=0), label, judge, train, val)

    return look


def test_the_score_to_choose_by_falls_for_every_planted_fault(quick):
    good, collapsed, wrong = quick("diverse"), quick("collapsed"), quick("wrong")
    assert good["judged"] > 0.5 > max(collapsed["judged"], wrong["judged"])
    assert collapsed["agreement"] > 0.5 > collapsed["diversity"]  # each fault is seen by the measure that is for it
    assert wrong["diversity"] > 0.5 > wrong["agreement"]
    assert collapsed["recall"] <= good["recall"]


def test_looking_again_gives_the_same(quick):
    assert quick("diverse") == quick("diverse")


def test_of_many_real_clips_some_are_drawn_once_for_all(clip_folder):
    items = from_folder(clip_folder).splits["train"]
    some = at_most(items, 5)
    assert len(some) == 5 and some == at_most(items, 5)
    assert at_most(items, 100) is items
