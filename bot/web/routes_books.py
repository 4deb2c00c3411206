"""Routes of files: lists taken away as Excel or CSV, one record as a PDF, books taken in from Excel with a look at them first."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from bot import books
from bot.web.problems import ProblemError
from bot.web.routes_office import Wanted
from bot.web.seats import TheSeat
from bot.web.shapes_office import Number
from bot.web.site import TheSite
from handlers import refusals
from handlers.names import shown
from handlers.office import export, record, seeing
from handlers.office.turning import OfficeTurn

router = APIRouter(prefix="/api/desk", tags=["books"])
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}
_FILE = {200: {"content": {kind.partition(";")[0]: {} for kind in KINDS.values()}}}
ColumnName = Literal[export.COLUMNS]  # type: ignore[valid-type]
Columns = Annotated[list[ColumnName] | None, Query(description="All, when none is named")]


@router.get("/export.{kind}", response_class=FileResponse, responses=_FILE)
async def export_list(
    site: TheSite,
    seat: TheSeat,
    wanted: Annotated[Wanted, Depends()],
    kind: Annotated[Literal["xlsx", "csv"], Path()],
    columns: Columns = None,
) -> FileResponse:
    """The records of a list that I may see, as a file; for desks only, and every export is in the ledger."""
    chosen = [c for c in export.COLUMNS if columns is None or c in columns]
    out = _scratch(kind)

    async def write(turn: OfficeTurn) -> int | None:
        if not await export.may_export(turn):
            await refusals.note(turn, "export")
            return None
        return await books.write_list(turn, wanted.filters, chosen, kind, out)

    try:
        count = await site.office.look(seat, write)
        if count is None:
            raise ProblemError(403)
        written = count

        async def note(turn: OfficeTurn) -> None:
            await export.note(turn, kind, written, chosen)

        await site.office.change(seat, note)
    except BaseException:
        await asyncio.to_thread(out.unlink, missing_ok=True)
        raise
    return _sent(out, kind, f"linli-{wanted.filters.bucket}.{kind}")


@router.get("/records/{number}/print.pdf", response_class=FileResponse, responses=_FILE)
async def print_record(site: TheSite, seat: TheSeat, number: Annotated[Number, Path()]) -> FileResponse:
    """One record on paper, names and phones masked."""
    out = _scratch("pdf")

    async def write(turn: OfficeTurn) -> tuple[record.Page, list[tuple[str, str]], str, str, tuple[str, str]] | None:
        request = await seeing.find(turn, number)
        if request is None:
            return None
        page = await record.page(turn, request)
        row, now = page.row, turn.now
        facts = [c for c in export.COLUMNS if c not in ("number", "words")]
        cells = export.values(turn.city, row, facts, now)
        texts = [
            (t, str(v)) for t, v in zip(export.titles(turn.city, facts, now), cells, strict=True) if v not in ("", 0)
        ]
        at = now.astimezone(turn.city.manners.tz)
        title = turn.text("export.printed", street=turn.city.street.name, number=number)
        foot = turn.text("export.printed_foot", at=f"{at:%Y-%m-%d %H:%M}", who=shown(seat.person))
        lines = [line._replace(at=line.at.astimezone(turn.city.manners.tz)) for line in page.lines]
        heads = (turn.text("export.printed_words"), turn.text("export.printed_lines"))
        return page._replace(lines=lines), texts, title, foot, heads

    try:
        found = await site.office.look(seat, write)
        if found is None:
            raise ProblemError(404, "no_record")
        await asyncio.to_thread(books.write_record, *found, out)

        async def note(turn: OfficeTurn) -> None:
            await export.note(turn, "pdf", 1, ["record"])

        await site.office.change(seat, note)
    except BaseException:
        await asyncio.to_thread(out.unlink, missing_ok=True)
        raise
    return _sent(out, "pdf", f"linli-{number}.pdf")


def _scratch(kind: str) -> FilePath:
    """An empty file that is gone when it has been sent."""
    handle, name = tempfile.mkstemp(suffix=f".{kind}", prefix="linli-")
    os.close(handle)
    return FilePath(name)


def _sent(out: FilePath, kind: str, name: str) -> FileResponse:
    gone = BackgroundTask(out.unlink, missing_ok=True)
    return FileResponse(out, media_type=KINDS[kind], filename=name, background=gone)
