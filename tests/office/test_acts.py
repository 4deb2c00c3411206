"""What is done on the page is what the chat would have done: the same moves, the same people told, the same refusals."""

from __future__ import annotations

import asyncio

from storage import labels, requests
from tests.office.desk import GRID, LAMP, DeskTown
from workflow.rights import Role


async def test_a_record_is_placed_with_two_presses_and_the_corrections_become_labels(desk: DeskTown) -> None:
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    number = await desk.at_desk()
    page = (await street.get(f"/api/desk/records/{number}")).json()
    assert {"kind", "place", "dispatch", "refuse", "merge", "claim"} <= set(page["acts"])
    item = desk.town.city.taxonomy.items[0].id
    assert (await desk.act(street, number, "kind", item=item)).status_code == 200
    answer = await desk.act(street, number, "place", grid=GRID)
    assert "已转给" in answer.json()["text"]
    assert (await desk.record(number)).item == item
    async with desk.town.store.read() as tx:
        assert await labels.count(tx) == 2
    assert "转" in desk.town.last("李阿姨")


async def test_a_desk_names_the_queue_itself(desk: DeskTown) -> None:
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    number = await desk.reported()
    before = await desk.record(number)
    answer = await desk.act(street, number, "dispatch", queue="dept:urban", words="请城管看看，13912345678")
    assert answer.json()["code"] == "done"
    moved = await desk.record(number)
    assert (moved.queue, moved.state.value, moved.started_at) == ("dept:urban", "queued", before.started_at)
    lines = (await street.get(f"/api/desk/records/{number}")).json()["lines"]
    assert lines[-1]["text"].startswith("改派给")
    assert "13912345678" not in lines[-1]["words"]
    assert number in [r["number"] for r in (await street.get("/api/desk/records?queue=dept:urban")).json()["rows"]]
    again = await desk.act(street, number, "dispatch", queue="dept:urban")
    assert (again.status_code, "已经在" in again.json()["detail"]) == (409, True)
    nowhere = await desk.act(street, number, "dispatch", queue="dept:mars")
    assert "没对上" in nowhere.json()["detail"]


async def test_the_chat_can_name_the_queue_too(desk: DeskTown) -> None:
    await desk.town.employs("街道老陈", Role.STREET, "linjiang")
    number = await desk.reported()
    name = desk.town.city.org.name_of("dept:urban")
    await desk.town.says("街道老陈", f"改派 {number} {name}")
    assert (await desk.record(number)).queue == "dept:urban"
    await desk.town.says("街道老陈", f"改派 {number} 火星办事处")
    assert "没对上" in desk.town.last("街道老陈")


async def test_a_worker_claims_reports_and_resolves(desk: DeskTown) -> None:
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    number = await desk.reported()
    assert (await desk.act(worker, number, "resolve", words="修好了")).status_code == 409
    assert (await desk.act(worker, number, "claim")).json()["code"] == "done"
    assert "王师傅" in desk.town.last("李阿姨")
    assert "接单" in "".join(text for text, _ in desk.town.room(f"grid:{GRID}"))
    assert (await desk.act(worker, number, "note", words="下午去看")).status_code == 200
    assert "下午去看" in desk.town.last("李阿姨")
    missing = await desk.act(worker, number, "resolve", words=" ")
    assert missing.status_code in (409, 422)
    assert (await desk.act(worker, number, "resolve", words="换了新灯")).json()["code"] == "done"
    assert (await desk.record(number)).state.value == "resolved"


async def test_two_who_press_at_once_one_wins(desk: DeskTown) -> None:
    wang = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    liu = await desk.sits("小刘", Role.GRID_WORKER, GRID)
    number = await desk.reported()
    path = f"/api/desk/records/{number}/acts"
    said = await asyncio.gather(*[one.post(path, json={"act": "claim"}) for one in (wang, liu)])
    first, late = sorted(said, key=lambda answer: answer.status_code)
    assert (first.status_code, late.status_code) == (200, 409)
    assert (await desk.steps(number)).count("request.claimed") == 1
    winner = "王师傅" if first is said[0] else "小刘"
    assert winner in late.json()["detail"]


async def test_contact_details_go_to_the_claimer_and_into_the_ledger(desk: DeskTown) -> None:
    wang = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    liu = await desk.sits("小刘", Role.GRID_WORKER, GRID)
    number = await desk.reported()
    await desk.act(wang, number, "claim")
    assert (await desk.act(liu, number, "contact")).status_code == 409
    shown = (await desk.act(wang, number, "contact")).json()["shown"]
    assert shown["phone"] == "13912341234"
    lines = (await wang.get(f"/api/desk/records/{number}")).json()["lines"]
    assert [line["name"] for line in lines].count("request.disclosed") == 1
    assert "13912341234" not in (await liu.get(f"/api/desk/records/{number}")).text


async def test_what_looks_the_same_is_shown_merged_and_split(desk: DeskTown) -> None:
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    first = await desk.filed(LAMP)
    second = await desk.filed("银杏苑三栋二单元楼道灯不亮了，看不见", by="赵大爷")
    page = (await street.get(f"/api/desk/records/{second}")).json()
    assert [one["row"]["number"] for one in page["alike"]] == [first]
    pair = (await street.get(f"/api/desk/pairs/{second}/{first}")).json()
    assert [side["row"]["number"] for side in pair["sides"]] == [second, first]
    assert (await desk.act(street, second, "merge", other=first)).json()["code"] == "done"
    assert (await street.get(f"/api/desk/records/{second}")).json()["parent"] == first
    assert (await desk.act(street, second, "split")).json()["code"] == "done"
    assert (await desk.act(street, second, "merge", other=second)).status_code == 409
    assert (await desk.act(street, second, "merge", other=999999)).status_code == 409


async def test_an_order_about_many_is_done_for_each(desk: DeskTown) -> None:
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    numbers = [await desk.at_desk(by=who) for who in ("甲", "乙", "丙")]
    await desk.act(street, numbers[1], "refuse", words="不归街道管")
    body = {"numbers": [*numbers, 987654], "act": "dispatch", "queue": "dept:urban"}
    done = (await street.post("/api/desk/acts", json=body)).json()
    assert [one["code"] for one in done] == ["done", "conflict", "done", "unknown"]
    assert "不归街道管" in desk.town.last("乙")


async def test_templates_are_ones_own_or_a_desks(desk: DeskTown) -> None:
    liu = await desk.sits("刘书记")
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    body = {"kind": "refuse", "title": "不归街道", "words": "这事归供电局，请打 95598，找 13912345678"}
    assert (await liu.post("/api/desk/templates", json={**body, "desk": "desk:yinxing"})).status_code == 201
    assert (await liu.post("/api/desk/templates", json={**body, "title": "自己的"})).status_code == 201
    assert (await worker.post("/api/desk/templates", json={**body, "desk": "desk:yinxing"})).status_code == 403
    [shared] = (await street.get("/api/desk/templates")).json()
    assert "13912345678" not in shared["words"]
    assert (await worker.get("/api/desk/templates")).json() == []
    own = next(t for t in (await liu.get("/api/desk/templates")).json() if not t["shared"])
    assert (await worker.delete(f"/api/desk/templates/{own['id']}")).status_code == 404
    assert (await street.delete(f"/api/desk/templates/{own['id']}")).status_code == 404
    assert (await street.delete(f"/api/desk/templates/{shared['id']}")).status_code == 204


async def test_views_are_kept_under_a_name(desk: DeskTown) -> None:
    liu, street = await desk.sits("刘书记"), await desk.sits("街道老陈", Role.STREET, "linjiang")
    for bucket in ("overdue", "today"):
        kept = await liu.post("/api/desk/views", json={"name": "早上先看", "filters": {"bucket": bucket}})
    assert [v["filters"] for v in kept.json()] == [{"bucket": "today"}]
    assert (await street.get("/api/desk/views")).json() == []
    ident = kept.json()[0]["id"]
    assert (await street.delete(f"/api/desk/views/{ident}")).status_code == 404
    assert (await liu.delete(f"/api/desk/views/{ident}")).status_code == 204


async def test_a_record_outlives_the_catalogue_and_the_street_file(desk: DeskTown) -> None:
    """A kind that is no longer listed, and a grid that was merged away: the record is still read and sent on."""
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    number = await desk.at_desk()
    gone = {"item": "facility.public.gaslamp", "grid": "yinxing-99", "place_text": ""}
    async with desk.town.store.write() as tx:
        await requests.change(tx, (await desk.record(number)).id, **gone)
    for path in (f"records/{number}", "records?bucket=open", f"records/{number}/print.pdf", "cockpit?by=item"):
        assert (await street.get(f"/api/desk/{path}")).status_code == 200, path
    await desk.town.says("街道老陈", f"查 {number}")
    await desk.town.says("街道老陈", f"更多 {number}")
    assert str(number) in desk.town.last("街道老陈")
    assert (await desk.act(street, number, "dispatch", queue="dept:urban")).json()["code"] == "done"
    other = await desk.filed(LAMP)
    async with desk.town.store.write() as tx:
        await requests.change(tx, (await desk.record(other)).id, queue="grid:yinxing-99", grid="yinxing-99")
    page = await street.get(f"/api/desk/records/{other}")
    assert (page.status_code, page.json()["row"]["queue_name"]) == (200, "grid:yinxing-99")
    assert (await street.get("/api/desk/records?bucket=all")).status_code == 200
    assert (await street.get("/api/desk/cockpit?by=grid")).status_code == 200
