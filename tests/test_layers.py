"""The rules of the house that a machine can see, read from the syntax tree: no import of the package, milliseconds.

`lint-imports` checks the same floors through indirect imports too; these tests name the line and need no extra tool.
"""

import ast
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "videoai"

FLOORS = (  # top to bottom; an import goes to the same package or to a lower floor
    {"cli"},
    {"api"},
    {"compose"},
    {"run"},
    {"tasks", "serving"},
    {"inference", "live"},
    {"data", "models", "attribution", "gan", "engine", "tabular", "report"},
    {"settings", "events"},
    {"core"},
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
VAGUE_NAMES = {"utils", "util", "common", "helpers", "misc"}

# What draws from torch's global generator unless it is given one.
TORCH_DRAWS = {"rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"}
TORCH_DRAWS |= {"bernoulli", "multinomial", "normal", "poisson"}
TENSOR_DRAWS = {"bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_", "uniform_"}
NUMPY_SEEDED = {"default_rng", "Generator", "SeedSequence", "PCG64", "Philox"}

Rule = Callable[[ast.Module, str], Iterator[tuple[int, str]]]


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, otherwise an empty string."""
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the dotted name of what is called."""
    return ((node, dotted(node.func)) for node in ast.walk(tree) if isinstance(node, ast.Call))


def keywords(call: ast.Call) -> dict[str | None, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords}


def imports(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything imported, `from x import y` as `x.y`; inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def part_of(module: str) -> str:
    """`data` for `videoai.data.loader`, an empty string for the package itself and for other packages."""
    names = module.split(".")
    return names[1] if names[0] == "videoai" and len(names) > 1 else ""


def imports_point_down(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    own = part_of(module)
    for line, name in imports(tree, module):
        other = part_of(name)
        if own in FLOOR_OF and other in FLOOR_OF and other != own and FLOOR_OF[other] <= FLOOR_OF[own]:
            yield line, f"{own} imports {other}, which is not below it"


def only_compose_knows_hydra(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    if part_of(module) != "compose":
        for line, name in imports(tree, module):
            if name.split(".")[0] in {"hydra", "omegaconf"}:
                yield line, f"{name} is imported outside videoai/compose"


def only_cli_prints(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    if part_of(module) != "cli":
        yield from ((call.lineno, "print() outside videoai/cli") for call, name in calls(tree) if name == "print")


def data_draws_from_given_generators(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    if part_of(module) != "data":
        return
    for line, name in imports(tree, module):
        if name.split(".")[0] == "random":
            yield line, "the random module has one global state; use generator_for(seed, *where)"
    for call, name in calls(tree):
        if reason := _global_draw(call, name):
            yield call.lineno, f"{reason} draws from a global generator; use generator_for(seed, *where)"


def _global_draw(call: ast.Call, name: str) -> str:
    package, _, last = name.rpartition(".")
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if package in {"np.random", "numpy.random"} and last not in NUMPY_SEEDED:
        return name
    if package == "torch" and last in TORCH_DRAWS and "generator" not in keywords(call):
        return name
    if method in TENSOR_DRAWS and "generator" not in keywords(call):
        return f".{method}()"
    return name if name.startswith("torch.distributions.") else ""


def nothing_runs_foreign_code(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    for call, name in calls(tree):
        given = keywords(call)
        if name in {"eval", "exec", "os.system", "os.popen"} or (
            name.split(".")[0] in {"pickle", "dill", "marshal"} and not name.endswith("Error")
        ):
            yield call.lineno, f"{name}() runs what it is given"
        for option, value in (("weights_only", False), ("shell", True)):
            if option in given and _may_be(given[option], value):
                yield call.lineno, f"{name}({option}={ast.unparse(given[option])})"
        if name == "torch.load" and "weights_only" not in given:
            yield call.lineno, "torch.load() without weights_only=True"


def docstrings_begin_with_their_subject(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = node.body[0] if node.body else None
            if (ast.get_docstring(node) or "").startswith("Of ") and docstring is not None:
                yield docstring.lineno, "the docstring begins with 'Of'; begin with the noun"


def _may_be(node: ast.expr, value: bool) -> bool:
    """Anything but a written constant may turn out to be the dangerous value."""
    return not isinstance(node, ast.Constant) or node.value is value


RULES: tuple[Rule, ...] = (
    imports_point_down,
    only_compose_knows_hydra,
    only_cli_prints,
    data_draws_from_given_generators,
    nothing_runs_foreign_code,
    docstrings_begin_with_their_subject,
)


def module_name(path: Path) -> str:
    """The dotted name of a file of the package, `videoai.data.__init__` for an `__init__.py`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@cache
def sources() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(PACKAGE.rglob("*.py"))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path, tree in sources()
        for line, text in rule(tree, module_name(path))
    ]
    assert not problems, "\n".join(problems)


def test_every_part_of_the_package_has_a_floor() -> None:
    parts = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    # configs lies in the package only in a wheel; py.typed and the dunder files hold no code of a floor
    parts -= {"__init__", "__main__", "py", "configs"}
    assert parts <= FLOOR_OF.keys(), f"no floor for: {', '.join(sorted(parts - FLOOR_OF.keys()))}"


def test_no_file_is_named_for_nothing() -> None:
    vague = [str(path) for path in PACKAGE.rglob("*") if path.stem.lower() in VAGUE_NAMES]
    assert not vague, f"name these for what they hold: {', '.join(vague)}"


BROKEN = [
    (imports_point_down, "videoai.data.x", "from videoai.models.resnet import build"),
    (imports_point_down, "videoai.data.x", "from videoai import models"),
    (imports_point_down, "videoai.data.x", "from ..models import resnet"),
    (imports_point_down, "videoai.core.x", "def f():\n    import videoai.data.loader"),
    (imports_point_down, "videoai.inference.x", "from videoai.tasks import classify"),
    (imports_point_down, "videoai.run", "from videoai.compose.settings import from_arguments"),
    (only_compose_knows_hydra, "videoai.run", "import hydra"),
    (only_compose_knows_hydra, "videoai.engine.x", "from omegaconf import OmegaConf"),
    (only_cli_prints, "videoai.run", "print('epoch 1')"),
    (data_draws_from_given_generators, "videoai.data.x", "import random"),
    (data_draws_from_given_generators, "videoai.data.x", "from random import choice"),
    (data_draws_from_given_generators, "videoai.data.x", "import numpy as np\nnp.random.randint(3)"),
    (data_draws_from_given_generators, "videoai.data.x", "torch.rand(3)"),
    (data_draws_from_given_generators, "videoai.data.x", "torch.randint(0, 3, (1,))"),
    (data_draws_from_given_generators, "videoai.data.x", "torch.randperm(3)"),
    (data_draws_from_given_generators, "videoai.data.x", "torch.empty(3).uniform_(0, 1)"),
    (data_draws_from_given_generators, "videoai.data.x", "torch.distributions.Beta(a, b).sample()"),
    (nothing_runs_foreign_code, "videoai.core.x", "torch.load(path, weights_only=False)"),
    (nothing_runs_foreign_code, "videoai.core.x", "torch.load(path, weights_only=safe)"),
    (nothing_runs_foreign_code, "videoai.core.x", "torch.load(path)"),
    (nothing_runs_foreign_code, "videoai.core.x", "pickle.load(file)"),
    (nothing_runs_foreign_code, "videoai.core.x", "eval(text)"),
    (nothing_runs_foreign_code, "videoai.core.x", "subprocess.run(command, shell=True)"),
    (docstrings_begin_with_their_subject, "videoai.core.x", 'def f():\n    """Of each class, the clips."""'),
]


@pytest.mark.parametrize("folder", ["videoai", "scripts", "tests"])
def test_comments_begin_with_their_subject(folder: str) -> None:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        with path.open("rb") as file:
            comments = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
        found += [f"{path}:{one.start[0]}: {one.string}" for one in comments if one.string.lower().startswith("# of ")]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("rule", "module", "source"), BROKEN)
def test_each_rule_sees_a_break(rule: Rule, module: str, source: str) -> None:
    assert list(rule(ast.parse(source), module))


KEPT = [
    (imports_point_down, "videoai.data.x", "from videoai.core.types import Clip\nimport videoai.data.sampling"),
    (imports_point_down, "videoai.__init__", "from videoai.models import create_model"),
    (only_compose_knows_hydra, "videoai.compose.presets", "import hydra"),
    (only_cli_prints, "videoai.cli.main", "print('done')"),
    (data_draws_from_given_generators, "videoai.data.x", "torch.randint(3, (), generator=rng)"),
    (data_draws_from_given_generators, "videoai.data.x", "np.random.default_rng(seed).beta(a, a)"),
    (data_draws_from_given_generators, "videoai.models.x", "torch.rand(3)"),
    (nothing_runs_foreign_code, "videoai.core.x", "model.eval()\ntorch.load(path, weights_only=True)"),
    (docstrings_begin_with_their_subject, "videoai.core.x", 'def f():\n    """Often the clips of each class."""'),
]


@pytest.mark.parametrize(("rule", "module", "source"), KEPT)
def test_no_rule_sees_a_break_where_there_is_none(rule: Rule, module: str, source: str) -> None:
    assert not list(rule(ast.parse(source), module))
