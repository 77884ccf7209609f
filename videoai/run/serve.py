"""``serve``: a model that answers over HTTP."""

import logging
import os
import secrets
from collections.abc import Callable
from typing import Any

import torch

from videoai import __version__
from videoai.core.cores import available_cores
from videoai.core.launcher import launched_processes
from videoai.inference.predict import WINDOWS_PER_PASS, Predictor
from videoai.models.published import is_published
from videoai.run.predict import predictor_of_pixels
from videoai.settings.parse import parse
from videoai.settings.serve import ServeSettings, check_token
from videoai.settings.verbs import PredictSettings

logger = logging.getLogger(__name__)
TOKEN = "VIDEOAI_TOKEN"
MOST_WORKERS = 8
# Passed on to the predictor.
OF_PREDICT = (
    *("checkpoint", "classes", "templates", "top_k", "threshold", "window_seconds", "hop_seconds"),
    *("faces", "faces_model", "precision", "device", "trust"),
)


def serve(settings: ServeSettings, told: Callable[[str], None] = lambda _: None) -> None:
    """Answers until SIGTERM or Ctrl-C, after which requests in flight are finished.

    Args:
        told: gets the server's URL once it answers.
    Raises: FileNotFoundError, ValueError: a checkpoint or settings that do not fit. OSError: the address is taken.
        ImportError: the extra ``serve`` is not installed.
    """
    check_installed()
    from videoai.serving.app import new_app
    from videoai.serving.bodies import BodyLimits
    from videoai.serving.guard import LOOPBACK, Door
    from videoai.serving.server import bound, new_server
    from videoai.serving.service import Capacity, Service
    from videoai.serving.uploads import UploadFolder

    if launched_processes() > 1:
        raise ValueError("serve runs in one process: start it without torchrun. Start one on each device instead")
    is_local = settings.host in LOOPBACK
    token, is_new = token_of(settings.token, is_local)
    names = {settings.host, *settings.hosts, *LOOPBACK}
    # Where everybody may come, the server's names are not known here, and no foreign page has the token.
    door = Door(hosts=names if is_local or settings.hosts else None, token=token)
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
    with bound(settings.host, settings.port) as address, UploadFolder() as folder:
        predictor = ready_predictor(settings)
        with Service(predictor, capacity) as service:
            app = new_app(service, folder, about=facts_of(settings, predictor), door=door, limits=limits)
            server = new_server(
                app,
                service,
                max_connections=settings.max_connections,
                pause_seconds=settings.pause_seconds,
                grace_seconds=settings.grace_seconds,
            )
            url = f"http://{shown_host(settings.host)}:{address.getsockname()[1]}"
            if is_new:
                logger.info("the token, which every client sends: Authorization: Bearer %s", token)
            logger.info("answers at %s/predict, described at %s/docs", url, url)
            server.on_start = lambda: told(url)
            server.run([address])
    logger.info("stopped")


def check_installed() -> None:
    """Raises: ImportError: the extra ``serve`` is not installed."""
    try:
        import fastapi_offline
        import prometheus_client
        import python_multipart
        import uvicorn
    except ImportError as error:
        raise ImportError(f"serve needs a package ({error.name}): pip install 'videoai[serve]'") from error
    del fastapi_offline, prometheus_client, python_multipart, uvicorn


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


def ready_predictor(settings: ServeSettings, verb: str = "serve") -> Predictor:
    """The model, which has scored black windows, so that the first request does not wait for what a first pass does.
    Raises: ValueError: it does not read pixels."""
    asked = {key: getattr(settings, key) for key in OF_PREDICT}
    an_upload = ["upload"]  # a file that no ``data prepare`` made
    predictor = predictor_of_pixels(parse(PredictSettings, {**asked, "input": an_upload[0]}), an_upload, verb)
    clip = predictor.model.clip
    if clip.sound is None:  # what a sound is, its reader knows
        predictor.scores(torch.zeros(WINDOWS_PER_PASS, clip.num_frames, 3, clip.size, clip.size, dtype=torch.uint8))
    return predictor


def facts_of(settings: ServeSettings, predictor: Predictor) -> dict[str, Any]:
    """The answer of /model; no path of this machine."""
    clip, network = predictor.model.clip, predictor.model.model
    return {
        "weights": settings.checkpoint.partition(":")[0] if is_published(settings.checkpoint) else None,  # ID:FILE
        "model": type(network).__name__,
        "task": type(predictor.task).__name__,
        "finds_events": predictor.task.per_frame,
        "parameters": sum(one.numel() for one in network.parameters()),
        "classes": list(predictor.model.classes),
        "clip": clip.to_dict(),
        "hears": clip.sound is not None,
        "top_k": predictor.top_k,
        "window_seconds": predictor.window_seconds,
        "hop_seconds": predictor.hop_seconds,
        "max_upload_bytes": round(settings.max_upload_mb * 1e6),
        "videoai": __version__,
    }


def shown_host(host: str) -> str:
    """As it stands in a URL."""
    return f"[{host}]" if ":" in host else host
