"""Log-mel spectrograms of what a clip shows."""

import numpy as np
import pytest
import torch

from videoai.core.types import SOUND_RATE, ClipSpec, SoundSpec, VideoItem
from videoai.data.augment.transforms import TrainTransform
from videoai.data.dataset import EvalClips, TrainClips
from videoai.data.decode import open_video
from videoai.data.loader import eval_batches, train_batches
from videoai.data.media import BadVideo
from videoai.data.sound import FLOOR, HIGHEST_HZ, LOWEST_HZ, log_mel, sound_of

pytest.importorskip("torchaudio", reason="sound needs torchaudio: pip install 'videoai[audio]'")
SPEC = SoundSpec(num_mels=64, num_steps=50)


def tone(hertz: float, seconds: float = 1.0) -> torch.Tensor:
    return 0.5 * torch.sin(2 * torch.pi * hertz * torch.arange(round(seconds * SOUND_RATE)) / SOUND_RATE)


@pytest.mark.parametrize("hertz", [200.0, 440.0, 1000.0, 3000.0, 7000.0])
def test_a_tone_is_loudest_in_the_band_of_its_pitch(hertz):
    bands = log_mel(tone(hertz), SPEC).mean(1)

    def mel(f):  # O'Shaughnessy's formula, as in HTK
        return 2595 * np.log10(1 + f / 700)

    edges = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), SPEC.num_mels + 2)
    assert int(bands.argmax()) == int(np.abs(edges[1:-1] - mel(hertz)).argmin())


def test_power_is_that_of_windows_of_25_ms_and_silence_is_the_floor():
    assert torch.allclose(log_mel(torch.zeros(SOUND_RATE), SPEC), torch.tensor(FLOOR).log())
    quiet, loud = (log_mel(gain * tone(1000.0), SPEC).max() for gain in (0.1, 1.0))
    assert float(loud - quiet) == pytest.approx(2 * np.log(10), abs=1e-3)  # power grows by the square of the gain


@pytest.mark.parametrize("seconds", [0.001, 0.03, 0.5, 7.3])
def test_sounds_of_any_length_become_one_shape(seconds):
    assert log_mel(tone(440.0, seconds), SPEC).shape == (64, 50)


@pytest.mark.parametrize("num_mels", [16, 64, 128])  # the least, the default and the most that settings allow
def test_no_band_falls_between_two_bins(num_mels):
    noise = torch.randn(SOUND_RATE, generator=torch.Generator().manual_seed(0))
    assert float(log_mel(noise, SoundSpec(num_mels=num_mels)).min()) > np.log(FLOOR)


def test_the_number_of_threads_changes_no_bit():
    noise = torch.randn(5 * SOUND_RATE, generator=torch.Generator().manual_seed(0))
    threads, results = torch.get_num_threads(), []
    try:
        for number in (1, 2, 4):
            torch.set_num_threads(number)
            results.append(log_mel(noise, SoundSpec()))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(results[0], other) for other in results[1:])


@pytest.fixture
def flashing(make_sounding_video) -> VideoItem:
    """6 s; a flash and a beep of a fifth of a second at 4.0 s."""
    sound = np.zeros(6 * 44_100)
    sound[4 * 44_100 : round(4.2 * 44_100)] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(8820) / 44_100)
    greys = [255 if 100 <= index < 105 else 0 for index in range(150)]
    return VideoItem(str(make_sounding_video(greys=greys, sound=sound)), 0)


@pytest.mark.parametrize("num_views", [1, 4])
def test_flash_and_beep_stand_at_the_same_part_of_a_clip(flashing, num_views):
    clip = ClipSpec(num_frames=50, size=16, stride=1, sound=SPEC)  # 2 s: one step of sound a frame
    for shown in EvalClips([flashing], clip, num_clips=num_views)[0]:
        assert shown.sound is not None
        lit = shown.video.float().mean((1, 2, 3)) > 100
        heard = shown.sound.amax(0) > -4
        assert bool(lit.any()) == bool(heard.any())
        if lit.any():
            first, last = (int(rows.nonzero()[end]) for rows in (lit,) for end in (0, -1))
            assert int(heard.nonzero()[0]) == pytest.approx(first, abs=1)  # a window of 25 ms reaches over a step
            assert int(heard.nonzero()[-1]) == pytest.approx(last, abs=1)


def test_the_same_clip_has_the_same_sound_whatever_the_workers_and_in_another_process(flashing):
    clip = ClipSpec(num_frames=8, size=16, stride=2, sound=SPEC)

    def batch(num_workers: int, **reading) -> torch.Tensor:
        dataset = TrainClips([flashing] * 4, clip, TrainTransform(size=16), seed=3, repeats=2, reading=reading)
        return next(train_batches(dataset, batch_size=8, seed=3, num_workers=num_workers)).sound

    alone = batch(0)
    assert alone.shape == (8, 64, 50)
    assert torch.equal(alone, batch(2)) and torch.equal(alone, batch(0, isolated=True))
    assert len({one.sum().item() for one in alone}) > 1  # by when a clip is


def test_a_file_without_sound_counts_as_missing_or_as_unreadable(make_sounding_video, flashing):
    silent = VideoItem(str(make_sounding_video("silent.mp4", greys=[0] * 50, sound=None)), 1)
    clip = ClipSpec(num_frames=8, size=16, sound=SPEC)
    (clips,) = eval_batches(EvalClips([flashing, silent], clip), videos_per_batch=2)
    assert clips.unheard == [1] and clips.error == ["", ""]
    alone = ClipSpec(num_frames=8, size=16, sound=SoundSpec(is_required=True))
    (clips,) = eval_batches(EvalClips([flashing, silent], alone), videos_per_batch=2)
    assert clips.error[0] == "" and "no_audio_stream" in clips.error[1]
    with open_video(silent.path) as video, pytest.raises(BadVideo, match=r"modalities=\[a\] hears alone"):
        sound_of(video, [0.0, 1.0], alone)


def test_a_clip_that_is_not_asked_for_sound_has_none(flashing):
    (clips,) = eval_batches(EvalClips([flashing], ClipSpec(num_frames=8, size=16)), videos_per_batch=1)
    assert clips.sound is None and clips.unheard == []
    assert "sound" not in ClipSpec(num_frames=8, size=16).to_dict()  # checkpoints without sound stay as they were
