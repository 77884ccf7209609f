"""What a release is made of: metadata, pins, the configs inside the wheel, and the README's commands."""

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import distributions, requires
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import videoai

ROOT = Path(__file__).resolve().parents[1]
OPTIONAL = {  # used when they are there
    "torchcodec",
    "fsspec",
    "optuna",
    "pyarrow",
    "tokenizers",
    "ftfy",
    *(
        "fastapi",
        "fastapi-offline",
        "gradio",
        "h11",
        "prometheus-client",
        "pydantic",
        "python-multipart",
        "starlette",
        "uvicorn",
    ),
    "scenedetect",
    "cv2",
    "torchaudio",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "openvino",
    "nncf",
    "executorch",
    "coremltools",
    "paho",
}
README_SCRIPT = ROOT / "scripts" / "readme_block.py"


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def requirements(pyproject: dict[str, Any]) -> list[Requirement]:
    project = pyproject["project"]
    return [Requirement(line) for line in chain(project["dependencies"], *project["optional-dependencies"].values())]


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    """Canonical name -> version of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme_block", README_SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_is_written_once(pyproject: dict[str, Any]) -> None:
    source = ROOT / pyproject["tool"]["hatch"]["version"]["path"]
    assert "version" in pyproject["project"]["dynamic"] and "version" not in pyproject["project"]
    written = re.findall(r'^__version__ = "(.+)"$', source.read_text(encoding="utf-8"), re.MULTILINE)
    assert written == [videoai.__version__]


def test_this_python_is_one_we_support(pyproject: dict[str, Any]) -> None:
    supported = SpecifierSet(pyproject["project"]["requires-python"])
    assert "{}.{}.{}".format(*sys.version_info[:3]) in supported
    assert "3.10.14" not in supported


def test_the_configs_go_into_the_wheel(pyproject: dict[str, Any]) -> None:
    wheel = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["only-include"]) == {"videoai", "configs"}
    assert wheel["sources"] == {"configs": "videoai/configs"}  # where the command line looks in an installed package
    assert list((ROOT / "configs").rglob("*.yaml"))
    assert not list((ROOT / "configs").rglob("*.yml"))  # Hydra finds *.yaml only


def test_no_config_or_module_is_hidden_by_gitignore() -> None:
    """Hatch leaves out what git ignores: a pattern such as `data/` would drop videoai/data from the wheel."""
    patterns = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
    loose = [pattern for pattern in patterns if pattern and "/" not in pattern and not pattern.startswith("#")]
    kept = [path for top in ("videoai", "configs") for path in (ROOT / top).rglob("*")]
    kept = [path for path in kept if "__pycache__" not in path.parts]
    hidden = [str(path) for path in kept for pattern in loose if fnmatch(path.name, pattern)]
    assert not hidden


def test_every_direct_requirement_has_a_tested_pin(requirements: list[Requirement], pins: dict[str, str]) -> None:
    for requirement in requirements:
        version = pins.get(canonicalize_name(requirement.name))
        assert version, f"constraints.txt has no pin for {requirement.name}"
        assert requirement.specifier.contains(version), f"{requirement} but constraints.txt has {version}"


def test_whatever_a_pinned_package_needs_is_pinned_too(requirements: list[Requirement], pins: dict[str, str]) -> None:
    """Versions of packages that are installed as pinned; torch pins its CUDA libraries itself."""
    wanted = {canonicalize_name(requirement.name): {"", *requirement.extras} for requirement in requirements}
    needed = {
        (canonicalize_name(needs.name), name)
        for name, version in pins.items()
        if any(canonicalize_name(d.name) == name and d.version == version for d in distributions(name=name))
        for needs in map(Requirement, requires(name) or ())
        if not needs.marker or any(needs.marker.evaluate({"extra": extra}) for extra in wanted.get(name, {""}))
    }
    assert len(needed) > 50
    assert {pair for pair in needed if pair[0] not in pins and not re.match("nvidia-|cuda-|triton", pair[0])} == set()


def imported_packages() -> set[str]:
    """Top-level names of what videoai imports, inside functions too, without itself and the standard library."""
    names: set[str] = set()
    for path in (ROOT / "videoai").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - {"videoai"} - set(sys.stdlib_module_names)


def test_whatever_the_package_imports_is_declared(pyproject: dict[str, Any]) -> None:
    declared = {canonicalize_name(Requirement(line).name) for line in pyproject["project"]["dependencies"]}
    pip_names = {"PIL": "pillow", "yaml": "pyyaml", "sklearn": "scikit-learn", "hydra": "hydra-core"}
    imported = {canonicalize_name(pip_names.get(name, name)) for name in imported_packages()}
    assert imported - OPTIONAL <= declared, f"not in pyproject.toml: {sorted(imported - OPTIONAL - declared)}"


def test_constraints_are_pins_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)]
    assert not odd  # no paths, addresses or local versions (+cpu)


def test_the_readme_holds_the_two_commands_of_ci(script: ModuleType) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert script.readme_block(text, "test").splitlines()[-1] == 'pip install -e ".[dev]" && pytest'
    assert script.readme_block(text, "train").splitlines()[-1] == "pip install -e . && videoai train"


def test_ci_runs_the_blocks_that_the_readme_holds(script: ModuleType) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = re.findall(r"(?m)^readme (\w+)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert {"test", "train"} <= set(names)
    assert all(script.readme_block(text, name) for name in names)


TEXT = """# x
<!-- ci: train -->
```bash
pip install -e . && \\
  videoai train
```

<!-- ci: other -->

```bash
ls
```
"""


def test_words_go_to_the_end_of_the_last_command_and_are_quoted(script: ModuleType) -> None:
    block = script.readme_block(TEXT, "train", ["trainer.max_steps=20", "run_dir=/tmp/a b"])
    assert shlex.split(block)[-3:] == ["train", "trainer.max_steps=20", "run_dir=/tmp/a b"]


def test_a_missing_block_is_an_error_that_names_those_there(script: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"0 blocks named 'tests'.*blocks there: train, other"):
        script.readme_block(TEXT, "tests")


def test_a_block_that_is_there_twice_is_an_error(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="2 blocks named 'train'"):
        script.readme_block(TEXT + TEXT, "train")


def test_the_script_reports_a_missing_block_in_one_line() -> None:
    done = subprocess.run([sys.executable, README_SCRIPT, "no-such"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no-such" in done.stderr and "Traceback" not in done.stderr
