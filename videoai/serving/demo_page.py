"""The page of ``demo``, made with Gradio: a video or the webcam in; classes, a time axis, events and an explanation
out. It loads nothing from elsewhere, and tells nobody that it is used."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr  # pyright: ignore[reportMissingImports]  # not in dev: it wants an older pillow
from fastapi import FastAPI

from videoai.serving.problem import Problem
from videoai.serving.respond import respond_to

Answering = Callable[[str, float | None, float | None], Awaitable[dict[str, Any]]]
Explaining = Callable[[str, str | None], Awaitable[tuple[Path, str]]]

USER = "videoai"  # who logs in; the password is the token
BEST = "the best one"
CLEANING_SECONDS = 60  # how often old files are looked for
# The drawings of report/page in the colours of this page; on a phone they are scrolled, not shrunk.
CSS = """
.over-time { --ink: var(--body-text-color); --soft: color-mix(in srgb, var(--ink) 75%, transparent);
  --line: var(--border-color-primary); --right: #2f6db5; --second: #8a8f98; overflow-x: auto; }
.over-time svg { display: block; width: 100%; min-width: 620px; height: auto; font-size: 11.5px; }
.over-time svg text { fill: var(--soft); font-variant-numeric: tabular-nums; }
.over-time svg .row { text-anchor: end; dominant-baseline: central; }
.over-time svg .tick { text-anchor: middle; }
.over-time svg .start { text-anchor: start; }
.over-time .right { fill: var(--right); }
.over-time .quiet { fill: var(--second); opacity: .55; }
.over-time .grid { stroke: var(--line); }
.over-time .curve.first { stroke: var(--right); fill: none; }
.over-time table { margin-top: 10px; border-collapse: collapse; }
.over-time table, .over-time tr, .over-time th, .over-time td { border: 0 !important; }
.over-time th, .over-time td { padding: 2px 18px 2px 0 !important; text-align: left; color: var(--ink); }
.over-time th { font-weight: 600; }
footer { display: none !important; }
"""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the page shows, and whom it asks."""

    title: str
    keep_seconds: int  # uploads
    classes: Sequence[str]
    finds_events: bool  # in windows of its own, and ranks no classes
    answer: Answering  # path, window_seconds, hop_seconds -> what predict says
    drawn: Callable[[Mapping[str, Any]], str]  # such an answer -> HTML of its time axis
    explain: Explaining | None  # path, class or None -> a film and a sentence; None = the model cannot be explained


def take_only_uploads(video: gr.Video) -> None:
    """Gradio fetches an address that a client writes in the place of a file. Not a subclass: Gradio writes a ``.pyi``
    beside the file of one."""
    take = video.async_move_resource_to_block_cache

    async def checked(url_or_file_path: str | Path | None) -> str | None:
        if url_or_file_path is not None and not is_below(str(url_or_file_path), video.GRADIO_CACHE):
            raise gr.Error("Choose a video first.", print_exception=False)
        return await take(url_or_file_path)

    video.async_move_resource_to_block_cache = checked


def is_below(path: str, folder: str) -> bool:
    """Whether a path, followed to where it leads, is that of a file in a folder."""
    return os.path.isfile(path) and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def new_page(demo: Demo) -> gr.Blocks:
    """The page and what happens on it."""
    cleaning = (CLEANING_SECONDS, demo.keep_seconds)
    with gr.Blocks(title=demo.title, analytics_enabled=False, delete_cache=cleaning) as page:
        gr.Markdown(f"# {demo.title}")
        with gr.Row():
            with gr.Column(min_width=300):
                video = gr.Video(label="Video", sources=["upload", "webcam"], elem_id="video", height=380)
                take_only_uploads(video)
                with gr.Accordion("Windows", open=False, visible=not demo.finds_events):
                    window = gr.Number(None, label="seconds of a window; empty = one clip", minimum=0.01)
                    hop = gr.Number(None, label="seconds from one to the next; empty = side by side", minimum=0.01)
                    again = gr.Button("Look again")
            with gr.Column(min_width=300):
                top = gr.Label(label="Classes", elem_id="classes", visible=not demo.finds_events)
        axis = gr.HTML(label="Over time", elem_id="axis")
        if demo.explain:
            _add_explanation(demo.explain, demo.classes, video)
        with gr.Accordion("The answer as JSON", open=False):
            whole = gr.JSON(show_label=False)

        async def look(path: str | None, window: float | None, hop: float | None) -> tuple[Any, str, Any]:
            if path is None:
                return None, "", None
            try:
                record = await demo.answer(path, window or None, hop or None)
            except Problem as problem:
                raise page_error(problem) from problem
            return scores_of(record), demo.drawn(record), record

        asked, shown = [video, window, hop], [top, axis, whole]
        for event in (video.change, again.click):
            event(look, asked, shown, api_visibility="private", concurrency_limit=None, show_progress_on=[axis])
    return page


def mounted(page: gr.Blocks, *, max_bytes: int, max_queue: int, password: str | None) -> FastAPI:
    """The page as an app. password: for USER; None = nobody logs in."""
    page.queue(max_size=max_queue, api_open=False)
    page.has_launched = True  # launch() says so; without it Gradio 6 lets a client name any file of this machine
    return gr.mount_gradio_app(
        FastAPI(openapi_url=None),
        page,
        path="",
        auth=(USER, password) if password else None,
        max_file_size=max_bytes,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        footer_links=[],
        mcp_server=False,
        app_kwargs={"exception_handlers": {Problem: respond_to}},
        css=CSS,
    )


def _add_explanation(explain: Explaining, classes: Sequence[str], video: gr.Video) -> None:
    with gr.Accordion("What it depends on", open=False, elem_id="why"):
        target = gr.Dropdown([BEST, *classes], value=BEST, label="for the class")
        button = gr.Button("Explain")
        film = gr.Video(label="what it saw, and the heat", interactive=False, autoplay=True, loop=True, height=320)
        words = gr.Textbox(show_label=False, container=False, lines=2)

    async def why(path: str | None, target: str) -> tuple[str, str]:
        if path is None:
            raise gr.Error("Choose a video first.", print_exception=False)
        try:
            made, sentence = await explain(path, None if target == BEST else target)
        except Problem as problem:
            raise page_error(problem) from problem
        return str(made), sentence

    # One at a time: an explanation may take hundreds of forward passes.
    button.click(why, [video, target], [film, words], api_visibility="private", concurrency_limit=1)


def scores_of(record: Mapping[str, Any]) -> dict[str, float] | None:
    """Best classes and their probabilities, for gr.Label; None = the answer ranks none."""
    top = [one for one in record.get("top", ()) if "probability" in one]
    return {one["label"]: one["probability"] for one in top} or None


def page_error(problem: Problem) -> gr.Error:
    """A message on the page, which takes HTML: a file may be named like some."""
    return gr.Error(escape(str(problem)), print_exception=False)
