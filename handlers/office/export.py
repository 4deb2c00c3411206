"""台账 as files: the records of a list with chosen columns, to Excel or CSV, a batch at a time; every export is in the ledger.

Who may export and sees what stands in the rights: names and phones never leave by this door, whoever asks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from handlers.city import City
from handlers.office import seeing, signin
from handlers.office.seeing import Row
from handlers.office.turning import OfficeTurn
from storage import listing
from storage.listing import Filters
from workflow.rights import may_anywhere

COLUMNS = (
    "number",
    "kind",
    "words",
    "place",
    "queue_name",
    "state_name",
    "worker",
    "received_at",
    "respond_due_at",
    "resolve_due_at",
    "urgent",
    "overdue",
    "supervised",
    "reopened",
)
"""What a file may hold, in this order; all of it may be read by a group."""
BATCH = 1_000
BOM = "\ufeff"
"""Without it Excel reads a CSV in the wrong letters."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def batches(turn: OfficeTurn, wanted: Filters) -> AsyncIterator[list[Row]]:
    """Every row of a list that the acting person may see, a batch at a time."""
    scoped = replace(wanted, scope=seeing.scope_of(await turn.grants(), turn.city.org))
    async for found in listing.walk(turn.tx, scoped, turn.now, BATCH):
        yield await seeing.rows(turn, found)


async def may_export(turn: OfficeTurn) -> bool:
    """Whether the acting person may take lists away."""
    return may_anywhere(await turn.grants(), "export", turn.city.org)


async def note(turn: OfficeTurn, kind: str, count: int, columns: Sequence[str]) -> None:
    """Writes into the ledger that somebody took so many records away, and which columns."""
    await signin.note(turn, "person.exported", kind=kind, rows=count, columns=list(columns))


def titles(city: City, columns: Sequence[str], now: datetime) -> list[str]:
    """What stands at the head of each column."""
    return [city.texts.text(f"export.{name}", now) for name in columns]


def values(city: City, row: Row, columns: Sequence[str], now: datetime) -> list[Any]:
    """One record as cells: numbers stay numbers, moments are those of the street."""
    return [_cell(city, getattr(row, name), now) for name in columns]


def _cell(city: City, value: Any, now: datetime) -> Any:
    if isinstance(value, bool):
        return city.texts.text("export.yes", now) if value else ""
    if isinstance(value, datetime):
        return value.astimezone(city.manners.tz).strftime("%Y-%m-%d %H:%M")
    return value


def safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is written so that it does not."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def csv_lines(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerows([[safe(value) for value in row] for row in rows])
    return out.getvalue()


class Book:
    """An Excel file that is written row by row: what is written is on disk, not in memory."""

    def __init__(self, path: Path, title: str, heads: Sequence[str], widths: Sequence[int]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = Workbook(str(path), options)
        self._sheet = self._book.add_worksheet(title)
        for place, width in enumerate(widths):
            self._sheet.set_column(place, place, width)
        self._sheet.freeze_panes(1, 0)
        self._sheet.write_row(0, 0, heads, self._book.add_format({"bold": True}))
        self._rows = 1

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Further rows."""
        for row in rows:
            self._sheet.write_row(self._rows, 0, [safe(value) for value in row])
            self._rows += 1

    def save(self) -> None:
        """Ends the file."""
        self._book.close()


WIDTHS: Mapping[str, int] = {
    "number": 10,
    "kind": 22,
    "words": 60,
    "place": 26,
    "queue_name": 20,
    "worker": 12,
    "received_at": 18,
    "respond_due_at": 18,
    "resolve_due_at": 18,
}
"""Characters; other columns are ten wide."""
