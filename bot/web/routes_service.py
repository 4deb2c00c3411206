"""Routes for machines: health, metrics, platform webhooks."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse

from bot.web.problems import CODES, ProblemError
from bot.web.shapes import HealthOut
from bot.web.site import TheSite

router = APIRouter(tags=["service"])


@router.get("/healthz")
async def is_alive() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


@router.get("/readyz", responses={503: {"model": HealthOut}})
async def is_ready(site: TheSite, answer: Response) -> HealthOut:
    """Database, migrations, backlog and disk are in order; else 503 and one word for each thing that is wrong."""
    health = await site.backend.health()
    answer.status_code = 200 if health.ready else 503
    return HealthOut(status="ok" if health.ready else "unready", findings=health.findings)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def show_metrics(
    request: Request, site: TheSite, authorization: Annotated[str, Header(max_length=400)] = ""
) -> Response:
    """Prometheus text, for this machine or for whoever brings the token as a bearer."""
    if not (_brings(authorization, site.metrics_token) or _is_this_machine(request)):
        raise ProblemError(403)
    await site.backend.measure()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.post("/hooks/telegram", response_class=Response, include_in_schema=False)
async def take_telegram(
    request: Request, site: TheSite, x_telegram_bot_api_secret_token: Annotated[str, Header()] = ""
) -> Response:
    """A Telegram webhook call. Answered 200 only when the update is durable."""
    status = await site.backend.telegram_hook(await request.body(), x_telegram_bot_api_secret_token)
    if status >= 400:
        later = {"Retry-After": "2"} if status == 503 else {}
        raise ProblemError(status, CODES.get(status, "failed"), later)
    return Response(status_code=status)


@router.get("/hooks/wecom", response_class=PlainTextResponse, include_in_schema=False)
async def check_wecom(request: Request, site: TheSite) -> Response:
    """WeCom's check of the callback address: the decrypted word and nothing else."""
    status, word = await site.backend.wecom_echo(request.query_params)
    if status >= 400:
        raise ProblemError(status, CODES.get(status, "failed"))
    return PlainTextResponse(word)


@router.post("/hooks/wecom", response_class=Response, include_in_schema=False)
async def take_wecom(request: Request, site: TheSite) -> Response:
    """A WeCom callback. Answered 200, and empty, only when it is durable; the platform asks three times."""
    status = await site.backend.wecom_hook(request.query_params, await request.body())
    if status >= 400:
        later = {"Retry-After": "2"} if status == 503 else {}
        raise ProblemError(status, CODES.get(status, "failed"), later)
    return Response(status_code=status)


def _brings(authorization: str, token: str) -> bool:
    return bool(token) and secrets.compare_digest(authorization.encode(), f"Bearer {token}".encode())


def _is_this_machine(request: Request) -> bool:
    if any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
