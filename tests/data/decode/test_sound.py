"""Samples of a stretch of time, from real files whose beeps are at known times."""

import numpy as np
import pytest

from videoai.core.types import SOUND_RATE
from videoai.data.decode import open_video
from videoai.data.decode.sound import MAX_SOUND_SECONDS, has_sound, read_sound, resampled
from videoai.data.media import BadVideo

BEEP_SECONDS = 0.2


def beeps(times: tuple[float, ...], seconds: float, rate: int) -> np.ndarray:
    """A tone of 1 kHz at each of these times, silence between them."""
    sound = np.zeros(round(seconds * rate))
    for at in times:
        first, count = round(at * rate), round(BEEP_SECONDS * rate)
        sound[first : first + count] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(count) / rate)
    return sound


def begins(samples: np.ndarray, start: float) -> list[float]:
    """When a sound begins after 50 ms of silence, in seconds of the clock."""
    loud, quiet = np.abs(samples) > 0.1, SOUND_RATE // 20
    return [start + at / SOUND_RATE for at in np.flatnonzero(loud) if not loud[max(0, at - quiet) : at].any()]


FORMATS = {
    "h264 and aac in mp4": ("clip.mp4", "libx264", "aac", 44_100, 0.001),
    "pcm in mov": ("clip.mov", "libx264", "pcm_s16le", 22_050, 0.001),
    "unsigned bytes in mov": ("bytes.mov", "libx264", "pcm_u8", 22_050, 0.001),
    "opus in matroska, times of whole milliseconds": ("clip.mkv", "libx264", "libopus", 48_000, 0.002),
    "aac in flv, likewise": ("clip.flv", "flv", "aac", 44_100, 0.002),
    "mp2 in a transport stream, which begins late": ("clip.ts", "mpeg2video", "mp2", 48_000, 0.001),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_beep_is_heard_when_the_flash_is_seen_wherever_the_stretch_begins(make_sounding_video, name):
    file, codec, sound_codec, rate, tolerance = FORMATS[name]
    flashes = (1.0, 3.0, 5.0)
    greys = [255 if any(at <= index / 25 < at + BEEP_SECONDS for at in flashes) else 0 for index in range(150)]
    sound = beeps(flashes, 6.0, rate)
    path = str(make_sounding_video(file, greys=greys, sound=sound, rate=rate, codec=codec, sound_codec=sound_codec))
    with open_video(path) as video:
        shown = video.frames(range(video.num_frames), size=8).float().mean((1, 2, 3))
        seen = [float(video.timestamps[at]) for at in range(1, len(shown)) if shown[at] > 100 >= shown[at - 1]]
        clock = video.clock_start
    assert clock is not None
    for start, end in ((0.0, 6.0), (2.5, 3.5), (4.5, 5.5)):
        samples = read_sound(path, clock + start, clock + end)
        assert samples is not None and len(samples) == round((end - start) * SOUND_RATE)
        inside = [at for at in seen if start <= at < end]
        assert begins(samples.numpy(), start) == pytest.approx(inside, abs=tolerance)


def test_a_stream_that_begins_late_and_ends_early_is_filled_with_silence(make_sounding_video):
    path = make_sounding_video(greys=[0] * 100, sound=np.full(44_100, 0.3), start_seconds=1.0, sound_codec="pcm_s16le",
                               name="late.mov")  # fmt: skip
    samples = read_sound(str(path), 0.0, 4.0)
    assert samples is not None
    loud = np.flatnonzero(np.abs(samples.numpy()) > 0.15) / SOUND_RATE
    assert (loud[0], loud[-1]) == pytest.approx((1.0, 2.0), abs=0.001)
    assert float(samples[: SOUND_RATE - 100].abs().max()) < 1e-3  # the filter rings for less than 100 samples
    assert float(samples[2 * SOUND_RATE + 100 :].abs().max()) < 1e-3
    assert read_sound(str(path), 2.5, 3.5).abs().max() == 0  # behind its end: silence, and not missing


def test_a_hole_stays_silent_and_what_follows_keeps_its_time(make_sounding_video):
    sound = beeps((0.5, 3.0), 4.0, 48_000) + 0.02
    options = {"name": "hole.mkv", "rate": 48_000, "sound_codec": "libopus"}
    path = make_sounding_video(greys=[0] * 100, sound=sound, hole=(1.0, 2.0), **options)
    samples = read_sound(str(path), 0.0, 4.0)
    assert samples is not None
    assert begins(samples.numpy(), 0.0) == pytest.approx([0.5, 3.0], abs=0.002)
    assert float(samples[int(1.1 * SOUND_RATE) : int(1.9 * SOUND_RATE)].abs().max()) < 1e-4


def test_a_picture_that_begins_late_is_time_zero(make_sounding_video):
    options = {"rate": 22_050, "sound_codec": "pcm_s16le"}
    path = make_sounding_video(
        "late.mkv", greys=[0] * 50, sound=beeps((1.5,), 3.0, 22_050), picture_seconds=1.0, **options
    )
    with open_video(path) as video:
        clock = video.clock_start
    assert clock == pytest.approx(1.0, abs=0.002)
    samples = read_sound(str(path), clock, clock + 2.0)
    assert samples is not None
    assert begins(samples.numpy(), 0.0) == pytest.approx([0.5], abs=0.002)


def test_a_file_without_sound_or_with_damaged_sound_alone_has_none(make_sounding_video):
    silent = str(make_sounding_video("silent.mp4", greys=[0] * 25, sound=None))
    assert not has_sound(silent) and read_sound(silent, 0.0, 1.0) is None
    sound = beeps((0.2,), 1.0, 44_100)
    broken = make_sounding_video("broken.mkv", greys=[0] * 25, sound=sound, damage=lambda data: b"\x55" * len(data))
    assert read_sound(str(broken), 0.0, 1.0) is None
    assert not has_sound(str(broken.with_name("not_there.mp4")))


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_resampling_moves_nothing(rate):
    impulse = np.zeros(rate, np.float32)
    impulse[rate // 2] = 1
    samples = resampled(impulse, rate)
    assert len(samples) == pytest.approx(SOUND_RATE, abs=1)
    assert int(np.abs(samples).argmax()) == pytest.approx(SOUND_RATE // 2, abs=1)


def test_a_clip_of_more_than_ten_minutes_is_refused_before_it_is_read(make_sounding_video):
    path = str(make_sounding_video(greys=[0] * 25, sound=None))
    with pytest.raises(BadVideo, match=r"too_large .*clip.sampling=dense"):
        read_sound(path, 0.0, MAX_SOUND_SECONDS + 1)
