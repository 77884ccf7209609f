"""Sound beside the picture from the command line, on cartoon faces that hum."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("torchaudio", reason="sound needs torchaudio: pip install 'videoai[audio]'")
ROOT = Path(__file__).resolve().parents[2]
SHORT = (
    "model=tiny_r3d",
    "clip.num_frames=4",
    "audio.width=4",
    "trainer.batch_size=4",
    "trainer.precision=fp32",
    "trainer.num_threads=1",
    "device=cpu",
    "report=false",
)
TORCHRUN = [sys.executable, *["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "videoai"]]


@pytest.fixture(scope="module")
def voices(tmp_path_factory) -> Path:
    """RAVDESS of eight actors; a quarter of the clips has no audio stream."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from render_voices import write_voices
    finally:
        sys.path.pop(0)
    root = tmp_path_factory.mktemp("voices")
    write_voices(root / "ravdess", actors=8, takes=1, silent_share=0.25)
    return root / "ravdess"


@pytest.fixture(scope="module")
def trained(voices, videoai_command, tmp_path_factory) -> Path:
    """The folder of a run of four steps that sees and hears."""
    cwd = tmp_path_factory.mktemp("trained")
    given = ("data=ravdess", f"data.root={voices}", "modalities=[v,a]", *SHORT, "run_dir=run")
    done = videoai_command("train", *given, "trainer.max_steps=4", "loading.num_workers=0", cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert "training videos looked at have no audio stream; such a clip is answered by the picture alone" in done.stderr
    assert "model tiny_r3d and a network of sounds" in done.stderr
    return cwd / "run"


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints/last.pt", weights_only=True)["model"]


def silent_and_sounding(voices: Path) -> tuple[str, str]:
    from videoai.data.decode.sound import has_sound

    paths = [str(path) for path in sorted(voices.rglob("*.mp4"))]
    return next(one for one in paths if not has_sound(one)), next(one for one in paths if has_sound(one))


@pytest.mark.slow
def test_a_run_that_stops_and_goes_on_with_other_workers_ends_with_the_same_bits(
    trained, voices, videoai_command, tmp_path
):
    given = ("data=ravdess", f"data.root={voices}", "modalities=[v,a]", *SHORT, "run_dir=run")
    for steps, workers in ((2, 2), (4, 0)):
        more = (f"trainer.max_steps={steps}", f"loading.num_workers={workers}")
        assert videoai_command("train", *given, *more, cwd=tmp_path).returncode == 0
    one, other = weights(trained), weights(tmp_path / "run")
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert any(key.startswith("sound.") for key in one) and any(key.startswith("video.") for key in one)


@pytest.mark.slow
def test_an_evaluation_counts_what_has_no_sound_and_takes_the_rest_away(trained, videoai_command, tmp_path):
    given = ("evaluate", f"checkpoint={trained}/checkpoints/last.pt", "split=all", "num_workers=0", "device=cpu")
    done = videoai_command(*given, "views=2x3", "ablate=[mute,shuffle]", "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert set(results["ablations"]) == {"mute", "shuffle"} and results["n_total"] == 64
    assert 0 < results["unheard"] < 64
    assert f"{results['unheard']} of 64 videos, answered by the picture alone" in " ".join(done.stdout.split())
    assert "Motion and sound" in (tmp_path / "out/report.html").read_text()
    isolated = videoai_command(*given, "isolated=true", "views=2x3", "run_dir=apart", cwd=tmp_path)
    assert isolated.returncode == 0, isolated.stderr
    assert (tmp_path / "apart/predictions.csv").read_bytes() == (tmp_path / "out/predictions.csv").read_bytes()


@pytest.mark.slow
def test_files_are_answered_as_they_are_evaluated_and_a_silent_one_is_named(trained, voices, videoai_command, tmp_path):
    import videoai

    silent, sounding = silent_and_sounding(voices)
    checkpoint = f"checkpoint={trained}/checkpoints/last.pt"
    done = videoai_command("predict", checkpoint, f"input={Path(silent).parent}", "device=cpu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{silent}: no sound, so the answer is by the picture alone" in done.stderr
    assert f"{sounding}: no sound" not in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    answered = {Path(line["path"]).name: line["top"][0]["probability"] for line in lines}
    assert (
        videoai_command("evaluate", checkpoint, "split=all", "num_workers=0", "run_dir=out", cwd=tmp_path).returncode
        == 0
    )
    table = [line.split(",") for line in (tmp_path / "out/predictions.csv").read_text().splitlines()]
    column = table[0].index("probability")
    scored = {Path(row[0]).name: float(row[column]) for row in table[1:]}
    for name, probability in answered.items():
        assert probability == pytest.approx(scored[name], abs=1e-3)  # the table rounds, batches differ
    model = videoai.load(trained / "checkpoints/last.pt")
    (answer,) = model.predict(sounding)
    assert answer.to_dict()["top"][0]["probability"] == pytest.approx(scored[Path(sounding).name], abs=1e-3)


@pytest.mark.slow
def test_sound_alone_learns_and_a_silent_clip_counts_as_unreadable(voices, videoai_command, tmp_path):
    given = ("data=ravdess", f"data.root={voices}", "modalities=[a]", *SHORT, "loading.num_workers=0", "run_dir=run")
    done = videoai_command("train", *given, "trainer.max_steps=2", "loading.max_bad_fraction=0.9", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "model of sounds alone" in done.stderr and "such a clip is unreadable" in done.stderr
    checkpoint = "checkpoint=run/checkpoints/last.pt"
    done = videoai_command("evaluate", checkpoint, "split=all", "num_workers=0", "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert results["n_bad"] > 0 and results["n_total"] == 64
    silent, _ = silent_and_sounding(voices)
    done = videoai_command("predict", checkpoint, f"input={silent}", cwd=tmp_path)
    assert "no_audio_stream" in json.loads(done.stdout)["error"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "task",
    [
        ("task=multi_head", "task.heads={emotion: class, intensity: class}"),
        ("task=ordinal", "data.target=intensity", "task.order=[normal,strong]"),
    ],
    ids=lambda words: words[0],
)
def test_other_tasks_hear_too(voices, videoai_command, tmp_path, task):
    given = ("data=ravdess", f"data.root={voices}", "modalities=[v,a]", *task, *SHORT, "run_dir=run")
    done = videoai_command("train", *given, "trainer.max_steps=2", "loading.num_workers=0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    checkpoint = "checkpoint=run/checkpoints/last.pt"
    done = videoai_command("evaluate", checkpoint, "num_workers=0", "run_dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["replicate", "shard"])
def test_two_processes_make_the_steps_of_one(trained, voices, tmp_path, mode):
    given = ["train", "data=ravdess", f"data.root={voices}", "modalities=[v,a]", *SHORT, "run_dir=run"]
    given += ["trainer.max_steps=4", "loading.num_workers=0", f"parallel={mode}"]
    given[given.index("trainer.batch_size=4")] = "trainer.batch_size=2"
    done = subprocess.run(
        [*TORCHRUN, *given, "trainer.accumulate=2"], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert weights(tmp_path / "run").keys() == weights(trained).keys()


@pytest.mark.slow
def test_what_cannot_hear_refuses_such_a_checkpoint_in_one_line(trained, videoai_command, clip_folder, tmp_path):
    best = trained / "checkpoints/last.pt"
    asked = [
        (("features", "extract", f"checkpoint={best}", "data=folder", f"data.root={clip_folder}"), "hears"),
        (("ensemble", f"runs=[{best},{trained}]", "out=e.pt"), "an ensemble joins networks that only see"),
        (("evaluate", f"checkpoint={best}", "events=true"), "hears"),
    ]
    for words, said in asked:
        done = videoai_command(*words, cwd=tmp_path)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert said in done.stderr
    silent = ("train", "data=folder", f"data.root={clip_folder}", "modalities=[v,a]", *SHORT)
    done = videoai_command(*silent, cwd=tmp_path)
    assert done.returncode == 1 and "has an audio stream, first " in done.stderr


@pytest.mark.slow
def test_the_network_of_pictures_starts_a_run_that_only_sees(trained, voices, videoai_command, tmp_path):
    given = ("data=ravdess", f"data.root={voices}", f"weights={trained}/checkpoints/last.pt", *SHORT, "run_dir=run")
    given = tuple(word for word in given if not word.startswith("audio."))
    done = videoai_command("train", *given, "trainer.max_steps=1", "loading.num_workers=0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "its network of pictures; that of sounds begins anew" in done.stderr
    done = videoai_command(
        "evaluate", "checkpoint=run/checkpoints/last.pt", "ablate=[mute]", "num_workers=0", cwd=tmp_path
    )
    assert done.returncode == 1 and "ablate=mute takes the sound away, and the checkpoint sees alone" in done.stderr
