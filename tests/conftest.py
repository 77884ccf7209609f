"""What every test may use."""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen

import pytest

# One torch thread, also in the commands that tests run: tests run in parallel, and threads of tiny steps only wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What tests are collected from stays in memory: a collection of garbage would only look at it again and again.
gc.disable()

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays: no collection of garbage looks at these million objects again."""
    gc.enable()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Libraries that count what leaks look for it at the end."""
    gc.unfreeze()


@pytest.fixture
def golden() -> Callable[[str, Sequence[float], float], None]:
    """Compare numbers with the stored ones. VIDEOAI_GOLDEN=write stores them again: only for a change that is meant
    to."""

    def compare(name: str, values: Sequence[float], tolerance: float) -> None:
        path = GOLDEN / f"{name}.json"
        if os.environ.get("VIDEOAI_GOLDEN") == "write":
            path.write_text(json.dumps([round(value, 6) for value in values], indent=1) + "\n")
        assert list(values) == pytest.approx(json.loads(path.read_text()), abs=tolerance)

    return compare


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real mp4 files in class folders: 4 motions x 6 clips of 32 px, 32 frames."""
    from videoai.data.encode import write_clip
    from videoai.data.motion16.motion import CLASSES, render

    root = tmp_path_factory.mktemp("clips")
    for name in ("left", "right", "up", "down"):
        (root / name).mkdir()
        for index in range(6):
            frames, _ = render(label=CLASSES.index(name), seed=0, split="train", index=index, level="easy", size_px=32)
            write_clip(root / name / f"{name}_{index}.mp4", frames)
    return root


MOTIONS = {"left": "horizontal|leftwards", "right": "horizontal|rightwards", "up": "vertical|upwards", "down": ""}


@pytest.fixture(scope="session")
def multi_label_csv(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips of ``clip_folder`` with two labels each, or none: 3 of a motion in train, 1 in val, 2 in test."""
    lines = ["path,label,split"]
    for name, labels in MOTIONS.items():
        for index, split in enumerate(("train", "train", "train", "val", "test", "test")):
            lines.append(f"{clip_folder / name / name}_{index}.mp4,{labels},{split}")
    table = tmp_path_factory.mktemp("multi_label") / "clips.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


@pytest.fixture(scope="session")
def videoai_command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., CompletedProcess[str]]]:
    """Run ``videoai ...`` as a person does: a process of its own, in a folder of its own."""
    command = [sys.executable, str(ROOT / "tests" / "command_server.py")]
    streams = tmp_path_factory.mktemp("streams")
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}) as server:
        assert server.stdin and server.stdout

        def run(*arguments: str, cwd: Path, timeout: float = 120, **environment: str) -> CompletedProcess[str]:
            files = {"stdout": streams / "stdout", "stderr": streams / "stderr"}
            for file in files.values():
                file.write_bytes(b"")
            request = {"arguments": arguments, "cwd": str(cwd), "timeout": timeout}
            request["environment"] = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
            print(
                json.dumps({**request, **{name: str(file) for name, file in files.items()}}),
                file=server.stdin,
                flush=True,
            )
            code = json.loads(server.stdout.readline())
            assert code != "timeout", f"videoai {' '.join(arguments)} took more than {timeout} s"
            return CompletedProcess(["videoai", *arguments], code, *(file.read_text() for file in files.values()))

        yield run
        server.stdin.close()


@pytest.fixture(scope="session")
def standins() -> Path:
    """The folder of the tests' own package of models, as a user's own would be on the path."""
    folder = Path(__file__).parent / "standins"
    sys.path.append(str(folder))
    return folder


@pytest.fixture(scope="session")
def judge_run(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that learned to tell the clips of ``clip_folder`` apart; its best checkpoint judges generated ones."""
    import videoai

    run_dir = tmp_path_factory.mktemp("judge")
    clip = {"num_frames": 8, "size": 32, "stride": 2}
    trainer = {"batch_size": 8, "max_epochs": None, "max_steps": 60, "precision": "fp32", "tensorboard": False}
    trainer |= {"ema_decay": None, "label_smoothing": 0.0}
    data = {"name": "folder", "root": str(clip_folder), "num_workers": 0, "flip": 0.0}
    given = {
        "data": data,
        "model": "tiny_r3d",
        "clip": clip,
        "augment": "shift",
        "run_dir": str(run_dir),
        "report": False,
    }
    videoai.train(given, run_dir=str(run_dir), trainer={**trainer, "num_threads": 1, "eval_every": 60})
    return run_dir


@pytest.fixture(scope="session")
def evaluated_run(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder: a model with fresh weights as its best checkpoint, and the evaluation of its test split."""
    import torch

    import videoai
    from videoai.compose.settings import from_arguments
    from videoai.core import checkpoint
    from videoai.core.types import ClipSpec
    from videoai.data.lists.from_files import from_folder
    from videoai.settings.training import TrainSettings

    torch.manual_seed(0)
    manifest = from_folder(clip_folder)
    data = from_arguments(TrainSettings, ["data=folder", f"data.root={clip_folder}", "data.flip=0"]).whole["data"]
    state = {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": "tiny_r3d"}, "data": data},
        "classes": list(manifest.classes),
        "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
        "model": videoai.create_model("tiny_r3d", num_classes=len(manifest.classes)).state_dict(),
        "step": 0,
        "versions": {**checkpoint.versions(), "data": manifest.fingerprint()},
    }
    run = tmp_path_factory.mktemp("evaluated") / "motions"
    checkpoint.save(run / "checkpoints" / "best.pt", state)
    videoai.evaluate(str(run / "checkpoints" / "best.pt"), num_workers=0)
    return run


@pytest.fixture(scope="session")
def planted(clip_folder: Path, standins: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The checkpoint of a generator with a known fault: see ``standins/planted.py``."""
    import torch
    from planted import Planted  # pyright: ignore[reportMissingImports]

    from videoai.compose.settings import from_arguments
    from videoai.core import checkpoint
    from videoai.core.types import ClipSpec
    from videoai.data.dataset import EvalClips
    from videoai.data.lists.from_files import from_folder
    from videoai.settings.training import TrainSettings

    manifest, clip = from_folder(clip_folder), ClipSpec(num_frames=8, size=32, stride=2)
    shown = EvalClips(manifest.splits["train"], clip)
    real = [shown[index][0] for index in range(len(shown))]
    folder = tmp_path_factory.mktemp("planted")

    def write(mode: str) -> str:
        generator = Planted(num_classes=4, num_frames=8, size=32, mode=mode)
        for label in range(4):
            clips = [clip.video for clip in real if clip.label == label][:4]
            generator.clips.data[label] = torch.stack(clips).permute(0, 2, 1, 3, 4) / 127.5 - 1
        node = {"_target_": "planted.Planted", "mode": mode}
        data = from_arguments(TrainSettings, ["data=folder", f"data.root={clip_folder}", "data.flip=0"]).whole["data"]
        state = {
            "format": checkpoint.FORMAT,
            "config": {"task": "gan", "gan": {"generator": node}, "data": data},
            "classes": list(manifest.classes),
            "clip": clip.to_dict(),
            "model": {f"generator.{key}": value for key, value in generator.state_dict().items()},
            "step": 0,
            "versions": {**checkpoint.versions(), "data": manifest.fingerprint()},
        }
        checkpoint.save(folder / f"{mode}.pt", state)
        return str(folder / f"{mode}.pt")

    return write


@pytest.fixture(scope="session")
def untrained_gan(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The checkpoint of a small generator with fresh weights that knows the classes of ``clip_folder``."""
    import torch

    from videoai.compose.settings import from_arguments
    from videoai.core import checkpoint
    from videoai.core.types import ClipSpec
    from videoai.data.lists.from_files import from_folder
    from videoai.gan.generator import Generator
    from videoai.settings.training import TrainSettings

    torch.manual_seed(0)
    manifest, node = from_folder(clip_folder), {"name": "conv3d", "width": 2, "content_size": 8, "class_size": 4}
    generator = Generator(num_classes=4, num_frames=8, size=32, width=2, content_size=8, class_size=4)
    data = from_arguments(TrainSettings, ["data=folder", f"data.root={clip_folder}", "data.flip=0"]).whole["data"]
    state = {
        "format": checkpoint.FORMAT,
        "config": {"task": "gan", "gan": {"generator": node}, "data": data},
        "classes": list(manifest.classes),
        "clip": ClipSpec(num_frames=8, size=32, stride=2).to_dict(),
        "model": {f"generator.{key}": value for key, value in generator.state_dict().items()},
        "step": 0,
        "versions": {**checkpoint.versions(), "data": manifest.fingerprint()},
    }
    path = tmp_path_factory.mktemp("untrained_gan") / "gan.pt"
    checkpoint.save(path, state)
    return str(path)


@pytest.fixture(scope="session")
def segments_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrimmed videos of 8 s at 32 px with actions of two sprites, which overlap: 6 in train, 2 in val, 2 in test."""
    from videoai.data.encode import write_clip
    from videoai.data.motion16.untrimmed import CLASSES, FPS, render_untrimmed

    folder = tmp_path_factory.mktemp("untrimmed")
    lines = ["path,label,split,start_seconds,end_seconds"]
    for split, count in (("train", 6), ("val", 2), ("test", 2)):
        for index in range(count):
            how = {"num_frames": 120, "level": "easy", "size_px": 32}
            frames, actions = render_untrimmed(seed=0, split=split, index=index, **how)
            write_clip(folder / f"{split}_{index}.mp4", frames, int(FPS))
            for action in actions:
                label = "up" if CLASSES[action.label] in ("up", "down", "left", "right") else "turn"
                lines.append(f"{split}_{index}.mp4,{label},{split},{action.first / FPS:.3f},{action.end / FPS:.3f}")
    (folder / "segments.csv").write_text("\n".join(lines) + "\n")
    return folder / "segments.csv"
