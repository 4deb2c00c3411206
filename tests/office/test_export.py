"""Files that leave: what stands in them, for whom, that nothing in them is a formula or a phone number, and the trace."""

from __future__ import annotations

import csv
import io

import openpyxl
from pypdf import PdfReader

from storage import requests
from tests.office.desk import GRID, LAMP, DeskTown
from workflow.rights import Role


async def test_a_list_as_excel_and_as_csv(desk: DeskTown) -> None:
    await desk.filed(LAMP)
    await desk.filed("=1+2 银杏苑3幢垃圾没人收，找13912345678", by="赵大爷")
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    answer = await street.get("/api/desk/export.xlsx?bucket=all&columns=number&columns=words&columns=received_at")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True).active.values)
    assert rows[0] == ("单号", "诉求内容（已打码）", "受理时间")
    assert sorted(row[0] for row in rows[1:]) == [1001, 1002]
    told = next(row[1] for row in rows if row[0] == 1002)
    assert told.startswith("'=1+2")
    assert "13912345678" not in told
    plain = await street.get("/api/desk/export.csv?bucket=all")
    assert plain.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(plain.content.decode("utf-8-sig"))))
    assert len(lines) == 3
    assert len(lines[0]) == 14
    last = (await desk.history("街道老陈"))[-1]
    assert (last.name, last.data["rows"], last.data["kind"]) == ("person.exported", 2, "csv")


async def test_a_desk_takes_its_own_away_and_a_worker_nothing(desk: DeskTown) -> None:
    await desk.filed(LAMP)
    await desk.at_desk(by="甲")
    liu = await desk.sits("刘书记")
    lines = (await liu.get("/api/desk/export.csv?bucket=all")).text.splitlines()
    assert len(lines) == 2
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    assert (await worker.get("/api/desk/export.csv")).status_code == 403
    assert (await desk.history("王师傅"))[-1].data["act"] == "export"


async def test_one_record_on_paper(desk: DeskTown) -> None:
    number = await desk.filed(LAMP)
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    await desk.act(worker, number, "claim")
    await desk.act(worker, number, "note", words="下午三点去换灯泡 <b>&")
    answer = await worker.get(f"/api/desk/records/{number}/print.pdf")
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert f"{number}" in words
    assert "下午三点去换灯泡" in words.replace("\n", "")
    assert "13912341234" not in words
    stranger = await desk.sits("渡口刘", Role.DESK, "dukou")
    assert (await stranger.get(f"/api/desk/records/{number}/print.pdf")).status_code == 404


async def test_a_character_that_excel_cannot_have_spoils_no_file(desk: DeskTown) -> None:
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    number = await desk.filed("银杏苑3幢楼道灯坏了")
    async with desk.town.store.write() as tx:
        await requests.change(tx, (await desk.record(number)).id, text="楼道灯\x07坏了\x01，很暗")
    answer = await street.get("/api/desk/export.xlsx?bucket=all")
    assert answer.status_code == 200
    [_, row] = openpyxl.load_workbook(io.BytesIO(answer.content)).active.values
    assert row[0] == number
    assert "楼道灯" in str(row[2])
