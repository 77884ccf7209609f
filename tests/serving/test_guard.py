"""Who may ask."""

import pytest

from videoai.serving.problem import Problem

pytest.importorskip("starlette", reason="the extra serve is not installed")

from videoai.serving.guard import LOOPBACK, Door

TOKEN = "0123456789abcdef"
LOCAL, OPEN = Door(hosts=LOOPBACK, token=None), Door(hosts=None, token=TOKEN)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_this_machine_is_let_in(host):
    LOCAL.check("/predict", {"host": host})


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "localhost@evil.example", "[::1", "::1"]
)
def test_other_names_are_not(host):
    with pytest.raises(Problem, match="does not go by that name") as refused:
        LOCAL.check("/health", {"host": host})
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://localhost:9000",
        "http://localhost",
        "http://[",
        "http://]localhost:8000",
    ],
)
def test_pages_of_other_sites_are_not(origin):
    with pytest.raises(Problem, match="pages of other sites"):
        LOCAL.check("/predict", {"host": "localhost:8000", "origin": origin})


def test_a_page_of_the_server_itself_is():
    LOCAL.check("/predict", {"host": "localhost:8000", "origin": "http://localhost:8000"})


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer ÿ"])
def test_without_the_token_nobody_is(given):
    with pytest.raises(Problem, match="Authorization: Bearer TOKEN") as refused:
        OPEN.check("/metrics", {"host": "any.example", "authorization": given})
    assert refused.value.status == 401


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json"])
def test_the_description_is_open(path):
    OPEN.check(path, {"host": "any.example"})


@pytest.mark.parametrize("path", ["/healthy", "/docs/../predict", "/openapi.json/../../model"])
def test_what_only_begins_alike_is_not(path):
    with pytest.raises(Problem):
        OPEN.check(path, {"host": "any.example"})


def test_the_token_opens():
    OPEN.check("/predict", {"host": "any.example", "authorization": f"bearer {TOKEN}"})
