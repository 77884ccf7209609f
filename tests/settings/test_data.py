"""What a run is called after its data."""

import pytest

from videoai.settings.data import DataSettings


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ({"name": "cvat", "root": "/data/kitchen"}, "kitchen"),
        ({"name": "elan", "root": "/data/signs/videos"}, "signs"),  # a name that tells nothing
        ({"name": "via", "root": "../day 1", "annotations": "x/via.json"}, "day_1"),
        ({"name": "label_studio", "root": "falls"}, "falls"),
        ({"name": "open_sports", "root": "soccer.v2"}, "soccer.v2"),
        ({"name": "lerobot", "root": "/data/aloha"}, "aloha"),
        ({"name": "parquet", "root": "/data/falls/train.parquet"}, "falls"),
        ({"name": "webdataset", "root": "/data/hmdb-shards/"}, "hmdb-shards"),
        ({"name": "csv", "path": "/data/falls/clips.csv"}, "falls"),
        ({"name": "csv", "path": "falls.csv"}, "falls"),
        ({"name": "folder", "root": "/data/videos"}, "videos"),
        ({"name": "shards", "path": "s3://bucket/mine?x=1"}, "mine"),
        ({"name": "ucf101", "root": "/data/x"}, "ucf101"),
        ({"_target_": "mine.Data"}, None),
    ],
)
def test_a_run_is_called_after_the_folder_or_the_table_of_its_clips(source, title):
    assert DataSettings(source=source).title == title
