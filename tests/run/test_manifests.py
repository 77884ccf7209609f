import pytest

from videoai.run.manifests import build_manifest
from videoai.settings.data import DataSettings, absolute_values


def test_paths_are_kept_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute_values({"root": "clips", "path": None, "flip": 0.5}) == {
        "root": f"{tmp_path}/clips",
        "path": None,
        "flip": 0.5,
    }


def test_an_unknown_data_set_offers_the_nearest():
    with pytest.raises(ValueError, match="data: unknown name 'folders'. Did you mean folder"):
        build_manifest(DataSettings(source={"name": "folders"}), trust=())


def test_a_url_is_no_path_to_be_made_absolute():
    for url in ("https://host/set", "simplecache::s3://bucket/set"):
        assert absolute_values({"path": url}) == {"path": url}
