"""Published weights from the command line. The files are made here, with torchvision's own names and random numbers."""

import json
import shutil
from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds a file for torchvision/mc3_18, placed by hand."""
    from torchvision.models.video import mc3_18

    torch.manual_seed(0)
    cache = tmp_path_factory.mktemp("cache")
    file = cache / "weights" / "torchvision" / "mc3_18.pth"
    file.parent.mkdir(parents=True)
    torch.save(mc3_18(weights=None).state_dict(), file)
    return cache


SMALL = ("model=mc3_18", "clip.num_frames=4", "clip.size=32", "clip.resize=32", "trainer.batch_size=4", "report=false")


@pytest.mark.slow
def test_training_starts_from_published_weights_with_a_fresh_head_and_their_normalisation(
    videoai_command, clip_folder, cache, tmp_path
):
    data = ("data=folder", f"data.root={clip_folder}", "data.flip=0", "data.num_workers=0", "run_dir=run")
    command = ("train", *SMALL, *data, "model.pretrained=true", "trainer.precision=fp32")
    done = videoai_command(*command, "trainer.max_steps=2", cwd=tmp_path, VIDEOAI_CACHE=str(cache))
    assert done.returncode == 0, done.stderr
    assert "weights torchvision/mc3_18 (BSD-3-Clause): loaded 120/122 tensors" in done.stderr
    assert "mismatched: fc.weight [400, 512] -> [4, 512]" in done.stderr
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)
    assert state["clip"]["mean"] == pytest.approx([0.43216, 0.394666, 0.37645])
    more = videoai_command(*command, "trainer.max_steps=3", cwd=tmp_path, VIDEOAI_CACHE=str(tmp_path / "empty"))
    assert more.returncode == 0, more.stderr  # a continued run needs no published file
    assert "continuing run at step 2 of 3" in more.stderr


@pytest.mark.slow
def test_a_linear_probe_moves_the_head_alone(videoai_command, clip_folder, cache, tmp_path):
    data = ("data=folder", f"data.root={clip_folder}", "data.flip=0", "data.num_workers=0", "run_dir=run")
    file = cache / "weights" / "torchvision" / "mc3_18.pth"
    weights = f"weights=torchvision/mc3_18:{file}"
    done = videoai_command(
        "train",
        *SMALL,
        *data,
        weights,
        "finetune=linear_probe",
        "trainer.precision=fp32",
        "trainer.max_steps=2",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "frozen: all but 2 tensors of the head, to the end" in done.stderr
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)["model"]
    published = torch.load(file, weights_only=True)
    assert [key for key in state if key in published and not torch.equal(state[key], published[key])] == [
        "fc.weight",
        "fc.bias",
    ]


def test_published_weights_name_the_action_in_a_video(videoai_command, clip_folder, cache, tmp_path):
    video = sorted(clip_folder.glob("*/*.mp4"))[0]
    done = videoai_command(
        "predict", "checkpoint=torchvision/mc3_18", f"input={video}", cwd=tmp_path, VIDEOAI_CACHE=str(cache)
    )
    assert done.returncode == 0, done.stderr
    from torchvision.models.video import MC3_18_Weights

    top = json.loads(done.stdout)["top"]
    assert len(top) == 5
    assert {answer["label"] for answer in top} <= set(MC3_18_Weights.KINETICS400_V1.meta["categories"])


@pytest.mark.slow
def test_published_weights_are_scored_on_named_data_only(videoai_command, clip_folder, cache, tmp_path):
    environment = {"cwd": tmp_path, "VIDEOAI_CACHE": str(cache)}
    done = videoai_command("evaluate", "checkpoint=torchvision/mc3_18", **environment)
    assert done.returncode == 1 and "published weights bring no data" in done.stderr
    two = tmp_path / "clips"
    for number, name in enumerate(("abseiling", "zumba")):
        (two / name).mkdir(parents=True)
        shutil.copy(sorted(clip_folder.rglob("*.mp4"))[number], two / name)
    command = ("evaluate", "checkpoint=torchvision/mc3_18", "data=folder", f"data.root={two}")
    done = videoai_command(*command, **environment)
    assert done.returncode == 0, done.stderr
    assert "(2 of 400 classes present)" in done.stdout
    (two / "zumba").rename(two / "zumbaa")
    done = videoai_command(*command, **environment)
    assert done.returncode == 1 and 'only in the data: ["zumbaa"]' in done.stderr


def test_without_network_and_without_file_it_is_one_line(videoai_command, tmp_path):
    done = videoai_command(
        *("predict", "checkpoint=torchvision/r3d_19", "input=x.mp4"), cwd=tmp_path, VIDEOAI_CACHE=str(tmp_path)
    )
    assert done.returncode == 1
    assert done.stderr.startswith("videoai: ") and done.stderr.count("\n") == 1


def test_an_unknown_id_is_answered_with_the_nearest(videoai_command, tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"")
    done = videoai_command("predict", "checkpoint=torchvision/r3d_19", "input=x.mp4", cwd=tmp_path)
    assert done.returncode == 1
    assert "no such published weights. Did you mean torchvision/r3d_18?" in done.stderr
    assert "Traceback" not in done.stderr


def test_weights_of_another_model_name_theirs(videoai_command, clip_folder, tmp_path):
    done = videoai_command("train", "model=r3d_18", "weights=torchvision/mc3_18", cwd=tmp_path)
    assert done.returncode == 1
    assert "weights=torchvision/mc3_18 are of model=mc3_18, not of model=r3d_18" in done.stderr
