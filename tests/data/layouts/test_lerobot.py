"""LeRobotDataset v3: episodes of long videos."""

import pytest

from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

CAMERA = "observation.images.front"


@pytest.fixture
def lerobot(put):
    """Episodes are lists of tasks, half a second each, four in a file."""

    def write(*episodes, cameras=(CAMERA,), version="v3.0", **changed):
        features = {camera: {"dtype": "video", "shape": [32, 40, 3]} for camera in cameras}
        info = {"codebase_version": version, "fps": 15, "total_episodes": len(episodes)}
        info["features"] = {**features, "action": {"dtype": "float32"}}
        files = range((len(episodes) + 3) // 4)
        videos = [f"videos/{camera}/chunk-000/file-{file:03d}.mp4" for camera in cameras for file in files]
        root = put({"meta/info.json": info}, videos)
        numbers = range(len(episodes))
        columns = {"episode_index": [*numbers], "tasks": [*episodes]}
        for camera in cameras:
            columns |= {
                f"videos/{camera}/chunk_index": [0 for _ in numbers],
                f"videos/{camera}/file_index": [number // 4 for number in numbers],
                f"videos/{camera}/from_timestamp": [number % 4 / 2 for number in numbers],
                f"videos/{camera}/to_timestamp": [number % 4 / 2 + 0.5 for number in numbers],
            }
        path = root / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({**columns, **changed}), path)
        return root

    return write


def test_an_episode_is_a_stretch_and_its_task_the_class(lerobot, trained_on):
    assert trained_on(lerobot(["pick"], ["place"], ["pick"], ["place"], ["pick"])) == [
        ("file-000.mp4", "pick", 0.0, 0.5),
        ("file-000.mp4", "place", 0.5, 1.0),
        ("file-000.mp4", "pick", 1.0, 1.5),
        ("file-000.mp4", "place", 1.5, 2.0),
        ("file-001.mp4", "pick", 0.0, 0.5),
    ]


def test_splits_are_made_by_episode_though_they_share_files(lerobot, read):
    root = lerobot(*([task] for _ in range(8) for task in ("pick", "place")))
    manifest = read(root, val_fraction=0.25, test_fraction=0.25)
    assert [len(items) for items in manifest.splits.values()] == [5, 3, 8]
    assert any(note.startswith("made val and test by episode with split_seed 0") for note in manifest.notes)
    assert read(root, val_fraction=0.25, test_fraction=0.25).fingerprint() == manifest.fingerprint()


def test_of_several_cameras_one_is_chosen_and_tasks_that_are_not_one_are_left_out(lerobot, read):
    side = "observation.images.side"
    root = lerobot(["pick"], ["place"], [], ["pick", "place"], cameras=(CAMERA, side))
    fit = candidates(survey(str(root)))[0]
    assert (fit.name, fit.settings["camera"]) == ("lerobot", CAMERA)
    manifest = read(root, camera=side)
    assert all(side in item.path for item in manifest.splits["train"])
    assert "left out 2 episodes without a task, or with several." in manifest.notes
    with pytest.raises(
        ValueError, match=r"which camera\? There is observation.images.front, observation.*: data.camera="
    ):
        read(root, camera=None)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"version": "v2.1"}, r"info.json: codebase_version is v2.1; v3.0 is read. Convert it: python -m lerobot"),
        (
            {f"videos/{CAMERA}/from_timestamp": [None, 0.5]},
            r"file-000.parquet, row 0: no 'videos/.*timestamp' here",
        ),
        ({f"videos/{CAMERA}/file_index": [7, 7]}, r"1 of 1 annotated videos do not lie below .*file-007.mp4"),
    ],
)
def test_what_is_malformed_is_named_with_its_place(lerobot, read, about, message):
    with pytest.raises(ValueError, match=message):
        read(lerobot(["pick"], ["place"], **about))


def test_a_download_that_is_not_complete_is_said(lerobot, read):
    root = lerobot(["pick"], ["place"])
    path = root / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"file-000.parquet: .*; this is no Parquet file, or it is cut off"):
        read(root)
    path.unlink()
    with pytest.raises(ValueError, match=r"no meta/episodes/chunk-\*/file-\*.parquet in it, so the"):
        read(root)
