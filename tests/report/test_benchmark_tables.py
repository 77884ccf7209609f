"""Tables of ``videoai benchmark``, as a terminal shows them."""

import io

from rich.console import Console

from videoai.report.benchmark import export_table


def test_what_is_to_be_installed_keeps_its_brackets():
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(export_table([{"format": "executorch", "reason": "pip install 'videoai[executorch]'."}]))
    assert "pip install 'videoai[executorch]'." in console.export_text()
