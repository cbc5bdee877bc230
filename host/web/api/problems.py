"""Every error as one shape: RFC 9457. The status follows from the kind of the error, which says what to do next."""

import math
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from ....connector.errors import DETAILS, is_told
from ...loggers import logger
from ...secrets.redact import Redactor
from ..body import BodyRefused
from ..mends import MENDS
from ..refusal import Refusal
from .shapes import Problem

log = logger("api")

MEDIA_TYPE = "application/problem+json"
STATUS = {
    "input": 422,
    "integration": 422,
    "connection": 424,
    "refused": 409,
    "busy": 409,
    "retry": 503,
    "database": 503,
    "unknown": 502,
    "vault": 500,
    "component": 500,
    "failed": 500,
}
"""By the kind of an error; 500 for one that is not here."""


def missing(what: str) -> Refusal:
    return Refusal(404, "missing", f"there is no such {what}")


def unreadable(detail: str, status: int = 400, field: str | None = None) -> Refusal:
    return Refusal(status, "request", detail, field=field)


def answer(error: Exception, redactor: Redactor) -> Response:
    """What the caller is told. What nobody expected is logged, and told as that alone."""
    problem, headers = _described(error)
    problem = problem.model_copy(update={"detail": redactor.strike(problem.detail)})
    if problem.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(problem.retry_after)))
    text = problem.model_dump_json(by_alias=True, exclude_none=True)
    return Response(text, problem.status, headers, media_type=MEDIA_TYPE)


def _described(error: Exception) -> tuple[Problem, dict[str, str]]:
    match error:
        case Refusal():
            return _problem(error.status, error.kind, str(error), field=error.field), error.headers
        case BodyRefused():
            return _problem(error.status, "request", str(error)), {"connection": "close"}
        case HTTPException():
            detail = _MEANING.get(error.status_code, error.detail)
            return _problem(error.status_code, "request", detail), dict(error.headers or {})
    if is_told(error):
        return _of_kind(error), {}
    log.error("a request of the API failed", exc_info=error)
    return _problem(500, "error", "the host could not do it"), {}


_MEANING = {404: "there is nothing at this address", 405: "this address does not take that method"}


def _of_kind(error: Exception) -> Problem:
    kind = str(getattr(error, "kind", "error"))
    status = STATUS.get(kind, 500)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("a request of the API failed: %s", kind, exc_info=error)
    details = {name: getattr(error, name, None) for name in DETAILS if name != "status"}
    lines = str(error).splitlines()
    return _problem(status, kind, str(error), problems=lines if lines[1:] else None, **details)


def _problem(status: int, kind: str, detail: str, **details: Any) -> Problem:
    title, mend = HTTPStatus(status).phrase, MENDS.get(kind, MENDS["error"])
    return Problem(title=title, status=status, detail=detail, kind=kind, mend=mend.text, **details)
