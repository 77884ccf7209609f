"""Limits of what clients send: bytes, pauses and time, for every request alike (RFC 9110: 408, 413)."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videoai.serving.problem import Problem


@dataclass(frozen=True, kw_only=True)
class BodyLimits:
    """What one body may take."""

    max_bytes: int
    pause_seconds: float  # without a byte
    seconds: float  # all together


class LimitBodies:
    """ASGI middleware. A body beyond the limits ends in a Problem where it is read. An answer that comes before the end
    of the body is sent at once, and the rest is thrown away within the same limits: a connection that is closed on
    bytes which nobody read takes the answer with it. Then it is closed, as uvicorn would read the rest for ever."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive, self.limits, announced(scope))

        async def send_and_drain(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.is_whole:
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if not is_last or body.is_over:
                await send(message)
                return
            await send({**message, "more_body": True})
            await body.drain()
            await send({"type": "http.response.body"})

        await self.app(scope, body.receive, send_and_drain)


class _Body:
    """The body of one request."""

    def __init__(self, receive: Receive, limits: BodyLimits, announced: int | None) -> None:
        self._receive, self.limits, self.announced = receive, limits, announced
        self.num_bytes = 0
        self.deadline = asyncio.get_running_loop().time() + limits.seconds
        self.is_whole = announced == 0  # all of it has come
        self.is_over = self.is_whole  # no more is awaited

    async def receive(self) -> Message:
        """Raises: Problem: too large, or too slow."""
        if self.is_over:
            return await self._receive()  # waits until the client leaves
        if (self.announced or 0) > self.limits.max_bytes:
            raise self._too_large()
        message = await self._next()
        if self.num_bytes > self.limits.max_bytes:
            raise self._too_large()
        return message

    async def drain(self) -> None:
        """Throw the rest away, as far as the limits go."""
        try:
            while not self.is_over and self.num_bytes <= self.limits.max_bytes:
                await self._next()
        except Problem:
            pass

    async def _next(self) -> Message:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(self.deadline, loop.time() + self.limits.pause_seconds)):
                message = await self._receive()
        except TimeoutError as error:
            self.is_over = True  # nobody waits for the rest
            raise Problem(408, "slow", f"the upload is too slow: {self._in_time()}.") from error
        self.num_bytes += len(message.get("body", b""))
        self.is_whole = self.is_over = message["type"] == "http.disconnect" or not message.get("more_body")
        return message

    def _in_time(self) -> str:
        return f"at most {self.limits.seconds:g} s, and no pause above {self.limits.pause_seconds:g} s"

    def _too_large(self) -> Problem:
        return Problem(
            413, "too_large", f"a body may have {self.limits.max_bytes / 1e6:g} MB. Cut the video into parts."
        )


def announced(scope: Scope) -> int | None:
    """Bytes of the body as its head has them; None = it does not say."""
    headers = dict(scope["headers"])
    if b"content-length" in headers:
        return int(headers[b"content-length"])  # h11 refuses what is no number
    return None if b"transfer-encoding" in headers else 0
