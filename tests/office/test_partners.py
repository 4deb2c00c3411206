"""Other systems: Open311 as its own clients read it, orders that come in signed and once, and news that is sent until heard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import httpx
import pytest
from starlette.types import Message

from bot.partners import Teller, sign
from bot.web import shortcut
from handlers.office import partners as records
from storage import partners
from tests.office.desk import GRID, LAMP, DeskTown
from workflow.rights import Role

ORDERS = "工单编号,诉求内容,地址,来电\nA-1,楼道灯坏了,银杏苑3幢,13912345678\nA-2,垃圾没人收,银杏苑5幢,\n"


async def partner(desk: DeskTown, url: str = "") -> tuple[str, str]:
    async with desk.town.store.write() as tx:
        made = await records.add(tx, "12345", url, desk.town.now)
    assert made is not None
    return made


def signed(key: str, secret: str, body: bytes, nonce: str = "nonce-0001", late: int = 0) -> dict[str, str]:
    at = int(datetime.now(UTC).timestamp()) - late
    found = {"X-Linli-Key": key, "X-Linli-Time": str(at), "X-Linli-Nonce": nonce, "Content-Type": "text/csv"}
    return {**found, "X-Linli-Signature": sign(secret, at, nonce, body)}


async def test_orders_come_in_once_and_their_status_goes_out(desk: DeskTown) -> None:
    key, secret = await partner(desk)
    client = await desk.browser()
    body = ORDERS.encode()
    first = await client.post("/api/partners/orders.csv", content=body, headers=signed(key, secret, body))
    assert set(first.json()["numbers"]) == {"A-1", "A-2"}
    assert "13912345678" not in (await desk.record(first.json()["numbers"]["A-1"])).text
    again = await client.post("/api/partners/orders.csv", content=body, headers=signed(key, secret, body, "nonce-0002"))
    assert again.json() == first.json()
    status = await client.get("/api/partners/status.csv", headers=signed(key, secret, b"", "nonce-0003"))
    assert [line.split(",")[0] for line in status.text.splitlines()[1:]] == ["A-1", "A-2"]


async def test_what_is_forged_old_or_said_twice_is_refused(desk: DeskTown) -> None:
    key, secret = await partner(desk)
    client = await desk.browser()
    body = ORDERS.encode()
    good = signed(key, secret, body)
    for headers in (
        signed(key, "another", body),
        signed("another", secret, body),
        signed(key, secret, body + b"x"),
        signed(key, secret, body, late=400),
        {**good, "X-Linli-Nonce": "nonce-9999"},
    ):
        assert (await client.post("/api/partners/orders.csv", content=body, headers=headers)).status_code == 403
    assert (await client.post("/api/partners/orders.csv", content=body, headers=good)).status_code == 200
    assert (await client.post("/api/partners/orders.csv", content=body, headers=good)).status_code == 403


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("编号,内容\n1,2\n", [[1, "heads"]]),
        ("工单编号,诉求内容,地址\n,灯坏了,\nB-1,,\nB-1,灯坏了,\n", [[2, "number"], [3, "words"], [4, "repeated"]]),
        (f"工单编号,诉求内容,地址\nB-1,{'长' * 2001},\n", [[2, "too_long"]]),
    ],
)
async def test_a_file_with_a_fault_is_taken_in_not_at_all(
    desk: DeskTown, text: str, faults: list[list[object]]
) -> None:
    key, secret = await partner(desk)
    client = await desk.browser()
    answer = await client.post(
        "/api/partners/orders.csv", content=text.encode(), headers=signed(key, secret, text.encode())
    )
    assert answer.json() == {"numbers": {}, "faults": faults}
    assert await desk.newest() == 0


async def test_news_are_sent_until_they_are_heard_each_in_order(desk: DeskTown) -> None:
    key, secret = await partner(desk, "http://partner.test/hook")
    client = await desk.browser()
    body = ORDERS.encode()
    await client.post("/api/partners/orders.csv", content=body, headers=signed(key, secret, body))
    heard: list[dict[str, str]] = []
    answers: Iterator[int] = iter([500, 200])

    def hook(request: httpx.Request) -> httpx.Response:
        head = request.headers
        expected = sign(secret, int(head["X-Linli-Time"]), head["X-Linli-Nonce"], request.content)
        assert head["X-Linli-Signature"] == expected
        status = next(answers, 200)
        if status == 200:
            heard.append(json.loads(request.content))
        return httpx.Response(status)

    clock = desk.office._program.clock
    async with httpx.AsyncClient(transport=httpx.MockTransport(hook)) as web:
        teller = Teller(desk.town.store, clock, web)
        assert await teller.tell() == 0
        assert await teller.tell() == 0
        await desk.town.passes(minutes=1)
        assert await teller.tell() == 4
        worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
        await desk.act(worker, 1001, "claim")
        assert await teller.tell() == 1
    assert [(one["external_id"], one["state"]) for one in heard] == [
        ("A-1", "received"),
        ("A-1", "queued"),
        ("A-2", "received"),
        ("A-2", "queued"),
        ("A-1", "claimed"),
    ]


async def test_open311_says_the_same_in_xml_and_json(desk: DeskTown) -> None:
    number = await desk.filed(LAMP)
    client = await desk.browser()
    services = (await client.get("/open311/v2/services.json")).json()
    assert len(services) == len(desk.town.city.taxonomy.items)
    tree = ET.fromstring((await client.get("/open311/v2/services.xml")).content)
    assert [s.findtext("service_code") for s in tree] == [s["service_code"] for s in services]
    [one] = (await client.get("/open311/v2/requests.json")).json()
    assert (one["service_request_id"], one["status"]) == (str(number), "open")
    assert "下楼" not in json.dumps(one, ensure_ascii=False)
    assert "3 幢" not in one["address"]
    [same] = ET.fromstring((await client.get(f"/open311/v2/requests/{number}.xml")).content)
    assert same.findtext("service_code") == one["service_code"]
    assert (await client.get("/open311/v2/requests.json?status=closed")).json() == []
    assert (await client.get("/open311/v2/requests/999.xml")).status_code == 404
    bad = await client.get("/open311/v2/requests.xml?start_date=yesterday")
    assert (bad.status_code, ET.fromstring(bad.content).tag) == (400, "errors")


KIND = "facility.road.streetlight"
AS_FORM = {"headers": {"content-type": "application/x-www-form-urlencoded"}}
FORMS: list[tuple[int, dict[str, object]]] = [
    (400, {"data": {}}),
    (404, {"data": {"service_code": "nothing", "description": "灯"}}),
    (400, {"data": {"service_code": KIND, "description": " "}}),
    (403, {"data": {"service_code": KIND, "description": "灯", "api_key": "x"}}),
    (422, {"data": {"service_code": KIND, "description": "灯" * 4001}}),
    (404, {"data": {"service_code": [KIND, "nothing"], "description": "灯"}}),
    (404, {"content": f"service_code={KIND};description=x", **AS_FORM}),
    (400, {"content": f"service_code={KIND}&description", **AS_FORM}),
    (403, {"content": f"service_code={KIND}&description=灯".encode(), **AS_FORM}),
    (413, {"content": b"x" * 300_000, **AS_FORM}),
    (400, {"content": b"{}", "headers": {"content-type": "application/json"}}),
    (404, {"files": {"service_code": (None, "nothing"), "description": (None, "灯")}}),
]
"""Reports that are not taken, and why."""


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_the_short_way_of_a_report_answers_as_the_route_does(
    desk: DeskTown, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    key, _ = await partner(desk)
    client, path = await desk.browser(), f"/open311/v2/requests.{form}"
    good = {"service_code": KIND, "description": "银杏苑3幢+路灯坏了&晚上黑", "phone": "", "api_key": key}
    for status, more in [*FORMS, (201, {"data": good})]:
        short = await client.post(path, **more)  # type: ignore[arg-type]
        with monkeypatch.context() as patch:
            patch.setattr(shortcut, "_is_plain_form", lambda _scope: False)
            whole = await client.post(path, **more)  # type: ignore[arg-type]
        assert short.status_code == whole.status_code == status, more
        assert sorted(short.headers.items()) == sorted(whole.headers.items())
        assert short.content == whole.content or status == 201
    one, two = [await desk.record(_number(form, answer)) for answer in (short, whole)]
    assert one.text == two.text
    assert "3幢+路灯坏了&晚上黑" in one.text


def _number(form: str, answer: httpx.Response) -> int:
    if form == "json":
        return int(answer.json()[0]["service_request_id"])
    return int(ET.fromstring(answer.content).findtext("request/service_request_id") or 0)


def test_half_a_form_is_not_taken_for_a_whole_one() -> None:
    part: Message = {"type": "http.request", "body": b"description=ab", "more_body": True}
    assert shortcut._is_cut_off([part, {"type": "http.disconnect"}])
    assert not shortcut._is_cut_off([part, {"type": "http.request", "body": b"c"}])


async def test_open311_takes_reports_from_partners_only(desk: DeskTown) -> None:
    key, _ = await partner(desk)
    client = await desk.browser()
    item = desk.town.city.taxonomy.items[0].id
    body = {"service_code": item, "description": "楼道灯坏了，找13912345678", "address_string": "银杏苑3幢"}
    assert (await client.post("/open311/v2/requests.json", data=body)).status_code == 403
    assert (await client.post("/open311/v2/requests.json", data={**body, "api_key": "x"})).status_code == 403
    made = await client.post("/open311/v2/requests.json", data={**body, "api_key": key})
    assert made.status_code == 201
    record = await desk.record(int(made.json()[0]["service_request_id"]))
    assert (record.item, record.grid) == (item, GRID)
    assert "13912345678" not in record.text
    async with desk.town.store.write() as tx:
        found = await partners.find_by_key(tx, key)
        assert found is not None
        await partners.end(tx, found.id, desk.town.now)
    assert (await client.post("/open311/v2/requests.json", data={**body, "api_key": key})).status_code == 403


async def test_answers_go_up_by_the_desks_hand_and_without_anybodys_details(desk: DeskTown) -> None:
    number = await desk.filed(LAMP)
    worker, liu = await desk.sits("王师傅", Role.GRID_WORKER, GRID), await desk.sits("刘书记")
    words = {"words": "三栋的楼道灯坏了，电话13912341234", "done": "当天换了新灯"}
    assert (await desk.act(liu, number, "publish", **words)).status_code == 409
    await desk.act(worker, number, "claim")
    await desk.act(worker, number, "resolve", words="换好了")
    assert (await desk.act(worker, number, "publish", **words)).status_code == 403
    page = (await liu.get(f"/api/desk/records/{number}")).json()
    assert "publish" in page["acts"]
    assert "unpublish" not in page["acts"]
    assert page["echo"][1] == "换好了"
    assert (await desk.act(liu, number, "publish", **words)).status_code == 200
    anybody = await desk.browser()
    html = (await anybody.get("/echo")).text
    assert "当天换了新灯" in html
    assert "13912341234" not in html
    [one] = (await anybody.get("/api/echoes?community=yinxing")).json()
    assert (one["number"], one["place"]) == (number, "银杏苑")
    await desk.town.says("路人", "回音壁")
    assert "当天换了新灯" in desk.town.last("路人")
    assert (await desk.act(liu, number, "unpublish")).status_code == 200
    assert (await anybody.get("/api/echoes")).json() == []


async def test_a_whistle_an_extension_and_a_pause_from_the_page(desk: DeskTown) -> None:
    number = await desk.filed(LAMP)
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    liu = await desk.sits("刘书记")
    await desk.act(worker, number, "claim")
    due = (await desk.record(number)).resolve_due_at
    assert (await desk.act(worker, number, "ask_extension", words="等配件")).status_code == 422
    assert (await desk.act(worker, number, "ask_extension", words="等配件", days=2)).status_code == 200
    assert "grant" in (await liu.get(f"/api/desk/records/{number}")).json()["acts"]
    assert (await desk.act(worker, number, "grant")).status_code == 403
    assert (await desk.act(liu, number, "grant")).status_code == 200
    assert (await desk.record(number)).resolve_due_at > due
    assert (await desk.act(worker, number, "pause", days=1, kind="part")).status_code == 200
    assert (await desk.act(worker, number, "resume")).status_code == 200
    blown = await desk.act(liu, number, "whistle", queue="dept:urban", helpers=["dept:gas"], words="一起看看")
    assert blown.json()["code"] == "done", blown.text
    assert (await desk.record(number)).state.value == "joint"
