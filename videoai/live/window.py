"""A window of this machine that shows the streams, by Tk, in a process of its own.

Tk wants the main thread of its process (on macOS at least), which is busy here. Pictures go there through a
pipe: the number of the stream, the length and a JPEG file. A window that is closed, or a display that goes away, costs
nothing but the window.
"""

import io
import logging
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from threading import Lock, Thread
from typing import IO

from videoai.live.screen import Screen

logger = logging.getLogger(__name__)

HEAD = struct.Struct("<II")  # number of the stream, bytes of its picture
REFRESH_MS = 15
COLUMNS = 2  # streams beside each other
READY = b"ready\n"


def check_window() -> None:
    """Before anything runs. Raises: ValueError: no display. ImportError: no Tk."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise ValueError("window=true: this machine has no display (DISPLAY is not set). page_port=8080 is a page.")
    if not find_spec("tkinter"):
        raise ImportError("window=true needs Python's tkinter: install python3-tk, or use page_port=8080.")


class Window:
    """Shows the newest picture of each screen until it is closed, by a person or by ``close``."""

    def __init__(self, screens: Sequence[Screen]) -> None:
        """Raises: OSError: it cannot be opened."""
        names = [one.stream_name for one in screens]
        command = [sys.executable, "-m", "videoai.live.window", *names]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin and self.process.stdout
        if self.process.stdout.readline() != READY:
            raise OSError(f"window=true: the window could not be opened (exit code {self.process.wait()})")
        self.pipe, self.told, self.lock, self.is_open = self.process.stdin, self.process.stdout, Lock(), True
        self.threads = [
            Thread(target=self._feed, args=(number, one), daemon=True) for number, one in enumerate(screens)
        ]

    def start(self) -> None:
        """Pictures begin to move."""
        for thread in self.threads:
            thread.start()

    def close(self) -> None:
        """The window disappears."""
        self.is_open = False
        self.process.kill()
        for thread in self.threads:
            thread.join()
        with suppress(OSError):  # what did not get there
            self.pipe.close()
        self.told.close()
        self.process.wait()

    def _feed(self, number: int, screen: Screen) -> None:
        shown = 0
        while screen.is_alive() and self.is_open:
            with screen.changed:
                screen.changed.wait_for(lambda: screen.number != shown, timeout=1)  # noqa: B023
                jpeg, is_new, shown = screen.jpeg, screen.number != shown, screen.number
            if is_new and not self._write(number, jpeg):
                return

    def _write(self, number: int, jpeg: bytes) -> bool:
        """Whether the window is still there."""
        try:
            with self.lock:
                self.pipe.write(HEAD.pack(number, len(jpeg)) + jpeg)
                self.pipe.flush()
        except OSError:
            if self.is_open:
                logger.info("the window was closed; the stream goes on")
            self.is_open = False
        return self.is_open


def show(names: Sequence[str], pipe: IO[bytes]) -> None:
    """What the other process does, until its pipe or its window is closed."""
    import tkinter

    from PIL import Image, ImageTk

    root = tkinter.Tk()
    root.title("videoai stream")
    root.bind("<Escape>", lambda _: root.destroy())
    labels = [tkinter.Label(root, text=name, compound="top") for name in names]
    for number, label in enumerate(labels):
        label.grid(row=number // COLUMNS, column=number % COLUMNS)
    newest: dict[int, bytes] = {}
    reader = Thread(target=read, args=(pipe, newest), daemon=True)
    reader.start()

    def refresh() -> None:
        for number in [*newest]:
            picture = ImageTk.PhotoImage(Image.open(io.BytesIO(newest.pop(number))))
            labels[number].configure(image=picture)
            labels[number].image = picture  # pyright: ignore[reportAttributeAccessIssue]  # Tk itself keeps no reference
        root.after(REFRESH_MS, refresh) if reader.is_alive() else root.destroy()

    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    refresh()
    root.mainloop()


def read(pipe: IO[bytes], newest: dict[int, bytes]) -> None:
    """Pictures as they come; one that was not shown gives way to the next."""
    while len(head := pipe.read(HEAD.size)) == HEAD.size:
        number, length = HEAD.unpack(head)
        newest[number] = pipe.read(length)


if __name__ == "__main__":
    show(sys.argv[1:], sys.stdin.buffer)
