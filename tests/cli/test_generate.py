"""From a generator to a classifier that trained on its clips, as a person types it."""

import csv

import pytest

FAST = ("trainer.batch_size=6", "trainer.precision=fp32", "trainer.tensorboard=false", "trainer.num_threads=1")
QUICK = ("num_workers=0", "device=cpu")


@pytest.mark.slow
def test_a_bank_is_made_and_trained_on(untrained_gan, videoai_command, clip_folder, tmp_path):
    made = videoai_command(
        "gan", "generate", f"checkpoint={untrained_gan}", "output=a bank", "per_class=2", *QUICK, cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    assert "up: 2 of 2 clips pass" in made.stdout
    assert "8 of 8 clips: a bank/manifest.csv" in made.stdout
    assert "to train on them, add to videoai train: 'synthetic.source=a bank'" in made.stdout
    assert len(list(csv.reader((tmp_path / "a bank/manifest.csv").read_text().splitlines()))) == 9
    data = ("data=folder", f"data.root={clip_folder}", "data.flip=0", "data.num_workers=0")
    trained = videoai_command(
        "train", *data, "synthetic.source=a bank", "trainer.max_steps=2", "run_dir=run", *FAST, cwd=tmp_path
    )
    assert trained.returncode == 0, trained.stderr
    assert "3 of the 6 clips of a batch are generated" in trained.stderr


def test_what_is_missing_or_wrong_is_one_line(untrained_gan, untrained, videoai_command, tmp_path):
    for arguments, message in (
        ((f"checkpoint={untrained_gan}",), "output is not set. Add output=..."),
        ((untrained, "output=b"), "not a GAN, so it generates no clips. Train one: videoai gan train"),
    ):
        done = videoai_command("gan", "generate", *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert message in done.stderr and "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "b").exists()


def test_a_generator_is_evaluated_with_one_line_a_measure(untrained_gan, judge_run, videoai_command, tmp_path):
    judge = f"judge={judge_run}/checkpoints/best.pt"
    done = videoai_command(
        *("gan", "evaluate", f"checkpoint={untrained_gan}", judge, "cas=false", "per_class=4", "run_dir=out"),
        *QUICK,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    for words in ("label agreement", "diversity", "memorised", "CAS and NAS: not measured", "fvd_own", "files: out/"):
        assert words in done.stdout
    assert {"results.json", "per_class.csv"} <= {path.name for path in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize("verb", ["generate", "evaluate"])
def test_help_lists_the_settings(verb, videoai_command, tmp_path):
    done = videoai_command("gan", verb, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "per_class=" in done.stdout
