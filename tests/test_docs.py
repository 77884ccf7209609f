"""What the pages say of the code is there."""

import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
FILE = re.compile(r"`((?:[\w.-]+/)+(?:[\w.-]+\.(?:py|md|yaml|json))?)[`:]")
OURS = {path.name for path in ROOT.iterdir()} | {path.name for path in (ROOT / "videoai").iterdir()}
MADE_UP = re.compile(r"\b(mine|my_gan|[A-Z]+)\b")  # names that stand for a reader's


def absent_files(text: str) -> list[str]:
    """Files and folders of this project that a text names and that are not there."""
    named = [name for name in FILE.findall(text) if name.split("/")[0] in OURS and not MADE_UP.search(name)]
    return [name for name in named if not ((ROOT / name).exists() or (ROOT / "videoai" / name).exists())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page):
    assert absent_files(page.read_text()) == []


def test_a_file_that_is_gone_is_seen():
    assert absent_files("`core/files.py`, `core/gone.py`, `videoai/tasks/` and `mypkg/net.py`") == ["core/gone.py"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_calls_from_a_command_to_a_training_step_are_those_of_the_code():
    from videoai.cli import train as cli
    from videoai.engine.trainer import Trainer
    from videoai.run import train as run

    chain = [(cli.main, "train(settings, command="), (run.train, "trainer.fit()"), (Trainer.fit, "self.train_step(")]
    chain += [(Trainer.train_step, "= train_step(clips, self.precision, position)")]
    for caller, call in chain:
        assert call in inspect.getsource(caller)
    for page in (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"):
        assert re.search(r"\bfour calls", page.read_text(), re.IGNORECASE), page
    assert len(chain) == 4


PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
MOST_BYTES = 120_000  # a page opens at once, and the repository stays small


def faults_of_pictures(page: Path) -> list[str]:
    """What is wrong with the pictures that a page shows."""
    faults = []
    for said, link in PICTURE.findall(page.read_text()):
        path = page.parent / link
        if len(said.split()) < 4:
            faults.append(f"{link}: the alternative text {said!r} does not say what is to be seen")
        if not path.is_file():
            faults.append(f"{link}: no such file")
        elif path.stat().st_size >= MOST_BYTES:
            faults.append(f"{link}: {path.stat().st_size} bytes")
    return faults


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_picture_of_a_page_is_there_small_and_described(page):
    assert faults_of_pictures(page) == []


def test_a_picture_that_is_gone_large_or_without_words_is_seen(tmp_path):
    (tmp_path / "large.png").write_bytes(bytes(MOST_BYTES))
    (tmp_path / "small.png").write_bytes(b"small")
    said = "![a curve that goes up](large.png) ![](small.png) ![a curve that goes up](gone.png)"
    (tmp_path / "page.md").write_text(said)
    large, small, gone = faults_of_pictures(tmp_path / "page.md")
    assert "large.png" in large and "small.png" in small and "gone.png" in gone


def test_every_picture_is_shown_by_a_page():
    shown = {(page.parent / link).resolve() for page in PAGES for _, link in PICTURE.findall(page.read_text())}
    assert shown == {*(ROOT / "docs" / "pictures").iterdir()}
