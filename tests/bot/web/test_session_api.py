"""Sessions, sign-in links, and the header that foreign pages cannot send."""

from __future__ import annotations

import pytest

from bot.web.identity import COOKIE
from tests.bot.web.conftest import Browser, OpenBrowser, user_of
from tests.bot.web.program import Program


async def test_a_session_is_kept_and_is_not_readable_by_scripts(stranger: OpenBrowser) -> None:
    client = await stranger()
    assert (await client.get("/api/me")).status_code == 401
    answer = await client.post("/api/session")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert len(client.cookies[COOKIE]) >= 43
    user = answer.json()["user"]
    assert user.startswith("w")
    assert (await client.post("/api/session")).json()["user"] == user == await user_of(client)


async def test_two_browsers_are_two_people(browser: OpenBrowser) -> None:
    assert await user_of(await browser()) != await user_of(await browser())


@pytest.mark.parametrize("secret", ["", "x", "x" * 5000, "好", "' or 1=1 --"])
async def test_a_made_up_secret_is_nobody(stranger: OpenBrowser, secret: str) -> None:
    client = await stranger()
    answer = await client.get("/api/me", headers={"Cookie": f"{COOKIE}={secret}".encode()})
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"


async def test_ending_a_session_ends_it_on_the_server(anna: Browser) -> None:
    secret = anna.cookies[COOKIE]
    assert (await anna.delete("/api/session")).status_code == 204
    assert (await anna.get("/api/me", headers={"Cookie": f"{COOKIE}={secret}"})).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/session"),
        ("POST", "/api/chat/messages"),
        ("POST", "/api/chat/presses"),
        ("POST", "/api/chat/scan"),
        ("PUT", "/api/chat/messages/1"),
        ("POST", "/api/media"),
    ],
)
async def test_changes_need_the_header(anna: Browser, method: str, path: str) -> None:
    answer = await anna.request(method, path, json={}, headers={"X-Linli": "0"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "no_header"


async def test_a_link_signs_in_once_and_goes_on(anna: Browser, stranger: OpenBrowser, program: Program) -> None:
    program.links["abc"] = await user_of(anna)
    client = await stranger()
    answer = await client.get("/login/abc?next=/rooms")
    assert (answer.status_code, answer.headers["location"]) == (303, "/rooms")
    assert await user_of(client) == await user_of(anna)
    again = await client.get("/login/abc", headers={"Accept": "text/html"})
    assert again.status_code == 404
    assert "这个登录链接已失效" in again.text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "", "/a\nb", "\t//e.example"],
)
async def test_a_link_never_leads_elsewhere(anna: Browser, program: Program, target: str) -> None:
    program.links["abc"] = "w1"
    answer = await anna.get("/login/abc", params={"next": target})
    assert answer.headers["location"] == "/"
