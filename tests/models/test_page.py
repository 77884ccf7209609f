"""What the documents say of the zoo is what its tables say."""

import importlib.util
from pathlib import Path

from videoai.models import names
from videoai.models.published import all_weights

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_models_is_what_the_tables_give() -> None:
    """Refresh with: python scripts/write_zoo.py --page"""
    spec = importlib.util.spec_from_file_location("write_zoo", ROOT / "scripts" / "write_zoo.py")
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (ROOT / "docs" / "models.md").read_text() == script.page()


def test_the_readme_counts_models_and_weights() -> None:
    assert f"{len(names())} models, {len(all_weights())} published checkpoints" in (ROOT / "README.md").read_text()
