"""``videoai study`` as a person runs it."""

import json

import pytest


@pytest.fixture(scope="module")
def encoder(clip_folder, tmp_path_factory) -> str:
    """Trained on two of the four motions of ``clip_folder``, which has a class of six clips."""
    import videoai

    run_dir = tmp_path_factory.mktemp("encoder")
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0, "flip": 0.0, "only": ["left", "right"]}
    trainer = {"batch_size": 8, "max_epochs": None, "max_steps": 4, "precision": "fp32", "tensorboard": False}
    clip = {"num_frames": 8, "size": 32, "stride": 2}
    return videoai.train(data=data, clip=clip, run_dir=str(run_dir), trainer={**trainer, "num_threads": 1}).checkpoint


@pytest.mark.slow
def test_a_study_measures_and_says_what_came_out(videoai_command, encoder, tmp_path):
    given = (
        f"checkpoint={encoder}",
        "arms=[none,gaussian,smote]",
        "shots=[1,3]",
        "run_dir=study",
        "l2=[1.0]",
        "num_workers=0",
    )
    first = videoai_command("study", "feature_augment", *given, "seeds=2", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "8 clips of 2 new classes" in first.stderr  # up and down, which data.only left out for the encoder
    assert "8 clips of 2 classes of the encoder lend their spread" in first.stderr
    assert "smote at 1: augment.features=smote needs 2 or more clips of a class, but class 'down' has 1" in first.stdout
    assert "Against none, gaussian" in first.stdout
    assert (tmp_path / "study/study.png").exists()
    assert len((tmp_path / "study/rows.jsonl").read_text().splitlines()) == 1 + 12
    assert json.loads((tmp_path / "study/results.json").read_text())["baseline"] == "none"


def test_a_study_without_a_name_or_a_checkpoint_says_what_there_is(videoai_command, tmp_path):
    unnamed = videoai_command("study", cwd=tmp_path)
    assert (unnamed.returncode, "choose from feature_augment, gan_augment" in unnamed.stderr) == (1, True)
    missing = videoai_command("study", "feature_augment", cwd=tmp_path)
    assert "checkpoint is not set" in missing.stderr
    shown = videoai_command("study", "feature_augment", "--help", cwd=tmp_path)
    assert "arms=[none, gaussian" in shown.stdout


@pytest.mark.slow
def test_more_data_and_label_noise_print_and_go_on_where_they_stopped(
    videoai_command, clip_folder, evaluated_run, tmp_path
):
    """One step each, or features of fresh weights: what is tested is the way from a command to its files."""
    given = [
        f"data.root={clip_folder}",
        "data=folder",
        "data.flip=0",
        "num_workers=0",
        "trainer.num_threads=1",
        "steps=1",
    ]
    given += [
        "trainer.precision=fp32",
        "clip.num_frames=8",
        "clip.size=32",
        "data.val_fraction=0.4",
        "data.test_fraction=0",
    ]
    more = ("study", "more_data", *given, "seeds=2", "parts=[0.3,0.6,1.0]", "run_dir=more")
    first = videoai_command(*more, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "6 classifiers, 1 step each" in first.stderr and "cannot tell" in first.stdout
    assert {"rows.jsonl", "results.json", "curve.png"} <= {path.name for path in (tmp_path / "more").iterdir()}
    assert "2 of 2 cells are there already" in videoai_command(*more, cwd=tmp_path).stderr
    frozen = f"checkpoint={evaluated_run}/checkpoints/best.pt"
    noise = videoai_command("study", "label_noise", *given, "folds=2", frozen, "run_dir=noise", cwd=tmp_path)
    assert noise.returncode == 0, noise.stderr
    assert "would be by the classifiers' own mistakes alone" in noise.stdout
    assert "label noise" in (tmp_path / "noise/report.html").read_text()
    taken = videoai_command("study", "label_noise", *given, "data.folds=3", cwd=tmp_path)
    assert (taken.returncode, "data.folds is set by the study: use folds=" in taken.stderr) == (1, True)


@pytest.mark.slow
def test_a_study_of_a_gan_pairs_its_arms_and_goes_on_where_it_stopped(videoai_command, clip_folder, tmp_path):
    """Two steps of everything: what is tested is the protocol. Four clips a class are in train."""
    given = [f"data.root={clip_folder}", "data=folder", "data.flip=0", "num_workers=0", "trainer.num_threads=1"]
    given += [
        "trainer.precision=fp32",
        "steps=2",
        "gan_steps=2",
        "gan.conditioning_steps=null",
        "per_class=4",
        "shots=[2]",
        "run_dir=study",
    ]
    given += ["gan.generator.width=4", "gan.discriminator.width=4", "gan.class_width=8"]
    arms = "arms=[real,real+oversampling,real+gaussian,diff_augment+gan,real+gan_gated,real+x2]"
    first = videoai_command("study", "gan_augment", *given, "seeds=2", arms, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "real+oversampling at 2: all classes have equally many clips (rare=1.0)" in first.stdout
    assert "Against real, " in first.stdout
    rows = [json.loads(line) for line in (tmp_path / "study/rows.jsonl").read_text().splitlines()[1:]]
    clips = {row["arm"]: row.get("clips") for row in rows if row["seed"] == 1}
    assert (clips["real"], clips["diff_augment+gan"], clips["real+x2"]) == (8, 8, 16)
    assert set(next(row for row in rows if row["arm"] == "real")["per_class"]) == {"left", "right", "up", "down"}
    assert (tmp_path / "study/study.png").exists()
    again = videoai_command(
        "study", "gan_augment", *given, "seeds=2", "arms=[real,real+x2]", "baseline=real+x2", cwd=tmp_path
    )
    assert "4 of 4 cells are there already" in again.stderr
    assert "Against real+x2, real " in again.stdout
    taken = videoai_command("study", "gan_augment", *given, "trainer.max_steps=3", cwd=tmp_path)
    assert (taken.returncode, "trainer.max_steps is set by the study: use steps=" in taken.stderr) == (1, True)
    other = videoai_command("study", "gan_augment", *given, "seeds=2", "gan.class_weight=0.1", cwd=tmp_path)
    assert (other.returncode, "was measured with gan: gan.class_weight=0.3, now it is 0.1" in other.stderr) == (1, True)


@pytest.mark.slow
def test_encoders_stand_beside_each_other_on_the_same_folds(videoai_command, evaluated_run, clip_folder, tmp_path):
    best = evaluated_run / "checkpoints" / "best.pt"
    words = ("study", "encoders", "data=folder", f"data.root={clip_folder}", "folds=3", "num_workers=0")
    encoders = f"encoders=[{best},tiny_r3d,gone.pt]"
    done = videoai_command(*words, encoders, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "tiny_r3d (untrained)" in done.stdout and "gone.pt: no such checkpoint" in done.stdout
    folder = tmp_path / "runs" / "study_encoders"
    rows = {row["arm"]: row for row in json.loads((folder / "results.json").read_text())["rows"]}
    assert rows[str(best)]["knows_classes"] and not rows["tiny_r3d"]["knows_classes"]
    assert rows[str(best)]["rows"] == rows["tiny_r3d"]["rows"] == 24
    assert rows[str(best)]["majority"] == rows["tiny_r3d"]["majority"]  # the same rows are tested
    assert rows["gone.pt"]["accuracy"] is None and rows["tiny_r3d"]["clips_per_second"] > 0
    assert (folder / "encoders.png").read_bytes().startswith(b"\x89PNG")
    again = videoai_command(*words, encoders, cwd=tmp_path)
    assert "2 of 3 cells are there already" in again.stderr
    nothing = videoai_command("study", "encoders", "encoders=[tiny_r3d]", cwd=tmp_path)
    assert nothing.returncode == 1 and "name the videos that all encoders see" in nothing.stderr
