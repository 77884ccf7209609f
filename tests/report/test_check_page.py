"""The page of a data check: both files of a pair play beside each other, and no name is markup."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
import torch

from videoai.data.check.faults import Fault
from videoai.report import check_page as page_module
from videoai.report.check_page import CheckedData, check_page, file_link
from videoai.report.page.film import Film

MEANINGS = {"conflict": "the same video under two labels", "imbalance": "few of a class"}
HOSTILE = ["<img src=x onerror=alert(1)>.mp4", "caf\udce9.mp4", "a:b #1?.mp4", "跳跃 قفز.mp4"]


def film(path: str) -> Film | None:
    """Eight frames of noise, twice as high as wide for names that begin with tall; none for those of broken files."""
    if "broken" in path:
        return None
    size = (128, 64) if Path(path).name.startswith("tall") else (64, 128)
    rng = torch.Generator().manual_seed(0)
    return Film(torch.randint(256, (8, 3, *size), generator=rng, dtype=torch.uint8))


def made(*faults: Fault, folder: Path = Path("out"), **changes: Any) -> str:
    counts = [("<b>jump</b>", [3, 1]), ("run", [40, 2])]
    told = {"source": "clips", "num_files": 46, "counts": counts, "splits": ["train", "test"], "notes": []}
    data = CheckedData(**{**told, "seconds": [1.0, 2.0, 2.5], **changes})
    return check_page(data, faults, meanings=MEANINGS, look=film, folder=folder).decode("utf-8")


def shapes(page: str) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in re.findall(r"aspect-ratio:(\d+)/(\d+)", page)]


def test_both_files_of_a_pair_play_in_their_own_proportions():
    page = made(Fault("conflict", "tall.mp4", "run and jump", "wide.mp4"), Fault("imbalance", "", "class jump"))
    assert shapes(page) == [(64, 128), (128, 64)]
    assert page.count('<button type="button" class="screen') == 2
    assert re.search(r"0 faults|1 fault and 1 warning in 46 files\.", page)


def test_a_file_without_pictures_is_named_all_the_same():
    page = made(Fault("corrupt", "broken.mp4", "moov atom not found"))
    assert "no picture" in page
    assert "moov atom not found" in page
    assert "broken.mp4" in page


@pytest.mark.parametrize("name", HOSTILE)
def test_the_link_of_any_name_leads_to_its_file(tmp_path, name):
    (tmp_path / "clips").mkdir()
    file = tmp_path / "clips" / name
    file.write_bytes(b"x")
    link = file_link(str(file), tmp_path / "out")
    (href,) = re.findall(r'href="([^"]*)"', link)
    assert re.fullmatch(r"[\w./%~-]*", href)  # also no colon that would make a protocol of what is before it
    assert Path(str(tmp_path / "out" / unquote_to_bytes(href).decode("utf-8", "surrogateescape"))).resolve() == file


def test_what_is_no_file_has_no_link(tmp_path):
    assert "href" not in file_link(str(tmp_path / "gone.mp4"), tmp_path)
    assert "href" not in file_link("shards/000.tar::clip.mp4", tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_markup_and_none_ends_the_page(name):
    page = made(Fault("conflict", name, f"{name}: the same", name), counts=[(name, [1, 2])], source=name, notes=[name])
    assert "<img" not in page
    assert page.rstrip().endswith("</html>")
    assert set(re.findall(r"(?:src|href)=\"(?!#)([^\"]*)\"", page)) == set()


def test_kinds_and_lengths_are_charts_and_faults_stand_before_warnings():
    page = made(Fault("imbalance", "", "class jump"), Fault("conflict", "a.mp4", "", "b.mp4"))
    kinds = page[page.index('aria-label="Kinds of faults"') :]
    assert kinds.index("<title>conflict: 1.") < kinds.index("<title>imbalance: 1.")
    assert 'aria-label="Length of a clip"' in page
    assert "1 clips" in page[page.index('aria-label="Length of a clip"') :]


def test_a_clean_set_has_a_page_of_its_data():
    page = made()
    assert "0 faults and 0 warnings in 46 files." in page
    assert "Kinds of faults" not in page
    assert "&lt;b&gt;jump&lt;/b&gt;" in page


def test_the_page_stays_below_20_megabytes_however_many_faults_there_are(monkeypatch):
    many = [
        Fault(f"kind{kind}", f"{'x' * 200}{number}.mp4", "y" * 300, f"twin{kind}-{number}.mp4")
        for kind in range(20)
        for number in range(page_module.MAX_LISTED + 20)
    ]
    monkeypatch.setattr(page_module, "strip", large_strip)
    page = made(*many)
    assert len(page.encode()) < 20_000_000
    assert "20 more are in report.csv." in page


def large_strip(film: Film) -> Any:
    """A film of 100 kB, more than any of that size has."""
    from videoai.report.page.film import strip

    return strip(film)._replace(jpeg=bytes(100_000))
