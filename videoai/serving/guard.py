"""Who may ask: the names that the server goes by, pages of its own, holders of the token."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from videoai.serving.problem import Problem
from videoai.serving.respond import respond

LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
ANYWHERE = frozenset(("0.0.0.0", "::"))
# Say nothing of the model: the state, for who watches it, and the description of the API.
OPEN = ("/health", "/docs", "/docs/oauth2-redirect", "/openapi.json")
ASSETS = "/static-offline-docs/"
FORBIDDEN, UNKNOWN_HOST = "foreign_origin", "unknown_host"


@dataclass(frozen=True, kw_only=True)
class Door:
    """The rules."""

    hosts: Collection[str] | None  # names in the Host header, without a port; None = any, as the token decides
    token: str | None  # as ``Authorization: Bearer TOKEN``; None = none is asked for

    def check(self, path: str, headers: dict[str, str]) -> None:
        """Raises: Problem."""
        host = headers.get("host", "")
        if self.hosts is not None and host_name(host) not in self.hosts:
            # A page of elsewhere whose name was made to lead here (DNS rebinding), or a name that nobody allowed.
            raise Problem(
                403, UNKNOWN_HOST, "this server does not go by that name: hosts=[NAME] at its start allows it."
            )
        origin = headers.get("origin")
        if origin is not None and not is_own(origin, host):
            raise Problem(403, FORBIDDEN, "pages of other sites may not ask this server.")
        is_open = path in OPEN or path.startswith(ASSETS)
        if self.token is not None and not is_open and not self._holds_token(headers):
            raise Problem(401, "token", "send the token: Authorization: Bearer TOKEN.")

    def _holds_token(self, headers: dict[str, str]) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        is_same = secrets.compare_digest(given.strip().encode("latin-1", "replace"), (self.token or "").encode())
        return scheme.lower() == "bearer" and is_same


class Guard:
    """ASGI middleware in front of everything."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # there are none
            return
        if scope["type"] == "http":
            headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
            try:
                self.door.check(scope["path"], headers)
            except Problem as problem:
                await respond(problem)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def is_own(origin: str, host: str) -> bool:
    """Whether a page of this ``Origin`` came from this server."""
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # such as http://[
        return False


def host_name(host: str) -> str:
    """``localhost`` of ``localhost:8000``, ``::1`` of ``[::1]:8000``; an empty text where there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
