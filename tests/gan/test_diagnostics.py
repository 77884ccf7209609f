"""Each fault is said in one sentence that names its classes, and nothing is said of a sound generator."""

import torch

from videoai.gan.diagnostics import diagnose

CLASSES = ("left", "right", "up", "down")
SOUND = {"agreement": torch.full((4,), 0.9), "diversity": torch.full((4,), 0.9), "memorised": 0.05}


def kinds(**changes):
    return [(finding.kind, finding.classes) for finding in diagnose(CLASSES, **{**SOUND, **changes})]


def test_a_sound_generator_has_no_findings():
    assert kinds() == []


def test_classes_that_are_nearly_alike_are_a_mode_collapse():
    assert kinds(diversity=torch.tensor([0.9, 0.1, 0.31, 0.29])) == [("mode_collapse", ["right", "down"])]


def test_classes_that_are_recognised_less_than_twice_chance_are_wrong():
    assert kinds(agreement=torch.tensor([0.49, 0.51, 0.9, 0.0])) == [("wrong_class", ["left", "down"])]


def test_many_copies_are_memorised():
    assert kinds(memorised=0.19) == []
    assert kinds(memorised=0.21) == [("memorised", [])]


def test_a_judge_that_is_wrong_on_half_of_the_real_clips_is_weak():
    assert kinds(judge_on_real=0.4) == [("weak_judge", [])]
    assert kinds(judge_on_real=0.6) == []


def test_what_is_not_known_finds_nothing():
    assert kinds(diversity=torch.full((4,), torch.nan)) == []


def test_messages_are_sentences_for_people():
    diagnostics = diagnose(CLASSES, agreement=torch.zeros(4), diversity=torch.zeros(4), memorised=1.0)
    assert [one.message.partition(":")[0] for one in diagnostics] == ["mode collapse", "wrong class", "memorised"]
    assert "left, right, up, down" in diagnostics[0].message and "50% (twice chance)" in diagnostics[1].message
