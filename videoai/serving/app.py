"""The API: POST /predict, GET /health, /metrics, /model, and /docs, whose scripts come with a package."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from videoai.serving.problem import Problem
from videoai.serving.reading import Asked
from videoai.serving.respond import respond, respond_to
from videoai.serving.service import Service
from videoai.serving.uploads import Upload, UploadFolder

logger = logging.getLogger(__name__)
T = TypeVar("T")
MAX_TOP_K = 100_000
BINARY = {"schema": {"type": "string", "format": "binary"}}
IN_FORM = {"type": "object", "required": ["file"], "properties": {"file": BINARY["schema"]}}
# How a body looks, for the page: it is read as it comes, not by FastAPI.
BODY = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": IN_FORM}, "application/octet-stream": BINARY},
    }
}


class PredictQuery(BaseModel):
    """What may stand behind the question mark."""

    model_config = ConfigDict(extra="forbid")
    window_seconds: float | None = Field(
        None, ge=0.01, allow_inf_nan=False, description="length of a timeline's windows; none = one clip"
    )
    hop_seconds: float | None = Field(
        None, ge=0.01, allow_inf_nan=False, description="from one window to the next; none = window_seconds"
    )
    top_k: int | None = Field(None, ge=1, le=MAX_TOP_K, description="classes in an answer; none = as the server has it")


class Refusal(BaseModel):
    """The body of every answer that is no result."""

    reason: str = Field(description="one word, for programs")
    error: str = Field(description="a sentence, for people")


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "no video in the body, or an empty one"},
    401: {"model": Refusal, "description": "the token is missing or wrong"},
    403: {"model": Refusal, "description": "a page of another site, or a name that is not the server's"},
    408: {"model": Refusal, "description": "the upload is too slow"},
    413: {"model": Refusal, "description": "the upload is too large"},
    415: {"model": Refusal, "description": "the file is no video"},
    422: {"model": Refusal, "description": "a video that cannot be read, or parameters that are not allowed"},
    429: {"model": Refusal, "description": "no room: Retry-After says when"},
    503: {"model": Refusal, "description": "the server stops, or has too many connections"},
    507: {"model": Refusal, "description": "the server's disk is full"},
}


def new_app(service: Service, folder: UploadFolder, *, about: Mapping[str, Any], has_token: bool) -> FastAPI:
    """The app. about: the answer of /model. has_token: whether clients send one, so that the page asks for it."""
    app = FastAPIOffline(
        redoc_url=None,
        title="videoai",
        version=str(about["videoai"]),
        description="Names the actions in a video.",
        docs_url="/docs",
    )
    app.add_exception_handler(Problem, respond_to)
    app.add_exception_handler(RequestValidationError, _wrong_query)
    app.add_exception_handler(HTTPException, _other)
    app.add_exception_handler(ClientDisconnect, _nobody_waits)
    app.add_exception_handler(Exception, _fault)
    _add_predict(app, service, folder)
    _add_facts(app, service, about)
    if has_token:
        _add_token_button(app)
    return app


def _add_predict(app: FastAPI, service: Service, folder: UploadFolder) -> None:
    metrics = service.metrics

    @app.post("/predict", openapi_extra=BODY, responses=REFUSALS, summary="What a video shows")
    async def predict(request: Request, query: Annotated[PredictQuery, Query()]) -> JSONResponse:
        """Send a video as the body, or as the only file of a form. The answer is what `videoai predict` writes."""
        started = time.monotonic()
        try:
            with service.admitted(), folder.new_file() as path:
                name = await received(request, path)
                metrics.upload_bytes.inc(path.stat().st_size)
                asked = Asked(str(path), query.window_seconds, query.hop_seconds)
                answer = await while_connected(request, service.answer(asked, name, query.top_k))
        except Problem as problem:
            metrics.answers.labels(problem.status).inc()
            metrics.refused.labels(problem.reason).inc()
            raise
        metrics.answers.labels(200).inc()
        metrics.seconds.observe(time.monotonic() - started)
        return JSONResponse(answer)


def _add_facts(app: FastAPI, service: Service, about: Mapping[str, Any]) -> None:
    @app.get("/health", summary="Whether requests are taken")
    async def health() -> JSONResponse:
        """200 and ready, or 503 while it stops: what has come is answered, and no more taken."""
        body = {"alive": True, "ready": not service.stopping, "in_flight": service.in_flight}
        return JSONResponse(body, 503 if service.stopping else 200)

    @app.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/model", summary="The model and its labels")
    async def model() -> JSONResponse:
        return JSONResponse(dict(about))


def _add_token_button(app: FastAPI) -> None:
    """The page at /docs asks for the token."""
    description = app.openapi()
    description.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    description["security"] = [{"token": []}]


async def received(request: Request, path: Path) -> str:
    """Write the upload to ``path``. Returns: what the client calls it. Raises: Problem. ClientDisconnect."""
    try:
        with path.open("wb") as file:
            upload = Upload(request.headers.get("content-type", ""), file)
            async for chunk in request.stream():
                await asyncio.to_thread(upload.write, chunk)
            upload.end()
    except OSError as error:
        logger.warning("no upload can be kept: %s", error)  # a full disk, a quota
        raise Problem(507, "no_room", "the server has no room for the video now.", retry_seconds=60) from error
    return upload.name


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """What the work gives. Raises: ClientDisconnect: nobody waits for it any more, so that it is given up."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _wrong_query(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = "".join(one for one in str(first["loc"][-1]) if one.isprintable())[:100]
    known = f"no such parameter. The parameters: {', '.join(PredictQuery.model_fields)}"
    return respond(Problem(422, "query", f"{name}: {known if first['type'] == 'extra_forbidden' else first['msg']}."))


async def _other(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # 404 and 405
    return respond(Problem(error.status_code, "no_such_page", f"{error.detail}. See /docs."))


async def _nobody_waits(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # goes nowhere


async def _fault(request: Request, error: Exception) -> Response:
    return respond(Problem(500, "fault", "a fault of the server, whose log says more."))
