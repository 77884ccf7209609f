"""The folder that an export is built in."""

import pytest

from videoai.run.export.held_folder import held_folder


def test_a_place_that_cannot_be_written_is_named_with_its_setting(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="out=.*cannot write there"), held_folder(tmp_path / "file" / "out"):
        pass
