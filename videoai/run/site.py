"""A model behind a web server, whatever it shows: what ``serve`` and ``demo`` share."""

import logging
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from videoai.core.cores import available_cores
from videoai.core.launcher import launched_processes
from videoai.inference.predict import WINDOWS_PER_PASS, Predictor
from videoai.run.predict import predictor_of_pixels
from videoai.settings.parse import parse
from videoai.settings.serve import ServeSettings, check_token
from videoai.settings.verbs import PredictSettings

if TYPE_CHECKING:  # the extras
    from starlette.types import ASGIApp

    from videoai.serving.service import Service
    from videoai.serving.uploads import UploadFolder

logger = logging.getLogger(__name__)
TOKEN = "VIDEOAI_TOKEN"
MOST_WORKERS = 8
AN_UPLOAD = "upload"  # stands for a file that no ``data prepare`` made
# Passed on to the predictor.
OF_PREDICT = (
    *("checkpoint", "classes", "templates", "top_k", "threshold", "window_seconds", "hop_seconds"),
    *("faces", "faces_model", "precision", "device", "trust"),
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """What an app is made of."""

    url: str
    service: "Service"
    folder: "UploadFolder"
    token: str | None
    has_new_token: bool  # made up now, so somebody must be told

    @property
    def predictor(self) -> Predictor:
        """The model."""
        return self.service.predictor


def run_site(
    settings: ServeSettings,
    verb: str,
    app_of: Callable[[Site], "ASGIApp"],
    on_ready: Callable[[str], None],
    *,
    asks_for_token: bool = True,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answers until SIGTERM or Ctrl-C, after which requests in flight are finished.

    Args:
        on_ready: gets the URL once there are answers.
        asks_for_token: as a header of each request; False = the app asks for it.
        headers: of every answer.
    Raises: FileNotFoundError, ValueError: a checkpoint or settings that do not fit. OSError: the address is taken.
    """
    from videoai.serving.bodies import BodyLimits, LimitBodies
    from videoai.serving.guard import LOOPBACK, Door, Guard
    from videoai.serving.server import allow_open_files, bound, new_server
    from videoai.serving.service import Capacity, Service
    from videoai.serving.uploads import UploadFolder

    if launched_processes() > 1:
        raise ValueError(f"{verb} runs in one process: start it without torchrun. Start one on each device instead")
    is_local = settings.host in LOOPBACK
    token, is_new = token_of(settings.token, is_local)
    names = {settings.host, *settings.hosts, *LOOPBACK}
    # Where everybody may come, the server's names are not known here, and no foreign page has the token.
    door = Door(hosts=names if is_local or settings.hosts else None, token=token if asks_for_token else None)
    limits = BodyLimits(
        max_bytes=round(settings.max_upload_mb * 1e6),
        pause_seconds=settings.pause_seconds,
        seconds=settings.upload_seconds,
    )
    capacity = Capacity(
        max_queue=settings.max_queue,
        max_batch=settings.max_batch,
        num_workers=workers_of(settings.num_workers),
        read_seconds=settings.read_seconds,
    )
    allow_open_files(settings.max_connections, settings.max_queue)
    with bound(settings.host, settings.port) as address, UploadFolder() as folder:
        predictor = ready_predictor(settings, verb)
        with Service(predictor, capacity) as service:
            url = f"http://{shown_host(settings.host)}:{address.getsockname()[1]}"
            app = app_of(Site(url=url, service=service, folder=folder, token=token, has_new_token=is_new))
            server = new_server(
                LimitBodies(Guard(app, door), limits),
                service,
                max_connections=settings.max_connections,
                pause_seconds=settings.pause_seconds,
                grace_seconds=settings.grace_seconds,
                headers=headers or {},
            )
            server.on_start = lambda: on_ready(url)
            server.run([address])
    logger.info("stopped")


def token_of(given: str | None, is_local: bool) -> tuple[str | None, bool]:
    """The token, and whether it was made up here. Raises: ValueError: $VIDEOAI_TOKEN is none."""
    token = given or os.environ.get(TOKEN) or None
    check_token(token)
    if token or is_local:
        return token, False
    return secrets.token_urlsafe(24), True


def workers_of(num_workers: int | str) -> int:
    """How many processes decode."""
    return num_workers if isinstance(num_workers, int) else min(available_cores(), MOST_WORKERS)


def ready_predictor(settings: ServeSettings, verb: str) -> Predictor:
    """The model, which has scored black windows, so that the first request does not wait for what a first pass does.
    Raises: ValueError: it does not read pixels."""
    asked = {key: getattr(settings, key) for key in OF_PREDICT}
    predictor = predictor_of_pixels(parse(PredictSettings, {**asked, "input": AN_UPLOAD}), [AN_UPLOAD], verb)
    clip = predictor.model.clip
    if clip.sound is None:  # what a sound is, its reader knows
        predictor.scores(torch.zeros(WINDOWS_PER_PASS, clip.num_frames, 3, clip.size, clip.size, dtype=torch.uint8))
    return predictor


def shown_host(host: str) -> str:
    """As it stands in a URL."""
    return f"[{host}]" if ":" in host else host
