import os

import pytest

from videoai.data.shards import storage
from videoai.data.shards.storage import read_bytes


@pytest.fixture
def server(range_server, tmp_path):
    (tmp_path / "a").write_bytes(bytes(range(100)))
    return range_server


def test_a_range_of_a_local_file(tmp_path):
    (tmp_path / "a").write_bytes(bytes(range(100)))
    path = str(tmp_path / "a")
    assert read_bytes(path) == bytes(range(100))
    assert read_bytes(path, 10, 5) == bytes(range(10, 15))
    assert read_bytes(path, 98, 5) == bytes(range(98, 100))
    assert read_bytes(path, 10, 0) == b""
    with pytest.raises(FileNotFoundError):
        read_bytes(path + "b")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path, make):
    make(tmp_path / "a")
    with pytest.raises(OSError, match="a: no regular file"):
        read_bytes(str(tmp_path / "a"))


def test_a_range_of_something_in_memory():
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/storage-test/a", bytes(range(100)))
    assert read_bytes("memory://storage-test/a", 10, 5) == bytes(range(10, 15))
    assert read_bytes("memory://storage-test/a") == bytes(range(100))
    assert read_bytes("memory://storage-test/a", 3, 0) == b""
    with pytest.raises(FileNotFoundError):
        read_bytes("memory://storage-test/b")


def test_a_range_over_http_asks_for_no_more(server):
    assert read_bytes(f"{server.url}/a", 10, 5) == bytes(range(10, 15))
    assert server.requests == [("/a", "bytes=10-14")]
    with pytest.raises(FileNotFoundError):
        read_bytes(f"{server.url}/b")


def test_a_hiccup_of_the_server_is_outlived(server, monkeypatch):
    monkeypatch.setattr(storage, "PAUSES_SECONDS", (0.0, 0.0))
    server.num_failures = 2
    assert read_bytes(f"{server.url}/a", 10, 5) == bytes(range(10, 15))
    server.num_failures = 99
    with pytest.raises(OSError, match=f"{server.url}/a: 503"):
        read_bytes(f"{server.url}/a", 10, 5)


def test_an_unknown_protocol_is_told():
    pytest.importorskip("fsspec")
    with pytest.raises(OSError, match="nonsense://a: Protocol not known: nonsense"):
        read_bytes("nonsense://a")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")  # the point of the test
def test_a_forked_worker_reads_over_http_too(server):
    read_bytes(f"{server.url}/a")  # the parent has a connection, and a thread that does not survive a fork
    child = os.fork()
    if child == 0:
        ok = False
        try:
            ok = read_bytes(f"{server.url}/a", 10, 5) == bytes(range(10, 15))
        finally:
            os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
