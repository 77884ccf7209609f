import json
from pathlib import Path

import pytest
import yaml
from PIL import Image

from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.report.page import html
from videoai.report.page.comparison_summary import Answers
from videoai.report.page.film import Film
from videoai.report.page.summary import Exhibit, Gallery
from videoai.run.compare import compare_runs
from videoai.run.compare_page import films_of, recorded_videos
from videoai.settings.runs import CompareSettings

ANSWERS = {f"a/{index}.mp4": ("a", 1) for index in range(6)} | {"b/0.mp4": ("b", 0), "b/1.mp4": ("b", 0)}
WHOLE = {"val_fraction": 0.0, "test_fraction": 0.0}  # settings of data that are not split
HEADER = "path,label,predicted,correct"


def write(folder: Path, answers=None, header=HEADER, **facts) -> str:
    folder.mkdir(parents=True)
    (folder.parent / "config.yaml").touch()
    rows = [f"{path},{label},x,{correct}" for path, (label, correct) in (answers or ANSWERS).items()]
    (folder / "predictions.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "results.json").write_text(json.dumps({"split": "test", "views": "1x1", "fingerprint": "f", **facts}))
    return str(folder.parent)


@pytest.mark.parametrize("given", ["one", "one/test", "one/test/predictions.csv"])
def test_runs_folders_and_files_are_paired_by_their_videos(given, tmp_path, caplog):
    write(tmp_path / "one/test")
    other = write(tmp_path / "other/test", dict(reversed(ANSWERS.items())) | {"b/0.mp4": ("b", 1), "b/1.mp4": ("b", 1)})
    done = compare_runs(CompareSettings(run=str(tmp_path / given), other=other))
    assert (done.comparison.num_videos, done.comparison.one, done.comparison.other) == (8, 0.75, 1.0)
    folder = tmp_path / "one/test"
    assert done.files == [folder / "comparison-other.csv", folder / "comparison-other.html"]
    assert "b,2,0.000000,1.000000" in done.files[0].read_text()


@pytest.fixture
def two_runs(clip_folder, tmp_path):
    """Runs on the clips of ``clip_folder``: the first is right about down, the second about the rest."""
    paths = [path.relative_to(clip_folder).as_posix() for path in sorted(clip_folder.glob("*/*.mp4"))]
    runs = []
    for name, lr in (("one", 0.1), ("other", 0.2)):
        rows = {path: (label := path.split("/")[0], int((label == "down") == (name == "one"))) for path in paths}
        runs.append(Path(write(tmp_path / name / "test", rows)))
        config = {"optim": {"lr": lr}, "data": {"name": "folder", "root": str(clip_folder)}, "model": {}}
        (runs[-1] / "config.yaml").write_text(yaml.safe_dump(config))
    state = {"format": checkpoint.FORMAT, "config": config, "versions": {}, "classes": ["down"], "model": {}}
    state |= {"clip": ClipSpec(num_frames=4, size=32, stride=2).to_dict(), "step": 0}
    (runs[0] / "checkpoints").mkdir()
    checkpoint.save(runs[0] / "checkpoints" / "best.pt", state)
    return runs


def test_the_page_shows_the_settings_and_films_of_videos_that_one_run_alone_gets_right(two_runs):
    one, other = two_runs
    page = compare_runs(CompareSettings(run=str(one), other=str(other))).files[1].read_text()
    assert "other is better than one: 75.0 % against 25.0 % of the same 24 videos are right." in page
    assert "optim.lr" in page and "0.2" in page
    assert page.count('data-frames="4"') == 6 + 12  # 12 of 18 videos are shown
    assert "http" not in page.split("</style>")[0].replace("http-equiv", "")


@pytest.mark.parametrize("lost", ["checkpoint", "data"])
def test_without_its_videos_the_page_says_why_and_keeps_the_rest(lost, two_runs, caplog):
    one, other = two_runs
    best = one / "checkpoints/best.pt"
    if lost == "checkpoint":
        best.unlink()
    else:
        state = checkpoint.load(best)
        state["config"]["data"]["root"] = str(one / "gone")
        checkpoint.save(best, state)
    page = compare_runs(CompareSettings(run=str(one), other=str(other))).files[1].read_text()
    assert "data-frames=" not in page and "Right in the second alone" in page
    assert "the page has no films: " in caplog.text


@pytest.mark.parametrize(
    ("lost", "why"), [("data", "of its run is not there"), ("names", "none of the videos is in the data of")]
)
def test_films_are_those_of_the_second_run_where_the_first_leads_to_none(lost, why, two_runs, tmp_path):
    one, other = two_runs
    (other / "checkpoints").mkdir()
    (other / "checkpoints/best.pt").write_bytes((one / "checkpoints/best.pt").read_bytes())
    state = checkpoint.load(one / "checkpoints/best.pt")
    state["config"]["data"] |= WHOLE | {"root": str(tmp_path / "elsewhere")}
    if lost == "names":
        for name in ("a", "b"):
            (tmp_path / "elsewhere" / name).mkdir(parents=True)
            (tmp_path / "elsewhere" / name / "0.mp4").touch()
    checkpoint.save(one / "checkpoints/best.pt", state)
    tables = [run / "test/predictions.csv" for run in two_runs]
    assert {*recorded_videos(tables, {"up/up_0.mp4"}).videos} == {"up/up_0.mp4"}
    with pytest.raises((ValueError, OSError), match=why):
        recorded_videos(tables[:1], {"up/up_0.mp4"})


def test_films_of_image_folders_have_the_rate_that_the_run_recorded(two_runs, tmp_path):
    for name in ("a", "b"):
        (folder := tmp_path / "images" / name / "0").mkdir(parents=True)
        for number in range(21):
            Image.new("RGB", (32, 32)).save(folder / f"{number:05}.png")
    state = checkpoint.load(two_runs[0] / "checkpoints/best.pt")
    state["config"]["data"] |= WHOLE | {"root": str(tmp_path / "images")}
    state["config"]["loading"] = {"frame_fps": 10.0}
    checkpoint.save(two_runs[0] / "checkpoints/best.pt", state)
    galleries = [Gallery("", "", [Exhibit(0, html.tag("b", ""), [])])]
    answers = [Answers("a/0", "a", "a", "b", True, False)]
    film = films_of([two_runs[0] / "test/predictions.csv"], answers, galleries)[0]
    assert isinstance(film, Film) and film.last_seconds - film.first_seconds == pytest.approx(0.6)  # 6 frames at 10


def test_report_false_writes_the_table_alone(two_runs):
    one, other = map(str, two_runs)
    assert [file.suffix for file in compare_runs(CompareSettings(run=one, other=other, report=False)).files] == [".csv"]


def test_the_table_may_lie_elsewhere_and_no_page_takes_its_place(two_runs, tmp_path):
    one, other = map(str, two_runs)
    with pytest.raises(ValueError, match=r"out=cmp.html: the table is a CSV file. Give a name that ends in .csv"):
        CompareSettings(run=one, other=other, out="cmp.html")
    done = compare_runs(CompareSettings(run=one, other=other, out=str(tmp_path / "cmp.CSV")))
    assert done.files == [tmp_path / "cmp.CSV", tmp_path / "cmp.html"]
    assert done.files[0].read_text().startswith("class")


@pytest.mark.parametrize("again", ["one", "one/test", "one/test/predictions.csv", "link"])
def test_the_same_results_twice_are_refused(again, tmp_path):
    run = write(tmp_path / "one/test")
    (tmp_path / "link").symlink_to(run)
    with pytest.raises(ValueError, match="both are these results. Give two runs"):
        compare_runs(CompareSettings(run=run, other=str(tmp_path / again)))


@pytest.mark.parametrize("content", ["[1]", "7", "", "{"])
def test_damaged_facts_cost_the_warnings_alone(content, two_runs):
    (two_runs[1] / "test/results.json").write_text(content)
    assert compare_runs(CompareSettings(run=str(two_runs[0]), other=str(two_runs[1]), report=False)).files


@pytest.mark.parametrize(
    ("facts", "left_out", "said"),
    [
        ({"split": "val"}, 0, "the results are of different splits: test and val"),
        ({"views": "4x3"}, 0, "the results are of different views: 1x1 and 4x3"),
        ({"fingerprint": "g"}, 3, "5 videos are in both, of 8 and 5: only what both hold is compared"),
    ],
)
def test_results_of_other_videos_or_views_are_compared_with_a_warning(facts, left_out, said, tmp_path, caplog):
    one = write(tmp_path / "one/test")
    other = write(tmp_path / "other/test", dict(list(ANSWERS.items())[left_out:]), **facts)
    assert compare_runs(CompareSettings(run=one, other=other)).comparison.num_videos == 8 - left_out
    assert said in caplog.text


def other_labels(folder):
    return write(folder, dict.fromkeys(ANSWERS, ("c", 1)))


def no_video_shared(folder):
    return write(folder, {"z.mp4": ("a", 1)})


def several_labels(folder):
    return write(folder, header="path,labels,predicted,right")


def another_split_alone(folder):
    return write(folder.parent / "val")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (other_labels, "a/0.mp4 is 'a' in .* and 'c' in .*: other labels"),
        (no_video_shared, "no video is in both. Evaluate both on the same data and split"),
        (several_labels, "has no column .* one label each"),
        (
            another_split_alone,
            r"no results of test \(there are val: split=NAME\).*videoai evaluate checkpoint=.*split=test",
        ),
    ],
)
def test_what_cannot_be_compared_is_one_line(make, said, tmp_path):
    one = write(tmp_path / "one/test")
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        compare_runs(CompareSettings(run=one, other=make(tmp_path / "other/test")))
