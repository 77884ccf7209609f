"""``videoai.load``: a model that answers for videos as they are."""

import numpy as np
import pytest
import torch

import videoai


@pytest.fixture(scope="module")
def model(judge_run):
    return videoai.load(judge_run / "checkpoints/best.pt")


@pytest.fixture(scope="module")
def frames(clip_folder) -> torch.Tensor:
    """uint8 [T, H, W, 3] of one clip."""
    with videoai.open_video(clip_folder / "left/left_0.mp4") as video:
        return video.frames(range(video.num_frames)).permute(0, 2, 3, 1)


def test_a_path_and_its_frames_get_one_answer(model, frames, clip_folder):
    path = clip_folder / "left/left_0.mp4"
    answers = model.predict([path, str(path), frames, frames.numpy()], fps=15)
    labels = [[(one.name, round(one.probability, 4)) for one in answer.top] for answer in answers]
    assert labels[0] == labels[1] == labels[2] == labels[3]


def test_a_folder_of_videos_and_a_glob_stand_for_what_they_hold(model, clip_folder):
    folder = clip_folder / "left"
    names = sorted(str(path) for path in folder.glob("*.mp4"))
    assert [answer.path for answer in model.predict(folder)] == names
    assert [answer.path for answer in model.predict(f"{folder}/*_[01].mp4")] == names[:2]
    with pytest.raises(FileNotFoundError, match="no such file, folder or match"):
        model.predict(f"{folder}/*.avi")


def test_a_model_of_other_precision_predicts(judge_run, frames):
    model = videoai.load(judge_run / "checkpoints/best.pt").double()
    assert model.predict(frames, fps=15)[0].top[0].probability > 0


def test_a_device_that_there_is_not_is_one_line(judge_run):
    with pytest.raises(ValueError, match="device=gpu: choose auto, cpu, cuda or cuda:N"):
        videoai.load(judge_run / "checkpoints/best.pt", device="gpu")


def test_prediction_leaves_a_model_in_training_mode_as_it_was(model, frames):
    """A batch norm in training mode would take its statistics from the video, and keep them."""
    (before,) = model.predict(frames, fps=15)
    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    model.train()
    (in_training,) = model.predict(frames, fps=15)
    assert model.training
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    model.eval()
    assert in_training.to_dict()["top"] == before.to_dict()["top"]


@pytest.mark.parametrize("fps", [None, 0, -1, float("nan"), float("inf"), "25", True])
def test_frames_need_a_rate(model, frames, fps):
    with pytest.raises(ValueError, match=r"input 0 is an array of frames, and fps=.*: give their rate, such as fps=25"):
        model.predict(frames, fps=fps)


@pytest.mark.parametrize("wrong", [None, 3, b"x.mp4", {"path": "x.mp4"}])
def test_what_is_no_video_is_named_by_its_type(model, wrong):
    with pytest.raises(ValueError, match=rf"input 0 is of type {type(wrong).__name__}: give a path, or frames"):
        model.predict(wrong)


OTHER_KINDS = {
    "float": lambda frames: frames.float(),
    "grey": lambda frames: frames[..., :1],
    "TCHW": lambda frames: frames.permute(0, 3, 1, 2),
    "no frame": lambda frames: frames[:0],
    "one frame": lambda frames: frames[0],
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_frames_of_another_kind_are_refused(model, frames, kind):
    with pytest.raises(ValueError, match=r"input 0: frames are .*; they must be uint8 \[T, H, W, 3\]"):
        model.predict(np.asarray(OTHER_KINDS[kind](frames)), fps=15)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"top_k": 0}, "top_k=0: give a whole number from 1 up"),
        ({"window_seconds": 0}, "window_seconds=0: give a number from 0.01 up"),
        ({"hop_seconds": float("nan")}, "hop_seconds=nan: give a number from 0.01 up"),
        ({"frame_fps": -3}, "frame_fps=-3: give a number above 0"),
        ({"decoder": "foo"}, "decoder=foo: choose from pyav, torchcodec, nvdec"),
        ({"decoder": "nvdec"}, r"decoder=nvdec cannot be used here \(device=cpu is no NVIDIA GPU\)"),
    ],
)
def test_an_option_that_the_command_refuses_is_refused(model, frames, option, message):
    with pytest.raises(ValueError, match=message):
        model.predict(frames, fps=15, **option)
