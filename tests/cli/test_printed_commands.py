"""Commands that videoai and its pages print can be pasted: a shell reads the words as meant, and they compose."""

import ast
import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from videoai.cli import data_check, data_inspect, data_prepare, models
from videoai.cli.jobs import FORMER, GROUPS, JOBS, find, jobs_of
from videoai.cli.overrides import one_or_list, path_first
from videoai.cli.train import report
from videoai.compose.settings import JOBS as FROM_PRESETS
from videoai.compose.settings import from_arguments, shared_out
from videoai.core.messages import command_line
from videoai.data.lists.from_files import from_folder
from videoai.run.checkpoint_data import check_data_unchanged
from videoai.run.datasets.prepare import Prepared
from videoai.run.train import TrainResult
from videoai.settings.gan import TrainGanSettings
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings
from videoai.tasks.supervised import scoring_task

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "videoai").rglob("*.py"))
FIRST_WORDS = {name.split()[0] for name in JOBS} | {word for word, _ in FORMER}
NAMED = re.compile(rf"videoai ({'|'.join(sorted(FIRST_WORDS))})\b(?: ([\w=]+))?")
CLIPS = "my {clips}, mine"


def paste(text: str) -> dict:
    """The settings of the only command in ``text``, whole, as the command line would put them together."""
    (command,) = re.findall(r"(?m)(?:^ *|: )(videoai .+)$", text)
    return compose(command, whole=True)


def compose(command: str, *, whole: bool = False) -> dict:
    """The settings of a command: those of its job, and of the trainings that it passes words on to.

    Args:
        whole: whether a setting that must be given and is not is an error.
    """
    job = find(shlex.split(command, comments=True)[1:])
    assert not job.note, job.note
    rest = path_first(job.rest)[1] if job.name.startswith("data ") else job.rest
    if job.name in ("push", "runs", "compare", "ensemble", "search") or job.name.startswith("features "):  # paths first
        rest = [word for word in rest if "=" in word]
    lists = {"stream": ["source"], "benchmark stream": ["source", "checkpoint"]}.get(job.name, [])
    rest = [one_or_list(word, *lists) for word in rest]
    settings = {}
    for reference in job.job.settings[:1]:
        module, _, name = reference.partition(":")
        cls = getattr(import_module(module), name)
        own, others = (rest, []) if cls in FROM_PRESETS else shared_out(cls, rest)
        of_gan = [word for word in others if word.startswith(("gan=", "gan."))]
        of_training = [word for word in others if word not in of_gan]
        for kind, words in ((TrainGanSettings, of_gan), (TrainSettings, of_training), (cls, own)):
            if words:
                composed = from_arguments(kind, words)
                settings |= (composed.settings() and composed.whole) if whole else composed.whole
    return settings


@pytest.fixture
def clips(clip_folder, tmp_path, monkeypatch) -> Path:
    """Few clips of two classes, below a folder whose name a shell and Hydra would split."""
    monkeypatch.chdir(tmp_path)
    for name in ("left", "up"):
        (tmp_path / CLIPS / name).mkdir(parents=True)
        for index in range(3):
            shutil.copy(clip_folder / name / f"{name}_{index}.mp4", tmp_path / CLIPS / name)
    return tmp_path / CLIPS


def test_inspect_names_the_folder_as_it_is(clips, capsys):
    assert data_inspect.main([CLIPS, "look=2", "model=r3d_18"]) == 0
    settings = paste(capsys.readouterr().out)
    assert settings["data"]["root"] == CLIPS
    assert settings["data"]["flip"] == 0  # left has a side
    assert settings["model"]["name"] == "r3d_18"


def test_inspect_names_the_rate_of_folders_of_images(clips, capsys):
    assert data_inspect.main([CLIPS, "look=2", "frame_fps=10"]) == 0
    assert paste(capsys.readouterr().out)["loading"]["frame_fps"] == 10


def test_check_names_the_data_and_the_quarantine(clips, capsys):
    (clips / "up" / "up_0.mp4").write_bytes(b"no video")
    words = [CLIPS, "out=my report", "num_workers=0", "near_duplicates=false", "data.only=[left,up]"]
    assert data_check.main(words) == data_check.FAULTS_FOUND
    data = paste(capsys.readouterr().out)["data"]
    assert (data["name"], data["root"], data["only"]) == ("folder", str(clips), ["left", "up"])
    assert data["quarantine"] == "my report/quarantine.csv"


@pytest.mark.parametrize(("to", "key"), [("shards", "out"), ("videos", "manifest")])
def test_prepare_names_what_it_made(to, key):
    sizes = {"num_videos": 1, "num_made": 1, "bytes_in": 1, "bytes_out": 1, "unreadable": [], "clip_ms": None}
    sizes["classes"], sizes["columns"] = ("left", "up"), {}
    facts = {"to": to, "out": "my {data}", "manifest": "my {data}/clips.csv", "splits": {"val": 0}, "task": "classify"}
    data = paste(data_prepare.next_command(Prepared(**facts, **sizes)))["data"]
    assert (data["path"], data["flip"]) == (facts[key], 0)


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"speed": "value", "an angle": "value"}, {"name": "regression", "targets": ["speed", "an angle"]}),
        ({"verb": "class", "speed": "value"}, {"name": "multi_head", "heads": {"verb": "class", "speed": "value"}}),
        ({"calm": "votes", "wild": "votes"}, {"name": "classify", "votes": ["calm", "wild"]}),
    ],
)
def test_prepare_names_the_task_of_the_columns(columns, task):
    said = paste(command_line("train", *data_prepare.task_words(columns)))["task"]
    assert {key: said[key] for key in task} == task


def test_train_names_the_checkpoint_and_every_package_that_it_needs(capsys):
    facts = {"metric": "top1", "best_value": 0.5, "best": "top-1 50.0%", "best_step": 1, "step": 1, "seconds": 1.0}
    result = TrainResult(run_dir="runs/a b", checkpoint="runs/a b/{best}.pt", **facts)
    report(result, "evaluate", [], ["mynet", "mytask"])
    settings = paste(capsys.readouterr().out.splitlines()[-1])
    assert settings["checkpoint"] == "runs/a b/{best}.pt"
    assert settings["trust"] == ["mynet", "mytask"]


@pytest.mark.parametrize(
    ("layout", "key", "place"),
    [("csv", "path", "FILE"), ("elan", "root", "FOLDER"), ("folder", "root", "FOLDER"), ("shards", "path", "FILE")],
)
def test_a_checkpoint_whose_list_changed_names_other_data_of_its_layout(layout, key, place, clip_folder):
    state = {"config": {"data": {"name": layout}}, "versions": {"data": "another"}}
    with pytest.raises(ValueError, match="may hold training clips") as refused:
        check_data_unchanged(from_folder(clip_folder), state, "my {run}/best.pt")
    settings = paste(str(refused.value))
    assert settings["checkpoint"] == "my {run}/best.pt"
    assert (settings["data"]["name"], settings["data"][key]) == (layout, place)


def test_a_gan_that_is_asked_for_names_tells_how_it_is_scored():
    with pytest.raises(ValueError, match="Its own scores: videoai gan evaluate") as refused:
        scoring_task({"config": {"task": "gan"}}, "my {gan}/best.pt")
    assert paste(str(refused.value))["checkpoint"] == "my {gan}/best.pt"


@pytest.mark.parametrize("words", [["tiny"], ["tiny_r3d"], ["r3d_18"]])
def test_the_zoo_tells_how_its_models_are_trained(words, capsys):
    models.main(words)
    use = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("use: "))
    settings = paste(use)
    assert settings["model"].get("pretrained", False) == (words == ["r3d_18"])


def test_the_setting_that_admits_code_of_a_checkpoint_can_be_pasted():
    from videoai.core.build import build

    with pytest.raises(ValueError, match="code from outside videoai") as refused:
        build({"_target_": "mynet.Net"}, {}, where="model")
    setting = re.search(r"Add ('\S+')", str(refused.value))
    assert setting is not None
    words = ["checkpoint=best.pt", *shlex.split(setting[1])]
    assert from_arguments(EvaluateSettings, words).settings().trust == ("mynet",)


def missing_jobs(text: str) -> list[str]:
    """What a text calls a job of videoai and is none today."""
    wrong = []
    for first, second in NAMED.findall(text):
        in_group = first not in GROUPS or second in jobs_of(first) or not second
        if (first, second) in FORMER or (first, "") in FORMER or not in_group:
            wrong.append(f"videoai {first} {second}".strip())
    return wrong


def test_every_job_that_the_code_names_exists():
    wrong = {}
    for path in SOURCES:
        nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        if missing := [one for node in nodes if isinstance(node.value, str) for one in missing_jobs(node.value)]:
            wrong[str(path)] = missing
    assert wrong == {}


def test_a_job_that_does_not_exist_is_seen():
    assert missing_jobs("videoai train task=gan, videoai generate, videoai data export, videoai gan train") == [
        "videoai train task=gan",
        "videoai generate",
        "videoai data export",
    ]


PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
# What a reader's shell would put there.
VARIABLES = {"$eight": "data.only=[left,up]", "$model": "tiny_r3d", "$seed": "0", "$arm": "focal=1"}


def commands_of(page: str) -> list[str]:
    """The commands of videoai in the bash blocks of a page."""
    blocks = "\n".join(re.findall(r"```bash\n(.*?)```", page, re.DOTALL)).replace("\\\n", " ")
    for name, value in VARIABLES.items():
        blocks = blocks.replace(name, value)
    return [line.strip() for line in blocks.splitlines() if line.strip().startswith("videoai ")]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=() if page.name == "README.md" else pytest.mark.slow, id=page.name) for page in PAGES],
)
def test_every_command_of_a_page_composes(page):
    for command in dict.fromkeys(commands_of(page.read_text())):
        if not {"--config-dir", "--help", "-m"} & {*command.split()}:  # own files, a page of help, several runs
            compose(command)


def test_a_command_of_a_page_that_does_not_compose_is_seen():
    (command,) = commands_of("```bash\nvideoai train trainer.max_step=5  # short\n```")
    with pytest.raises(ValueError, match="unknown setting 'trainer.max_step'"):
        compose(command)


@pytest.mark.parametrize("page", ["data.md", "gan.md"])
def test_the_yaml_files_of_a_page_compose_by_the_commands_beside_them(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    named = [(match, block) for block in blocks if (match := re.search(r"(?m)^# (\S+\.yaml): +(videoai .+)$", block))]
    assert named
    for match, block in named:
        target = tmp_path / match[1]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block)
        compose(match[2], whole=True)
