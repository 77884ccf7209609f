"""uvicorn with the deadlines that it lacks, and an end that leaves no request without an answer."""

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from videoai.serving.service import Service

logger = logging.getLogger(__name__)
MAX_HEAD_BYTES = 16 * 1024
KEEP_ALIVE_SECONDS = 5
BACKLOG = 256  # asyncio takes so many connections at once, before anything here can close one of them
SPARE_CONNECTIONS = 64  # beyond max_connections, which hear that there are too many; one more is closed
OTHER_FILES = 128  # libraries, the log, pipes of the decoders and what the app itself opens


class Server(uvicorn.Server):
    """SIGTERM or Ctrl-C: requests in flight are finished, new ones get 503; a second signal ends at once."""

    def __init__(self, config: uvicorn.Config, service: Service, grace_seconds: float) -> None:
        super().__init__(config)
        self.service, self.grace_seconds, self.deadline = service, grace_seconds, 0.0
        self.on_start: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The handler of the signals."""
        if self.service.stopping:
            self.should_exit = self.force_exit = True
            return
        self.service.stopping = True
        self.deadline = time.monotonic() + self.grace_seconds

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to end."""
        should_exit = await super().on_tick(counter)
        is_done = not self.service.in_flight or time.monotonic() > self.deadline
        return should_exit or (self.service.stopping and is_done)


def new_server(
    app: ASGIApp,
    service: Service,
    *,
    max_connections: int,
    pause_seconds: float,
    grace_seconds: float,
    headers: Mapping[str, str],
) -> Server:
    """A server that is ready to run on a socket."""
    config = uvicorn.Config(
        app,
        http=impatient(pause_seconds, max_connections + SPARE_CONNECTIONS),
        ws="none",
        lifespan="auto",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=[("X-Content-Type-Options", "nosniff"), *headers.items()],
        proxy_headers=False,
        limit_concurrency=max_connections,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,  # for the last bytes of what was answered or given up
        backlog=BACKLOG,
    )
    return Server(config, service, grace_seconds)


def bound(host: str, port: int) -> socket.socket:
    """A socket with its address, which listens to nobody yet. Raises: OSError: the address is taken, or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise OSError(
            f"host={host} port={port}: {error.strerror or error}. Choose another; port=0 takes any."
        ) from error
    return made


def allow_open_files(max_connections: int, max_queue: int) -> None:
    """Raise this process's limit where it may have fewer files open than the connections and uploads need. At the limit
    asyncio only writes it to the log, millions of times, and answers nobody.

    Raises: ValueError: the system allows fewer.
    """
    if sys.platform == "win32":  # no such limit
        return
    import resource

    needed = max_connections + SPARE_CONNECTIONS + BACKLOG + 2 * max_queue + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ValueError(
            f"max_connections={max_connections} max_queue={max_queue}: they need {needed} open files, and the system "
            f"allows this process {hard}. Take less of them, or allow more (ulimit -Hn {needed})"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def impatient(seconds: float, most: int) -> type[H11Protocol]:
    """uvicorn's protocol that closes connections whose head does not come in time, and those beyond ``most``: it has a
    limit for the pause between requests alone, and counts connections when they ask."""

    class Impatient(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            super().connection_made(transport)
            if len(self.connections) > most:  # idle ones too keep a file open each
                transport.abort()
                return
            self._give_up_reading_slowly()
            self._wait_for_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is h11.IDLE:
                self._wait_for_head()
            else:
                self._head_has_come()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_has_come()
            super().connection_lost(exc)

        def _wait_for_head(self) -> None:
            if self._deadline is None and not self.transport.is_closing():
                self._deadline = self.loop.call_later(seconds, self.transport.abort)

        def _head_has_come(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _give_up_reading_slowly(self) -> None:
            """An answer that the client does not take: Linux ends the connection."""
            option, wire = getattr(socket, "TCP_USER_TIMEOUT", None), self.transport.get_extra_info("socket")
            if option is not None and wire is not None:
                wire.setsockopt(socket.IPPROTO_TCP, option, int(1000 * 3 * seconds))

    return Impatient
