"""``serve``: a model that answers over HTTP."""

import logging
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from videoai import __version__
from videoai.inference.predict import Predictor
from videoai.models.published import is_published
from videoai.run.site import Site, run_site
from videoai.settings.serve import ServeSettings

if TYPE_CHECKING:  # the extra
    from starlette.types import ASGIApp

logger = logging.getLogger(__name__)
PACKAGES = ("fastapi_offline", "uvicorn", "python_multipart", "prometheus_client")


def serve(settings: ServeSettings, on_ready: Callable[[str], None] = lambda _: None) -> None:
    """Answers until SIGTERM or Ctrl-C, after which requests in flight are finished.

    Args:
        on_ready: gets the server's URL once it answers.
    Raises: FileNotFoundError, ValueError: a checkpoint or settings that do not fit. OSError: the address is taken.
        ImportError: the extra ``serve`` is not installed.
    """
    check_installed("serve", PACKAGES)

    def app_of(site: Site) -> "ASGIApp":
        from videoai.serving.app import new_app

        if site.has_new_token:
            logger.info("the token, which every client sends: Authorization: Bearer %s", site.token)
        logger.info("answers at %s/predict, described at %s/docs", site.url, site.url)
        about = facts_of(settings, site.predictor)
        return new_app(site.service, site.folder, about=about, has_token=site.token is not None)

    run_site(settings, "serve", app_of, on_ready)


def check_installed(verb: str, packages: Sequence[str]) -> None:
    """Raises: ImportError: the extra of the verb is not installed."""
    if missing := [name for name in packages if find_spec(name) is None]:
        raise ImportError(f"{verb} needs packages ({', '.join(missing)}): pip install 'videoai[{verb}]'")


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
