"""Command lines that were documented once are still understood: ``tests/fixtures/old_commands.txt``.

The file holds those of README.md and docs/*.md of commit 21383c1, as written, without comments and line breaks. Here
they run in an empty folder: train composes its settings (``--cfg``), the others get as far as the file that is missing.
"""

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from videoai.cli.main import main
from videoai.compose.files import GROUPS

COMMANDS = (Path(__file__).parent / "fixtures" / "old_commands.txt").read_text().splitlines()
# What a command says that was understood, and lacks a file or, in a mention of its name only, a setting.
LACKS = re.compile(r"no such (checkpoint|file|folder|CSV file)|is not set\. Add|say which videos|cannot be written")
VARIABLES = {"seed": "1", "model": "tiny_r3d", "arm": "sampler=balanced", "eight": "data.only=[left,right]"}
DEFAULTS = "defaults: [/clip@_global_.clip: 16x2x32, _self_]\n"
OWN_YAML = {
    "conf/model/mynet.yaml": f"{DEFAULTS}_target_: mynet.MyNet\nwidth: 32\n",
    "mine/gan/my_gan.yaml": f"# @package _global_\n{DEFAULTS}gan: {{name: my_gan}}\n",
}


def spellings(line: str) -> Iterator[str]:
    """The verb and the groups and settings it sets; for a group also the file, because files may be renamed too."""
    verb, *words = line.partition("videoai ")[2].split()
    for word in words:
        key = word.strip("'\"").partition("=")[0]
        yield f"{verb} {word if key in (*GROUPS, 'task') else key}"
    yield verb


def each_line() -> list[Any]:
    """Slow: lines without a new verb, group or file, and studies, which compose the settings of every arm."""
    seen, lines = set(), []
    for line in sorted(COMMANDS, key=len, reverse=True):
        chosen = {word for word in spellings(line) if "=" in word or " " not in word}
        is_new = bool(chosen - seen) and "study gan_augment" not in line
        seen |= chosen if is_new else set()
        lines.append(pytest.param(line, id=line, marks=[] if is_new else [pytest.mark.slow]))
    return lines


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """The error of a command line in a folder that holds nothing but the user's YAML; empty when there is none."""
    for name, text in OWN_YAML.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    offline = {"https_proxy": "http://127.0.0.1:9", "TORCH_HOME": str(tmp_path), "VIDEOAI_CACHE": "/dev/null/none"}
    for name, value in {**VARIABLES, **offline}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # main adds the folder

    def run(line: str) -> str:
        words = shlex.split(os.path.expandvars(line))
        words = [word for word in words[words.index("videoai") :] if word != "..."]
        composes = words[1] == "train" and "--help" not in words
        monkeypatch.setattr(sys, "argv", [*words, *(["--cfg"] if composes else [])])
        code = main()
        said = capsys.readouterr()
        assert code or said.out
        return said.err.strip().splitlines()[-1] if code else ""

    return run


@pytest.mark.parametrize("line", each_line())
def test_an_old_command_line_is_understood(line, answer):
    error = answer(line)
    assert not error or LACKS.search(error), error


@pytest.mark.parametrize(
    "line", ["videoai train modle=r3d_18", "videoai evaluate checkpoint=x.pt viewz=4x3", "videoai train data=foldr"]
)
def test_one_that_never_was_is_not(line, answer):
    error = answer(line)
    assert error and not LACKS.search(error)
