"""Every role, every act, every scope of a record: what the table of rights says is what the page and the chat allow."""

from __future__ import annotations

from contextlib import suppress

import pytest

from handlers.office import acts
from handlers.office.acts import ACTS
from handlers.office.order import Order
from handlers.office.turning import open_turn
from storage import people, requests
from storage.requests import Request
from tests.office.desk import GRID, LAMP, DeskTown
from tests.storage.samples import add_request, of_tenant
from workflow.rights import RIGHTS, Grant, Role, covers, may_act

HOLDERS = {
    Role.GRID_WORKER: GRID,
    Role.GRID_CHIEF: GRID,
    Role.BUILDING_CHIEF: GRID,
    Role.DEPT_STAFF: "gas",
    Role.DEPT_HEAD: "gas",
    Role.DESK: "yinxing",
    Role.STREET: "linjiang",
    Role.ADMIN: "linjiang",
    Role.MEMBER: "yinxing",
    Role.UNIT: "yinxing",
    Role.ASSESSOR: "yinxing",
}
QUEUES = (f"grid:{GRID}", "grid:yinxing-02", "grid:dukou-01", "dept:gas", "dept:party", "desk:yinxing", "desk")
FULL = {
    "words": "说明",
    "item": "x",
    "grid": GRID,
    "queue": "desk",
    "other": 1,
    "days": 1,
    "done": "办好了",
    "person": 1,
}


class Undone(Exception):
    """What was tried is taken back."""


async def test_the_page_forbids_exactly_what_the_table_does_not_give(desk: DeskTown) -> None:
    """Every try is undone: only whether it is forbidden counts here."""
    number = await desk.filed(LAMP)
    assert set(HOLDERS) == set(Role)
    org = desk.town.city.org
    for role, scope in HOLDERS.items():
        await desk.town.employs(role.value, role, scope)
        for queue in QUEUES:
            async with desk.town.store.write() as tx:
                await requests.change(tx, (await desk.record(number)).id, queue=queue)
            tried = await _tried(desk, role, number)
            given = {name for name, act in ACTS.items() if may_act([Grant(role, scope)], act.right, queue, org)}
            assert {name for name, code in tried.items() if code != "forbidden"} == given, (role, queue)
            by_table = {
                n for n, a in ACTS.items() if a.right in RIGHTS[role] and covers(Grant(role, scope), queue, org)
            }
            assert given == by_table


async def _tried(desk: DeskTown, role: Role, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, act in ACTS.items():
        order = Order(act=name, **{**FULL, **({act.needs: ""} if act.needs else {})})  # type: ignore[arg-type]
        with suppress(Undone):
            async with desk.town.store.write() as tx:
                person = await people.find_by_identity(tx, "test", "", role.value)
                assert person is not None
                turn = await open_turn(desk.town.city, tx, person.id, desk.town.now)
                found[name] = (await acts.perform(turn, number, order)).code
                raise Undone
    return found


@pytest.mark.parametrize("forged", [{"act": "claim"}, {"act": "dispatch", "queue": "desk"}, {"act": "contact"}])
async def test_what_is_tried_beyond_ones_scope_is_refused_and_written_down(
    desk: DeskTown, forged: dict[str, str]
) -> None:
    number = await desk.filed(LAMP)
    before = await desk.record(number)
    stranger = await desk.sits("渡口王", Role.GRID_WORKER, "dukou-01")
    answer = await desk.act(stranger, number, **forged)
    assert (answer.status_code, answer.json()["code"]) == (403, "act_forbidden")
    assert await desk.record(number) == before
    last = (await desk.history("渡口王"))[-1]
    assert (last.name, last.data["act"], last.data["request"]) == ("person.refused", forged["act"], before.id)
    guessed = await desk.act(stranger, 999999, **forged)
    assert guessed.status_code == 404
    assert (await desk.history("渡口王"))[-1].data["why"] == "unknown"


async def test_the_chat_refuses_and_writes_down_the_same(desk: DeskTown) -> None:
    number = await desk.filed(LAMP)
    await desk.town.employs("渡口王", Role.GRID_WORKER, "dukou-01")
    await desk.town.says("渡口王", f"接单 {number}")
    assert (await desk.record(number)).state.value == "queued"
    assert (await desk.history("渡口王"))[-1].data["act"] == "claim"
    await desk.town.press_token("渡口王", "nobody-gave-this.0")
    assert (await desk.history("渡口王"))[-1].data == {"act": "press", "why": "unknown"}


async def test_a_role_of_another_street_opens_nothing_here(desk: DeskTown) -> None:
    await desk.town.employs("外街道", Role.STREET, "elsewhere")
    await desk.town.says("外街道", "工作台")
    assert "/desk/in/" not in desk.town.last("外街道")


async def test_another_tenants_records_are_nowhere_and_guessing_is_written_down(desk: DeskTown) -> None:
    """Two streets in one database: numbers and ids of one open nothing for the other, in no list, search, figure or file."""
    own = await desk.filed(LAMP)
    elsewhere = await _in_another_street(desk, 7777)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    await desk.office.warm()
    for query, found in (
        ("bucket=all", [own]),
        ("bucket=open", [own]),
        ("bucket=all&q=邻街", []),
        ("bucket=all&q=7777", []),
    ):
        rows = (await street.get(f"/api/desk/records?{query}")).json()["rows"]
        assert [row["number"] for row in rows] == found, query
    assert (await street.get("/api/desk/cockpit?period=30d")).json()["total"]["counts"]["received"] == 1
    assert "7777" not in (await street.get("/api/desk/export.csv?bucket=all")).text
    assert (await street.get("/api/desk/counts")).json()["open"] == 1
    tries = (
        await street.get("/api/desk/records/7777"),
        await street.get(f"/api/desk/pairs/{own}/7777"),
        await street.get("/api/desk/records/7777/print.pdf"),
        await desk.act(street, 7777, "claim"),
        await street.post(
            "/api/desk/board/appeals",
            json={"period": "2026Q4", "by": "grid", "key": GRID, "number": 7777, "words": "这单不是我们的"},
        ),
    )
    assert [answer.status_code for answer in tries] == [404, 404, 404, 404, 403]
    refused = [e.data for e in await desk.history("街道老陈") if e.name == "person.refused"]
    assert [data["act"] for data in refused] == ["detail", "detail", "detail", "claim", "appeal"]
    assert all(elsewhere.id not in data.values() for data in refused)
    merged = await desk.act(street, own, "merge", other=7777)
    assert merged.status_code == 409
    await desk.town.says("街道老陈", "接单 7777")
    assert (await desk.history("街道老陈"))[-1].data == {"act": "detail", "why": "unknown"}


async def _in_another_street(desk: DeskTown, number: int) -> Request:
    async with desk.town.store.write() as tx:
        other = of_tenant(tx, "elsewhere")
        filed = await add_request(other, desk.town.now, queue=f"grid:{GRID}", grid=GRID, text="邻街的路灯不亮")
        await other.alter(requests.requests, {"id": filed.id}, number=number)
        return filed
