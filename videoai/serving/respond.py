"""Problems as answers."""

from starlette.responses import JSONResponse

from videoai.serving.problem import Problem


def respond(problem: Problem) -> JSONResponse:
    """The answer that says what is wrong."""
    extra = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return JSONResponse(problem.to_dict(), problem.status, headers={**problem.headers(), **extra})
