"""A page of this machine that shows the streams: motion JPEG, one picture after another over HTTP."""

import html
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread

from videoai.live.screen import Screen

HOST = "127.0.0.1"  # nobody else looks: whoever wants that puts a server with passwords in front of it
MOST_VIEWERS = 16
BOUNDARY = "frame"


class Page:
    """Serves until it is closed."""

    def __init__(self, port: int, screens: Sequence[Screen]) -> None:
        """port: 0 = any that is free. Raises: OSError: it is taken."""
        self.server = ThreadingHTTPServer((HOST, port), handler(screens))
        self.server.daemon_threads = True
        self.url = f"http://{HOST}:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, name="page", daemon=True).start()

    def close(self) -> None:
        """No answer any more."""
        self.server.shutdown()
        self.server.server_close()


def handler(screens: Sequence[Screen]) -> type[BaseHTTPRequestHandler]:
    """Answers / and /NUMBER."""
    viewers = BoundedSemaphore(MOST_VIEWERS)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            if self.headers.get("Host", "").partition(":")[0] not in (HOST, "localhost"):
                self.send_error(403)  # a page of elsewhere, whose name was made to lead here
            elif self.path == "/":
                self._send(index(screens))
            elif self.path[1:].isdecimal() and int(self.path[1:]) < len(screens) and viewers.acquire(blocking=False):
                try:
                    self._pictures(screens[int(self.path[1:])])
                except OSError:  # the viewer has left
                    pass
                finally:
                    viewers.release()
            else:
                self.send_error(404)

        def log_message(self, format: str, *words: object) -> None:
            pass

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _pictures(self, screen: Screen) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            self.end_headers()
            number = 0
            while screen.is_alive():
                with screen.changed:
                    screen.changed.wait_for(lambda: screen.number != number, timeout=1)  # noqa: B023
                    jpeg, is_new, number = screen.jpeg, screen.number != number, screen.number
                if is_new:
                    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + b"\r\n")

    return Answer


def index(screens: Sequence[Screen]) -> bytes:
    """All streams on one page."""
    figures = [
        f'<figure><img src="/{number}" alt=""><figcaption>{html.escape(one.stream_name)}</figcaption></figure>'
        for number, one in enumerate(screens)
    ]
    style = "body{font:15px system-ui;background:#16181c;color:#fff;display:flex;flex-wrap:wrap}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>videoai stream</title><style>{style}</style>'
    return f"{head}<body>{''.join(figures)}</body></html>".encode()
