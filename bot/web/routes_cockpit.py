"""Routes of the cockpit: the figures, the records behind each, the board and the appeals against it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from bot.web import shapes_cockpit as shapes
from bot.web.identity import OWN_REQUEST
from bot.web.problems import ProblemError
from bot.web.routes_office import STATUS
from bot.web.seats import TheSeat
from bot.web.shapes_office import Ident, ListOut
from bot.web.site import TheSite
from handlers.office import board, cockpit, joint, periods, seeing
from handlers.office.cockpit import Filter
from handlers.office.periods import Period
from handlers.office.seeing import Seen
from handlers.office.turning import OfficeTurn
from storage import appeals
from storage.facts import Facts
from storage.listing import Filters
from workflow.indicators import VERSION

router = APIRouter(prefix="/api/desk", tags=["cockpit"])
PAGE = 50


def _period(site: TheSite, period: Annotated[shapes.PeriodName, Query()] = "30d") -> Period:
    """The period that is asked for; the last thirty days when none is."""
    return periods.parse(period, site.office.now(), site.office.city.manners.tz)


ThePeriod = Annotated[Period, Depends(_period)]


def _filter(
    period: ThePeriod,
    dimension: Annotated[shapes.Dimension | None, Query(description="Only records of one scope: of which kind")] = None,
    key: Annotated[shapes.ScopeKey | None, Query(description="… and which one")] = None,
) -> Filter:
    if (dimension is None) != (key is None):
        raise ProblemError(422)
    return Filter(period, dimension or "", key or "")


TheFilter = Annotated[Filter, Depends(_filter)]


@router.get("/cockpit")
async def show_cockpit(
    site: TheSite, seat: TheSeat, wanted: TheFilter, by: Annotated[shapes.Dimension, Query()] = "community"
) -> shapes.CockpitOut:
    """Every indicator of a period, by grid, community, department or item; a record belongs to the day it came in.

    `joint`, the whistles, is always the whole street's.
    """
    city = site.office.city

    def work(facts: Facts, now: datetime) -> dict[str, object]:
        return cockpit.overview(city, facts, wanted, by, now)

    found = await site.office.counted(work)
    workers = found.pop("workers")
    load = await site.office.look(seat, lambda turn: cockpit.named(turn, workers))  # type: ignore[arg-type]
    blown = await site.office.look(seat, lambda turn: joint.account(turn, wanted.period))
    return shapes.CockpitOut.model_validate({**found, "load": load, "joint": blown})


@router.get("/cockpit/records")
async def list_behind(
    site: TheSite,
    seat: TheSeat,
    wanted: TheFilter,
    counted: Annotated[shapes.CountedName, Query(description="What was counted")],
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> ListOut:
    """The records that a figure was counted from, newest first; of these, those that I may see."""
    city = site.office.city
    count, part = await site.office.counted(
        lambda facts, now: cockpit.behind(city, facts, wanted, counted, now, after, PAGE)
    )

    async def work(turn: OfficeTurn) -> Seen:
        return await seeing.page(turn, Filters(bucket="all", ids=part), limit=PAGE)

    found = await site.office.look(seat, work)
    more = str(after + PAGE) if after + PAGE < count else ""
    note = site.words.get("cockpit", "behind", count=count, hidden=len(part) - len(found.rows))
    return ListOut(rows=ListOut.model_validate(found).rows, after=more, note=note)


@router.get("/board")
async def show_board(
    site: TheSite, seat: TheSeat, period: ThePeriod, by: Annotated[shapes.Ranked, Query()] = "grid"
) -> shapes.BoardOut:
    """The ranking of a period by the three rates together, with how sure each place is; too few records have no place."""
    city, weights = site.office.city, site.office.city.manners.weights
    left_out = await site.office.look(seat, lambda turn: appeals.left_out(turn.tx, period.name))
    places = await site.office.counted(
        lambda facts, now: board.ranking(city, facts, period, by, left_out, now, weights)
    )
    listed = await site.office.look(seat, lambda turn: board.listed(turn, period.name))
    formula = site.words.get("cockpit", "weights", **weights._asdict())
    return shapes.BoardOut.model_validate(
        {
            "period": period,
            "version": VERSION,
            "formula": formula,
            "left_out": len(left_out),
            "places": places,
            "appeals": listed,
        }
    )


@router.post("/board/appeals", status_code=201, dependencies=[OWN_REQUEST])
async def appeal(site: TheSite, seat: TheSeat, body: shapes.NewAppeal) -> list[shapes.AppealOut]:
    """Appeals against a place on the board, for whoever works in that scope; all appeals of the period as they are then."""
    kept = await site.office.change(
        seat, lambda turn: board.appeal(turn, body.period, body.by, body.key, body.number, body.words)
    )
    if kept is None:
        raise ProblemError(403)
    found = await site.office.look(seat, lambda turn: board.listed(turn, body.period))
    return [shapes.AppealOut.model_validate(one) for one in found]


@router.post("/board/appeals/{ident}/ruling", status_code=204, dependencies=[OWN_REQUEST])
async def rule(site: TheSite, seat: TheSeat, ident: Annotated[Ident, Path()], body: shapes.NewRuling) -> None:
    """Rules on an appeal: the street only, and nobody on their own. An upheld one about a record takes it off the board."""
    code = await site.office.change(
        seat, lambda turn: board.rule(turn, int(ident), upheld=body.upheld, words=body.words)
    )
    if code in STATUS:
        raise ProblemError(STATUS[code], f"act_{code}")
