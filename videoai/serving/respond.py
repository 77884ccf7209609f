"""Problems as answers."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from videoai.serving.problem import Problem


def respond(problem: Problem) -> JSONResponse:
    """The answer that says what is wrong."""
    extra = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return JSONResponse(problem.to_dict(), problem.status, headers={**problem.headers(), **extra})


async def respond_to(request: Request, error: Exception) -> Response:
    """The same where an app handles exceptions."""
    assert isinstance(error, Problem)
    return respond(error)
