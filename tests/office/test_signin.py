"""The link in the chat: once, for ten minutes, for whoever has a role; sessions end by time, by leaving and with the role."""

from __future__ import annotations

import pytest

from storage import roles
from tests.office.desk import DESK, GRID, DeskTown
from workflow.rights import Role


async def test_a_link_opens_the_desk_once(desk: DeskTown) -> None:
    client = await desk.sits("刘书记")
    me = (await client.get("/api/desk/me")).json()
    assert me["name"] == "刘书记"
    assert "reroute" in me["may"]
    assert "manage_partners" not in me["may"]
    assert "银杏社区" in me["roles"][0]
    assert [e.name for e in await desk.history("刘书记")] == ["person.office_link", "person.office_entered"]


async def test_looking_at_a_link_does_not_use_it_up_and_using_it_does(desk: DeskTown) -> None:
    await desk.town.employs("刘书记", Role.DESK, DESK)
    token = await desk.link("刘书记")
    one, other = await desk.browser(), await desk.browser()
    for method in ("GET", "HEAD", "GET"):
        answer = await one.request(method, f"/desk/in/{token}")
        assert answer.status_code == 200 or method == "HEAD"
        assert "set-cookie" not in answer.headers
    assert (await one.post(f"/desk/in/{token}")).status_code == 303
    again = await other.post(f"/desk/in/{token}")
    assert (again.status_code, again.json()["code"]) == (404, "bad_link")
    assert (await other.get("/api/desk/me")).status_code == 401


async def test_a_link_is_good_for_ten_minutes_and_a_new_one_ends_the_old(desk: DeskTown) -> None:
    await desk.town.employs("刘书记", Role.DESK, DESK)
    client = await desk.browser()
    old, new = await desk.link("刘书记"), await desk.link("刘书记")
    assert (await client.post(f"/desk/in/{old}")).status_code == 404
    await desk.town.passes(minutes=11)
    assert (await client.post(f"/desk/in/{new}")).status_code == 404
    assert (await client.post("/desk/in/abc")).status_code == 404


async def test_the_link_of_a_foreign_page_is_refused(desk: DeskTown) -> None:
    await desk.town.employs("刘书记", Role.DESK, DESK)
    token = await desk.link("刘书记")
    client = await desk.browser()
    assert (await client.post(f"/desk/in/{token}", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await client.post(f"/desk/in/{token}")).status_code == 303


async def test_residents_get_no_link_and_a_group_is_shown_none(desk: DeskTown) -> None:
    await desk.town.says("李阿姨", "工作台")
    assert "/desk/in/" not in desk.town.last("李阿姨")
    assert "工作人员" in desk.town.last("李阿姨")
    await desk.town.employs("刘书记", Role.DESK, DESK)
    await desk.link("刘书记")
    await desk.town.says("刘书记", "工作台", room="desk:yinxing")
    assert "/desk/in/" not in "".join(text for text, _ in desk.town.room("desk:yinxing"))
    assert "/desk/in/" in desk.town.last("刘书记")


async def test_a_session_ends_after_a_shift_and_when_it_lies_idle(desk: DeskTown) -> None:
    client = await desk.sits("刘书记")
    for _ in range(6):
        await desk.town.passes(hours=1, minutes=55)
        assert (await client.get("/api/desk/counts")).status_code == 200
    await desk.town.passes(hours=1)
    assert (await client.get("/api/desk/counts")).json()["code"] == "desk_signed_out"
    idle = await desk.sits("刘书记")
    await desk.town.passes(hours=2, minutes=1)
    assert (await idle.get("/api/desk/counts")).status_code == 401


async def test_leaving_ends_it_here_and_a_word_in_the_chat_everywhere(desk: DeskTown) -> None:
    here, there, third = await desk.sits("刘书记"), await desk.sits("刘书记"), await desk.sits("刘书记")
    assert (await here.delete("/api/desk/session")).status_code == 204
    assert (await here.get("/api/desk/me")).status_code == 401
    assert (await there.get("/api/desk/me")).status_code == 200
    await desk.town.says("刘书记", "退出工作台")
    assert [(await c.get("/api/desk/me")).status_code for c in (there, third)] == [401, 401]
    assert (await desk.history("刘书记"))[-1].data == {"sessions": 2}


async def test_whoever_loses_the_role_is_out_at_once(desk: DeskTown) -> None:
    client = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    async with desk.town.store.write() as tx:
        [person] = await roles.holders(tx, [roles.Grant(Role.GRID_WORKER, GRID)])
        await roles.end(tx, person, desk.town.now)
    assert (await client.get("/api/desk/me")).status_code == 401
    page = await client.get("/desk")
    assert (page.status_code, "请先登录工作台" in page.text) == (401, True)


async def test_a_cookie_that_nobody_was_given_opens_nothing(desk: DeskTown) -> None:
    await desk.sits("刘书记")
    stranger = await desk.browser()
    for secret in ("", "x", "刘书记".encode().hex(), "a" * 43, "a" * 200):
        answer = await stranger.get("/api/desk/me", headers={"Cookie": f"linli_desk={secret}"})
        assert answer.status_code == 401


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_what_a_foreign_page_sends_is_refused(desk: DeskTown, method: str) -> None:
    client = await desk.sits("刘书记")
    del client.headers["X-Linli"]
    path = "/api/desk/acts" if method == "POST" else "/api/desk/session"
    assert (await client.request(method, path)).json()["code"] == "no_header"
