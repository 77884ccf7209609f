"""``demo``: a page on which a person tries a model."""

import asyncio
import copy
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoai.data.media import BadVideo
from videoai.inference.explain import Explained, Explainer
from videoai.inference.exported import ExportedNetwork
from videoai.report.description import parts_of
from videoai.report.heat import overlay
from videoai.report.page.description_chart import Curve, Group, description_chart, lanes_of
from videoai.report.page.html import Html, tag
from videoai.run.explain import write_overlay
from videoai.run.serve import PACKAGES, check_installed
from videoai.run.site import Site, run_site
from videoai.settings.serve import DemoSettings

if TYPE_CHECKING:  # the extra
    from starlette.types import ASGIApp

logger = logging.getLogger(__name__)
MOST_ROWS = 50  # events in the table


def demo(settings: DemoSettings, on_ready: Callable[[str], None] = lambda _: None) -> None:
    """Shows the page until SIGTERM or Ctrl-C.

    Args:
        on_ready: gets the URL of the page once it is there.
    Raises: as ``serve``. ImportError: the extra ``demo`` is not installed.
    """
    check_installed("demo", ("gradio", *PACKAGES))
    # Nobody is told, and no browser keeps what was looked at.
    os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "GRADIO_RUN_HISTORY": "False"}
    run_site(
        settings,
        "demo",
        lambda site: new_app(settings, site),
        on_ready,
        asks_for_token=False,
        headers={"Content-Security-Policy": policy()},
    )


def new_app(settings: DemoSettings, site: Site) -> "ASGIApp":
    """The page, which keeps its files, all of which it would show, in a folder below that of uploads."""
    files = site.folder.path / "page"
    files.mkdir()
    os.environ["GRADIO_TEMP_DIR"] = str(files)  # read when gradio is imported
    from videoai.serving.demo_page import USER, Demo, mounted, new_page
    from videoai.serving.demo_routes import KEEP_SECONDS, PageAlone

    if site.has_new_token:
        logger.info("log in as %s with the password %s", USER, site.token)
    trying = Trying(settings, site, files)
    page = new_page(
        Demo(
            title=settings.title,
            keep_seconds=KEEP_SECONDS,
            classes=site.predictor.model.classes,
            finds_events=site.predictor.task.per_frame,
            answer=trying.answer,
            drawn=drawn,
            explain=None if site.predictor.model.clip.sound else trying.explain,
        )
    )
    max_bytes, max_queue = round(settings.max_upload_mb * 1e6), settings.max_queue
    app = mounted(page, max_bytes=max_bytes, max_queue=max_queue, password=site.token)
    return PageAlone(app, site.service, files, most_bytes=max_queue * max_bytes)


def policy() -> str:
    """What a browser may load."""
    from videoai.serving.policy import POLICY

    return POLICY


class Trying:
    """What the page asks for."""

    def __init__(self, settings: DemoSettings, site: Site, files: Path) -> None:
        self.site, self.files = site, files
        model = site.predictor.model
        if not isinstance(model.model, ExportedNetwork):  # which nobody can watch
            model = copy.deepcopy(model)  # explaining watches the forward pass, which others use meanwhile
        self.explainer = Explainer(predictor=replace(site.predictor, model=model), method=settings.method)

    async def answer(self, path: str, window_seconds: float | None, hop_seconds: float | None) -> dict[str, Any]:
        """What predict says. Raises: Problem."""
        check_uploaded(path, self.files)
        with self.site.service.admitted():
            return await self._answered(path, window_seconds, hop_seconds)

    async def _answered(self, path: str, window_seconds: float | None, hop_seconds: float | None) -> dict[str, Any]:
        from videoai.serving.reading import Asked
        from videoai.serving.uploads import shown_name

        return await self.site.service.answer(Asked(path, window_seconds, hop_seconds), shown_name(path), None)

    async def explain(self, path: str, target: str | None) -> tuple[Path, str]:
        """A film and a sentence. Raises: Problem.

        Explaining decodes in this process, so that the video goes through the decoders first: one that ends a decoder
        is refused there.
        """
        check_uploaded(path, self.files)
        with self.site.service.admitted():
            await self._answered(path, None, None)
            return await asyncio.to_thread(self._explained, path, target)

    def _explained(self, path: str, target: str | None) -> tuple[Path, str]:
        from videoai.serving.demo_routes import remove_old
        from videoai.serving.problem import Problem, of_bad_video
        from videoai.serving.uploads import shown_name

        try:
            explained = replace(self.explainer, target=target)(path)
        except BadVideo as bad:
            raise of_bad_video(bad, shown_name(path)) from bad
        except ValueError as error:
            raise Problem(422, "explain", str(error)) from error
        remove_old(self.files)
        film = self.files / f"overlay-{secrets.token_hex(16)}.mp4"
        write_overlay(film, explained.frames, overlay(explained.frames, explained.found.heat), explained.seconds)
        return film, sentence(explained)


def check_uploaded(path: str, folder: Path) -> None:
    """Raises: Problem: a client named another file of this machine, or one that is gone."""
    from videoai.serving.problem import Problem

    if not Path(path).resolve().is_relative_to(folder.resolve()) or not Path(path).is_file():
        raise Problem(422, "no_file", "the video is no longer there. Choose it again.")


def sentence(explained: Explained) -> str:
    """What was explained, and what it depends on most."""
    told = explained.to_dict("")
    hottest, window = told["hottest"], told["window"]
    return (
        f"{told['target']} ({told['score']:.3g}), from {window['start_seconds']:.2f} to {window['end_seconds']:.2f} s, "
        f"by {told['method']}: most at {hottest['seconds']:.2f} s in {hottest['place']}."
    )


def drawn(record: Mapping[str, Any]) -> Html:
    """The answer over time: lanes of classes or events, curves of numbers, and a table of events."""
    parts = parts_of("", record)
    events = sorted(parts.get("actions", []) + parts.get("tag_events", []), key=lambda one: one["start_seconds"])
    lanes, num_left_out = lanes_of(events, "right")
    curves = [Curve(one["target"], one["points"]) for one in parts.get("curves", ())]
    chart = description_chart([Group("", [*lanes, *curves])], seconds=record["duration_seconds"], url=None)
    notes = [f"{num_left_out} more are not drawn"] if num_left_out else []
    notes += [f"the first {MOST_ROWS} of {len(events)} events"] if len(events) > MOST_ROWS else []
    notes += ["no events were found"] if not events and not curves else []
    table = [tag("table", *map(row_of, [HEAD, *map(cells_of, events[:MOST_ROWS])]))] if events else []
    return tag("div", chart, *table, tag("p", "; ".join(notes)), class_="over-time")


HEAD = ("from", "to", "what", "score")


def cells_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """A row of the table."""
    label = f"{event['target']}: {event['label']}" if "target" in event else event["label"]
    return f"{event['start_seconds']:.2f} s", f"{event['end_seconds']:.2f} s", label, f"{event['score']:.3f}"


def row_of(cells: tuple[str, ...]) -> Html:
    """Escaped."""
    return tag("tr", *(tag("th" if cells is HEAD else "td", cell) for cell in cells))
