"""Which folder the cache is, by the variables that name it."""

from pathlib import Path

import pytest

from videoai.core.cache import cache_folder


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({}, "home/.cache/videoai"),
        ({"XDG_CACHE_HOME": "xdg"}, "xdg/videoai"),
        ({"XDG_CACHE_HOME": "xdg", "VIDEOAI_CACHE": "own"}, "own"),
        ({"XDG_CACHE_HOME": ""}, "home/.cache/videoai"),
    ],
)
def test_the_own_variable_goes_before_xdg_and_home(
    variables: dict[str, str], folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("VIDEOAI_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value and str(tmp_path / value))
    assert cache_folder() == tmp_path / folder


def test_a_relative_xdg_folder_is_ignored_as_its_specification_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIDEOAI_CACHE", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path("/home/somebody/.cache/videoai")
