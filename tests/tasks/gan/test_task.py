import json

import pytest
import torch

import videoai
from videoai.compose.settings import from_keywords
from videoai.inference.load_generator import load_generator
from videoai.run.train import build_trainer, resolve
from videoai.run.training.open_run import open_run
from videoai.settings.gan import TrainGanSettings

SMALL = {"batch_size": 4, "precision": "fp32", "num_threads": 1, "tensorboard": False, "log_every": 1}
EVERYTHING = {"conditioning_steps": [2, 8], "r1": 1.0, "r1_every": 3, "ada_target": 0.1, "ada_clips": 40}
NETWORKS = {
    "generator": {"width": 4, "motion_code": "gru"},
    "discriminator": {"width": 4},
}


def settings_from(given: dict) -> TrainGanSettings:
    return from_keywords(
        TrainGanSettings, {key: value for key, value in given.items() if (key, value) != ("task", "gan")}
    ).settings()


def config(clip_folder, tmp_path, **changes) -> dict:
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0, "val_fraction": 0.34, "flip": 0.0}
    clip = {"num_frames": 8, "size": 16, "resize": 16}
    gan = {**NETWORKS, **EVERYTHING}
    return {"task": "gan", "data": data, "clip": clip, "gan": gan, "run_dir": str(tmp_path / "run"), **changes}


def last(tmp_path, name: str) -> dict:
    return torch.load(tmp_path / name / "checkpoints" / "last.pt", weights_only=True)


def test_stopping_and_going_on_gives_bitwise_the_run_that_never_stopped(clip_folder, tmp_path):
    """With everything that has a state or a course: both networks, Adam, the average, p, the monitor, R1 and fading."""
    states = []
    for name, stops in (("straight", [10]), ("stopped", [3, 10])):
        for stop in stops:
            given = config(clip_folder, tmp_path, run_dir=str(tmp_path / name))
            videoai.train(given, trainer={**SMALL, "max_steps": stop, "eval_every": 5})
        states.append(last(tmp_path, name))
    for part in ("model", "ema"):
        assert states[0][part].keys() == states[1][part].keys()
        assert all(torch.equal(value, states[1][part][key]) for key, value in states[0][part].items())
    assert states[0]["model"]["monitor.steps"] == 10
    assert states[0]["model"]["augmentation.p"] > 0
    assert states[0]["metrics"] == states[1]["metrics"]


def test_a_run_leaves_a_log_films_and_a_generator(clip_folder, tmp_path):
    done = videoai.train(config(clip_folder, tmp_path), trainer={**SMALL, "max_steps": 2, "eval_every": 1})
    assert done.metric == "score" and 0 <= done.best_value <= 1
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    train = next(line for line in lines if line["split"] == "train")
    assert {"loss_d", "loss_g", "sign_real", "sign_fake", "augment_p"} <= set(train)
    assert {"likeness", "spread", "named", "score"} <= set(next(line for line in lines if line["split"] == "val"))
    film = tmp_path / "run/films/step_000002.mp4"
    with videoai.open_video(film) as video:
        assert (video.num_frames, video.height, video.width) == (8, 4 * 16, 6 * 16)
    generator = load_generator(done.checkpoint)
    assert generator.classes == ["down", "left", "right", "up"]
    assert (generator.num_classes, generator.num_frames, generator.size) == (4, 8, 16)
    assert not generator.training and generator.clip.mean == (0.5, 0.5, 0.5)
    made = generator(torch.zeros(1, generator.latent_size), torch.tensor([1]))
    assert made.shape == (1, 3, 8, 16, 16) and made.abs().max() <= 1


def test_the_averaged_weights_are_those_that_are_loaded(clip_folder, tmp_path):
    for decay in (0.9, None):
        run = tmp_path / str(decay)
        given = config(clip_folder, tmp_path, run_dir=str(run))
        videoai.train(given, trainer={**SMALL, "max_steps": 2, "ema_decay": decay})
        state = last(tmp_path, str(decay))
        kept = state["ema"]["module.to_pixels.weight"] if decay else state["model"]["generator.to_pixels.weight"]
        assert torch.equal(load_generator(run / "checkpoints/last.pt").generator.to_pixels.weight, kept)
        assert torch.equal(kept, state["model"]["generator.to_pixels.weight"]) == (decay is None)


def test_batches_hold_every_class_equally_often(clip_folder, tmp_path):
    full = settings_from(config(clip_folder, tmp_path, trainer={**SMALL, "batch_size": 8}))
    with open_run(resolve(full)) as run:
        trainer = build_trainer(run)
    drawn = torch.cat([clips.label for clips, _ in zip(trainer.batches(0), range(4), strict=False)])
    assert drawn.bincount().min() >= 6  # out of 32 clips of four classes; balanced over an epoch of 12


def test_a_collapse_is_said_once_an_evaluation_and_logged(clip_folder, tmp_path, caplog):
    full = settings_from(config(clip_folder, tmp_path, trainer={**SMALL, "max_steps": 1}))
    with open_run(resolve(full)) as run:
        trainer = build_trainer(run)
        trainer.evaluate.gan.monitor.patience = 1
        for parameter in trainer.average.source.norms.parameters():
            parameter.data.zero_()  # neither noise nor class reaches the layers
        trainer.average.source.seed.weight.data.zero_()
        trainer.fit()
    assert sum("generated clips of 4 of 4 classes are nearly alike" in record.message for record in caplog.records) == 1
    events = [json.loads(line) for line in trainer.log.path.read_text().splitlines() if '"event"' in line]
    assert events[0]["mode_collapse"] < 0.3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gan": {"generator": {"width": 4, "hight": 3}}}, "unknown setting 'gan.generator.hight'"),
        ({"gan": {"r1_every": 0}}, "gan.r1_every=0: give a whole number from 1 up"),
        ({"gan": {"diff_augment": ["flip"]}}, "gan.diff_augment=.*: give a list of some of color, translation, cutout"),
        (
            {"gan": {"conditioning_steps": [8, 2]}},
            r"gan.conditioning_steps=\[8, 2\]: give \[low, high\], two whole numbers",
        ),
        ({"augment": {"mixup": 0.2}}, "augment.mixup=0.2: a GAN learns from clips of one class"),
        ({"clip": {"size": 30, "resize": 30}}, "clip.size=30: a generator doubles the side"),
        ({"task": "gna"}, "task=gna: no such choice"),
    ],
)
def test_settings_that_make_no_sense_are_refused(clip_folder, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        videoai.train({**config(clip_folder, tmp_path), **changes}, trainer={**SMALL, "max_steps": 1})
    assert not (tmp_path / "run").exists()


def test_two_clips_a_class_are_needed(clip_folder, tmp_path):
    root = tmp_path / "data"
    for split in ("train", "val"):
        for name in ("left", "up"):
            (root / split / name).mkdir(parents=True)
            (root / split / name / f"{split}.mp4").symlink_to(clip_folder / name / f"{name}_0.mp4")
    data = {"name": "folder", "root": str(root), "num_workers": 0}
    with pytest.raises(ValueError, match="a class with a single training clip; a GAN needs two of each"):
        videoai.train(config(clip_folder, tmp_path, data=data), trainer={**SMALL, "max_steps": 1})


def test_the_checkpoint_of_a_classifier_is_no_generator(clip_folder, tmp_path):
    given = {"data": {"name": "folder", "root": str(clip_folder), "num_workers": 0}, "model": "frame_only"}
    short = {"max_steps": 1, "batch_size": 4, "precision": "fp32", "num_threads": 1, "tensorboard": False}
    done = videoai.train(given, trainer=short, run_dir=str(tmp_path / "run"))
    with pytest.raises(ValueError, match=r"best.pt: not a GAN, so it generates no clips. Train one: videoai gan train"):
        load_generator(done.checkpoint)
