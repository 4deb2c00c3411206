"""What somebody sees at the web desk: their scope, a list of records as rows, a search box, and the numbers beside the lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from handlers import cards, names, refusals
from handlers.office import signin
from handlers.office.turning import OfficeTurn
from storage import listing, people, requests
from storage.listing import Counted, Filters, Scope
from storage.requests import Request
from workflow.queues import Org
from workflow.rights import Grant, is_over_all, may_act, may_anywhere
from workflow.states import OPEN, State

_NUMBER = re.compile(r"#?(\d{4,9})")
_TAIL = re.compile(r"(?:尾号|手机|电话)\s*(\d{4})")
_WORDS_SHOWN = 90


class Row(NamedTuple):
    """One record as a list shows it: nothing in it that a group may not read."""

    number: int
    kind: str
    item: str
    place: str
    grid: str
    words: str
    state: str
    state_name: str
    queue: str
    queue_name: str
    worker: str
    received_at: datetime
    respond_due_at: datetime
    resolve_due_at: datetime
    urgent: bool
    overdue: bool
    supervised: bool
    reopened: int


class Seen(NamedTuple):
    """A page of rows, where the next begins, and what was looked for when it was not what the words say."""

    rows: list[Row]
    after: str
    note: str = ""


def scope_of(grants: Iterable[Grant], org: Org) -> Scope | None:
    """What somebody with these grants may read; None for everything."""
    held = list(grants)
    if is_over_all(held, org):
        return None
    queues = tuple(q for q in org.queues() if may_act(held, "detail", q, org))
    grids = tuple(g for g in org.grids if may_act(held, "detail", f"grid:{g}", org))
    return Scope(queues, grids)


async def rows(turn: OfficeTurn, found: Iterable[Request]) -> list[Row]:
    """Records as rows; each worker's name is looked up once."""
    workers: dict[int, str] = {}
    shown = []
    for request in found:
        who = request.claimer_id
        if who is not None and who not in workers:
            workers[who] = await names.worker(turn, who)
        shown.append(_row(turn, request, workers.get(who, "") if who is not None else ""))
    return shown


def _row(turn: OfficeTurn, request: Request, worker: str) -> Row:
    org = turn.city.org
    flat = " ".join(request.text.split())
    return Row(
        number=request.number,
        kind=cards.kind_name(turn, request),
        item=request.item,
        place=request.place_text or turn.text("card.unknown_place"),
        grid=request.grid,
        words=flat if len(flat) <= _WORDS_SHOWN else f"{flat[: _WORDS_SHOWN - 1]}…",
        state=request.state.value,
        state_name=turn.text(f"state.{request.state.value}"),
        queue=request.queue,
        queue_name=org.name_of(request.queue) if org.has_queue(request.queue) else request.queue,
        worker=worker if request.state in (State.CLAIMED, State.JOINT, State.RESOLVED) else "",
        received_at=request.received_at,
        respond_due_at=request.respond_due_at,
        resolve_due_at=request.resolve_due_at,
        urgent=request.urgent,
        overdue=request.state in OPEN and request.resolve_due_at < turn.now,
        supervised=request.supervised,
        reopened=request.reopened,
    )


async def page(turn: OfficeTurn, wanted: Filters, asked: str = "", *, after: str = "", limit: int = 50) -> Seen:
    """A page of the list. `asked` is what stands in the search box: a number, the end of a phone number, or words."""
    wanted = own(wanted, await turn.grants(), turn.city.org, turn.me.id)
    asked = asked.strip()
    if asked:
        return await _search(turn, wanted, asked, after, limit)
    found = await listing.page(turn.tx, wanted, turn.now, after=after, limit=limit)
    return Seen(await rows(turn, found.records), found.after)


def own(wanted: Filters, grants: Iterable[Grant], org: Org, person_id: int) -> Filters:
    """The filters within what this person may see; "mine" are theirs."""
    scoped = replace(wanted, scope=scope_of(grants, org))
    return replace(scoped, claimer_id=person_id) if wanted.bucket == "mine" else scoped


async def listed(turn: OfficeTurn, wanted: Filters, ids: tuple[int, ...], after: str) -> Seen:
    """A page of a list that was chosen elsewhere: of these records, those that fit still, and where the next begins."""
    scoped = own(replace(wanted, ids=ids), await turn.grants(), turn.city.org, turn.me.id)
    found = await listing.page(turn.tx, scoped, turn.now, limit=len(ids))
    return Seen(await rows(turn, found.records), after)


async def _search(turn: OfficeTurn, wanted: Filters, asked: str, after: str, limit: int) -> Seen:
    everywhere = replace(wanted, bucket="all")
    number, tail = _NUMBER.fullmatch(asked), _TAIL.fullmatch(asked)
    if number is not None:
        found = await listing.page(turn.tx, replace(everywhere, number=int(number[1])), turn.now, limit=1)
        if found.records or len(number[1]) != people.TAIL:
            return Seen(await rows(turn, found.records), "")
        tail = number
    if tail is not None:
        return await _by_tail(turn, replace(everywhere, tail=tail[1]), after, limit)
    try:
        found = await listing.page(turn.tx, replace(everywhere, words=asked), turn.now, after=after, limit=limit)
    except ValueError:
        return Seen([], "", turn.text("office.words_short"))
    return Seen(await rows(turn, found.records), found.after)


async def _by_tail(turn: OfficeTurn, wanted: Filters, after: str, limit: int) -> Seen:
    """By the end of the reporter's phone number: for desks only, and every such look is in the ledger."""
    if not may_anywhere(await turn.grants(), "find_phone", turn.city.org):
        await refusals.note(turn, "find_phone")
        return Seen([], "", turn.text("office.no_tail"))
    found = await listing.page(turn.tx, wanted, turn.now, after=after, limit=limit)
    await signin.note(turn, "person.looked_up", found=len(found.records))
    return Seen(await rows(turn, found.records), found.after, turn.text("office.by_tail", tail=wanted.tail))


async def counted(turn: OfficeTurn) -> Counted:
    """What waits, for the tabs."""
    return await listing.count_open(turn.tx, scope_of(await turn.grants(), turn.city.org), turn.me.id, turn.now)


async def find(turn: OfficeTurn, number: int) -> Request | None:
    """The record with a number, when the acting person may read it; a look beyond their scope is refused and recorded."""
    request = await requests.find_by_number(turn.tx, number)
    if request is None:
        await refusals.note(turn, "detail", why="unknown")
        return None
    found = scope_of(await turn.grants(), turn.city.org)
    if found is None or request.queue in found.queues or (request.grid and request.grid in found.grids):
        return request
    await refusals.note(turn, "detail", request.id)
    return None
