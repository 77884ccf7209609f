import logging

from videoai.core.types import ClipSpec, VideoItem
from videoai.run.reading import announce_clip, note_other_pixels


def test_a_clip_longer_than_most_videos_is_announced_with_the_way_out(clip_folder, caplog):
    items = [VideoItem(str(path), 0) for path in sorted(clip_folder.rglob("*.mp4"))]
    with caplog.at_level(logging.INFO):
        announce_clip(items, ClipSpec(num_frames=16, size=32, stride=2))
        assert "clip: 16 frames, stride 2, 2.1 s, 32 px" in caplog.text
        assert "shorter" not in caplog.text
        announce_clip(items, ClipSpec(num_frames=16, size=32, stride=4))
    assert "most videos are shorter than a clip (32 frames, for example)" in caplog.text


def test_other_pixels_than_those_of_the_training_are_noted(caplog):
    nvdec, pyav = {"loading": {"decoder": "nvdec"}}, {"loading": {"decoder": "pyav"}}
    for config, decoder in ((nvdec, "nvdec"), (pyav, "pyav"), (pyav, "torchcodec"), ({}, "pyav")):
        note_other_pixels(config, decoder)
    assert not caplog.records
    note_other_pixels(nvdec, "pyav")
    note_other_pixels({}, "nvdec")
    assert [record.args for record in caplog.records] == [("nvdec", "pyav"), ("pyav", "nvdec")]
