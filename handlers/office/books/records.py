"""旧台账: records of another system. What was finished comes in as it ended; what is open is filed as if it came today.

Nobody is asked for a rating of a finished one, and none is invented. Without a time of response the end counts as one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from handlers import clocks, filing
from handlers import draft as drafts
from handlers.city import City
from handlers.office import turning
from handlers.office.books.book import Book, Column, Done, Fault, Line, Saved, Step, Studied, fault
from handlers.office.books.residents import phone_of
from handlers.office.turning import OfficeTurn
from handlers.triage import Decision, decide
from nlp.mask import mask
from nlp.reader import Findings
from storage import partners, people, requests
from storage.requests import Original

OWN = 0
"""Stands where another system's id stands: the street's own old book."""
EACH = 10
"""Rows after which others have their turn: each is read like a message."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[\sT]+(\d{1,2})[:：时](\d{1,2})分?(?:[:：]\d{1,2}(?:\.\d+)?秒?)?)?"
)


class Old(NamedTuple):
    """One row. `resolved_at` is None while it is open."""

    number: str
    words: str
    place: str
    item: str
    name: str
    phone: str
    result: str
    received_at: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    findings: Findings
    made: Decision


class _Wrong(Exception):
    """What is wrong with a cell of the row at hand."""

    def __init__(self, column: str, code: str) -> None:
        super().__init__(code)
        self.column, self.code = column, code


# -------------------------------------------------------------------- reading


async def study(city: City, lines: Sequence[Line], now: datetime) -> Studied:
    """Moments in their order, kinds that exist, numbers that are there once; where the matter lies is read as ever."""
    steps: list[Step] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    kinds = {name: item.id for item in city.taxonomy.items for name in (item.id, item.name)}
    for count, line in enumerate(lines, 1):
        number = line.cells["number"]
        if number in seen:
            faults.append(fault(line, "number", "repeated", row=seen[number]))
            continue
        try:
            old = _read(city, line, kinds, now)
        except _Wrong as wrong:
            faults.append(fault(line, wrong.column, wrong.code))
            continue
        seen[number] = line.row
        steps.append(_step(city, line, old, now))
        if count % EACH == 0:
            await asyncio.sleep(0)
    steps.sort(key=lambda step: step.value.received_at)  # what came again must come after what it repeats
    return Studied(steps, faults)


def _read(city: City, line: Line, kinds: dict[str, str], now: datetime) -> Old:
    cells = line.cells
    item = kinds.get(cells["item"], "")
    if cells["item"] and not item:
        raise _Wrong("item", "item")
    phone = phone_of(cells["phone"]) if cells["phone"] else ""
    if phone is None:
        raise _Wrong("phone", "phone")
    received, responded, resolved = _moments(city, line, now)
    findings = city.read(f"{cells['place']} {cells['words']}".strip())
    made = decide(city, findings, item=item)
    named = (cells["number"], cells["words"], cells["place"], item, cells["name"], phone, cells["result"])
    return Old(*named, received, responded, resolved, findings, made)


def _moments(city: City, line: Line, now: datetime) -> tuple[datetime, datetime | None, datetime | None]:
    """Received, responded, resolved: none in the future, none before the one it follows."""
    received = _moment(city, line, "received", now)
    if received is None:
        raise _Wrong("received", "missing")
    responded, resolved = (_moment(city, line, name, now, late=True) for name in ("responded", "resolved"))
    if responded is not None and responded < received:
        raise _Wrong("responded", "order")
    if resolved is not None and resolved < (responded or received):
        raise _Wrong("resolved", "order")
    if resolved is None and line.cells["result"]:
        raise _Wrong("resolved", "result_without_end")
    return received, responded, resolved


def _moment(city: City, line: Line, column: str, now: datetime, *, late: bool = False) -> datetime | None:
    """The moment of a cell, by the street's clock. A day without an hour begins it; with `late` it ends it."""
    text = line.cells[column]
    if not text:
        return None
    found = _MOMENT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute = (int(part) if part is not None else None for part in found.groups())
        at = datetime(year or 0, month or 0, day or 0, hour or 0, minute or 0, tzinfo=city.manners.tz)
    except ValueError:
        raise _Wrong(column, "moment") from None
    if at > now + timedelta(minutes=5) or at < _EARLIEST:
        raise _Wrong(column, "moment_far")
    if hour is None and late:
        at = min(datetime.combine(at.date(), time(23, 59), city.manners.tz), now)
    return at.astimezone(UTC)


def _step(city: City, line: Line, old: Old, now: datetime) -> Step:
    org, made = city.org, old.made
    shown = {name: mask(text) for name, text in line.cells.items()}
    shown["name"], shown["phone"] = ("**" if line.cells["name"] else ""), ("****" if old.phone else "")
    key = "books.will_close" if old.resolved_at is not None else "books.will_open"
    note = city.texts.text(key, now, queue=org.name_of(made.queue), kind=city.item_name(made.item))
    return Step(line, tuple(shown.values()), note, old, old.number)


# -------------------------------------------------------------------- taking in


async def compare(turn: OfficeTurn, studied: Studied) -> Studied:
    """A number that was brought before is known."""
    there = await partners.owned_numbers(turn.tx, OWN, [step.content for step in studied.steps])
    return studied._replace(steps=[step._replace(known=step.content in there) for step in studied.steps])


async def save(turn: OfficeTurn, steps: Sequence[Step]) -> Saved:
    """Enters or files every one, under a number of ours."""
    known = await people.with_phones(turn.tx, [step.value.phone for step in steps])
    done, finished = [], 0
    for step in steps:
        old: Old = step.value
        reporter_id = known.get(old.phone) if old.phone else None
        if reporter_id is None:
            reporter_id = await people.add_known(turn.tx, "records", old.name, old.phone, None, turn.now)
            known |= {old.phone: reporter_id} if old.phone else {}
        number, ident = await (_file if old.resolved_at is None else _enter)(turn, old, reporter_id)
        await partners.own(turn.tx, ident, OWN, old.number)
        finished += old.resolved_at is not None
        done.append(Done(step.line.row, (old.number,), str(number)))
    return Saved(done, {"finished": finished, "open": len(steps) - finished})


async def _enter(turn: OfficeTurn, old: Old, reporter_id: int) -> tuple[int, int]:
    """A finished record: no card, no clock, no message."""
    made, resolved_at = old.made, old.resolved_at
    assert resolved_at is not None
    due = clocks.due_times(turn, made.item, made.queue, urgent=False, start_at=old.received_at)
    entered = await requests.carry(
        turn.tx,
        reporter_id=reporter_id,
        queue=made.queue,
        item=made.item,
        grid=made.grid,
        place=made.place,
        place_text=made.place_text,
        text=mask(old.words),
        original=Original(old.words, old.place or made.full_place),
        summary=mask(old.findings.summary)[:200],
        confidence=old.findings.confidence,
        received_at=old.received_at,
        respond_due_at=due.respond_due_at,
        resolve_due_at=due.resolve_due_at,
        responded_at=old.responded_at or resolved_at,
        resolved_at=resolved_at,
        actor_id=turn.me.id,
        words=mask(old.result),
        now=turn.now,
    )
    return entered.number, entered.id


async def _file(turn: OfficeTurn, old: Old, reporter_id: int) -> tuple[int, int]:
    """An open record goes the way of every other, from today: a promise that is past cannot be kept."""
    person = await people.get_person(turn.tx, reporter_id)
    theirs = OfficeTurn(turn.city, turn.tx, turn.now, chat=turning.NOWHERE, person=person)
    draft = drafts.new(theirs)
    draft.words.append(f"{old.place} {old.words}".strip())
    draft.item = old.item
    filed, _ = await filing.file(theirs, draft, old.findings, intent="request")
    return filed.number, filed.id


BOOK = Book(
    "records",
    (
        Column("number", needed=True, longest=96, width=20),
        Column("received", needed=True, longest=30, width=20),
        Column("words", needed=True, longest=2_000, width=50),
        Column("place", longest=100, width=26),
        Column("item", longest=40, width=18),
        Column("responded", longest=30, width=20),
        Column("resolved", longest=30, width=20),
        Column("result", longest=1_000, width=40),
        Column("name", longest=30),
        Column("phone", longest=30, width=18),
    ),
    1_000,
    study,
    compare,
    save,
)
