"""Routes of the web desk: lists, records, orders, templates, views, and the stream that says when something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import FileResponse, StreamingResponse

from bot.web import shapes_office as shapes
from bot.web.identity import OWN_REQUEST
from bot.web.problems import ProblemError
from bot.web.seats import SEATED, Secret, TheSeat, drop
from bot.web.shapes import Code, Queue
from bot.web.shapes_office import Cursor, Ident, Item, Number
from bot.web.site import Site, TheSite
from handlers.names import shown
from handlers.office import keeping, record, seeing, waiting_list
from handlers.office.acts import Outcome
from handlers.office.order import Order
from handlers.office.signin import Seat
from handlers.office.turning import OfficeTurn
from handlers.staff import role_name
from storage import attachments, requests
from storage.listing import DUE_FIRST, Filters
from workflow.queues import parse_queue
from workflow.rights import ACTS, may_anywhere, may_see

router = APIRouter(prefix="/api/desk", tags=["desk"])
STATUS = {"unknown": 404, "forbidden": 403, "invalid": 422, "conflict": 409}
LOOK_EVERY = 1.0
"""Seconds between two looks at the ledger for all who follow it from this process."""
HEARTBEAT = 15.0


@router.get("/me")
async def who_am_i(site: TheSite, seat: TheSeat) -> shapes.SeatOut:
    """Who I am, what I may do somewhere, and the queues, grids and kinds there are."""
    city, org = site.office.city, site.office.city.org

    async def work(turn: OfficeTurn) -> tuple[list[str], list[str]]:
        return [role_name(turn, g) for g in seat.grants], await keeping.desks(turn)

    roles, desks = await site.office.look(seat, work)
    return shapes.SeatOut(
        name=shown(seat.person),
        roles=roles,
        may=sorted(act for act in ACTS if may_anywhere(seat.grants, act, org)),
        desks=[shapes.Choice(id=q, name=org.name_of(q)) for q in desks],
        queues=[shapes.QueueOut(id=q, name=org.name_of(q), kind=parse_queue(q).kind.value) for q in org.queues()],
        communities=[shapes.Choice(id=c.id, name=c.name) for c in city.street.communities],
        grids=[shapes.Choice(id=g.id, name=g.name) for g in city.street.grids()],
        items=[
            shapes.GroupOut(
                name=c.name, items=[shapes.Choice(id=i.id, name=i.name) for s in c.subcategories for i in s.items]
            )
            for c in city.taxonomy.categories
        ],
    )


@router.delete("/session", status_code=204, dependencies=[OWN_REQUEST])
async def sign_out(site: TheSite, seat: TheSeat, secret: Secret, answer: Response) -> None:
    """Leaves the web desk on this browser."""
    await site.office.leave(seat, secret or "")
    drop(answer)


# -------------------------------------------------------------------- lists


class Wanted:
    """The filters of a list, as its address says them."""

    def __init__(
        self,
        site: TheSite,
        bucket: shapes.Bucket = "open",
        queue: Annotated[Queue | None, Query()] = None,
        grid: Annotated[Code | None, Query()] = None,
        community: Annotated[Code | None, Query()] = None,
        item: Annotated[Item | None, Query()] = None,
        urgent: Annotated[bool, Query()] = False,
        since: Annotated[datetime | None, Query()] = None,
        until: Annotated[datetime | None, Query()] = None,
    ) -> None:
        grids = [grid] if grid else [g for g, c in site.office.city.org.grids.items() if c == community]
        if community and not grids:
            raise ProblemError(422)
        self.filters = Filters(
            bucket=bucket,
            queues=(queue,) if queue else (),
            grids=tuple(grids) if grid or community else (),
            items=(item,) if item else (),
            urgent=urgent,
            since=_aware(since),
            until=_aware(until),
        )


def _aware(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise ProblemError(422)
    return at


@router.get("/records")
async def list_records(
    site: TheSite,
    seat: TheSeat,
    wanted: Annotated[Wanted, Depends()],
    q: Annotated[str, Query(max_length=60, description="A number, the end of a phone number, or words.")] = "",
    after: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.ListOut:
    """A page of the records that I may see: open ones by what is due first, the others newest first."""
    filters, place = wanted.filters, after or ""
    try:
        if (filters.bucket in DUE_FIRST or filters.queues) and not q.strip() and site.office.is_warm:
            found = await _chosen(site, seat, filters, place, limit)
        else:
            found = await site.office.look(seat, lambda turn: seeing.page(turn, filters, q, after=place, limit=limit))
    except ValueError:
        raise ProblemError(422) from None
    return shapes.ListOut.model_validate(found)


async def _chosen(site: Site, seat: Seat, filters: Filters, after: str, limit: int) -> seeing.Seen:
    """A page of open records, or of a queue's, chosen from the columns."""
    choose = waiting_list.first if filters.bucket in DUE_FIRST else waiting_list.newest
    scoped = seeing.own(filters, seat.grants, site.office.city.org, seat.person.id)
    ids, more = await site.office.counted(lambda facts, now: choose(facts, scoped, now, after, limit))
    return await site.office.look(seat, lambda turn: seeing.listed(turn, filters, ids, more))


@router.get("/counts")
async def count_records(site: TheSite, seat: TheSeat) -> shapes.CountsOut:
    """How much waits."""
    office = site.office
    if not office.is_warm:
        return shapes.CountsOut.model_validate(await office.look(seat, seeing.counted))
    scope = seeing.scope_of(seat.grants, office.city.org)
    found = await office.counted(lambda facts, now: waiting_list.counts(facts, scope, seat.person.id, now))
    return shapes.CountsOut.model_validate(found)


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    dependencies=[SEATED],
)
async def follow(site: TheSite, secret: Secret) -> StreamingResponse:
    """Server-sent events: `changed` when anything has happened, `gone` when the session has ended."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_changes(site, secret or ""), media_type="text/event-stream", headers=headers)


async def _changes(site: Site, secret: str) -> AsyncIterator[str]:
    seen, quiet = await site.office.newest(), 0.0
    yield f"retry: 2000\nevent: changed\ndata: {seen}\n\n"
    while not site.channel.hub.closed:
        await asyncio.sleep(LOOK_EVERY)
        quiet += LOOK_EVERY
        now = await site.office.newest()
        if now == seen and quiet < HEARTBEAT:
            continue
        if await site.office.seat(secret) is None:
            yield "event: gone\ndata: {}\n\n"
            return
        yield f"event: changed\ndata: {now}\n\n" if now != seen else ": still here\n\n"
        seen, quiet = now, 0.0


# -------------------------------------------------------------------- records


@router.get("/records/{number}")
async def show_record(site: TheSite, seat: TheSeat, number: Annotated[Number, Path()]) -> shapes.RecordOut:
    """Everything about one record: its words, its way, its files, what I may do, and what looks the same."""

    async def work(turn: OfficeTurn) -> record.Page | None:
        found = await seeing.find(turn, number)
        return None if found is None else await record.page(turn, found)

    page = await site.office.look(seat, work)
    if page is None:
        raise ProblemError(404, "no_record")
    values = {**page._asdict(), "colleagues": [{"id": str(i), "name": name} for i, name in page.colleagues]}
    return shapes.RecordOut.model_validate(values)


@router.get("/pairs/{one}/{other}")
async def compare_records(
    site: TheSite, seat: TheSeat, one: Annotated[Number, Path()], other: Annotated[Number, Path()]
) -> shapes.PairOut:
    """Two records side by side."""

    async def work(turn: OfficeTurn) -> dict[str, object] | None:
        found = await seeing.find(turn, one)
        beside = await seeing.find(turn, other) if found is not None else None
        return None if found is None or beside is None else await record.beside(turn, found, beside)

    pair = await site.office.look(seat, work)
    if pair is None:
        raise ProblemError(404, "no_record")
    return shapes.PairOut.model_validate(pair)


@router.post("/records/{number}/acts", dependencies=[OWN_REQUEST])
async def act_on_record(
    site: TheSite, seat: TheSeat, number: Annotated[Number, Path()], body: shapes.NewOrder
) -> shapes.OutcomeOut:
    """Does something to a record, exactly as a press in the chat would. 403, 404, 409 and 422 say why it was not done."""
    person = int(body.person) if body.person else None
    order = Order(**{**body.model_dump(), "person": person, "helpers": tuple(body.helpers)})
    outcome = await site.office.act(seat, number, order)
    if outcome.code in STATUS:
        raise ProblemError(STATUS[outcome.code], f"act_{outcome.code}", detail=outcome.text)
    return _outcome(outcome)


@router.post("/acts", dependencies=[OWN_REQUEST])
async def act_on_many(site: TheSite, seat: TheSeat, body: shapes.NewBulk) -> list[shapes.OutcomeOut]:
    """The same order about several records, each for itself: what fails for one is done for the others."""
    order = Order(**body.model_dump(exclude={"numbers"}))
    return [_outcome(await site.office.act(seat, number, order)) for number in dict.fromkeys(body.numbers)]


def _outcome(outcome: Outcome) -> shapes.OutcomeOut:
    return shapes.OutcomeOut(number=outcome.number, code=outcome.code, text=outcome.text, shown=dict(outcome.shown))


@router.get("/files/{ref}", response_class=FileResponse, responses={200: {"content": {"*/*": {}}}})
async def show_file(site: TheSite, seat: TheSeat, ref: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]) -> FileResponse:
    """A file of a record that I may see."""
    if not await _may_have(site, seat, ref):
        raise ProblemError(404)
    found = await asyncio.to_thread(site.channel.media.find, ref)
    try:
        path = await asyncio.to_thread(site.channel.media.path, ref)
    except FileNotFoundError as error:
        raise ProblemError(404) from error
    headers = {"Cache-Control": "private, max-age=86400, immutable", "Content-Security-Policy": "sandbox"}
    return FileResponse(path, media_type=found.mime if found else None, filename=path.name, headers=headers)


async def _may_have(site: Site, seat: Seat, ref: str) -> bool:
    async def work(turn: OfficeTurn) -> bool:
        for file in await attachments.with_stored(turn.tx, ref):
            if file.subject in ("request", "result") and file.subject_id is not None:
                of = await requests.get(turn.tx, file.subject_id)
                if may_see(seat.grants, of.queue, of.grid, turn.city.org):
                    return True
        return False

    return await site.office.look(seat, work)


# -------------------------------------------------------------------- templates and views


@router.get("/templates")
async def list_templates(site: TheSite, seat: TheSeat) -> list[shapes.TemplateOut]:
    """My answers, and those of my desks."""
    return [
        shapes.TemplateOut(
            id=str(t.id),
            kind=t.kind,
            title=t.title,
            words=t.words,
            shared=bool(t.desk),
            own=t.owner_id == seat.person.id,
        )
        for t in await site.office.look(seat, keeping.templates)
    ]


@router.post("/templates", status_code=201, dependencies=[OWN_REQUEST])
async def keep_template(site: TheSite, seat: TheSeat, body: shapes.NewTemplate) -> list[shapes.TemplateOut]:
    """Keeps an answer; all of them as they are then."""
    kept = await site.office.change(
        seat, lambda turn: keeping.add_template(turn, body.desk, body.kind, body.title, body.words)
    )
    if kept is None:
        raise ProblemError(403)
    return await list_templates(site, seat)


@router.delete("/templates/{ident}", status_code=204, dependencies=[OWN_REQUEST])
async def drop_template(site: TheSite, seat: TheSeat, ident: Annotated[Ident, Path()]) -> None:
    """Removes an answer."""
    if not await site.office.change(seat, lambda turn: keeping.drop_template(turn, int(ident))):
        raise ProblemError(404)


@router.get("/views")
async def list_views(site: TheSite, seat: TheSeat) -> list[shapes.ViewOut]:
    """My saved lists."""
    found = await site.office.look(seat, keeping.views)
    return [shapes.ViewOut(id=str(v.id), name=v.name, filters=v.filters) for v in found]


@router.post("/views", status_code=201, dependencies=[OWN_REQUEST])
async def keep_view(site: TheSite, seat: TheSeat, body: shapes.NewView) -> list[shapes.ViewOut]:
    """Keeps a list under a name; all of them as they are then."""
    if await site.office.change(seat, lambda turn: keeping.add_view(turn, body.name, body.filters)) is None:
        raise ProblemError(409)
    return await list_views(site, seat)


@router.delete("/views/{ident}", status_code=204, dependencies=[OWN_REQUEST])
async def drop_view(site: TheSite, seat: TheSeat, ident: Annotated[Ident, Path()]) -> None:
    """Removes a saved list."""
    if not await site.office.change(seat, lambda turn: keeping.drop_view(turn, int(ident))):
        raise ProblemError(404)
