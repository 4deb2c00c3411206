"""Every error as RFC 9457 problem+json, or as a page for a person who opened a link. Sentences come from web.toml."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from bot.web.ports import Busy
from bot.web.site import get_site
from storage.database import Unavailable

log = structlog.get_logger()

Handler = Callable[[Request, Exception], Awaitable[Response]]

CODES = {
    400: "malformed",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "wrong_type",
    422: "invalid",
    429: "too_many",
    503: "busy",
}


class Fault(BaseModel):
    """One thing that is wrong with the input."""

    where: str = Field(description="Where in the request, as a path: body.text")
    what: str


class Problem(BaseModel):
    """RFC 9457: what went wrong. `code` is for programs, `detail` for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    faults: list[Fault] = []


class ProblemError(Exception):
    """Answers the request with a problem. `code` names the sentence in web.toml; `detail` says more about this one."""

    def __init__(
        self,
        status: int,
        code: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        detail: str = "",
        faults: list[Fault] | None = None,
    ) -> None:
        super().__init__(code or CODES[status])
        self.status = status
        self.code = code or CODES[status]
        self.headers = dict(headers or {})
        self.detail = detail
        self.faults = faults


def answer(
    request: Request,
    status: int,
    code: str,
    *,
    faults: list[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
    detail: str = "",
) -> Response:
    """The problem as JSON, or as a page when a browser opened a page address."""
    site = get_site(request.app)
    title = site.words.get("problem", code)
    if _wants_page(request):
        page = {"title": title, "status": status, "code": code}
        return site.page(request, "problem.html", page, status=status, headers=headers)
    problem = Problem(type=f"/docs#{code}", title=title, status=status, code=code, faults=faults or [])
    problem.detail = detail or site.words.section("problem_detail").get(code, "")
    body = problem.model_dump(exclude_defaults=True)
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem."""
    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Busy, on_busy)
    app.add_exception_handler(Unavailable, on_outage)
    app.add_exception_handler(Exception, on_bug)


def _wants_page(request: Request) -> bool:
    service = request.url.path.startswith(("/api", "/hooks", "/media", "/static", "/metrics"))
    return not service and "text/html" in request.headers.get("accept", "")


async def on_problem(request: Request, error: Exception) -> Response:
    """What a route says itself."""
    assert isinstance(error, ProblemError)
    return answer(request, error.status, error.code, faults=error.faults, headers=error.headers, detail=error.detail)


async def on_http(request: Request, error: Exception) -> Response:
    """What Starlette refuses: no such address, a method it does not know, a body that is too long."""
    assert isinstance(error, HTTPException)
    return answer(request, error.status_code, CODES.get(error.status_code, "failed"), headers=error.headers)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Input that does not fit the shapes."""
    assert isinstance(error, RequestValidationError)
    found: list[dict[str, Any]] = list(error.errors())
    if any(tuple(one["loc"]) == ("header", "X-Linli") for one in found):
        return answer(request, 403, "no_header")
    faults = [Fault(where=".".join(_printable(part) for part in one["loc"]), what=one["type"]) for one in found]
    return answer(request, 422, "invalid", faults=faults)


async def on_busy(request: Request, error: Exception) -> Response:
    """Nothing was kept: there is too much at this moment."""
    assert isinstance(error, Busy)
    return answer(request, 503, "busy", headers={"Retry-After": str(max(1, round(error.retry_for)))})


async def on_outage(request: Request, error: Exception) -> Response:
    """The database is away or full: nothing was kept, and the same request may be made again."""
    log.error("web.no_database", code=getattr(error, "code", ""))
    return answer(request, 503, "busy", headers={"Retry-After": "5"})


async def on_bug(request: Request, error: Exception) -> Response:
    """An error of ours: logged without what was said."""
    log.error("web.failed", route=getattr(request.scope.get("route"), "path_format", ""), exc_info=error)
    return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "failed")


def _printable(part: object) -> str:
    return str(part).encode("ascii", "replace").decode()[:80]
