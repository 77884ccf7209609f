"""Settings of ``serve`` and ``demo``."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.loading import NumWorkers
from videoai.settings.setting import setting
from videoai.settings.verbs import CHECKPOINT_HELP, TEMPLATES_HELP, THRESHOLD_HELP, EvaluationPrecision, ExplainMethod

LEAST_TOKEN = 16  # characters


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """Answer over HTTP: POST a video to /predict, and get what predict writes. The description is at /docs."""

    checkpoint: str = setting(path=True, help=CHECKPOINT_HELP)
    classes: tuple[str, ...] = setting(
        (),
        path=True,
        help="for a model that compares videos with texts: 'opening a door,falling', or a file of one a line, "
        "name: text | text",
    )
    templates: tuple[str, ...] = setting((), path=True, help=TEMPLATES_HELP)
    host: str = setting(
        "127.0.0.1", help="address to listen at; 127.0.0.1 = this machine alone, 0.0.0.0 = everybody, with a token"
    )
    port: int = setting(8000, min=0, max=65535, help="0 = any that is free")
    token: str | None = setting(
        None,
        help="what clients send as Authorization: Bearer TOKEN; null = $VIDEOAI_TOKEN, else none where only this "
        "machine can ask, and a new one, which is printed, elsewhere",
    )
    hosts: tuple[str, ...] = setting(
        (), help="further names that the server goes by, such as [videos.example.org]; others are refused"
    )
    top_k: int = setting(5, min=1, help="classes in an answer")
    threshold: float | Literal["auto"] = setting("auto", min=0, max=1, help=THRESHOLD_HELP)
    window_seconds: float | None = setting(
        None, min=0.01, help="length of a timeline's windows, unless a request says; null = one clip"
    )
    hop_seconds: float | None = setting(None, min=0.01, help="from one window to the next; null = window_seconds")
    max_batch: int = setting(
        16, min=8, max=1024, help="windows of several requests in one forward pass; none is awaited"
    )
    max_queue: int = setting(
        64, min=1, max=10_000, help="requests that are uploaded, wait or are answered; one more gets 429"
    )
    max_connections: int = setting(512, min=2, max=100_000, help="open connections; one more gets 503")
    max_upload_mb: float = setting(256.0, above=0, help="megabytes (10^6 bytes) of a request; a larger one gets 413")
    upload_seconds: float = setting(120.0, above=0, help="an upload that takes longer gets 408")
    pause_seconds: float = setting(10.0, above=0, help="a client that sends nothing for so long is left")
    read_seconds: float = setting(60.0, above=0, help="for the decoding of one video; a longer one gets 422")
    grace_seconds: float = setting(30.0, min=0, help="after SIGTERM, for requests in flight")
    num_workers: NumWorkers = setting(
        "auto", min=1, max=1024, help="processes that decode; auto = the cores, 8 at most"
    )
    faces: Literal["auto", "off"] = setting(
        "auto", help="auto = cut out the main face where the checkpoint learned from such crops; off = whole pictures"
    )
    faces_model: str | None = setting(None, path=True, help="YuNet as an ONNX file; null = fetched once, when needed")
    precision: EvaluationPrecision = setting("auto", help="auto = fp32; bf16 is faster on chips that have it")
    device: str = setting("auto", help="auto, cpu, cuda, cuda:1")
    trust: tuple[str, ...] = setting((), help="packages of your own that a checkpoint's model comes from")
    debug: bool = setting(False, help="true = show the traceback of an error")

    def __post_init__(self) -> None:
        check_token(self.token)


@dataclass(frozen=True, kw_only=True)
class DemoSettings(ServeSettings):
    """A page on which a person tries a model: drop a video or use the webcam, and see what it shows, when, and why."""

    port: int = setting(7860, min=0, max=65535, help="0 = any that is free")
    token: str | None = setting(
        None,
        help="the password of the user videoai; null = $VIDEOAI_TOKEN, else none where only this machine can ask, and "
        "a new one, which is printed, elsewhere",
    )
    title: str = setting("What is in this video?", help="stands above the page")
    method: ExplainMethod = setting("auto", help="how answers are explained; the methods of explain")


def check_token(token: str | None) -> None:
    """Raises: ValueError: one that can be guessed, or not be sent in a header."""
    if token is not None and (
        len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token
    ):
        raise ValueError(
            f"token: take {LEAST_TOKEN} or more letters, digits and signs of ASCII, without spaces, such as those of: "
            "openssl rand -hex 16"
        )
