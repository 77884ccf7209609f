"""Generated clips in a real run: never in val or test, never more steps, and continued bitwise."""

import json
import logging

import pytest
import torch

import videoai
from videoai.data.generated.dataset import table_of
from videoai.data.lists.from_files import from_folder

SMALL = {"batch_size": 6, "precision": "fp32", "tensorboard": False, "log_every": 1, "num_threads": 1}
CLASSES = ("down", "left", "right", "up")


def settings(clip_folder, run_dir, source, *, steps=4, stop=None, **synthetic):
    return {
        "data": {"name": "folder", "root": str(clip_folder), "num_workers": 0},
        "trainer": {**SMALL, "max_epochs": None, "max_steps": stop or steps},
        "schedule": "constant",
        "run_dir": str(run_dir),
        "synthetic": {"source": str(source), **synthetic},
    }


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """Clips of the same classes from elsewhere, in a table with the evaluator's confidence."""
    from videoai.data.encode import write_clip
    from videoai.data.motion16.motion import CLASSES as MOTIONS
    from videoai.data.motion16.motion import render

    root, rows = tmp_path_factory.mktemp("bank"), []
    for name in CLASSES:
        for number in range(3):
            path = root / f"{name}{number}.mp4"
            frames, _ = render(label=MOTIONS.index(name), seed=9, split="train", index=number, level="easy", size_px=32)
            write_clip(path, frames)
            rows.append({"path": path.name, "label": name, "confidence": 0.5 + number / 10})
    (root / "manifest.csv").write_bytes(table_of(rows))
    return root


def weights(run_dir):
    return torch.load(run_dir / "checkpoints/last.pt", weights_only=True)["model"]


def losses(run_dir):
    lines = map(json.loads, (run_dir / "metrics.jsonl").read_text().splitlines())
    return [line["loss"] for line in lines if line["split"] == "train"]


@pytest.mark.slow
def test_a_bank_changes_what_is_learned_and_not_for_how_long(clip_folder, bank, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    without = videoai.train({**settings(clip_folder, tmp_path / "a", bank), "synthetic": {"source": None}})
    with_bank = videoai.train(settings(clip_folder, tmp_path / "b", bank, until=0.5))
    assert with_bank.step == without.step == 4
    assert losses(tmp_path / "a")[0] != losses(tmp_path / "b")[0]
    said = caplog.text
    assert "12 generated clips, for train only" in said
    assert "3 of the 6 clips of a batch are generated up to step 2, none after it" in said
    assert "Generated clips per class" in said


@pytest.mark.slow
def test_a_run_with_generated_clips_continues_bitwise(clip_folder, bank, tmp_path):
    smooth = {"label_smoothing": "by_uncertainty", "weight": 0.5, "until": 0.6}
    given = settings(clip_folder, tmp_path / "whole", bank, **smooth)
    given["trainer"] |= {"max_epochs": 2, "max_steps": None}
    videoai.train(given)
    for stop in (2, None):  # before and after the last batch with generated clips
        given["run_dir"] = str(tmp_path / "parts")
        videoai.train({**given, "trainer": {**given["trainer"], "max_steps": stop}})
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_clips_of_val_and_test_are_refused_as_generated_ones(clip_folder, tmp_path):
    with pytest.raises(ValueError, match=r"8 of its clips are val or test videos of .*/clips\d+, such as"):
        videoai.train(settings(clip_folder, tmp_path, clip_folder))


def test_a_bank_of_a_generator_that_saw_other_data_is_refused(clip_folder, bank, tmp_path):
    def table(data):
        rows = [{"path": str(bank / "up0.mp4"), "label": "up", "data": data}]
        (tmp_path / "manifest.csv").write_bytes(table_of(rows))
        return settings(clip_folder, tmp_path / "run", tmp_path, steps=1)

    with pytest.raises(ValueError, match="its generator was trained on another list of videos"):
        videoai.train(table("0123456789abcdef"))
    same = from_folder(clip_folder).fingerprint()
    assert videoai.train(table(same)).step == 1


def test_a_run_is_not_continued_with_other_generated_clips(clip_folder, bank, tmp_path):
    videoai.train(settings(clip_folder, tmp_path / "run", bank, steps=1))
    other = tmp_path / "other.csv"
    other.write_bytes(table_of([{"path": str(bank / "up0.mp4"), "label": "up"}]))
    with pytest.raises(ValueError, match="began with other generated clips. Choose another run_dir"):
        videoai.train(settings(clip_folder, tmp_path / "run", other, stop=2, steps=1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ratio": 0}, "synthetic.ratio=0: give a number above 0 to 1"),
        ({"ratio": 0.05}, "synthetic.ratio=0.05: less than one clip of trainer.batch_size=6"),
        ({"until": 1.5}, "synthetic.until=1.5: give a number above 0 to 1"),
        ({"weight": -1}, "synthetic.weight=-1: give a number above 0"),
        ({"classes": "some"}, "synthetic.classes=some:.* Choose from all, rare"),
        ({"classes": "rare"}, "synthetic.classes=rare: no class has less than half as many clips"),
        ({"label_smoothing": "yes"}, "synthetic.label_smoothing=yes:.* Choose from none, by_uncertainty"),
    ],
)
def test_settings_that_make_no_sense_are_refused(clip_folder, bank, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        videoai.train(settings(clip_folder, tmp_path, bank, **changes))


def test_uncertainty_is_not_invented_where_no_judge_spoke(clip_folder, bank, tmp_path):
    (tmp_path / "t.csv").write_bytes(table_of([{"path": str(bank / "up0.mp4"), "label": "up"}]))
    given = settings(clip_folder, tmp_path / "run", tmp_path / "t.csv", label_smoothing="by_uncertainty")
    with pytest.raises(ValueError, match="holds no confidence. Write the clips with an evaluator"):
        videoai.train(given)


def test_an_unreadable_generated_clip_is_said_and_does_not_count_against_the_data(clip_folder, bank, tmp_path, caplog):
    (tmp_path / "bank" / "up").mkdir(parents=True)
    (tmp_path / "bank" / "up" / "good.mp4").symlink_to(bank / "up0.mp4")
    (tmp_path / "bank" / "up" / "broken.mp4").write_bytes(b"\0" * 500)
    assert videoai.train(settings(clip_folder, tmp_path / "run", tmp_path / "bank", steps=2)).step == 2
    assert "unreadable generated clip (1 so far)" in caplog.text


def test_only_rare_classes_get_generated_clips_where_that_is_asked(clip_folder, bank, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    rows = [
        {"path": str(path), "label": path.parent.name, "split": "train" if number % 3 else "val"}
        for number, path in enumerate(sorted(clip_folder.glob("*/*.mp4")))
        if path.parent.name != "up" or path.stem in ("up_0", "up_1")
    ]
    (tmp_path / "real.csv").write_bytes(table_of(rows))
    given = settings(clip_folder, tmp_path / "run", bank, steps=1, classes="rare")
    given["data"] = {"name": "csv", "path": str(tmp_path / "real.csv"), "num_workers": 0, "test_fraction": 0}
    videoai.train(given)
    assert "3 generated clips, for train only" in caplog.text
    assert "no generated clips of down, left, right" in caplog.text


CLIP = {"num_frames": 8, "size": 32, "stride": 2}


@pytest.mark.slow
def test_a_generator_fills_batches_on_the_device_and_continues_bitwise(clip_folder, untrained_gan, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    given = settings(clip_folder, tmp_path / "whole", untrained_gan, until=0.6) | {"clip": CLIP}
    given["trainer"] |= {"max_epochs": 2, "max_steps": None}
    videoai.train(given)
    assert "a generator, not evaluated" in caplog.text
    for stop in (2, None):
        given["run_dir"] = str(tmp_path / "parts")
        videoai.train({**given, "trainer": {**given["trainer"], "max_steps": stop}})
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clip": {**CLIP, "size": 16}}, "it makes 8 frames of 32 px, the clip has 8 of 16. Set clip.num_frames=8"),
        ({"data": {"val_fraction": 0.3}}, "its generator was trained on another list of videos"),
        ({"synthetic": {"ratio": 1.0}}, "needs real clips beside its own"),
        ({"synthetic": {"label_smoothing": "by_uncertainty"}}, "a generator has no evaluator"),
    ],
)
def test_a_generator_that_does_not_fit_is_refused(clip_folder, untrained_gan, tmp_path, changes, message):
    given = settings(clip_folder, tmp_path, untrained_gan) | {"clip": CLIP}
    for group, values in changes.items():
        given[group] = {**given[group], **values}
    with pytest.raises(ValueError, match=message):
        videoai.train(given)


def test_a_checkpoint_that_makes_no_clips_is_refused_as_a_source(clip_folder, judge_run, tmp_path):
    with pytest.raises(ValueError, match="not a GAN, so it generates no clips"):
        videoai.train(settings(clip_folder, tmp_path, judge_run / "checkpoints/best.pt"))


def test_clips_with_several_labels_get_no_generated_ones(clip_folder, bank, tmp_path):
    rows = [{"path": str(path), "label": f"{path.parent.name}|clip"} for path in sorted(clip_folder.glob("*/*.mp4"))]
    (tmp_path / "real.csv").write_bytes(table_of(rows))
    given = settings(clip_folder, tmp_path / "run", bank)
    given["data"] = {"name": "csv", "path": str(tmp_path / "real.csv"), "multi_label": True, "num_workers": 0}
    with pytest.raises(ValueError, match="not for clips with several labels each"):
        videoai.train(given)
