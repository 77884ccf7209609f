import sys

import pytest

from videoai.core.build import ANYTHING, build

TABLE = {"fraction": "fractions:Fraction", "own": "tests_build_target:make"}


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    source = """
def make(width, *, depth=2):
    if width < 0:
        raise TypeError("inside")
    return (width, depth)
"""
    (tmp_path / "tests_build_target.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("tests_build_target", None)


def test_a_name_from_the_table_is_built_with_its_options(own_module):
    assert build({"name": "own", "width": 3}, TABLE, where="model", depth=5) == (3, 5)


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(ValueError, match="unknown name 'fractoin'. Did you mean fraction"):
        build({"name": "fractoin"}, TABLE, where="model")


def test_a_misspelt_option_is_refused_before_the_call(own_module):
    with pytest.raises(ValueError, match="make does not take 'widht'. Did you mean width"):
        build({"name": "own", "widht": 3}, TABLE, where="model")


def test_a_missing_option_is_named(own_module):
    with pytest.raises(ValueError, match="make needs width"):
        build({"name": "own"}, TABLE, where="model")


def test_an_error_inside_the_target_is_not_taken_for_a_bad_option(own_module):
    with pytest.raises(TypeError, match="inside"):
        build({"name": "own", "width": -1}, TABLE, where="model")


def test_a_target_of_the_users_own_package_is_imported_when_trusted(own_module):
    node = {"_target_": "tests_build_target.make", "width": 1}
    assert build(node, {}, where="model", trust=ANYTHING) == (1, 2)
    assert build(node, {}, where="model", trust=["tests_build_target"]) == (1, 2)


def test_a_name_beside_a_target_is_one_of_its_options(own_module):
    """Dropped in silence, a class with a ``name`` of its own would take its default."""
    with pytest.raises(ValueError, match="make does not take 'name'"):
        build({"_target_": "tests_build_target.make", "width": 1, "name": "wide"}, TABLE, where="model", trust=ANYTHING)
    named = build({"_target_": "threading.Thread", "name": "loader"}, TABLE, where="model", trust=ANYTHING)
    assert named.name == "loader"


@pytest.mark.parametrize(
    "target", ["os.system", "torch.hub.load", "torch.load", "videoai.core.checkpoint.load", "builtins.eval"]
)
def test_nothing_is_imported_from_an_untrusted_config(target):
    with pytest.raises(ValueError, match="code from outside videoai"):
        build({"_target_": target, "command": "true"}, TABLE, where="model")


def test_a_target_that_does_not_exist_is_one_clear_line():
    with pytest.raises(ValueError, match="cannot import 'no_such_package.Net'"):
        build({"_target_": "no_such_package.Net"}, {}, where="model", trust=ANYTHING)


def test_what_makes_nothing_is_refused_with_its_name(tmp_path, monkeypatch):
    part = "class Part(ABC):\n    @abstractmethod\n    def go(self): ...\n"
    (tmp_path / "tests_build_parts.py").write_text(f"from abc import ABC, abstractmethod\nTHREE = 3\n{part}")
    (tmp_path / "tests_build_broken.py").write_text("def make(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    for target, message in (
        ("tests_build_parts.THREE", "optim: 'tests_build_parts.THREE' cannot be called"),
        ("tests_build_parts.Part", "optim: 'tests_build_parts.Part' lacks go"),
        (
            "tests_build_broken.make",
            r"cannot import 'tests_build_broken.make': .* \(.*tests_build_broken.py, line 1\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            build({"_target_": target}, {}, where="optim", trust=ANYTHING)


def test_trust_as_a_text_is_one_package_and_not_a_part_of_it():
    with pytest.raises(ValueError, match="code from outside videoai"):
        build({"_target_": "json.loads", "s": "1"}, {}, where="model", trust="myjson")
    assert build({"_target_": "json.loads", "s": "1"}, {}, where="model", trust="json") == 1
