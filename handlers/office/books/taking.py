"""A book is looked at, then taken in: whole or not at all, in one transaction, and one event in the ledger says so.

Who may is in the rights; both steps check it, and both check the file anew. Names and phones on the page are masked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from handlers import refusals
from handlers.city import City
from handlers.office import signin
from handlers.office.books import places, records, residents, sheet, staff, stations
from handlers.office.books.book import Book, Done, Fault, Line, Step, Studied
from handlers.office.books.sheet import Unreadable
from handlers.office.turning import OfficeTurn
from storage import imports, people
from storage.imports import Import
from workflow.rights import may_anywhere

BOOKS: dict[str, Book] = {b.name: b for b in (residents.BOOK, staff.BOOK, places.BOOK, stations.BOOK, records.BOOK)}
SHOWN = 50
"""Rows of a look."""
FAULTS_SHOWN = 200
RECENT = 20


class Found(NamedTuple):
    """What a look at a file has found. `before` is the import of the very same rows, when there was one."""

    steps: list[Step]
    faults: list[Fault]
    before: Import | None

    @property
    def fresh(self) -> list[Step]:
        """What would be taken in."""
        return [step for step in self.steps if not step.known]


class Taken(NamedTuple):
    """A book that was taken in."""

    ident: int
    rows: int
    known: int
    done: list[Done]
    has_proposal: bool


class Opened(NamedTuple):
    """A file that was read, before anything was compared with what is here."""

    studied: Studied
    content: str
    lines: int


# -------------------------------------------------------------------- reading


async def open_file(city: City, book: Book, data: bytes, now: datetime) -> Opened:
    """Reads a file beside the event loop. Raises `Unreadable`. No transaction is open meanwhile."""
    lines, faults = await asyncio.to_thread(sheet.read, data, book, heads(city, book, now))
    broken = {fault.row for fault in faults}
    studied = await book.study(city, [line for line in lines if line.row not in broken], now)
    return Opened(Studied(studied.steps, [*faults, *studied.faults]), _content(book, lines), len(lines))


def heads(city: City, book: Book, now: datetime) -> dict[str, str]:
    """What stands above each column."""
    return {column.name: city.texts.text(f"books.head_{column.name}", now) for column in book.columns}


def _content(book: Book, lines: Sequence[Line]) -> str:
    """The rows as such: saved once more by Excel they are the same."""
    return json.dumps([book.name, [[*line.cells.values()] for line in lines]], ensure_ascii=False)


# -------------------------------------------------------------------- looking and taking


async def allowed(turn: OfficeTurn) -> bool:
    """Whether the acting person may bring books; an attempt without the right is written down."""
    if may_anywhere(await turn.grants(), "import_books", turn.city.org):
        return True
    await refusals.note(turn, "import_books")
    return False


async def look(turn: OfficeTurn, book: Book, opened: Opened) -> Found:
    """What would come of it. Changes nothing."""
    compared = await book.compare(turn, opened.studied)
    before = await imports.find(turn.tx, book.name, opened.content, turn.now - book.known_for)
    return Found(compared.steps, sorted(compared.faults, key=lambda f: (f.row, len(f.cell), f.cell)), before)


async def take(turn: OfficeTurn, book: Book, opened: Opened) -> Found | Taken:
    """Takes in what is new; `Found` says why not when there is a fault, or nothing new."""
    found = await look(turn, book, opened)
    if found.faults or found.before is not None or not found.fresh:
        return found
    saved = await book.save(turn, found.fresh)
    ident = await imports.note(
        turn.tx,
        book.name,
        opened.content,
        len(found.fresh),
        turn.me.id,
        turn.now,
        proposal=saved.proposal,
        since=turn.now - book.known_for,
    )
    if ident is None:  # somebody else has taken in the same file since we looked
        raise Overtaken
    count, known = len(found.fresh), len(found.steps) - len(found.fresh)
    await signin.note(turn, "person.imported", kind=book.name, rows=count, known=known, book=ident, **saved.data)
    return Taken(ident, count, known, saved.done, bool(saved.proposal))


class Overtaken(Exception):
    """The same file came twice at the same moment; this transaction is undone."""


def sentence(turn: OfficeTurn, fault: Fault) -> str:
    """What is wrong and what to do."""
    return turn.text(f"books.fault_{fault.code}", **fault.values)


def refusal(city: City, error: Unreadable, now: datetime) -> str:
    """Why a file cannot be read at all, and what to do."""
    return city.texts.text(f"books.file_{error.code}", now, **error.values)


async def recent(turn: OfficeTurn) -> list[tuple[Import, str]]:
    """The last books and who brought each."""
    found = await imports.latest(turn.tx, RECENT)
    return [(one, (await people.get_person(turn.tx, one.person_id)).name) for one in found]
