"""Sets of emotions from the command line, on cartoon faces under the names of the publishers."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHORT = (
    "model=tiny_cnn_gru",
    "trainer.max_steps=2",
    "trainer.batch_size=8",
    "trainer.precision=fp32",
    "trainer.num_threads=1",
    "data.num_workers=0",
    "device=cpu",
)


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from render_faces import write_crema_d, write_ravdess
    finally:
        sys.path.pop(0)
    root = tmp_path_factory.mktemp("faces")
    write_ravdess(root / "ravdess", actors=8, takes=1)
    write_crema_d(root / "crema_d", actors=8)
    return root


def people_in(table: Path) -> set[str]:
    """Actors by the names of the files that a table of predictions lists."""
    names = [Path(line.split(",")[0]).stem for line in table.read_text().splitlines()[1:]]
    return {name[:4] if "_" in name else name[-2:] for name in names}


@pytest.mark.slow
def test_ravdess_trains_by_actor_and_says_uar_on_console_and_page(videoai_command, faces, tmp_path):
    looked = videoai_command("data", "inspect", str(faces / "ravdess"), "look=2", cwd=tmp_path)
    assert "data=ravdess" in looked.stdout, looked.stderr
    done = videoai_command("train", "data=ravdess", f"data.root={faces / 'ravdess'}", *SHORT, "run_dir=r", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "val mean class accuracy" in done.stdout + done.stderr
    told = videoai_command("evaluate", "checkpoint=r/checkpoints/last.pt", "num_workers=0", "run_dir=t", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "UAR" in told.stdout and "recall" in told.stdout
    (folder,) = {path.parent for path in tmp_path.glob("t/**/results.json")}
    results = json.loads((folder / "results.json").read_text())
    assert results["uar"] == results["mean_class_accuracy"] and len(results["class_recall"]) == 5
    assert "UAR" in (folder / "report.html").read_text()
    assert not people_in(folder / "predictions.csv") & people_in(tmp_path / "r/report/predictions.csv")


@pytest.mark.slow
def test_faces_sorted_by_emotion_are_refused_until_actors_stay_together(videoai_command, faces, tmp_path):
    for path in (faces / "ravdess").rglob("*.mp4"):
        folder = tmp_path / "sorted" / path.name.split("-")[2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.name).symlink_to(path)
    given = ("data=folder", "data.root=sorted", *SHORT)
    refused = videoai_command("train", *given, "run_dir=a", cwd=tmp_path)
    assert refused.returncode == 1 and "data.split_by=source" in refused.stderr
    for how in ("source", "clip"):
        done = videoai_command("train", *given, f"run_dir={how}", f"data.split_by={how}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ravdess", "crema_d"])
def test_emotion_and_intensity_are_learned_together(videoai_command, faces, tmp_path, name):
    heads = "task.heads={emotion: class, intensity: class}"
    given = (f"data={name}", f"data.root={faces / name}", "task=multi_head", heads, *SHORT, "run_dir=r")
    done = videoai_command("train", *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = videoai_command("evaluate", "checkpoint=r/checkpoints/last.pt", "num_workers=0", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "emotion" in told.stdout and "intensity" in told.stdout


@pytest.mark.slow
def test_families_are_compared_on_the_same_folds_and_a_study_goes_on(videoai_command, faces, tmp_path):
    given = (
        "study",
        "architectures",
        "data=ravdess",
        f"data.root={faces / 'ravdess'}",
        "models=[tiny_cnn_gru,tiny_r3d]",
        "folds=4",
        "seeds=2",
        "trainer.num_threads=1",
        "trainer.precision=fp32",
        "num_workers=0",
        "device=cpu",
        "run_dir=s",
    )
    done = videoai_command(*given, "steps=2", cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "has the highest UAR" in done.stdout and "tiny_r3d is" in done.stdout
    rows = [json.loads(line) for line in (tmp_path / "s/rows.jsonl").read_text().splitlines()[1:]]
    assert {(row["seed"], row["arm"]) for row in rows} == {(s, m) for s in (0, 1) for m in ("tiny_cnn_gru", "tiny_r3d")}
    assert all(len(row["recall"]) == 5 and row["params"] > 0 and row["clips_per_second"] > 0 for row in rows)
    people = [
        people_in(path) for seed in (0, 1) for path in (tmp_path / f"s/seed_{seed}").glob("**/test*/predictions.csv")
    ]
    assert people[0] == people[1] != people[2] == people[3]
    again = videoai_command(*given, "steps=2", cwd=tmp_path)
    assert "4 of 4 cells are there already" in again.stderr
    other = videoai_command(*given, "steps=2", "trainer.max_grad_norm=9", cwd=tmp_path)
    assert other.returncode == 1 and "was measured with words=" in other.stderr
    taken = videoai_command(*given, "model=x3d_s", cwd=tmp_path)
    assert taken.returncode == 1 and "use models=" in taken.stderr


@pytest.mark.slow
def test_a_study_may_part_actors_to_measure_what_that_would_add(videoai_command, faces, tmp_path):
    given = ("data=ravdess", f"data.root={faces / 'ravdess'}", "seeds=2", "steps=1", "num_workers=0", "device=cpu")
    done = videoai_command("study", "split_leak", *given, "trainer.num_threads=1", "run_dir=s", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Split by clip" in done.stdout


@pytest.mark.slow
def test_folds_of_crema_d_test_every_actor_once(videoai_command, faces, tmp_path):
    given = ("data=crema_d", f"data.root={faces / 'crema_d'}", "data.folds=4", *SHORT, "run_dir=f", "report=false")
    done = videoai_command("train", *given, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    people = [people_in(table) for table in tmp_path.glob("f/fold*/**/predictions.csv")]
    assert len(people) == 4 and sum(map(len, people)) == len(set.union(*people)) == 8
