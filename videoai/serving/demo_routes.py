"""What the page of ``demo`` asks for, and nothing else. Gradio would do much more: give recordings to an ffmpeg of its
own, fetch files of other machines, keep runs at a hub."""

import asyncio
import time
from contextlib import nullcontext, suppress
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from videoai.serving.problem import Problem
from videoai.serving.respond import respond
from videoai.serving.service import Service

KEEP_SECONDS = 900  # uploads and films, for a page that is still open
FILES, UPLOAD = "/gradio_api/file=", "/gradio_api/upload"
# Seen in a browser that uploads, records, looks again, explains, logs in and leaves.
PAGES = frozenset(
    (
        *("/", "/config", "/config/", "/theme.css", "/gradio_api/theme.css", "/manifest.json", "/favicon.ico"),
        *("/robots.txt", "/login", "/login/", "/logout", UPLOAD, "/gradio_api/upload_progress"),
        *("/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel", "/gradio_api/reset"),
        *("/gradio_api/login_check", "/gradio_api/user", "/gradio_api/app_id", "/gradio_api/info"),
        *("/gradio_api/startup-events",),
    )
)
FOLDERS = ("/assets/", "/static/", "/svelte/", "/gradio_api/heartbeat/")


class PageAlone:
    """ASGI middleware. Uploads count as requests in flight, and together they have room for ``most_bytes``."""

    def __init__(self, app: ASGIApp, service: Service, files: Path, most_bytes: float) -> None:
        """files: the folder of uploads and films, the only one that is shown."""
        self.app, self.service, self.files, self.most_bytes = app, service, files, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, is_upload = scope["path"], scope["path"] == UPLOAD
        try:
            if not (path in PAGES or path.startswith((*FOLDERS, f"{FILES}{self.files}/"))):
                raise Problem(404, "no_such_page", "no such page.")
            with self.service.admitted() if is_upload else nullcontext():
                if is_upload:
                    await asyncio.to_thread(self._check_room)
                await self.app(scope, receive, send)
        except Problem as problem:
            await respond(problem)(scope, receive, send)

    def _check_room(self) -> None:
        """Raises: Problem: other uploads take it."""
        remove_old(self.files)
        if num_bytes(self.files) > self.most_bytes:
            raise Problem(429, "no_room", "there is no room for more videos. Come back in a quarter of an hour.")


def remove_old(folder: Path) -> None:
    """Files that nobody looks at any more, also those of uploads that broke off, which Gradio forgets."""
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if file.is_file() and file.stat().st_mtime < time.time() - KEEP_SECONDS:
                file.unlink()


def num_bytes(folder: Path) -> int:
    """What its files take."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # removed meanwhile
            total += file.stat().st_size if file.is_file() else 0
    return total
