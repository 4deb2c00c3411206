"""Requests (诉求): one row a record, moved only by compare-and-set along the workflow's edges, each move with its event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    cast,
    func,
    or_,
    select,
    update,
)

from storage import chain, counters, events, search, waits
from storage.plans import ME, Filled, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow import states

requests = Table(
    "requests",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("draft_id", BigInteger, nullable=False),  # the draft it was filed from: filing twice is impossible
    Column("reporter_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),  # where it was said
    Column("state", String(16), nullable=False),
    Column("queue", String(80), nullable=False),
    Column("intent", String(16), nullable=False),
    Column("item", String(80), nullable=False),  # empty: unknown
    Column("grid", String(64), nullable=False),  # empty: unknown
    Column("place", JSON, nullable=False),  # nlp Place fields, without unit and room
    Column("place_text", String(200), nullable=False),  # coarse, for groups
    Column("text", Text, nullable=False),  # masked
    Column("original_sealed", LargeBinary, nullable=False),  # {"text", "place"} as said
    Column("summary", String(200), nullable=False),  # masked
    Column("urgent", Boolean, nullable=False),
    Column("danger", String(16), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("started_at", Moment, nullable=False),  # from when its clocks count: the receipt, or the last reopening
    Column("respond_due_at", Moment, nullable=False),
    Column("resolve_due_at", Moment, nullable=False),
    Column("claimer_id", BigInteger),
    Column("claimed_at", Moment),
    Column("responded_at", Moment),  # the first claim ever
    Column("resolved_at", Moment),
    Column("closed_at", Moment),
    Column("resolution", Integer, nullable=False),  # how many results were given
    Column("reopened", Integer, nullable=False),
    Column("supervised", Boolean, nullable=False),  # 督办
    Column("parent_id", BigInteger),  # of a merged record: the one it follows
    Column("contact_queue", String(80)),  # 首接: the unit that answers to the reporter
    Column("contact_id", BigInteger),  # 首接: the person of it, from the first claim until somebody else's
    Column("waits_until", Moment),  # its clock stands still, at most until then
    Column("parked", Boolean, nullable=False),  # 挂账: it waits for longer, by a desk's decision
    Column("spot_id", BigInteger),  # one id for each place of a reporter: what comes back is known without its words
    Column("house", String(200)),  # `house_of` its place
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "draft_id"),
    Index(None, "tenant", "queue", "state", "id"),
    Index(None, "tenant", "reporter_id", "id"),
    Index(None, "tenant", "reporter_id", "place_text"),  # whether somebody has reported from a place before
    Index(None, "tenant", "claimer_id", "state"),
    Index(None, "tenant", "grid", "house", "received_at"),  # what may be the same matter
    Index(None, "tenant", "grid", "received_at", "id"),
    Index(None, "tenant", "parent_id"),
    Index(None, "tenant", "contact_id", "state"),
    Index(None, "tenant", "received_at", "id"),
    Index(None, "tenant", "queue", "received_at", "id"),
    Index(None, "tenant", "item", "received_at", "id"),
    Index(None, "tenant", "state", "resolve_due_at"),
    Index(None, "tenant", "state", "received_at", "id"),
    Index(None, "tenant", "spot_id", "item", "received_at"),  # whether a matter came again
)

ratings = Table(
    "ratings",
    metadata,
    tenant_column(),
    Column("request_id", BigInteger, primary_key=True),
    Column("resolution", Integer, primary_key=True),
    Column("person_id", BigInteger, nullable=False),
    Column("solved", String(8), nullable=False),
    Column("stars", Integer),
    Column("words", Text, nullable=False, default=""),  # masked
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "at"),
)


class Request(NamedTuple):
    """One record as it stands."""

    id: int
    number: int
    draft_id: int
    reporter_id: int
    chat_id: int
    state: states.State
    queue: str
    intent: str
    item: str
    grid: str
    place: dict[str, Any]
    place_text: str
    text: str
    summary: str
    urgent: bool
    danger: str
    confidence: float
    received_at: datetime
    started_at: datetime
    respond_due_at: datetime
    resolve_due_at: datetime
    claimer_id: int | None
    claimed_at: datetime | None
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    resolution: int
    reopened: int
    supervised: bool
    parent_id: int | None
    contact_queue: str | None
    contact_id: int | None
    waits_until: datetime | None
    parked: bool
    spot_id: int | None


class Told(NamedTuple):
    """What was reported, where and when: all that is compared when a matter may have been reported before."""

    id: int
    number: int
    intent: str
    item: str
    grid: str
    text: str
    summary: str
    place: str
    """As it is stored: of hundreds that are compared most say the same."""
    place_text: str
    received_at: datetime


class Counted(NamedTuple):
    """A record where it is only counted how many there are of one matter. `place` as in `Told`."""

    id: int
    number: int
    place: str
    place_text: str
    received_at: datetime


class Original(NamedTuple):
    """What was said, unmasked: for the reporter and, recorded, for the claimer."""

    text: str
    place: str


class Lost(Exception):
    """Somebody else moved the record first. `request` is how it stands now."""

    def __init__(self, request: Request) -> None:
        super().__init__(f"request {request.number} is {request.state}")
        self.request = request


_COLUMNS = [requests.c[name] for name in Request._fields]
_AS_STORED = {"place": cast(requests.c.place, Text).label("place")}
_TOLD, _COUNTED = ([_AS_STORED.get(name, requests.c[name]) for name in kind._fields] for kind in (Told, Counted))
FACTS = (
    "queue",
    "item",
    "grid",
    "reporter_id",
    "spot_id",
    "received_at",
    "started_at",
    "respond_due_at",
    "resolve_due_at",
    "responded_at",
    "resolved_at",
    "closed_at",
    "resolution",
    "reopened",
    "supervised",
)
"""What figures are counted from: every change of one of these stands in an event's data under "set"."""


def columns() -> list[Column[Any]]:
    """What a statement selects whose rows `read` takes."""
    return list(_COLUMNS)


def read(row: Any) -> Request:
    """The record of a row that holds `columns` and nothing else."""
    return _request(row)


_STATE = Request._fields.index("state")


def _request(row: Any) -> Request:
    """A row of `_COLUMNS` in their order, nothing more."""
    return Request._make((*row[:_STATE], states.State(row[_STATE]), *row[_STATE + 1 :]))


@form
def _by_id(request_id: Any) -> Select[Any]:
    return select(*_COLUMNS).where(requests.c.tenant == ME, requests.c.id == request_id)


@form
def _by_draft(draft_id: Any) -> Select[Any]:
    return select(*_COLUMNS).where(requests.c.tenant == ME, requests.c.draft_id == draft_id)


@form
def _by_number(number: Any) -> Select[Any]:
    return select(*_COLUMNS).where(requests.c.tenant == ME, requests.c.number == number)


@form
def _spots(reporter_id: Any, place_text: Any) -> Select[Any]:
    here = (requests.c.reporter_id == reporter_id, requests.c.place_text == place_text)
    known = select(requests.c.spot_id).where(requests.c.tenant == ME, *here, requests.c.spot_id.is_not(None))
    return known.order_by(requests.c.id).limit(1)


async def file(
    tx: Tx,
    *,
    draft_id: int,
    reporter_id: int,
    chat_id: int,
    queue: str,
    intent: str,
    item: str,
    grid: str,
    place: dict[str, Any],
    place_text: str,
    text: str,
    original: Original,
    summary: str,
    urgent: bool,
    danger: str,
    confidence: float,
    received_at: datetime,
    respond_due_at: datetime,
    resolve_due_at: datetime,
    now: datetime,
) -> tuple[Request, bool]:
    """Files a record in state `queued` with its two events; (the record, True), or (the earlier one, False) for a draft already filed."""
    request_id, number = tx.ids.new(), await counters.next_number(tx)
    spot_id = await _spot(tx, reporter_id, place_text)
    row = {
        "tenant": tx.tenant,
        "id": request_id,
        "number": number,
        "spot_id": spot_id,
        "draft_id": draft_id,
        "reporter_id": reporter_id,
        "chat_id": chat_id,
        "state": states.State.QUEUED,
        "queue": queue,
        "intent": intent,
        "item": item,
        "grid": grid,
        "place": place,
        "place_text": place_text,
        "text": text,
        "original_sealed": tx.sealer.seal_json(list(original)),
        "summary": summary,
        "urgent": urgent,
        "danger": danger,
        "confidence": confidence,
        "received_at": received_at,
        "started_at": received_at,
        "respond_due_at": respond_due_at,
        "resolve_due_at": resolve_due_at,
        "resolution": 0,
        "reopened": 0,
        "supervised": False,
        "contact_queue": queue,
        "parked": False,
        "house": house_of(place),
    }
    added = await tx.add_new(requests, row, on=("tenant", "draft_id"), columns=Request._fields)
    if added is None:
        await counters.give_back(tx, number)
        return await _get_by_draft(tx, draft_id), False
    search.add(tx, request_id, text, place_text)
    request = _request(added)
    data = {"number": number, "urgent": urgent, "confidence": round(confidence, 3), "set": facts(request, *FACTS)}
    await events.add(
        tx, "request", request_id, "request.received", now, actor_id=reporter_id, target="received", data=data
    )
    await events.add(
        tx, "request", request_id, "request.queued", now, origin="received", target="queued", data={"queue": queue}
    )
    return request, True


async def carry(
    tx: Tx,
    *,
    reporter_id: int,
    queue: str,
    item: str,
    grid: str,
    place: dict[str, Any],
    place_text: str,
    text: str,
    original: Original,
    summary: str,
    confidence: float,
    received_at: datetime,
    respond_due_at: datetime,
    resolve_due_at: datetime,
    responded_at: datetime,
    resolved_at: datetime,
    actor_id: int,
    words: str,
    now: datetime,
) -> Request:
    """Enters a record of an old book as it ended: closed, in one event of today that says so. Nobody claimed it here.

    `words` are what was done, masked. The moments are those of the book; nothing is set, sent or asked for it.
    """
    request_id, number = tx.ids.new(), await counters.next_number(tx)
    row = {
        "tenant": tx.tenant,
        "id": request_id,
        "number": number,
        "draft_id": request_id,
        "spot_id": await _spot(tx, reporter_id, place_text),
        "reporter_id": reporter_id,
        "chat_id": 0,
        "state": states.State.CLOSED,
        "queue": queue,
        "intent": "request",
        "item": item,
        "grid": grid,
        "place": place,
        "place_text": place_text,
        "text": text,
        "original_sealed": tx.sealer.seal_json(list(original)),
        "summary": summary,
        "urgent": False,
        "danger": "",
        "confidence": confidence,
        "received_at": received_at,
        "started_at": received_at,
        "respond_due_at": respond_due_at,
        "resolve_due_at": resolve_due_at,
        "responded_at": responded_at,
        "resolved_at": resolved_at,
        "closed_at": resolved_at,
        "resolution": 1,
        "reopened": 0,
        "supervised": False,
        "contact_queue": queue,
        "parked": False,
        "house": house_of(place),
    }
    await tx.add(requests, [row])
    search.add(tx, request_id, text, place_text)
    request = await get(tx, request_id)
    data = {"number": number, "ratings": [], "set": facts(request, *FACTS)}
    await events.add(
        tx, "request", request_id, "request.carried", now, actor_id=actor_id, target="closed", data=data, words=words
    )
    return request


async def _get_by_draft(tx: Tx, draft_id: int) -> Request:
    row = await tx.one(_by_draft(draft_id=draft_id))
    if row is None:
        raise LookupError(f"no request of draft {draft_id}")
    return _request(row)


HOUSE_LONGEST = 200


def house_of(place: Mapping[str, Any]) -> str:
    """Estate and building of a place as one word, by which it is looked up; "" outside the estates.

    Places of one estate begin the same, up to the last "/"; two of different ones may have one word, never the reverse.
    """
    estate = place.get("estate") or ""
    return f"{estate}/{place.get('building') or ''}"[:HOUSE_LONGEST] if estate else ""


async def hold_grid(tx: Tx, grid: str) -> bool:
    """Whether surely nobody else is filing in this grid now. Of two who file there at the same time one is told no.

    Grids with one checksum are held together: that costs a look too many, never one too few.
    """
    return await counters.try_hold(tx, f"near:{crc32(grid.encode()):08x}")


async def lock(tx: Tx, request_id: int) -> None:
    """Whoever else locks or moves this record waits until this transaction ends: then read it, and decide."""
    await tx.lock(requests, request_id)


async def _spot(tx: Tx, reporter_id: int, place_text: str) -> int:
    """The id that stands for this place of this reporter: that of an earlier record, or a new one."""
    row = await tx.one(_spots(reporter_id=reporter_id, place_text=place_text))
    return tx.ids.new() if row is None else int(row.spot_id)


def facts(request: Request, *names: str) -> dict[str, Any]:
    """What an event's data says under "set": these of `FACTS` as they stand, moments in whole microseconds."""
    values = {name: getattr(request, name) for name in names}
    return {name: chain.micros(v) if isinstance(v, datetime) else v for name, v in values.items()}


async def get(tx: Tx, request_id: int) -> Request:
    """Raises LookupError for an unknown id."""
    found = await tx.recall(_by_id(request_id=request_id), _found, keep=False)
    if found is None:
        raise LookupError(f"no request {request_id}")
    return found


def _found(rows: Sequence[Any]) -> Request | None:
    return _request(rows[0]) if rows else None


def learn(tx: Tx, request: Request) -> None:
    """How a record stands is known until something changes it; only where nobody else can (SQLite)."""
    tx.learn(_by_id(request_id=request.id), request, lasting=True)


async def find_by_number(tx: Tx, number: int) -> Request | None:
    """The record with the number people use."""
    row = await tx.one(_by_number(number=number))
    return None if row is None else _request(row)


async def find_by_draft(tx: Tx, draft_id: int) -> Request | None:
    """The record that was filed from a draft."""
    row = await tx.one(_by_draft(draft_id=draft_id))
    return None if row is None else _request(row)


@form
def _original(request_id: Any) -> Select[Any]:
    return select(requests.c.original_sealed).where(requests.c.tenant == ME, requests.c.id == request_id)


async def get_original(tx: Tx, request_id: int) -> Original:
    """What was said, unmasked. Whoever calls this records the disclosure."""
    row = await tx.one(_original(request_id=request_id))
    if row is None:
        raise LookupError(f"no request {request_id}")
    return Original(*tx.sealer.open_json(row.original_sealed))


async def add_to_original(tx: Tx, request_id: int, text: str, masked: str) -> None:
    """Appends what the reporter added later."""
    await lock(tx, request_id)
    before = await get_original(tx, request_id)
    current = await get(tx, request_id)
    joined = Original(f"{before.text}\n{text}".strip(), before.place)
    await tx.run(
        update(requests)
        .where(requests.c.tenant == tx.tenant, requests.c.id == request_id)
        .values(original_sealed=tx.sealer.seal_json(list(joined)), text=(said := f"{current.text}\n{masked}".strip()))
    )
    await search.keep(tx, request_id, said, current.place_text)


async def move(
    tx: Tx,
    request: Request,
    event: str,
    now: datetime,
    *,
    actor_id: int | None,
    data: dict[str, Any] | None = None,
    words: str = "",
    **values: Any,
) -> Request:
    """Moves a record along one edge and writes its event; `values` are columns that change with it.

    `words` are masked: what was said with it.

    Raises `workflow.states.Forbidden` when the edge does not exist and `Lost` when the record is not any more as the
    caller saw it (state, queue and claimer are compared in the same statement that changes them).
    """
    edge = states.get_transition(request.state, event)
    seen = {
        "id": request.id,
        "state": request.state,
        "queue": request.queue,
        "resolution": request.resolution,
        "claimer_id": request.claimer_id,
    }
    values = await _placed(tx, request, values)
    if "parent_id" in values:
        tx.forget_all()  # whom a record belongs to is asked of records (`supporters.learn_none`)
    if edge.target not in states.OPEN:  # nothing is waited for any more
        values |= {"waits_until": None, "parked": False}
        waits.end(tx, request.id, now)
    row = await tx.altered(requests, seen, Request._fields, state=edge.target, **values)
    if row is None:
        raise Lost(await get(tx, request.id))
    moved = _request(row)
    if moved.place_text != request.place_text:
        await search.keep(tx, moved.id, moved.text, moved.place_text)
    changed = facts(moved, *(name for name in FACTS if name in values))
    await events.add(
        tx,
        "request",
        request.id,
        event,
        now,
        actor_id=actor_id,
        origin=request.state,
        target=edge.target,
        data={**(data or {}), **({"set": changed} if changed else {})},
        words=words,
    )
    return moved


async def _placed(tx: Tx, request: Request, values: dict[str, Any]) -> dict[str, Any]:
    """The values, with the house of another place, and the spot of another place or reporter."""
    if "place" in values:
        values = {**values, "house": house_of(values["place"])}
    reporter_id, place_text = (values.get(k, getattr(request, k)) for k in ("reporter_id", "place_text"))
    if (reporter_id, place_text) == (request.reporter_id, request.place_text):
        return values
    return {**values, "spot_id": await _spot(tx, reporter_id, place_text)}


async def change(tx: Tx, request_id: int, **values: Any) -> Request:
    """Changes columns that are not part of the workflow's state (place, kind, 督办 mark).

    Whoever changes one of `FACTS` puts it into the event that says so: `facts` under "set".
    """
    if "state" in values or "claimer_id" in values:
        raise ValueError("state and claimer change only by move()")
    if not values.keys().isdisjoint(("reporter_id", "place", "place_text")):
        values = await _placed(tx, await get(tx, request_id), values)
    await tx.run(update(requests).where(requests.c.tenant == tx.tenant, requests.c.id == request_id).values(**values))
    changed = await get(tx, request_id)
    if "text" in values or "place_text" in values:
        await search.keep(tx, request_id, changed.text, changed.place_text)
    return changed


async def drop_contact(tx: Tx, person_id: int) -> int:
    """Somebody is nobody's contact any more: the unit answers for their open records. How many."""
    return await tx.run(
        update(requests)
        .where(
            requests.c.tenant == tx.tenant,
            requests.c.contact_id == person_id,
            requests.c.state.in_([s.value for s in states.OPEN]),
        )
        .values(contact_id=None)
    )


async def hand_on(tx: Tx, request_id: int, *, reporter_id: int, chat_id: int, text: str, original: Original) -> Request:
    """Somebody else is the reporter from now on, in their words; what the former one said is gone."""
    return await change(
        tx,
        request_id,
        reporter_id=reporter_id,
        chat_id=chat_id,
        text=text,
        summary=text.split("\n")[0][:40],
        original_sealed=tx.sealer.seal_json(list(original)),
    )


async def of_reporter(tx: Tx, person_id: int, limit: int = 10) -> list[Request]:
    """A resident's records: open ones first, newest first."""
    return [_request(r) for r in await tx.all(_reported(person_id=person_id, limit=limit))]


@form
def _reported(person_id: Any, limit: Any) -> Select[Any]:
    is_open = requests.c.state.in_(list(states.OPEN))
    mine = select(*_COLUMNS).where(requests.c.tenant == ME, requests.c.reporter_id == person_id)
    return mine.order_by(is_open.desc(), requests.c.id.desc()).limit(limit)


@form
def _open_words(person_id: Any, limit: Any) -> Select[Any]:
    mine = (requests.c.tenant == ME, requests.c.reporter_id == person_id, requests.c.state.in_(list(states.OPEN)))
    return select(requests.c.id, requests.c.original_sealed).where(*mine).order_by(requests.c.id.desc()).limit(limit)


async def open_words_of(tx: Tx, person_id: int, limit: int) -> list[tuple[int, str]]:
    """What a resident has said of their open records, unmasked, by record, newest first: for nobody but them."""
    rows = await tx.all(_open_words(person_id=person_id, limit=limit))
    return [(int(row.id), Original(*tx.sealer.open_json(row.original_sealed)).text) for row in rows]


async def newest_where(tx: Tx, condition: ColumnElement[bool], limit: int) -> list[Request]:
    """The records of this tenant that meet a condition: open ones first, newest first."""
    is_open = requests.c.state.in_(list(states.OPEN))
    rows = await tx.all(
        select(*_COLUMNS)
        .where(requests.c.tenant == tx.tenant, condition)
        .order_by(is_open.desc(), requests.c.id.desc())
        .limit(limit)
    )
    return [_request(r) for r in rows]


def _of_grid(columns: Sequence[ColumnElement[Any]], grid: Any, since: Any, in_states: Any) -> Select[Any]:
    """What was reported in a grid since a moment, newest first."""
    r = requests.c
    here = (r.tenant == ME, r.grid == grid, r.received_at >= since, r.state.in_(in_states))
    return select(*columns).where(*here).order_by(r.received_at.desc(), r.id.desc())


def _begins(column: ColumnElement[str], words: Any, length: Any) -> ColumnElement[bool]:
    """Not LIKE: with a pattern that is not known SQLite plans a statement anew at every run."""
    found: ColumnElement[bool] = func.substr(column, 1, length, type_=String) == words
    return found


@form_with("in_states")
def _in_grid(grid: Any, since: Any, in_states: Any, limit: Any, kind: Any, letters: Any) -> Select[Any]:
    return _of_grid(_COLUMNS, grid, since, in_states).where(_begins(requests.c.item, kind, letters)).limit(limit)


@form_with("in_states")
def _told_in_grid(grid: Any, since: Any, in_states: Any, limit: Any, kind: Any, letters: Any) -> Select[Any]:
    return _of_grid(_TOLD, grid, since, in_states).where(_begins(requests.c.item, kind, letters)).limit(limit)


@form_with("in_states", "houses")
def _told_in_houses(
    grid: Any, since: Any, in_states: Any, limit: Any, kind: Any, letters: Any, houses: Any
) -> Select[Any]:
    of_kind = _begins(requests.c.item, kind, letters)
    return _of_grid(_TOLD, grid, since, in_states).where(of_kind, requests.c.house.in_(houses)).limit(limit)


@form_with("in_states")
def _told_in_estate(
    grid: Any, since: Any, in_states: Any, limit: Any, kind: Any, letters: Any, estate: Any, length: Any
) -> Select[Any]:
    house = requests.c.house
    here = (_begins(requests.c.item, kind, letters), or_(house == "", _begins(house, estate, length)))
    return _of_grid(_TOLD, grid, since, in_states).where(*here).limit(limit)


async def in_grid(tx: Tx, grid: str, since: datetime, *, kind: str = "", limit: int = 200) -> list[Request]:
    """What a grid's residents reported since then and is open, newest first. `kind` is how the item begins."""
    wanted = {"kind": kind, "letters": len(kind), "in_states": list(states.OPEN)}
    return [_request(row) for row in await tx.all(_in_grid(grid=grid, since=since, limit=limit, **wanted))]


def alike_in_grid(
    grid: str, since: datetime, *, estate: str, building: str, kind: str = "", limit: int = 200
) -> Filled:
    """The question for what may be the matter of a place in a grid: open, newest first. `kind` is how the item begins.

    Other buildings are left out, and other estates where a place says no building; what is in no estate, or is not
    known to be, is never left out, nor is anything for a place outside the estates (`nlp.duplicates.may_be_same`).
    """
    wanted: dict[str, Any] = {"grid": grid, "since": since, "in_states": tuple(states.OPEN), "limit": limit}
    wanted |= {"kind": kind, "letters": len(kind)}
    if not estate:
        return _told_in_grid(**wanted)
    house, whole = (house_of({"estate": estate, "building": name}) for name in (building, ""))
    if building:
        return _told_in_houses(**wanted, houses=("", whole, house))
    return _told_in_estate(**wanted, estate=whole, length=len(whole))


class Near(NamedTuple):
    """What `alike_in_grid` has found."""

    question: Filled
    records: list[Told]


async def near(tx: Tx, question: Filled, before: Near | None = None) -> Near:
    """Asks `alike_in_grid`. What this transaction has found `before` is taken where the question is the same and nobody

    can have filed meanwhile: on SQLite. On PostgreSQL what was filed meanwhile is asked for (`hold_grid`).
    """
    if before is not None and before.question == question and tx.connection.dialect.name == "sqlite":
        return before
    asked = Filled(question.form, {**question.values})  # which is filled in further: the question stays what it is
    return Near(question, [Told._make(row) for row in await tx.all(asked)])


@form_with("in_states")
def _of_house(grid: Any, since: Any, in_states: Any, limit: Any, house: Any, item: Any) -> Select[Any]:
    r = requests.c
    here = (r.house == house, r.item == item, r.intent == "request")
    return _of_grid(_COUNTED, grid, since, in_states).where(*here).limit(limit)


async def of_house(
    tx: Tx, grid: str, since: datetime, *, house: str, item: str, in_states: Collection[str], limit: int = 200
) -> list[Counted]:
    """Requests of one item in one house (`house_of`) or outside all, newest first."""
    wanted = {"house": house, "item": item, "in_states": list(in_states), "limit": limit}
    return [Counted._make(row) for row in await tx.all(_of_house(grid=grid, since=since, **wanted))]


@form_with("parent_ids")
def _children(parent_ids: Any) -> Select[Any]:
    under = (requests.c.tenant == ME, requests.c.parent_id.in_(parent_ids), requests.c.state == states.State.MERGED)
    return select(*_COLUMNS).where(*under).order_by(requests.c.id)


async def children_of(tx: Tx, parent_ids: Collection[int]) -> list[Request]:
    """The records merged into any of these, not further down."""
    return [_request(r) for r in await tx.all(_children(parent_ids=list(parent_ids)))]


async def in_queue(
    tx: Tx, queues: Sequence[str], in_states: Collection[str], *, after: int = 0, limit: int = 50
) -> list[Request]:
    """A page of a queue, oldest first, after an id."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(
            requests.c.tenant == tx.tenant,
            requests.c.queue.in_(list(queues)),
            requests.c.state.in_(list(in_states)),
            requests.c.id > after,
        )
        .order_by(requests.c.id)
        .limit(limit)
    )
    return [_request(r) for r in rows]


async def held_by(tx: Tx, person_id: int) -> list[Request]:
    """What a worker has claimed and not yet resolved."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(
            requests.c.tenant == tx.tenant,
            requests.c.claimer_id == person_id,
            requests.c.state.in_(["claimed", "joint"]),
        )
        .order_by(requests.c.resolve_due_at)
    )
    return [_request(r) for r in rows]


async def count_by(tx: Tx, column: str) -> dict[tuple[str, str], int]:
    """How many records by (column value, state)."""
    rows = await tx.all(
        select(requests.c[column], requests.c.state, func.count())
        .where(requests.c.tenant == tx.tenant)
        .group_by(requests.c[column], requests.c.state)
    )
    return {(r[0], r[1]): int(r[2]) for r in rows}


async def rate(
    tx: Tx, request: Request, person_id: int, solved: str, stars: int | None, words: str, now: datetime
) -> bool:
    """Keeps the rating of this resolution. False when it was already rated: nobody rates twice."""
    key = {"tenant": tx.tenant, "request_id": request.id, "resolution": request.resolution}
    said = {"person_id": person_id, "solved": solved, "stars": stars, "words": words, "at": now}
    added = await tx.put(ratings, {**key, **said}, on=tuple(key))
    return added == 1


async def complete_rating(tx: Tx, request_id: int, resolution: int, *, words: str) -> None:
    """Adds words to a rating given before."""
    await tx.run(
        update(ratings)
        .where(ratings.c.tenant == tx.tenant, ratings.c.request_id == request_id, ratings.c.resolution == resolution)
        .values(words=words)
    )


@form
def _rating(request_id: Any, resolution: Any) -> Select[Any]:
    one = (ratings.c.tenant == ME, ratings.c.request_id == request_id, ratings.c.resolution == resolution)
    return select(ratings).where(*one)


async def find_rating(tx: Tx, request_id: int, resolution: int) -> Any | None:
    """The rating row of one resolution: solved, stars, words, at."""
    return await tx.one(_rating(request_id=request_id, resolution=resolution))


async def set_stars(tx: Tx, request_id: int, resolution: int, stars: int) -> bool:
    """Completes a rating with its stars. False when they were given before."""
    unrated = {"request_id": request_id, "resolution": resolution, "stars": None}
    return await tx.alter(ratings, unrated, stars=stars) == 1


async def overdue_by_queue(tx: Tx, now: datetime) -> dict[str, int]:
    """How many open records of each queue are past the moment they should have been resolved."""
    rows = await tx.all(
        select(requests.c.queue, func.count())
        .where(
            requests.c.tenant == tx.tenant,
            requests.c.state.in_(["queued", "claimed", "joint"]),
            requests.c.resolve_due_at < now,
        )
        .group_by(requests.c.queue)
    )
    return {r[0]: int(r[1]) for r in rows}
