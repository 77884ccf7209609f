import struct
from pathlib import Path

import pytest

from videoai.data.check.extent import EBML_SEGMENT, missing_bytes
from videoai.data.media import BadVideo

ODDITIES = Path(__file__).resolve().parents[4] / "shared" / "data" / "oddities"


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi"])
def test_a_file_that_was_cut_says_how_much_is_gone(make_video, name):
    codec = {"a.avi": "mpeg4", "a.webm": "libvpx"}.get(name, "libx264")
    faststart = {"movflags": "faststart"} if name in ("a.mp4", "a.mov") else {}
    path = make_video(name, 20, codec=codec, container_options=faststart)
    assert missing_bytes(str(path)) == 0
    path.write_bytes(path.read_bytes()[:-100])
    assert missing_bytes(str(path)) == 100


def test_what_follows_the_video_is_no_fault(make_video):
    path = make_video()
    path.write_bytes(path.read_bytes() + b"\xff\xff\xff\xfffreeunfinished")
    assert missing_bytes(str(path)) == 0


def test_a_box_of_64_bits_and_one_to_the_end_of_the_file_are_understood(tmp_path):
    path = tmp_path / "a.mp4"
    kinds = struct.pack(">I4s", 8, b"ftyp"), struct.pack(">I4sQ", 1, b"mdat", 2**33), struct.pack(">I4s", 0, b"mdat")
    path.write_bytes(kinds[0] + kinds[1])
    assert missing_bytes(str(path)) == 8 + 2**33 - 24
    path.write_bytes(kinds[0] + kinds[2] + bytes(99))
    assert missing_bytes(str(path)) == 0


def test_a_recording_of_unknown_length_is_whole(make_video):
    path = make_video("a.mkv")
    data = bytearray(path.read_bytes())
    at = data.index(EBML_SEGMENT) + 4
    data[at : at + 8] = b"\x01" + b"\xff" * 7
    path.write_bytes(data[:-100])
    assert missing_bytes(str(path)) == 0


@pytest.mark.parametrize("name", ["a.ts", "a.flv", "a.mpg"])
def test_containers_that_do_not_say_are_taken_for_whole(make_video, name):
    path = make_video(name, codec="mpeg2video" if name == "a.mpg" else "libx264")
    path.write_bytes(path.read_bytes()[:-100])
    assert missing_bytes(str(path)) == 0


def test_what_is_no_video_is_a_bad_video(tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(BadVideo, match="unknown_format"):
        missing_bytes(str(tmp_path / "a.mp4"))


@pytest.mark.skipif(not ODDITIES.is_dir(), reason=f"the odd files are not here: {ODDITIES}")
def test_no_odd_file_is_called_cut():
    """The collection holds no download that broke off, but fragments, live recordings and boxes that lie."""
    cut = []
    for path in sorted(path for path in ODDITIES.rglob("*") if path.is_file() and path.suffix != ".csv"):
        try:
            cut += [path.name] * (missing_bytes(str(path)) > 0)
        except BadVideo:
            continue
    assert cut == []


@pytest.mark.parametrize("width", range(1, 9))
def test_a_segment_says_its_length_in_one_to_eight_bytes(tmp_path, width):
    """EBML, RFC 8794, section 4: as many leading zero bits as bytes follow; all other bits set = unknown."""
    length = 100
    said = ((1 << 7 * width) | length).to_bytes(width, "big")
    unknown = ((1 << 7 * width + 1) - 1).to_bytes(width, "big")
    head = bytes.fromhex("1a45dfa3") + b"\x84" + bytes(4)  # an EBML header of four bytes
    for number, (size, missing) in enumerate(((said, 60), (unknown, 0))):
        path = tmp_path / f"{number}.mkv"
        path.write_bytes(head + EBML_SEGMENT + size + bytes(40))
        assert missing_bytes(path) == missing
