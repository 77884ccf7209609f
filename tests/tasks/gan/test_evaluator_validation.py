"""A GAN with an evaluator keeps the checkpoint with the best metric; an evaluator of other data is an error."""

import json

import pytest

import videoai
from videoai.core.checkpoint import weights_hash
from videoai.inference.load_generator import load_generator

CLIP = {"num_frames": 8, "size": 32, "stride": 2}
SMALL = {"batch_size": 4, "precision": "fp32", "num_threads": 1, "tensorboard": False, "log_every": 1, "max_steps": 2}


def config(clip_folder, tmp_path, judge, **data):
    networks = {"generator": {"width": 2}, "discriminator": {"width": 2}}
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0, "flip": 0.0, **data}
    given = {"task": "gan", "data": data, "clip": CLIP, "gan": networks, "trainer": {**SMALL, "eval_every": 1}}
    return {**given, "judge": f"{judge}/checkpoints/best.pt", "run_dir": str(tmp_path / "run")}


def test_the_best_checkpoint_is_chosen_by_the_judge(clip_folder, judge_run, tmp_path):
    done = videoai.train(config(clip_folder, tmp_path, judge_run))
    assert done.metric == "judged"
    lines = map(json.loads, (tmp_path / "run/metrics.jsonl").read_text().splitlines())
    evaluations = [line for line in lines if line["split"] == "val"]
    assert all({"likeness", "agreement", "diversity", "recall", "memorised"} <= line.keys() for line in evaluations)
    assert done.best_value == pytest.approx(max(line["judged"] for line in evaluations), abs=1e-4)  # logs are rounded
    products = [line["agreement"] * min(1, line["diversity"]) for line in evaluations]
    assert [line["judged"] for line in evaluations] == pytest.approx(products, abs=1e-3)


@pytest.mark.slow
def test_with_cas_steps_a_classifier_of_made_clips_chooses_and_the_gan_stays_the_same(clip_folder, judge_run, tmp_path):
    given = config(clip_folder, tmp_path, judge_run)
    with_cas = videoai.train(given | {"cas_steps": 3})
    lines = map(json.loads, (tmp_path / "run/metrics.jsonl").read_text().splitlines())
    evaluations = [line for line in lines if line["split"] == "val"]
    assert with_cas.metric == "cas"
    assert with_cas.best_value == pytest.approx(max(line["cas"] for line in evaluations), abs=1e-4)
    without = videoai.train(given | {"run_dir": str(tmp_path / "without")})
    hashes = [weights_hash(load_generator(done.checkpoint.replace("best", "last"))) for done in (with_cas, without)]
    assert hashes[0] == hashes[1]


@pytest.mark.slow
def test_under_another_judge_the_best_is_chosen_again(clip_folder, judge_run, tmp_path, caplog):
    given = config(clip_folder, tmp_path, judge_run)
    videoai.train(given | {"cas_steps": 3})
    longer = videoai.train(given | {"trainer": {**SMALL, "eval_every": 1, "max_steps": 3}})
    assert (longer.metric, longer.best_step) == ("judged", 3)
    assert "the best is chosen again" in caplog.text


def test_cas_needs_a_judge(clip_folder, judge_run, tmp_path):
    with pytest.raises(ValueError, match="cas_steps=3: give judge=CLASSIFIER.pt"):
        videoai.train(config(clip_folder, tmp_path, judge_run) | {"judge": None, "cas_steps": 3})


def test_a_judge_of_other_splits_is_refused(clip_folder, judge_run, tmp_path):
    with pytest.raises(ValueError, match="trained on another list of videos than .*, so it may know the val and test"):
        videoai.train(config(clip_folder, tmp_path, judge_run, val_fraction=0.34))
