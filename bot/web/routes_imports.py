"""Routes of the imports: a template of each kind, a look at a filled one, and taking it in whole or not at all."""

from __future__ import annotations

import io
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from bot.web import shapes_imports as shapes
from bot.web.identity import OWN_REQUEST
from bot.web.problems import Fault, ProblemError
from bot.web.routes_books import KINDS
from bot.web.seats import TheSeat
from bot.web.shapes_imports import BookName
from bot.web.shapes_office import Ident
from bot.web.site import Site, TheSite
from handlers.office.books import taking, templates
from handlers.office.books.sheet import Unreadable
from handlers.office.books.taking import BOOKS, Found, Opened, Taken
from handlers.office.signin import Seat
from handlers.office.turning import OfficeTurn
from storage import imports

router = APIRouter(prefix="/api/desk/imports", tags=["imports"])
TheBook = Annotated[BookName, Path()]
_EXCEL = {200: {"content": {KINDS["xlsx"]: {}}}}
_BODY = {
    "requestBody": {"required": True, "content": {KINDS["xlsx"]: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("")
async def list_imports(site: TheSite, seat: TheSeat) -> shapes.ImportsOut:
    """The kinds of books there are, and the last ones that were taken in. For the street only."""
    await _allowed(site, seat)
    city, now = site.office.city, site.office.now()

    async def work(turn: OfficeTurn) -> list[shapes.ImportOut]:
        return [
            shapes.ImportOut(
                id=str(one.id),
                kind=one.kind,
                name=turn.text(f"books.kind_{one.kind}"),
                rows=one.rows,
                by=by,
                at=one.at,
                proposal=bool(one.proposal),
            )
            for one, by in await taking.recent(turn)
        ]

    books = [
        shapes.BookOut(
            id=name,
            name=city.texts.text(f"books.kind_{name}", now),
            about=city.texts.text(f"books.about_{name}", now),
            heads=list(taking.heads(city, book, now).values()),
            most=book.most,
        )
        for name, book in BOOKS.items()
    ]
    return shapes.ImportsOut(books=books, recent=await site.office.look(seat, work))


@router.get("/{book}/template.xlsx", response_class=Response, responses=_EXCEL)
async def give_template(site: TheSite, seat: TheSeat, book: TheBook) -> Response:
    """An empty file to fill in; its second sheet says what goes where."""
    await _allowed(site, seat)
    out = io.BytesIO()
    templates.make(site.office.city, BOOKS[book], site.office.now()).save(out)
    headers = {"Content-Disposition": f'attachment; filename="linli-{book}.xlsx"'}
    return Response(out.getvalue(), media_type=KINDS["xlsx"], headers=headers)


@router.post("/{book}/look", dependencies=[OWN_REQUEST], openapi_extra=_BODY)
async def look_at_book(request: Request, site: TheSite, seat: TheSeat, book: TheBook) -> shapes.FoundOut:
    """What would come of a file, row by row, and everything that is wrong with it. Takes nothing in."""
    opened = await _opened(request, site, seat, book)

    async def work(turn: OfficeTurn) -> shapes.FoundOut:
        return _found(turn, opened, await taking.look(turn, BOOKS[book], opened))

    return await site.office.look(seat, work)


@router.post("/{book}", status_code=201, dependencies=[OWN_REQUEST], openapi_extra=_BODY)
async def take_book(request: Request, site: TheSite, seat: TheSeat, book: TheBook) -> shapes.TakenOut:
    """Takes a whole file in. 422 names every fault, 409 says that nothing in it is new; then nothing was taken in."""
    opened = await _opened(request, site, seat, book)

    async def work(turn: OfficeTurn) -> Taken | shapes.FoundOut | None:
        if not await taking.allowed(turn):
            return None
        found = await taking.take(turn, BOOKS[book], opened)
        return _found(turn, opened, found) if isinstance(found, Found) else found

    try:
        taken = await site.office.change(seat, work)
    except taking.Overtaken:
        raise ProblemError(409, "book_known") from None
    if taken is None:
        raise ProblemError(403)
    if isinstance(taken, shapes.FoundOut):
        if not taken.faults:
            raise ProblemError(409, "book_known")
        faults = [Fault(where=fault.cell, what=fault.text) for fault in taken.faults]
        raise ProblemError(422, "book_faults", faults=faults)
    done = [shapes.DoneOut(row=one.row, cells=list(one.shown), result=one.result) for one in taken.done]
    return shapes.TakenOut(
        id=str(taken.ident), rows=taken.rows, known=taken.known, done=done, proposal=taken.has_proposal
    )


@router.get("/{ident}/street.toml", response_class=Response, responses={200: {"content": {"application/toml": {}}}})
async def give_proposal(site: TheSite, seat: TheSeat, ident: Annotated[Ident, Path()]) -> Response:
    """The street file that a list of places has made, for the operator to look at and put in place."""
    await _allowed(site, seat)

    async def work(turn: OfficeTurn) -> str:
        found = await imports.find_by_id(turn.tx, int(ident))
        return found.proposal if found is not None else ""

    proposal = await site.office.look(seat, work)
    if not proposal:
        raise ProblemError(404)
    headers = {"Content-Disposition": 'attachment; filename="street.toml"'}
    return Response(proposal, media_type="application/toml", headers=headers)


async def _allowed(site: Site, seat: Seat) -> None:
    if not await site.office.look(seat, taking.allowed):
        raise ProblemError(403)


async def _opened(request: Request, site: Site, seat: Seat, book: str) -> Opened:
    """The file, read; one file at a time, and nobody's whose it is not to bring."""
    await _allowed(site, seat)
    data = await request.body()
    now = site.office.now()
    async with site.reading:
        try:
            return await taking.open_file(site.office.city, BOOKS[book], data, now)
        except Unreadable as error:
            raise ProblemError(422, "book_unreadable", detail=taking.refusal(site.office.city, error, now)) from None


def _found(turn: OfficeTurn, opened: Opened, found: Found) -> shapes.FoundOut:
    rows = [
        shapes.RowOut(row=step.line.row, cells=list(step.shown), note=step.note, known=step.known)
        for step in sorted(found.steps, key=lambda step: step.line.row)[: taking.SHOWN]
    ]
    faults = [
        shapes.RowFault(row=one.row, cell=one.cell, code=one.code, text=taking.sentence(turn, one))
        for one in found.faults[: taking.FAULTS_SHOWN]
    ]
    fresh = len(found.fresh)
    return shapes.FoundOut(
        lines=opened.lines,
        fresh=fresh,
        known=len(found.steps) - fresh,
        fault_count=len(found.faults),
        faults=faults,
        rows=rows,
        before=found.before.at if found.before is not None else None,
    )
