"""A bank is a function of generator and seed, goes on where it was left, and says why a clip is not in it."""

import csv
import hashlib
import logging
from dataclasses import replace

import pytest

import videoai
from videoai.core import checkpoint
from videoai.data.lists.from_files import from_csv
from videoai.run.gan.generate import generate
from videoai.settings.gan import GenerateSettings
from videoai.settings.parse import parse

STRICT = {"min_confidence": 0.0, "drop_copies": False}


def settings(checkpoint_path, output, **changes):
    given = {"checkpoint": checkpoint_path, "output": str(output), "per_class": 6}
    return parse(GenerateSettings, {**given, "num_workers": 0, "trust": ["planted"], **changes})


def rows(folder, name="manifest.csv"):
    return list(csv.DictReader((folder / name).read_text().splitlines()))


def digests(folder):
    return {path.relative_to(folder): hashlib.sha1(path.read_bytes()).hexdigest() for path in folder.glob("*/*.mp4")}


@pytest.fixture(scope="module")
def judge(judge_run):
    return str(judge_run / "checkpoints/best.pt")


def test_a_bank_without_a_judge_holds_every_clip_and_says_so(planted, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    done = generate(settings(planted("diverse"), tmp_path / "bank"))
    assert (done.made, done.passed) == (24, 24)
    assert "no evaluator: every clip passes" in caplog.text
    actual = rows(tmp_path / "bank")
    assert {row["label"] for row in actual} == {"down", "left", "right", "up"}
    assert {row["confidence"] for row in actual} == {""} and {row["split"] for row in actual} == {"train"}
    assert len({row["generator"] for row in actual}) == 1 and {row["seed"] for row in actual} == {"0"}


def test_the_table_is_data_as_it_is_and_a_clip_read_from_it_is_the_one_generated(planted, tmp_path):
    from videoai.core.types import ClipSpec
    from videoai.data.dataset import EvalClips
    from videoai.inference.load_generator import load_generator

    path = planted("collapsed")
    generate(settings(path, tmp_path / "bank"))
    manifest = from_csv(tmp_path / "bank/manifest.csv", val_fraction=0, test_fraction=0)
    clips = EvalClips(manifest.splits["train"], ClipSpec(**checkpoint.load(path)["clip"]))
    held = load_generator(path, trust=["planted"]).generator.clips.detach()
    for index in (0, 23):
        clip = clips[index][0]
        exact = (held[clip.label, 0].permute(1, 0, 2, 3) + 1) * 127.5
        assert float((clip.video - exact).abs().mean()) < 6  # H.264 at CRF 18: some 4 grey levels on small clips


def test_a_bank_that_was_cut_off_goes_on_and_one_that_grows_keeps_what_it_had(planted, tmp_path):
    generate(settings(planted("diverse"), tmp_path / "whole"))
    whole = digests(tmp_path / "whole")
    generate(settings(planted("diverse"), tmp_path / "parts", per_class=3))
    assert digests(tmp_path / "parts").items() <= whole.items()
    next((tmp_path / "parts").glob("up/*.mp4")).unlink()
    generate(settings(planted("diverse"), tmp_path / "parts"))
    assert digests(tmp_path / "parts") == whole
    generate(settings(planted("diverse"), tmp_path / "other", seed=1))
    assert set(digests(tmp_path / "other").values()) != set(whole.values())


def test_another_generator_or_seed_does_not_go_on_with_a_bank(planted, tmp_path):
    generate(settings(planted("diverse"), tmp_path, per_class=1))
    for changes in ({"seed": 1}, {"checkpoint": planted("copies"), "seed": 2}):
        with pytest.raises(ValueError, match="holds clips of another generator or seed"):
            generate(replace(settings(planted("diverse"), tmp_path, per_class=1), **changes))


def test_the_judges_confidence_and_the_nearest_clip_are_in_the_table(planted, judge, tmp_path):
    generate(settings(planted("diverse"), tmp_path, judge=judge, min_recall=0.0, **STRICT))
    actual = rows(tmp_path)
    assert len(actual) == 24
    assert all(0 <= float(row["confidence"]) <= 1 and float(row["nearest"]) > 0 for row in actual)


def test_unsure_clips_are_rejected_one_by_one_with_the_reason(planted, judge, tmp_path):
    limits = {"min_confidence": 0.999, "min_recall": 0.0, "drop_copies": False}
    done = generate(settings(planted("diverse"), tmp_path, judge=judge, **limits))
    kept, out = rows(tmp_path), rows(tmp_path, "rejected.csv")
    assert len(kept) + len(out) == 24 and done.passed == len(kept)
    assert out and all("is below min_confidence 0.999" in row["reason"] for row in out)
    assert all(float(row["confidence"]) >= 0.999 for row in kept)


def test_a_generator_of_the_wrong_class_passes_nothing(planted, judge, tmp_path):
    done = generate(settings(planted("wrong"), tmp_path, judge=judge, min_recall=0.0, **STRICT))
    assert done.passed == 0
    assert set(done.excluded) == {"down", "left", "right", "up"}
    assert all("twice chance" in reason for reason in done.excluded.values())


def test_a_collapsed_generator_passes_nothing_however_sure_the_judge(planted, judge, tmp_path):
    done = generate(settings(planted("collapsed"), tmp_path, judge=judge, min_recall=0.3, **STRICT))
    assert done.passed == 0
    assert all("below min_recall 0.3" in reason for reason in done.excluded.values())


def test_copies_of_training_clips_are_left_out(planted, judge, tmp_path):
    done = generate(settings(planted("copies"), tmp_path, judge=judge, min_recall=0.0, min_confidence=0.0))
    out = rows(tmp_path, "rejected.csv")
    assert sum(row["reason"] == "a copy of a training clip" for row in out) >= 12  # half of the 24; H.264 moves some
    assert done.passed == 24 - len(out)


def test_a_judge_of_other_data_is_refused(planted, judge, clip_folder, tmp_path):
    state = checkpoint.load(judge)
    state["versions"]["data"] = "0123456789abcdef"
    checkpoint.save(tmp_path / "other.pt", state)
    with pytest.raises(ValueError, match="trained on another list of videos .* Train an evaluator on the same data"):
        generate(settings(planted("diverse"), tmp_path / "bank", judge=str(tmp_path / "other.pt")))
    state["classes"] = ["a", "b", "c", "d"]
    checkpoint.save(tmp_path / "other.pt", state)
    with pytest.raises(ValueError, match="its classes are a, b, c, d, those of"):
        generate(settings(planted("diverse"), tmp_path / "bank", judge=str(tmp_path / "other.pt")))


def test_a_bank_is_trained_on_where_its_generator_was_and_nowhere_else(planted, clip_folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    generate(settings(planted("diverse"), tmp_path / "bank"))
    trainer = {"batch_size": 6, "max_steps": 2, "precision": "fp32", "tensorboard": False}
    given = {"trainer": trainer, "synthetic": {"source": str(tmp_path / "bank")}, "run_dir": str(tmp_path / "run")}
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0}
    assert videoai.train(given, data=data).step == 2
    with pytest.raises(ValueError, match="its generator was trained on another list of videos"):
        videoai.train({**given, "run_dir": str(tmp_path / "b")}, data={**data, "val_fraction": 0.3})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"per_class": 0}, "per_class=0: give a whole number from 1 up"),
        ({"min_recall": 2}, "min_recall=2: give a number from 0 to 1"),
        ({"drop_copies": "maybe"}, "drop_copies=maybe: give true or false"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_a_folder_is_made(planted, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        generate(settings(planted("diverse"), tmp_path / "bank", **changes))
    assert not (tmp_path / "bank").exists()


def test_a_generator_is_no_judge(planted, tmp_path):
    with pytest.raises(ValueError, match="a checkpoint of task=gan, which predicts no actions"):
        generate(settings(planted("diverse"), tmp_path / "bank", judge=planted("copies")))
