"""Texts as classes from the command line: tiny networks in the publishers' layout, on real video files."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.models.text.tiny import publish
from videoai.cli.main import main
from videoai.data.feature_table import read_features
from videoai.inference.text_models import open_text_model

pytest.importorskip("tokenizers")
pytest.importorskip("ftfy")


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """``ID:FILE`` of each tiny network."""
    monkeypatch.chdir(tmp_path)
    return publish(monkeypatch, tmp_path / "published")


@pytest.fixture
def videoai(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """``videoai ...`` in this process, which knows the tiny networks."""

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["videoai", *words])
        code = main()
        out, err = capfd.readouterr()
        return Done(code, str(out), str(err))

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny_clip", "tiny_xclip"])
def test_a_video_is_compared_with_texts(name, ids, videoai, clip_folder, caplog):
    caplog.set_level("INFO")
    video = clip_folder / "up" / "up_0.mp4"
    question = ("classes=opening a door,falling, left", "window_seconds=0.5", "annotate=true")
    done = videoai("predict", f"checkpoint={ids[name]}", f"input={video}", *question)
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert {top["label"] for top in answer["top"]} == {"opening a door", "falling", "left"}
    assert sum(top["probability"] for top in answer["top"]) == pytest.approx(1, abs=1e-5)
    assert len(answer["timeline"]) == 4 and Path(answer["annotated"]).stat().st_size > 1000
    assert Path("runs/predict/predictions.jsonl").read_text() == done.out
    first = "falling" if name == "tiny_xclip" else "a photo of falling."
    assert f"classes are texts: opening a door = '{first.replace('falling', 'opening a door')}'" in caplog.text


def test_other_texts_are_other_answers_and_keep_the_former(ids, videoai, clip_folder):
    ask = ("predict", f"checkpoint={ids['tiny_xclip']}", f"input={clip_folder / 'up' / 'up_0.mp4'}")
    videoai(*ask, "classes=up,down")
    videoai(*ask, "classes=up,left")
    videoai(*ask, "classes=up,down", "templates=a video of {}.")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["predict", "predict-2", "predict-3"]


def test_a_file_names_classes_in_several_phrasings(ids, videoai, clip_folder):
    Path("classes.txt").write_text("# what to look for\nfall: falling | a person falls\n\nwalking\n")
    Path("templates.txt").write_text("a video of {}.\na photo of {}.\n")
    asked = ("classes=classes.txt", "templates=templates.txt", f"input={clip_folder / 'up'}")
    done = videoai("predict", f"checkpoint={ids['tiny_clip']}", *asked)
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 6
    assert {top["label"] for top in json.loads(done.out.splitlines()[0])["top"]} == {"fall", "walking"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "compares videos with texts. Name two or more: classes='opening a door,falling', or classes=FILE.txt"),
        (("classes=falling",), "1 given, and an answer chooses between them"),
        (("classes=falling,falling",), "falling stands there twice"),
        (("classes=fall:,up",), "nothing is said of fall"),
        (("classes=no.txt",), "classes=no.txt: no such file"),
        (
            ("classes=up,down", "templates=a video"),
            "templates: 'a video' has no one place for the class: write {} once",
        ),
        (("classes=up," + "falling " * 90,), "longer than 75 tokens"),
    ],
)
def test_what_is_no_question_is_refused_with_what_to_write(words, message, ids, videoai, clip_folder):
    done = videoai("predict", f"checkpoint={ids['tiny_xclip']}", f"input={clip_folder / 'up'}", *words)
    assert done.code == 1
    assert message in done.err
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [
        ("hf/tiny_clip:", "checkpoint=hf/tiny_clip:: no file after the colon"),
        ("hf/tiny_clip:no.bin", "weights hf/tiny_clip: no.bin is no file"),
        ("hf/tiny_clap", "checkpoint=hf/tiny_clap: no such published weights. Did you mean hf/tiny_clip?"),
    ],
)
def test_weights_that_are_not_there_are_named_by_the_setting(checkpoint, message, ids, videoai, clip_folder):
    done = videoai("predict", f"checkpoint={checkpoint}", f"input={clip_folder / 'up'}", "classes=up,down")
    assert done.code == 1
    assert message in done.err


@pytest.mark.parametrize("package", ["tokenizers", "ftfy"])
def test_a_package_that_is_missing_is_named_before_weights_are_read(package, ids, videoai, clip_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    Path(ids["tiny_clip"].partition(":")[2]).unlink()
    done = videoai("predict", f"checkpoint={ids['tiny_clip']}", f"input={clip_folder / 'up'}", "classes=up,down")
    assert (done.code, "videoai[text]" in done.err, package in done.err) == (1, True, True)


def test_a_checkpoint_that_reads_no_texts_refuses_them(untrained, videoai, ids, clip_folder):
    for word in ("classes=up,down", "templates=a {}"):
        done = videoai("predict", untrained, f"input={clip_folder / 'up'}", word)
        assert done.code == 1
        key = word.partition("=")[0]
        assert f"reads no texts. Leave {key}=, or give a model that compares videos with texts" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny_clip", "tiny_xclip"])
def test_evaluate_takes_the_class_names_of_the_data_as_texts(name, ids, videoai, clip_folder, caplog):
    caplog.set_level("INFO")
    data = ("data=folder", f"data.root={clip_folder}", "num_workers=0", "run_dir=scores")
    done = videoai("evaluate", f"checkpoint={ids[name]}", *data)
    assert done.code == 0, done.err
    results = json.loads(Path("scores/results.json").read_text())
    assert (results["n_total"], results["classes"]) == (24, 4)
    assert "down = " in caplog.text
    Path("classes.txt").write_text("up: upwards\ndown: downwards\nleft: to the left\nright: to the right\n")
    assert "texts.down" in Path("scores/report.html").read_text()
    other = videoai("evaluate", f"checkpoint={ids[name]}", *data, "classes=classes.txt", "report=false")
    assert other.code == 0, other.err
    assert "to the left" in caplog.text


def test_classes_that_miss_one_of_the_data_are_refused(ids, videoai, clip_folder):
    data = ("data=folder", f"data.root={clip_folder}", "report=false", "run_dir=scores")
    done = videoai("evaluate", f"checkpoint={ids['tiny_clip']}", *data, "classes=up,down,left")
    assert done.code == 1
    assert 'only in the data: ["right"]' in done.err


def test_python_asks_the_same(ids, clip_folder):
    import videoai

    video = str(clip_folder / "up" / "up_0.mp4")
    listed = videoai.predict(ids["tiny_xclip"], video, classes=["a person falls", "up"])[0].to_dict()
    named = (
        videoai.load(ids["tiny_xclip"], classes={"fall": "a person falls", "up": ["up"]}).predict(video)[0].to_dict()
    )
    assert [top["probability"] for top in named["top"]] == [top["probability"] for top in listed["top"]]
    assert {top["label"] for top in named["top"]} == {"fall", "up"}


def extracted(videoai, ids, name, clip_folder, *words):
    given = (f"checkpoint={ids[name]}", f"input={clip_folder}", "format=npz", "run_dir=table", "num_workers=0")
    done = videoai("features", "extract", *given, *words)
    assert done.code == 0, done.err
    return "table/features.npz"


@pytest.mark.parametrize("name", ["tiny_clip", "tiny_xclip"])
def test_a_text_finds_videos_by_the_cosine_in_the_space_of_both(name, ids, videoai, clip_folder):
    table = extracted(videoai, ids, name, clip_folder)
    done = videoai("search", table, "text=a person falls", "top_k=24")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert answer["query"] == "a person falls" and len(answer["matches"]) == 24
    model, features = open_text_model(ids[name]), read_features(table)
    unit = features.features / np.linalg.norm(features.features, axis=1, keepdims=True)
    wanted = np.sort(unit @ model.vector("a person falls").numpy())[::-1]
    assert [match["similarity"] for match in answer["matches"]] == pytest.approx(wanted.tolist(), abs=1e-5)
    assert Path("runs/search/matches.jsonl").read_text() == done.out


def test_a_search_by_a_text_needs_a_table_of_its_space(ids, videoai, untrained, clip_folder):
    table = extracted(videoai, ids, "tiny_clip", clip_folder, "layer=blocks.1")
    other = videoai("search", table, "text=up")
    assert other.code == 1 and "holds layer=blocks.1, and only layer=pooled lies in the space of texts" in other.err
    extracted(videoai, {"own": untrained.partition("=")[2]}, "own", clip_folder)
    own = videoai("search", table, "text=up")
    assert own.code == 1 and "which reads no texts. Ask with query=VIDEO" in own.err
    both = videoai("search", table, "text=up", f"query={clip_folder}")
    assert both.code == 1 and "both are given. Give one: query=VIDEO, or text='a person falls'." in both.err
    assert "neither is given" in videoai("search", table).err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny_clip", "tiny_xclip"])
def test_a_description_compares_with_texts_beside_a_model_that_reads_none(name, ids, videoai, untrained, clip_folder):
    checkpoints = f"checkpoint=[{ids[name]},{untrained.removeprefix('checkpoint=')}]"
    question = ("classes=opening a door,falling", "window_seconds=0.5", "shots=false", "run_dir=out")
    done = videoai("describe", checkpoints, f"input={clip_folder}/up/up_0.mp4", *question)
    assert done.code == 0, done.err
    told = json.loads(Path("out/up_0/description.json").read_text())
    labels = {checkpoint: set() for checkpoint in (one["checkpoint"] for one in told["checkpoints"])}
    for tag in told["tags"]:
        labels[tag["checkpoint"]].add(tag["label"])
    assert [*labels.values()] == [{"opening a door", "falling"}, {"down", "left", "right", "up"}]
