"""Checking in at a place inside WeCom: silent sign-in there and back, the phone's position once, and nobody else's."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.fakes.wecom import AGENT, CORP, WecomServer
from tests.journeys.wecom import Company, company

WEB = '[web]\nbase_url = "https://linli.test"\n'


def browser(town: Company) -> httpx.AsyncClient:
    client = httpx.AsyncClient(transport=town.transport, base_url="https://linli.test", headers={"X-Linli": "1"})
    town.browsers.append(client)
    return client


async def opened(phone: httpx.AsyncClient, user: str) -> httpx.Response:
    """There and back, as WeCom's own browser goes."""
    there = await phone.get("/wecom/here")
    assert there.status_code == 303
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    assert (asked["appid"], asked["scope"], asked["agentid"]) == ([CORP], ["snsapi_base"], [str(AGENT)])
    assert asked["redirect_uri"] == ["https://linli.test/wecom/back"]
    return await phone.get(f"/wecom/back?code=code-of-{user}&state={asked['state'][0]}")


async def test_a_position_is_said_once_in_the_members_chat(tmp_path: Path) -> None:
    async with WecomServer() as server, company(tmp_path, server, WEB, bot=False) as town:
        wang = server.member("wang", "王师傅")
        phone = browser(town)
        page = await opened(phone, "wang")
        assert page.status_code == 200
        assert "res.wx.qq.com" in page.headers["content-security-policy"]
        ready = json.loads(re.search(r'id="ready">(.*?)</script>', page.text).group(1))  # type: ignore[union-attr]
        ticket = server.interface.tickets[-1]
        signed = (
            f"jsapi_ticket={ticket}&noncestr={ready['nonce']}&timestamp={ready['timestamp']}&url={page.request.url}"
        )
        assert ready["signature"] == hashlib.sha1(signed.encode()).hexdigest()

        here = {"token": ready["token"], "lat": 30.28, "lon": 120.16}
        assert (await phone.post("/wecom/here", json={**here, "lat": 91})).status_code == 422
        assert (await phone.post("/wecom/here", json=here)).status_code == 204
        assert (await phone.post("/wecom/here", json=here)).status_code == 403
        await server.wait_for(wang, "位置收到了")
        assert len(server.seen(wang)) == 1
        await opened(browser(town), "wang")
        assert len(server.called("get_jsapi_ticket")) == 1, "the ticket is shared"
        server.assert_clean()


async def test_whoever_did_not_begin_or_is_no_member_gets_nothing(tmp_path: Path) -> None:
    async with WecomServer() as server, company(tmp_path, server, WEB, bot=False) as town:
        server.member("wang")
        assert (await opened(browser(town), "stranger")).status_code == 403
        there = await browser(town).get("/wecom/here")
        state = parse_qs(urlsplit(there.headers["location"]).query)["state"][0]
        other = await browser(town).get(f"/wecom/back?code=code-of-wang&state={state}")
        assert other.status_code == 403, "another browser than the one that began"
        forged = {"token": "x" * 30, "lat": 1, "lon": 1}
        assert (await browser(town).post("/wecom/here", json=forged)).status_code == 403
