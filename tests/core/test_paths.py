from videoai.core.paths import display_path, is_url


def test_what_is_a_url():
    assert is_url("https://host/a") and is_url("simplecache::s3://bucket/a") and is_url("memory://a")
    assert not any(is_url(path) for path in ("a/b", "/a:b", "C:/a", "unverified::/a"))


def test_a_path_is_shown_relative_to_the_current_folder_and_a_url_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert display_path(tmp_path / "runs" / "a") == "runs/a"
    assert display_path(tmp_path.parent) == str(tmp_path.parent)
    assert display_path("simplecache::s3://bucket/set") == "simplecache::s3://bucket/set"
