"""Health, metrics, webhooks, the wall as data, the shape of errors and the headers of every answer."""

from __future__ import annotations

import httpx
import pytest

from bot.channels.webchat.channel import WebChannel
from bot.web.app import create_app
from bot.web.ports import Health
from tests.bot.web.conftest import Browser, OpenBrowser
from tests.bot.web.program import Program


async def test_health(anna: Browser, program: Program) -> None:
    assert (await anna.get("/healthz")).json() == {"status": "ok", "findings": []}
    assert (await anna.get("/readyz")).status_code == 200
    program.healthy = Health(False, ["the database is behind"])
    answer = await anna.get("/readyz")
    assert (answer.status_code, answer.json()["findings"]) == (503, ["the database is behind"])


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "8.8.8.8"}, 403),
        ("10.0.0.7", {}, 403),
        ("10.0.0.7", {"Authorization": "Bearer token-of-metrics"}, 200),
        ("10.0.0.7", {"Authorization": "Bearer 好".encode()}, 403),
        ("10.0.0.7", {"Authorization": "Bearer "}, 403),
    ],
)
async def test_metrics_are_not_public(
    program: Program, channel: WebChannel, client: str, headers: dict[str, str], status: int
) -> None:
    app = create_app(program, channel, metrics_token="token-of-metrics")
    transport = httpx.ASGITransport(app=app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://linli.test") as machine:
        answer = await machine.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("python_info" in answer.text) == (status == 200)


async def test_metrics_without_a_token_set_are_shut(program: Program, channel: WebChannel) -> None:
    transport = httpx.ASGITransport(app=create_app(program, channel), client=("10.0.0.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://linli.test") as machine:
        assert (await machine.get("/metrics", headers={"Authorization": "Bearer "})).status_code == 403


@pytest.mark.parametrize(
    ("secret", "inner", "status"), [("right", 200, 200), ("wrong", 200, 403), ("", 200, 403), ("right", 503, 503)]
)
async def test_the_telegram_hook_says_what_the_program_says(
    anna: Browser, program: Program, secret: str, inner: int, status: int
) -> None:
    program.hook_status = inner
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    answer = await anna.post("/hooks/telegram", content=b"{}", headers=headers)
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 503)
    if status == 503:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_wishes(anna: Browser, program: Program) -> None:
    program.add_wishes(8)
    found = (await anna.get("/api/wishes?limit=3")).json()
    assert [wish["number"] for wish in found] == [8, 7, 6]
    older = (await anna.get("/api/wishes?limit=3&before=6&kind=goods")).json()
    assert {wish["kind_name"] for wish in older} == {"小物件"}
    assert all(wish["number"] < 6 for wish in older)
    assert (await anna.get("/api/wishes?limit=0")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("PATCH", "/api/me", 405, "method_not_allowed"),
        ("GET", "/api/wishes?before=x", 422, "invalid"),
        ("GET", "/api/chat/messages?after=99999999999999999999", 422, "invalid"),
        ("GET", "/api/chat/messages?after=9999999999999999999", 422, "invalid"),
        ("GET", "/static/none.js", 404, "not_found"),
        ("GET", "/media/none", 404, "not_found"),
    ],
)
async def test_every_error_is_a_problem(anna: Browser, method: str, path: str, status: int, code: str) -> None:
    answer = await anna.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_broken_program_is_a_500_problem(program: Program, channel: WebChannel) -> None:
    async def broken() -> Health:
        raise RuntimeError("inside")

    program.health = broken  # type: ignore[method-assign]
    transport = httpx.ASGITransport(app=create_app(program, channel), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://linli.test") as machine:
        answer = await machine.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "inside" not in answer.text


async def test_a_large_body_is_refused_before_it_is_read(anna: Browser) -> None:
    answer = await anna.post("/api/chat/messages", content=b'{"text":"' + b"x" * 300_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"[" * 200_000, 400), (b"{", 422), (b"\xff\xfe", 422), (b"", 422), (b'"x"', 422), (b"NaN", 422)],
)
async def test_bodies_that_are_no_json_objects(anna: Browser, content: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await anna.post("/api/chat/messages", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["code"] in ("malformed", "invalid")


@pytest.mark.parametrize("path", ["/static/%00", "/static/../app.py", "/static/%2e%2e/app.py", "/media/%00", "/%00"])
async def test_odd_paths_are_not_found(anna: Browser, path: str) -> None:
    assert (await anna.get(path)).status_code in (404, 422)


async def test_a_look_at_a_page_is_allowed_and_uses_up_no_link(anna: Browser, program: Program) -> None:
    program.links["abc"] = "w1"
    assert (await anna.head("/")).status_code == 200
    assert (await anna.head("/healthz")).status_code == 200
    assert (await anna.head("/login/abc")).status_code == 405
    assert program.links


@pytest.mark.parametrize("path", ["/", "/wall", "/api/me", "/api/nothing", "/static/js/chat.js", "/openapi.json"])
async def test_every_answer_is_guarded(stranger: OpenBrowser, path: str) -> None:
    headers = (await (await stranger()).get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/static/js/chat.js?v=1", "public, max-age=31536000, immutable"),
        ("/static/js/chat.js", "no-cache"),
        ("/api/wishes", "no-store"),
        ("/", "no-store"),
    ],
)
async def test_how_long_an_answer_is_kept(anna: Browser, path: str, rule: str) -> None:
    assert (await anna.get(path)).headers["cache-control"] == rule


async def test_the_document_tells_of_problems_and_the_header(anna: Browser) -> None:
    document = (await anna.get("/openapi.json")).json()
    assert document["components"]["schemas"]["Problem"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "422" not in operation["responses"]
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            named = [one["name"] for one in operation.get("parameters", ())]
            assert ("X-Linli" in named) == (method in ("post", "put", "delete")), (path, method)
            assert ("queue" in named) == ("{queue}" in path)
