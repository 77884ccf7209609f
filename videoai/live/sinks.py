"""Where lines and frames go."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from videoai.core.files import append_line
from videoai.live.mqtt import Mqtt
from videoai.live.page import Page
from videoai.live.ring import Frame
from videoai.live.screen import Screen
from videoai.live.sender import Sender
from videoai.live.stream import Stream
from videoai.live.webhook import Webhook
from videoai.live.window import Window

LINES = "events.jsonl"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is wanted beside the lines."""

    overlay: bool = False  # a video of each stream
    page_port: int | None = None  # 0 = any
    window: bool = False  # on the display of this machine
    webhook: str | None = None  # a URL
    mqtt: str | None = None  # mqtt://HOST/TOPIC

    @property
    def has_pictures(self) -> bool:
        """Whether somebody looks at frames."""
        return self.overlay or self.is_watched

    @property
    def is_watched(self) -> bool:
        """Whether somebody looks while it runs."""
        return self.window or self.page_port is not None


class Sinks:
    """Open while a session runs. A sink that fails does not stop it, but for that of the lines."""

    def __init__(self, folder: Path, streams: Sequence[Stream], wanted: Wanted) -> None:
        """Raises: OSError: a port that is taken, a folder that cannot be written."""
        self.screens = {
            stream.name: Screen(stream.name, path, waits=stream.policy == "block", is_watched=wanted.is_watched)
            for stream, path in zip(streams, paths(folder, len(streams), wanted), strict=True)
            if wanted.has_pictures
        }
        self.senders: list[Sender] = [Webhook(wanted.webhook)] if wanted.webhook else []
        self.senders += [Mqtt(wanted.mqtt)] if wanted.mqtt else []
        self.page: Page | None = None
        with ExitStack() as stack:
            if wanted.page_port is not None:
                self.page = Page(wanted.page_port, [*self.screens.values()])
                stack.callback(self.page.close)
            window = Window([*self.screens.values()]) if wanted.window else None
            if window:
                stack.callback(window.close)
            self.file = stack.enter_context((folder / LINES).open("wb", buffering=0))
            for thread in (*self.screens.values(), *self.senders):
                thread.start()
                stack.callback(thread.close)
            if window:
                window.start()
            self.stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def told(self, line: dict[str, Any]) -> None:
        """Raises: OSError: it cannot be written."""
        append_line(self.file, json.dumps(line, ensure_ascii=False))
        for sender in self.senders if line["event"] else ():
            sender.send(line)

    def show(self, stream: Stream, frames: list[Frame], words: str) -> None:
        """Frames that were judged."""
        if screen := self.screens.get(stream.name):
            screen.show(frames, words)

    def to_dict(self) -> dict[str, Any]:
        """What was left out; plain data."""
        lost = sum(one.num_left_out for one in self.screens.values())
        return {
            **({"pictures_left_out": lost} if self.screens else {}),
            "events": {one.name: {"sent": one.num_sent, "lost": one.num_lost} for one in self.senders},
        }


def paths(folder: Path, count: int, wanted: Wanted) -> list[Path | None]:
    """overlay.mp4, or overlay-1.mp4 and on; None = no overlay is wanted."""
    names = ["overlay.mp4"] if count == 1 else [f"overlay-{number}.mp4" for number in range(1, count + 1)]
    return [folder / name if wanted.overlay else None for name in names]
