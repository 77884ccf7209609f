"""``videoai train task=gan`` as a subprocess on real files."""

import json

import pytest

SMOKE = (
    *("train", "task=gan", "trainer.max_steps=20", "trainer.batch_size=8", "trainer.eval_every=20"),
    *("gan.generator.width=8", "data.num_workers=0", "trainer.num_threads=1", "trainer.log_every=5", "run_dir=run"),
)


@pytest.fixture(scope="module")
def trained(clip_folder, videoai_command, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("project")
    done = videoai_command(*SMOKE, "data=folder", f"data.root={clip_folder}", "data.val_fraction=0.34", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd, done


def test_twenty_steps_train_and_say_what_comes_next(trained):
    cwd, done = trained
    assert "val likeness" in done.stdout
    assert "next: videoai evaluate task=gan checkpoint=run/checkpoints/best.pt" in done.stdout
    assert "generator 0.39 M, discriminator 0.72 M parameters" in done.stderr
    assert "likeness of real clips of train to those of val" in done.stderr
    run = cwd / "run"
    assert {"config.yaml", "metrics.jsonl", "checkpoints", "tensorboard", "films"} <= {p.name for p in run.iterdir()}
    assert [path.name for path in (run / "films").iterdir()] == ["step_000020.mp4"]
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["split"] == "train"] == [5, 10, 15, 20]


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
def test_a_gan_is_not_asked_for_names(trained, videoai_command, verb):
    cwd, _ = trained
    video = ["input=run/films/step_000020.mp4"] if verb == "predict" else []
    done = videoai_command(verb, "checkpoint=run/checkpoints/best.pt", *video, cwd=cwd)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "a GAN, which makes clips and names none. Its own scores: videoai evaluate task=gan" in done.stderr


def test_help_shows_the_settings_of_the_task(videoai_command, tmp_path):
    text = videoai_command("train", "task=gan", "--help", cwd=tmp_path).stdout
    assert "diff_augment: [color, translation, cutout]" in text
    assert "gan=        base small tiny" in text
    assert "optim.lr_generator" not in text and "model=" not in text
    assert "task=gan" in videoai_command("train", "--help", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "gan=small"], "'gan' is a setting of GANs: videoai train task=gan gan=..."),
        (["train", "gan.r1=1"], "'gan.r1' is a setting of GANs"),
        (["train", "task=gna"], "task=gna: no such task. Did you mean 'gan'?"),
        (["train", "task=gan", "gan=tny"], "gan=tny: no such choice. Did you mean 'tiny'?"),
        (["train", "task=gan", "gan.r2=1"], "unknown setting 'gan.r2'. Did you mean 'gan.r1'?"),
        (["train", "task=gan", "model=r3d_18"], "unknown setting 'model'"),
        (["train", "task=gan", "data.only=[lft,up]", "data.size=tiny"], "has no class 'lft'. Did you mean left"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, message, videoai_command, tmp_path):
    done = videoai_command(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
