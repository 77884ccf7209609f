"""Choosing a decoder, also where torchcodec is not installed."""

import sys
from types import SimpleNamespace

import pytest

from videoai.core.types import ClipSpec
from videoai.data.decode.choose import choose_decoder

CLIP = ClipSpec(num_frames=4, size=32)


def test_an_unknown_decoder_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="decoder=opencv: choose from pyav, torchcodec, nvdec, auto"):
        choose_decoder("opencv", [], CLIP, print)


def test_without_torchcodec_auto_says_so_and_naming_it_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", None)  # as if it were not installed
    lines: list[str] = []
    assert choose_decoder("auto", ["clip.mp4"], CLIP, lines.append) == "pyav"
    assert lines == ["decoder: pyav, as torchcodec is not installed"]
    with pytest.raises(
        ValueError, match=r"decoder=torchcodec cannot be used here .* pip install 'videoai\[torchcodec\]'"
    ):
        choose_decoder("torchcodec", [], CLIP, print)


def test_a_torchcodec_that_imports_without_ffmpeg_is_refused_too(monkeypatch):
    """torchcodec 0.17 then raises only when it opens a video, and each would be read by PyAV without a word."""
    monkeypatch.setitem(sys.modules, "torchcodec", SimpleNamespace(ffmpeg_major_version=None))
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", SimpleNamespace())
    with pytest.raises(ValueError, match=r"cannot be used here \(it finds no shared libraries of FFmpeg\)"):
        choose_decoder("torchcodec", [], CLIP, print)
