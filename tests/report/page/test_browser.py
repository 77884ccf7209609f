"""The page in a browser: Chromium opens it, a script clicks, and what became of the page is looked at."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from videoai.report.page.film import Film
from videoai.report.page.html import tag
from videoai.report.page.page import About, Shown, page
from videoai.report.page.summary import Exhibit, Gallery, Section, Summary, share, table

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")


def opened(made: bytes, script: str, folder: Path) -> str:
    """The page after ``script`` ran in it and two seconds went by, as HTML without its scripts."""
    path = folder / "report.html"
    path.write_bytes(made.replace(b"</body>", f"<script>{script}</script></body>".encode()))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
    command = [str(CHROMIUM), *flags, "--virtual-time-budget=2000", "--dump-dom", path.as_uri()]
    environment = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True, env=environment)
    return re.sub(r"<script>.*?</script>", "", done.stdout, flags=re.DOTALL)


@pytest.fixture(scope="module")
def after_clicks(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page whose table was sorted twice by its number, and one of whose two films was clicked."""
    rows = [["b", share(0.5)], ["a", share(float("nan"))], ["c", share(0.125)], ["<d>", share(1.0)]]
    classes = Section("Classes", table([("class", "text"), ("recall %", "number")], rows, label="Classes"))
    exhibits = [Exhibit(number, tag("span", f"film {number}")) for number in range(2)]
    summary = Summary(headline="3 of 4.", sections=[classes], galleries=[Gallery("Films", "two", exhibits)])
    films = {number: Film(torch.zeros(5, 3, 32, 32, dtype=torch.uint8), 0.0, 0.4) for number in range(2)}
    told = About(
        title="t", source="clips", counts=[], splits=[], notes=[], bad_videos=[], facts=[], settings={}, versions={},
        command="videoai",
    )  # fmt: skip
    script = """
      window.onerror = message => document.body.setAttribute("data-error", message);
      const head = document.querySelectorAll(".sortable th button")[1];
      head.click();
      document.body.dataset.first = [...document.querySelectorAll("tbody tr")].map(row => row.cells[0].textContent);
      head.click();
      const [played, other] = document.querySelectorAll("button.screen");
      const seen = new Set();
      new MutationObserver(() => seen.add(played.textContent)).observe(played, {childList: true, subtree: true});
      played.click();
      setTimeout(() => { document.body.dataset.seen = [...seen].sort(); }, 1500);
    """
    made = page(told, summary, [Shown(summary.galleries[0], films)])
    return opened(made, script, tmp_path_factory.mktemp("browser"))


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_the_order_round(after_clicks):
    assert "data-error" not in after_clicks
    assert 'data-first="&lt;d&gt;,b,c,a"' in after_clicks or 'data-first="<d>,b,c,a"' in after_clicks
    body = after_clicks.split("<tbody>")[1].split("</tbody>")[0]
    assert re.findall(r"<bdi>(.*?)</bdi>", body) == ["c", "b", "&lt;d&gt;", "a"]  # what has no value stays at the end
    assert 'aria-sort="ascending"' in after_clicks


def test_a_clicked_film_plays_all_its_frames_and_the_other_stands_still(after_clicks):
    assert 'data-seen="1 / 5,2 / 5,3 / 5,4 / 5,5 / 5"' in after_clicks
    played, other = re.findall(r"<button[^>]*class=\"screen pixels\"[^>]*>", after_clicks)
    assert 'aria-pressed="true"' in played and 'aria-pressed="false"' in other


def test_markup_in_a_name_is_shown_and_not_run(tmp_path):
    summary = Summary(headline="<script>document.body.dataset.run = 1</script>", notes=["<b>bold</b>"])
    told = About(
        title="<i>t</i>", source="", counts=[], splits=[], notes=[], bad_videos=[], facts=[], settings={}, versions={},
        command="</code><script>document.body.dataset.run = 1</script>",
    )  # fmt: skip
    count = "document.body.dataset.bold = document.querySelectorAll('b,i').length"
    shown = opened(page(told, summary, []), count, tmp_path)
    assert '<body data-bold="0">' in shown
