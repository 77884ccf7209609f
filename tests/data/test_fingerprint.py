from pathlib import Path

import pytest

from videoai.data.fingerprint import END_BYTES, video_fingerprint


@pytest.mark.parametrize("place", [0, -1, END_BYTES - 1])
def test_another_byte_at_either_end_is_another_video(tmp_path: Path, place: int):
    content = bytearray(3 * END_BYTES)
    (tmp_path / "a").write_bytes(content)
    content[place] = 1
    (tmp_path / "b").write_bytes(content)
    assert video_fingerprint(str(tmp_path / "a")) != video_fingerprint(str(tmp_path / "b"))


def test_a_copy_has_the_same_and_a_longer_file_another(tmp_path: Path):
    for name, size in (("a", 10), ("copy", 10), ("longer", 11)):
        (tmp_path / name).write_bytes(bytes(size))
    first, copy, longer = (video_fingerprint(str(tmp_path / name)) for name in ("a", "copy", "longer"))
    assert first == copy != longer


def test_a_folder_of_pictures_changes_with_them(tmp_path: Path):
    (tmp_path / "0.png").write_bytes(b"0")
    before = video_fingerprint(str(tmp_path))
    (tmp_path / "1.png").write_bytes(b"1")
    assert before != video_fingerprint(str(tmp_path))


def test_what_is_not_there_has_none(tmp_path: Path):
    assert video_fingerprint(str(tmp_path / "nothing.mp4")) is None
