"""What other systems bring and are told: records under their own numbers, how these stand, and which services there are.

A partner's records are reported by the partner's own person; where the matter goes is decided as for everybody else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from handlers import alike, filing
from handlers import draft as drafts
from handlers.city import City
from handlers.office import turning
from handlers.office.echo import coarse
from handlers.office.turning import OfficeTurn
from nlp.street import Grid
from storage import echoes, listing, partners, people, requests
from storage.listing import Filters
from storage.partners import Partner
from storage.requests import Request
from storage.tx import Tx
from workflow.states import OPEN, State
from workflow.taxonomy import Item

HEADS = ("工单编号", "诉求内容", "地址")
"""Columns of a 12345 file that must be there; others are passed over."""
STATUS_HEADS = ("工单编号", "单号", "状态", "受理时间", "办结时限", "办结时间")
MOST_ROWS = 1_000
LONGEST = 2_000
_SHOWN = timedelta(days=90)


class Fault(NamedTuple):
    """What is wrong in which row; rows count from 2, as a spreadsheet shows them."""

    row: int
    code: str


class Shown(NamedTuple):
    """A record as everybody may read it in another system: no words of the resident, nothing finer than an estate."""

    number: int
    is_open: bool
    state: str
    item: Item
    words: str
    place: str
    grid: Grid | None
    received_at: datetime
    due_at: datetime
    changed_at: datetime


def services(city: City) -> list[tuple[str, Item]]:
    """(category, kind) of everything that can be reported."""
    return [(c.name, i) for c in city.taxonomy.categories for s in c.subcategories for i in s.items]


async def bring(turn: OfficeTurn, *, words: str, place: str, item: str, phone: str = "") -> Request:
    """Files what a partner reports; the kind it names is taken as said."""
    draft = drafts.new(turn)
    draft.words.append(f"{place} {words}".strip()[:LONGEST])
    if item:
        draft.item = item
    if phone:
        draft.words.append(phone)
    filed, _ = await filing.file(turn, draft, drafts.read(turn, draft), intent="request")
    return filed


async def open_turn(city: City, tx: Tx, partner: Partner, now: datetime) -> OfficeTurn:
    """A turn of the partner's own person, who sits in no chat."""
    person = await people.get_person(tx, partner.person_id)
    return OfficeTurn(city, tx, now, chat=turning.NOWHERE, person=person)


# -------------------------------------------------------------------- 12345 files


def read_file(text: str) -> tuple[list[dict[str, str]], list[Fault]]:
    """The rows of a CSV file and everything that is wrong with them; nothing is taken in while there is a fault."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not set(HEADS) <= set(reader.fieldnames or ()):
        return [], [Fault(1, "heads")]
    rows: list[dict[str, str]] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    try:
        for place, row in enumerate(reader, 2):
            if len(rows) >= MOST_ROWS:
                return rows, [*faults, Fault(place, "too_many")]
            values = {name: (row.get(name) or "").strip() for name in HEADS}
            number = values[HEADS[0]]
            faults += [Fault(place, code) for code in _faults(number, values[HEADS[1]], seen)]
            seen.add(number)
            rows.append(values)
    except csv.Error:
        faults.append(Fault(reader.line_num, "unreadable"))
    return rows, faults


def _faults(number: str, words: str, seen: set[str]) -> list[str]:
    found = []
    if not number or len(number) > 96:
        found.append("number")
    elif number in seen:
        found.append("repeated")
    if not words:
        found.append("words")
    elif len(words) > LONGEST:
        found.append("too_long")
    return found


async def take_in(
    city: City, tx: Tx, partner: Partner, rows: Sequence[dict[str, str]], now: datetime
) -> dict[str, int]:
    """Files every row that is new; the record number of every row by the partner's number."""
    found: dict[str, int] = {}
    for row in rows:
        number, words, place = (row[name] for name in HEADS)
        known = await partners.find_owned(tx, partner.id, number)
        if known is not None:
            found[number] = (await requests.get(tx, known)).number
            continue
        filed = await bring(await open_turn(city, tx, partner, now), words=words, place=place, item="")
        await partners.own(tx, filed.id, partner.id, number)
        found[number] = filed.number
    return found


async def status(city: City, tx: Tx, partner: Partner, now: datetime) -> list[list[Any]]:
    """How the partner's records stand, oldest first, with a line of heads."""
    lines: list[list[Any]] = [list(STATUS_HEADS)]
    tz = city.manners.tz
    for ident, external in await partners.owned_by(tx, partner.id):
        one = await requests.get(tx, ident)
        moments = (one.received_at, one.resolve_due_at, one.resolved_at)
        shown = [f"{at.astimezone(tz):%Y-%m-%d %H:%M}" if at else "" for at in moments]
        lines.append([external, one.number, city.texts.text(f"state.{one.state.value}", now), *shown])
    return lines


# -------------------------------------------------------------------- what everybody may read


async def shown(
    city: City,
    tx: Tx,
    now: datetime,
    *,
    number: int | None = None,
    items: Collection[str] = (),
    is_open: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> list[Shown]:
    """Public records of the last ninety days, or of a period, newest first; private matters are not among them."""
    public = [i.id for c in city.taxonomy.categories if c.id in alike.PUBLIC for s in c.subcategories for i in s.items]
    chosen = tuple(i for i in public if not items or i in items)
    if not chosen:
        return []
    start = since if since is not None or number is not None else now - _SHOWN
    wanted = Filters(bucket="all", items=chosen, number=number, since=start, until=until)
    found: list[Shown] = []
    async for batch in listing.walk(tx, wanted, now, 200):
        for one in batch:
            if is_open is None or (one.state in (*OPEN, State.RESOLVED)) is is_open:
                found.append(await _shown(city, tx, one, now))
            if len(found) >= limit:
                return found
    return found


async def _shown(city: City, tx: Tx, one: Request, now: datetime) -> Shown:
    item = city.taxonomy.get_item(one.item)
    echo = await echoes.find(tx, one.id)
    return Shown(
        number=one.number,
        is_open=one.state in (*OPEN, State.RESOLVED),
        state=city.texts.text(f"state.{one.state.value}", now),
        item=item,
        words=echo.asked if echo else item.name,
        place=coarse(city, one.place) or city.street.name,
        grid=city.street.find_grid(one.grid) if one.grid else None,
        received_at=one.received_at,
        due_at=one.resolve_due_at,
        changed_at=one.closed_at or one.resolved_at or one.claimed_at or one.received_at,
    )


async def add(tx: Tx, name: str, url: str, now: datetime) -> tuple[str, str] | None:
    """A new partner with a person of its own: (key, secret), shown once; None when the name is taken."""
    if await partners.find_by_name(tx, name) is not None:
        return None
    person = await people.add_person(tx, "partner", "", name, name, now)
    _, key, secret = await partners.add(tx, name, person.id, url, now)
    return key, secret
