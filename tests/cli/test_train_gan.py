"""``videoai train task=gan`` as a subprocess on real files."""

import json

import pytest

SMOKE = (
    *("gan", "train", "trainer.max_steps=8", "trainer.batch_size=8", "trainer.eval_every=8"),
    *("gan.generator.width=8", "data.num_workers=0", "trainer.num_threads=1", "trainer.log_every=2", "run_dir=run"),
)


@pytest.fixture(scope="module")
def trained(clip_folder, videoai_command, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("project")
    done = videoai_command(
        *SMOKE, "data=folder", f"data.root={clip_folder}", "data.val_fraction=0.34", "data.split_seed=69", cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return cwd, done


@pytest.mark.slow
def test_eight_steps_train_and_say_what_comes_next(trained):
    cwd, done = trained
    assert "val named x spread" in done.stdout
    assert "next: videoai gan evaluate checkpoint=run/checkpoints/best.pt" in done.stdout
    assert "generator 0.39 M, discriminator 1.27 M parameters" in done.stderr
    assert "likeness of real clips of train to those of val" in done.stderr
    run = cwd / "run"
    assert {"config.yaml", "metrics.jsonl", "checkpoints", "tensorboard", "films"} <= {p.name for p in run.iterdir()}
    assert [path.name for path in (run / "films").iterdir()] == ["step_000008.mp4"]
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["split"] == "train"] == [2, 4, 6, 8]


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["evaluate", "predict"])
def test_a_gan_is_not_asked_for_names(trained, videoai_command, verb):
    cwd, _ = trained
    video = ["input=run/films/step_000008.mp4"] if verb == "predict" else []
    done = videoai_command(verb, "checkpoint=run/checkpoints/best.pt", *video, cwd=cwd)
    assert done.returncode == 1
    lines = [
        line for line in done.stderr.splitlines() if not line.startswith("motion16: ")
    ]  # it renders when first used
    assert len(lines) == 1
    assert "a GAN, which makes clips and names none. Its own scores: videoai gan evaluate" in done.stderr


def test_help_shows_the_settings_of_the_task(videoai_command, tmp_path):
    text = videoai_command("gan", "train", "--help", cwd=tmp_path).stdout
    assert "gan.diff_augment=[color, translation, cutout]" in text
    assert "gan=        base small tiny" in text
    assert "optim.lr_generator=0.0004" in text and "model=" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "gan=small"], "'gan' is a setting of GANs: videoai gan train gan=..."),
        (["train", "gan.r1=1"], "'gan' is a setting of GANs: videoai gan train"),
        (["train", "task=gna"], "task=gna: no such choice"),
        (["gan", "train", "gan=tny"], "gan=tny: no such choice. Did you mean tiny?"),
        (["gan", "train", "gan.r2=1"], "unknown setting 'gan.r2'. Did you mean gan.r1?"),
        (["gan", "train", "model=r3d_18"], "unknown setting 'model'"),
        (["gan", "train", "data.only=[lft,up]", "data.size=tiny"], "has no class 'lft'. Did you mean left"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, message, videoai_command, tmp_path):
    done = videoai_command(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr
    lines = [
        line for line in done.stderr.splitlines() if not line.startswith("motion16: ")
    ]  # it renders when first used
    assert len(lines) == 1


OWN_NETWORK = """
import torch
class Painter(torch.nn.Module):
    def __init__(self, num_classes, num_frames, size, depth):
        super().__init__()
        self.num_classes, self.latent_size, self.num_frames, self.size = num_classes, depth, num_frames, size
        self.paint = torch.nn.Linear(depth + num_classes, 3 * num_frames * size * size)
    def forward(self, latent, label, conditioning=1.0):
        code = torch.cat([latent, conditioning * torch.nn.functional.one_hot(label, self.num_classes)], 1)
        return self.paint(code).tanh().view(-1, 3, self.num_frames, self.size, self.size)
"""
OWN_PRESET = """# @package _global_
defaults:
  - /clip@_global_.clip: 16x2x32
  - _self_
gan:
  name: painter
  generator: {_target_: ownnet.Painter, depth: 5}
  discriminator: {name: dual, width: 4, num_looks: 0, spectral_norm: true}
"""


@pytest.mark.slow
def test_a_generator_of_ones_own_is_one_file_and_one_yaml(clip_folder, videoai_command, tmp_path):
    (tmp_path / "mine/gan").mkdir(parents=True)
    (tmp_path / "mine/gan/painter.yaml").write_text(OWN_PRESET)
    (tmp_path / "ownnet.py").write_text(OWN_NETWORK)
    data = ("data=folder", f"data.root={clip_folder}", "data.num_workers=0")
    done = videoai_command(
        *("gan", "train", "--config-dir", "mine", "gan=painter", "trainer.max_steps=2", *data), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert f"next: videoai gan evaluate checkpoint=runs/{clip_folder.name}-painter/checkpoints/" in done.stdout
