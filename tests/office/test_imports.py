"""Books from Excel: a look that changes nothing, all or nothing, known again, nobody's but the street's, and one event."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Sequence
from typing import Any

import httpx
import openpyxl
import pytest
from sqlalchemy import func, select

from nlp.street import parse_street
from storage import events, people, roles, stations
from storage.people import people as people_table
from storage.roles import invitations
from tests.office.desk import GRID, DeskTown
from workflow.rights import Grant, Role

API = "/api/desk/imports"
RESIDENTS = ("姓名", "电话", "住址")
STAFF = ("姓名", "角色", "范围")
PLACES = ("网格", "小区", "别名", "楼幢", "道路", "门牌", "单双号", "地标")
RECORDS = ("原单号", "受理时间", "诉求内容", "地址", "事项", "接单时间", "办结时间", "办理结果", "姓名", "电话")
STATIONS = ("驿站名称", "地点", "开放时间", "里面有什么", "可借的东西", "数量", "能借多久")
FIRST_GRID = "银杏社区第一网格"


def book(heads: Sequence[str], *rows: Sequence[Any]) -> bytes:
    """An Excel file as people make it."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (heads, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


async def street(desk: DeskTown) -> httpx.AsyncClient:
    return await desk.sits("街道老周", Role.STREET, "linjiang")


async def counted(desk: DeskTown, table: Any) -> int:
    async with desk.town.store.read() as tx:
        row = await tx.one(select(func.count()).select_from(table).where(table.c.tenant == tx.tenant))
    assert row is not None
    return int(row[0])


async def imported(desk: DeskTown) -> list[dict[str, Any]]:
    return [e.data for e in await desk.history("街道老周") if e.name == "person.imported"]


# -------------------------------------------------------------------- residents


async def test_residents_come_in_sealed_once_and_are_found_by_their_number(desk: DeskTown) -> None:
    client = await street(desk)
    rows = [("李桂英", 13912341234, "银杏苑3幢2单元401室"), ("张三丰", "139-0000-5678", "")]
    file = book(RESIDENTS, *rows)
    before = await counted(desk, people_table)
    look = (await client.post(f"{API}/residents/look", content=file)).json()
    assert (look["lines"], look["fresh"], look["fault_count"]) == (2, 2, 0)
    assert look["rows"][0]["cells"] == ["李**", "139****1234", "银杏苑 3 幢 2 单元"]
    assert await counted(desk, people_table) == before
    taken = await client.post(f"{API}/residents", content=file)
    assert (taken.status_code, taken.json()["rows"]) == (201, 2)
    assert await counted(desk, people_table) == before + 2
    async with desk.town.store.read() as tx:
        [ident] = await people.with_tail(tx, "1234")
        person = await people.get_person(tx, ident)
        stored = await tx.all(select(people_table).where(people_table.c.tenant == tx.tenant))
    assert (person.name, person.phone) == ("李桂英", "13912341234")
    assert person.home_place is not None
    assert person.home_place["grid"] == GRID
    assert all(type(row.name_sealed) is type(row.phone_sealed) is bytes for row in stored if row.phone_digest)
    clear = [value for row in stored for value in row if isinstance(value, dict)]
    assert not re.search(r"李桂英|13912341234|401", repr(clear)), "the room is nowhere, not even in the place"
    for secret in ("李桂英", "13912341234"):
        assert not any(secret.encode() in (v if isinstance(v, bytes) else str(v).encode()) for r in stored for v in r)
    [data] = await imported(desk)
    assert (data["kind"], data["rows"], data["known"]) == ("residents", 2, 0)
    again = await client.post(f"{API}/residents", content=book(RESIDENTS, *rows))
    assert (again.status_code, again.json()["code"]) == (409, "book_known")
    more = await client.post(f"{API}/residents", content=book(RESIDENTS, *rows, ("王芳", "13700001111", "")))
    assert (more.json()["rows"], more.json()["known"]) == (1, 2)
    assert await counted(desk, people_table) == before + 3


async def test_one_fault_keeps_the_whole_book_out_and_names_its_cell(desk: DeskTown) -> None:
    client = await street(desk)
    file = book(
        RESIDENTS,
        ("李桂英", "13912341234", "银杏苑3幢"),
        ("", "13912341235", ""),
        ("王芳", "1391234", ""),
        ("赵六", "13912341236", "银杏苑99幢"),
        ("李桂英", "13912341234", ""),
        ("公式", "=1+1", ""),
        ("长" * 31, "13912341237", ""),
    )
    before = await counted(desk, people_table)
    look = (await client.post(f"{API}/residents/look", content=file)).json()
    found = {fault["cell"]: fault["code"] for fault in look["faults"]}
    assert found == {
        "A3": "missing",
        "B4": "phone",
        "C5": "home_unknown",
        "B6": "repeated",
        "B7": "formula",
        "A8": "too_long",
    }
    assert all(fault["text"].endswith("。") for fault in look["faults"])
    taken = await client.post(f"{API}/residents", content=file)
    assert (taken.status_code, taken.json()["code"]) == (422, "book_faults")
    assert {fault["where"] for fault in taken.json()["faults"]} == set(found)
    assert await counted(desk, people_table) == before
    assert await imported(desk) == []


# -------------------------------------------------------------------- staff


async def test_staff_become_invitations_and_nobody_a_worker_before_accepting(desk: DeskTown) -> None:
    client = await street(desk)
    rows = [("王建国", "网格员", FIRST_GRID), ("孙敏", "社区工作台", "银杏社区")]
    taken = (await client.post(f"{API}/staff", content=book(STAFF, *rows))).json()
    assert [one["cells"][0] for one in taken["done"]] == ["王建国", "孙敏"]
    code = taken["done"][0]["result"]
    async with desk.town.store.read() as tx:
        assert not await roles.holders(tx, [Grant(Role.GRID_WORKER, GRID)])
        stored = await tx.all(select(invitations).where(invitations.c.tenant == tx.tenant))
    assert not any("王建国" in str(value) or code.replace("-", "") in str(value) for row in stored for value in row)
    await desk.town.says("新来的", code)
    async with desk.town.store.read() as tx:
        person = await people.find_by_identity(tx, "test", "", "新来的")
        assert person is not None
        assert await roles.grants_of(tx, person.id) == [Grant(Role.GRID_WORKER, GRID)]
    [data] = await imported(desk)
    assert sorted(data["invited"]) == [["desk", "yinxing", 1], ["grid_worker", GRID, 1]]
    count = await counted(desk, invitations)
    more = (await client.post(f"{API}/staff", content=book(STAFF, *rows, ("周勇", "网格长", GRID)))).json()
    assert (more["rows"], more["known"]) == (1, 2)
    assert await counted(desk, invitations) == count + 1
    await desk.town.passes(days=8)
    client = await street(desk)
    later = await client.post(f"{API}/staff", content=book(STAFF, *rows))
    assert later.json()["rows"] == 2


async def test_a_list_hands_out_no_more_than_its_bringer_could(desk: DeskTown) -> None:
    client = await street(desk)
    file = book(
        STAFF,
        ("甲", "管理员", "临江街道"),
        ("乙", "皇帝", ""),
        ("丙", "网格员", "月亮社区第一网格"),
        ("丁", "网格员", FIRST_GRID),
    )
    look = (await client.post(f"{API}/staff/look", content=file)).json()
    assert {fault["cell"]: fault["code"] for fault in look["faults"]} == {
        "B2": "not_yours",
        "B3": "role",
        "C4": "scope",
    }
    assert (await client.post(f"{API}/staff", content=file)).status_code == 422
    assert await counted(desk, invitations) == 0


# -------------------------------------------------------------------- places


async def test_places_become_a_street_file_that_keeps_the_rules(desk: DeskTown) -> None:
    client = await street(desk)
    file = book(
        PLACES,
        (FIRST_GRID, "桂花苑", "桂苑，桂花小区", "1-6，8幢", "", "", "", ""),
        ("银杏社区第二网格", "桂花苑", "", "9-12", "", "", "", ""),
        (FIRST_GRID, "银杏苑", "", "3", "", "", "", ""),
        (FIRST_GRID, "", "", "", "新修路", "1-99", "单", ""),
        (FIRST_GRID, "", "", "", "", "", "", "桂花菜场"),
    )
    look = (await client.post(f"{API}/places/look", content=file)).json()
    assert (look["faults"], look["fresh"], look["known"]) == ([], 4, 1)
    taken = (await client.post(f"{API}/places", content=file)).json()
    assert taken["proposal"]
    answer = await client.get(f"{API}/{taken['id']}/street.toml")
    made = parse_street(tomllib.loads(answer.text))
    estate = next(e for e in made.estates() if e.name == "桂花苑")
    assert estate.aliases == ("桂苑", "桂花小区")
    grid = made.get_grid(GRID)
    assert "桂花菜场" in grid.places
    assert {label for a in grid.areas if a.estate == estate.id for label in a.building_set() or ()} == set("123456") | {
        "8"
    }
    now = desk.town.city.street
    assert [c.id for c in made.communities] == [c.id for c in now.communities]
    assert not any(e.name == "桂花苑" for e in now.estates())
    assert (await client.get(f"{API}/1/street.toml")).status_code == 404


async def test_no_place_gets_a_second_grid(desk: DeskTown) -> None:
    client = await street(desk)
    second = "银杏社区第二网格"
    file = book(
        PLACES,
        (second, "银杏苑", "", "12-13", "", "", "", ""),
        (second, "银杏苑", "", "", "", "", "", ""),
        (second, "桂花苑", "", "", "健民路", "", "", ""),
        (second, "桂花苑", "", "一到三", "", "", "", ""),
        (second, "", "", "", "健民路", "1-9", "单", ""),
        (second, "", "", "", "", "", "", "银杏幼儿园"),
        ("月亮网格", "桂花苑", "", "", "", "", "", ""),
    )
    look = (await client.post(f"{API}/places/look", content=file)).json()
    found = {fault["row"]: (fault["cell"][0], fault["code"]) for fault in look["faults"]}
    assert found == {
        2: ("D", "taken"),
        3: ("D", "taken"),
        4: ("E", "one_place"),
        5: ("D", "buildings"),
        6: ("F", "taken"),
        7: ("H", "taken"),
        8: ("A", "grid"),
    }
    assert (await client.post(f"{API}/places", content=file)).status_code == 422


# -------------------------------------------------------------------- old records

OLD = [
    ("A-2", "2024-03-05 10:20", "楼道灯坏了，电话13912341234", "银杏苑3幢", "", "2024/3/5 11:00", "2024-03-06", "换了灯", "李桂英", "13912341234"),
    ("A-1", "2024年3月1日", "垃圾没人收", "银杏苑5幢", "", "", "2024-03-02 09:00", "已清运", "", ""),
    ("A-3", "2026-11-01", "路灯不亮", "银杏苑6幢", "", "", "", "", "", ""),
]  # fmt: skip


async def test_old_records_end_as_they_ended_and_open_ones_begin_today(desk: DeskTown) -> None:
    client = await street(desk)
    taken = await client.post(f"{API}/records", content=book(RECORDS, *OLD))
    assert taken.status_code == 201, taken.text
    numbers = {one["cells"][0]: int(one["result"]) for one in taken.json()["done"]}
    await desk.town.deliver()
    first, second, third = [await desk.record(numbers[name]) for name in ("A-1", "A-2", "A-3")]
    assert (first.state.value, second.state.value, third.state.value) == ("closed", "closed", "queued")
    assert first.number < second.number
    tz = desk.town.city.manners.tz
    assert f"{second.received_at.astimezone(tz):%Y-%m-%d %H:%M}" == "2024-03-05 10:20"
    assert second.responded_at is not None
    assert second.resolved_at is not None
    assert (
        f"{second.responded_at.astimezone(tz):%H:%M} {second.resolved_at.astimezone(tz):%d %H:%M}" == "11:00 06 23:59"
    )
    assert first.responded_at == first.resolved_at
    assert "13912341234" not in second.text
    assert (second.grid, third.received_at) == (GRID, desk.town.now)
    assert [e.name for e in await _events(desk, second.id)] == ["request.carried"]
    page = (await client.get(f"/api/desk/records/{second.number}")).json()
    assert [line["words"] for line in page["lines"]] == ["换了灯"]
    async with desk.town.store.read() as tx:
        [reporter] = await people.with_tail(tx, "1234")
    assert second.reporter_id == reporter
    again = await client.post(f"{API}/records", content=book(RECORDS, *OLD, ("A-4", "2024-01-01", "灯坏了", *[""] * 7)))
    assert (again.json()["rows"], again.json()["known"]) == (1, 3)


async def _events(desk: DeskTown, request_id: int) -> list[Any]:
    async with desk.town.store.write() as tx:
        return await events.history(tx, "request", request_id)


async def test_the_figures_count_old_records_in_their_own_time(desk: DeskTown) -> None:
    client = await street(desk)
    await client.post(f"{API}/records", content=book(RECORDS, *OLD))
    then = (await client.get("/api/desk/cockpit?period=2024Q1")).json()
    assert then["total"]["counts"]["received"] == 2
    rated = next(f for f in then["total"]["figures"] if f["name"] == "satisfaction_rate")
    assert (rated["value"], rated["denominator"]) == (None, 0)


async def test_what_cannot_have_been_is_a_fault(desk: DeskTown) -> None:
    client = await street(desk)
    row = ("2024-03-05 10:20", "楼道灯坏了", "银杏苑3幢")
    file = book(
        RECORDS,
        ("B-1", "2031-01-01", *row[1:], *[""] * 6),
        ("B-2", "昨天", *row[1:], *[""] * 6),
        ("B-3", *row, "没有的事项", *[""] * 5),
        ("B-4", *row, "", "2024-03-04", *[""] * 4),
        ("B-5", *row, "", "2024-03-06", "2024-03-05 12:00", *[""] * 3),
        ("B-6", *row, "", "", "", "办好了", "", ""),
        ("B-6", *row, *[""] * 6),
        ("B-6", *row, *[""] * 6),
    )
    look = (await client.post(f"{API}/records/look", content=file)).json()
    assert {fault["cell"]: fault["code"] for fault in look["faults"]} == {
        "B2": "moment_far",
        "B3": "moment",
        "E4": "item",
        "F5": "order",
        "G6": "order",
        "G7": "result_without_end",
        "A9": "repeated",
    }
    assert await desk.newest() == 0


# -------------------------------------------------------------------- files and people


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "x")
        packed.writestr("xl/workbook.xml", b"0" * (65 * 1024 * 1024))
    return out.getvalue()


def _changed(part: str, content: str) -> bytes:
    """A good file with one part of it replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book(RESIDENTS, ("甲", "13912341234", "")))) as good,
        zipfile.ZipFile(out, "w") as bad,
    ):
        for name in good.namelist():
            bad.writestr(name, content if name == part else good.read(name))
    return out.getvalue()


ENTITIES = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><worksheet>&a;</worksheet>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 no file",
        "姓名,电话\n".encode(),
        book(RESIDENTS),
        book(("名字", "号码"), ("甲", "13912341234")),
        book(("姓名", "电话", "姓名"), ("甲", "13912341234", "乙")),
        book(RESIDENTS, *[("甲", f"139{n:08}", "") for n in range(3001)]),
        _bomb(),
        _changed("xl/worksheets/sheet1.xml", "<worksheet"),
        _changed("xl/worksheets/sheet1.xml", ENTITIES),
        _changed("xl/workbook.xml", ENTITIES),
    ],
    ids=[
        "empty",
        "torn",
        "csv",
        "no rows",
        "no heads",
        "head twice",
        "too many",
        "bomb",
        "broken",
        "entity",
        "entity 2",
    ],
)
async def test_a_file_that_is_none_is_refused_in_plain_words(desk: DeskTown, content: bytes) -> None:
    client = await street(desk)
    answer = await client.post(f"{API}/residents/look", content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "book_unreadable")
    assert answer.json()["detail"].endswith("。")


async def test_a_file_that_is_too_long_is_not_even_read(desk: DeskTown) -> None:
    client = await street(desk)
    answer = await client.post(f"{API}/residents/look", content=b"0" * (4 * 1024 * 1024 + 2048))
    assert answer.status_code == 413


async def test_every_template_can_be_filled_in_and_brought(desk: DeskTown) -> None:
    client = await street(desk)
    offered = (await client.get(API)).json()
    assert [one["id"] for one in offered["books"]] == ["residents", "staff", "places", "stations", "records"]
    for one in offered["books"]:
        answer = await client.get(f"{API}/{one['id']}/template.xlsx")
        workbook = openpyxl.load_workbook(io.BytesIO(answer.content))
        rows, notes = workbook.worksheets
        assert [cell.value for cell in rows[1]] == one["heads"]
        examples = {
            row[0]: row[3] for row in notes.iter_rows(min_row=2, max_row=len(one["heads"]) + 1, values_only=True)
        }
        left_out = {"places": {"道路", "门牌", "单双号", "地标"}}.get(one["id"], set())
        for place, head in enumerate(one["heads"], 1):
            rows.cell(2, place).value = None if head in left_out else examples[head]
        out = io.BytesIO()
        workbook.save(out)
        look = (await client.post(f"{API}/{one['id']}/look", content=out.getvalue())).json()
        assert (look["faults"], look["fresh"]) == ([], 1), one["id"]


@pytest.mark.parametrize(
    ("role", "scope"), [(Role.DESK, "yinxing"), (Role.GRID_CHIEF, GRID), (Role.DEPT_HEAD, "gas")], ids=str
)
async def test_nobody_but_the_street_brings_books(desk: DeskTown, role: Role, scope: str) -> None:
    client = await desk.sits("别人", role, scope)
    file = book(RESIDENTS, ("李桂英", "13912341234", ""))
    answers = [
        await client.get(API),
        await client.get(f"{API}/residents/template.xlsx"),
        await client.post(f"{API}/residents/look", content=file),
        await client.post(f"{API}/residents", content=file),
        await client.get(f"{API}/1/street.toml"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    tried = [e for e in await desk.history("别人") if e.name == "person.refused"]
    assert [e.data["act"] for e in tried] == ["import_books"] * 5
    anybody = await desk.browser()
    assert (await anybody.post(f"{API}/residents", content=file)).status_code == 401


async def test_a_book_needs_the_pages_own_header(desk: DeskTown) -> None:
    client = await street(desk)
    del client.headers["X-Linli"]
    before = await counted(desk, people_table)
    assert (
        await client.post(f"{API}/residents", content=book(RESIDENTS, ("甲", "13912341234", "")))
    ).status_code == 403
    assert await counted(desk, people_table) == before


# -------------------------------------------------------------------- stations


async def shelves(desk: DeskTown) -> dict[str, list[tuple[str, int, int]]]:
    """What stands open: station -> (thing, how many, hours)."""
    async with desk.town.store.read() as tx:
        found = await stations.listed(tx)
        lent = await stations.by_station(tx, [s.id for s in found])
    return {s.name: [(t.name, t.stock, t.hours) for t in lent[s.id]] for s in found}


async def test_stations_come_with_their_things_and_nothing_twice(desk: DeskTown) -> None:
    client = await street(desk)
    rows = [
        ("银杏苑驿站", "银杏苑3幢", "8:00-20:00", "热水、充电", "雨伞", 10, "3天"),
        ("银杏苑驿站", "", "", "", "轮椅", 2, "2周"),
        ("金色歇脚点", "金色家园5幢", "24小时", "", "", "", ""),
    ]
    look = (await client.post(f"{API}/stations/look", content=book(STATIONS, *rows))).json()
    assert (look["lines"], look["fresh"], look["fault_count"]) == (3, 3, 0)
    assert (look["rows"][0]["note"], look["rows"][1]["note"]) == (f"在{FIRST_GRID}开一个驿站", "放进银杏苑驿站")
    assert await shelves(desk) == {}
    taken = await client.post(f"{API}/stations", content=book(STATIONS, *rows))
    assert taken.status_code == 201
    assert [one["cells"] for one in taken.json()["done"]] == [["银杏苑驿站"], ["金色歇脚点"]]
    assert await shelves(desk) == {"银杏苑驿站": [("雨伞", 10, 72), ("轮椅", 2, 336)], "金色歇脚点": []}
    [data] = await imported(desk)
    assert (data["kind"], data["rows"], data["stations"]) == ("stations", 3, 2)
    more = [*rows, ("银杏苑驿站", "", "", "", "打气筒", 1, "1天")]
    again = (await client.post(f"{API}/stations", content=book(STATIONS, *more))).json()
    assert (again["rows"], again["known"], again["done"]) == (1, 3, [])
    assert await shelves(desk) == {
        "银杏苑驿站": [("雨伞", 10, 72), ("轮椅", 2, 336), ("打气筒", 1, 24)],
        "金色歇脚点": [],
    }
    async with desk.town.store.read() as tx:
        [first, _] = await stations.listed(tx)
    await desk.town.employs("王师傅", Role.GRID_WORKER, GRID)
    await desk.town.says("王师傅", f"盘点 {first.number + 2} 9")  # the keepers of its grid keep it
    assert first.queue == f"grid:{GRID}"
    assert (await shelves(desk))["银杏苑驿站"][0] == ("雨伞", 9, 72)
    await desk.town.says("李阿姨", "附近哪里能借雨伞")
    assert "银杏苑驿站" in desk.town.last("李阿姨")


async def test_one_wrong_row_keeps_every_station_out(desk: DeskTown) -> None:
    client = await street(desk)
    file = book(
        STATIONS,
        ("银杏苑驿站", "银杏苑3幢", "8:00-20:00", "热水", "雨伞", 10, "3天"),
        ("银杏苑驿站", "银杏苑5幢", "", "", "轮椅", 2, "2周"),
        ("银杏苑驿站", "", "", "", "雨伞", 5, "3天"),
        ("银杏苑驿站", "", "", "", "工具箱", "几个", "3天"),
        ("银杏苑驿站", "", "", "", "人字梯", 1, "半年"),
        ("银杏苑驿站", "", "", "", "", 3, ""),
        ("火星驿站", "火星路1号", "24小时", "", "", "", ""),
        ("没写地点", "", "8:00-20:00", "", "", "", ""),
        ("谁也不知道", "", "", "", "雨伞", 1, "3天"),
        ("", "银杏苑3幢", "24小时", "", "", "", ""),
    )
    look = (await client.post(f"{API}/stations/look", content=file)).json()
    found = {fault["cell"]: fault["code"] for fault in look["faults"]}
    assert found == {
        "B3": "station_differs",
        "E4": "repeated",
        "F5": "stock",
        "G6": "span",
        "E7": "missing",
        "B8": "home_unknown",
        "B9": "missing",
        "B10": "missing",
        "A11": "missing",
    }
    assert all(fault["text"].endswith("。") for fault in look["faults"])
    taken = await client.post(f"{API}/stations", content=file)
    assert (taken.status_code, taken.json()["code"]) == (422, "book_faults")
    assert await shelves(desk) == {}
    assert await imported(desk) == []
