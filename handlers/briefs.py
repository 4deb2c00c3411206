"""What each group hears by itself: every morning its own day, every Monday the desks their week, each quarter the street;
and how it stands now, for who asks.

A brief is a recurring timer; the next one is set when one goes off, and once more at every start (`ensure`). A brief
that is late by more than `FRESH` is not said: nobody reads yesterday's morning.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from handlers import standing
from handlers.city import City
from handlers.turn import Turn
from storage import appeals, events, figures, people, timers, workload
from storage.figures import Where
from storage.timers import Timer
from storage.tx import Tx
from storage.workload import Load
from workflow.indicators import Counts, Indicator, ontime_rate, resolution_rate, satisfaction_rate, total
from workflow.queues import STREET_DESK, QueueKind, desk_queue, grid_queue, parse_queue
from workflow.ranking import rank
from workflow.rights import is_over_all, may_act

FRESH = timedelta(hours=6)
LINES = 5
"""Records named in a morning brief."""
PLACED = 3
"""Grids named at either end of the board in a quarter's report."""
WARN_BEFORE = timedelta(days=60)
"""So long before the known holidays end, the street's morning brief says so every day."""
QUARTERS = (1, 4, 7, 10)
_KINDS = ("brief.morning", "brief.week", "brief.quarter")
_DAY = timedelta(days=1)


# -------------------------------------------------------------------- when


async def ensure(city: City, tx: Tx, now: datetime) -> None:
    """Every brief has its next occurrence, however many processes say so."""
    for kind in _KINDS:
        await _set(city, tx, kind, now)


async def _set(city: City, tx: Tx, kind: str, now: datetime) -> None:
    at = next_at(city, kind, now)
    local = at.astimezone(city.manners.tz)
    timer_id = int(f"{local:%Y%m%d}") * 10 + _KINDS.index(kind)
    await timers.put_once(tx, timer_id, at, kind, "brief", 0)


def next_at(city: City, kind: str, now: datetime) -> datetime:
    """The next occurrence after now."""
    local = now.astimezone(city.manners.tz)
    day = local.date()
    while True:
        at = datetime.combine(day, city.manners.brief_at, city.manners.tz)
        if at > local and _is_day_of(kind, day):
            return at.astimezone(now.tzinfo)
        day += _DAY


def _is_day_of(kind: str, day: date) -> bool:
    if kind == "brief.morning":
        return True
    return day.weekday() == 0 if kind == "brief.week" else day.day == 1 and day.month in QUARTERS


def _today(turn: Turn) -> date:
    return turn.now.astimezone(turn.city.manners.tz).date()


def _start_of(turn: Turn, day: date) -> datetime:
    return datetime.combine(day, turn.city.manners.brief_at.replace(hour=0, minute=0), turn.city.manners.tz)


async def _go(turn: Turn, timer: Timer) -> bool:
    """Sets the next one; whether this one is still worth saying."""
    await _set(turn.city, turn.tx, timer.name, turn.now)
    return turn.now - timer.due_at <= FRESH


async def _say(turn: Turn, queue: str, text: str) -> None:
    """In the queue's own rooms only: nobody else's day."""
    for room in await people.rooms_of(turn.tx, [queue]):
        if room.reachable:
            await turn.send(room, text)


# -------------------------------------------------------------------- every morning


async def _morning(turn: Turn, timer: Timer) -> None:
    if not await _go(turn, timer):
        return
    today = _today(turn)
    until = _start_of(turn, today + _DAY)
    since = {q: _last_morning(turn, q) for q in turn.city.org.queues() if _works(turn, q, today)}
    loads = {moment: await workload.by_queue(turn.tx, turn.now, moment, until) for moment in set(since.values())}
    for queue, moment in since.items():
        warnings = await _warnings(turn) if queue == STREET_DESK else ""
        load = loads[moment].get(queue, Load())
        if not load.is_nothing or warnings:
            await _say(turn, queue, await morning_text(turn, queue, load, until, warnings))


def _works(turn: Turn, queue: str, day: date) -> bool:
    return turn.city.calendar_of(queue).is_workday(day)


def _last_morning(turn: Turn, queue: str) -> datetime:
    """The brief before this one: of a department the one of the last workday."""
    day = _today(turn) - _DAY
    while not _works(turn, queue, day):
        day -= _DAY
    return datetime.combine(day, turn.city.manners.brief_at, turn.city.manners.tz)


async def morning_text(turn: Turn, queue: str, load: Load, until: datetime, warnings: str = "") -> str:
    """One queue's day: what is new, due, overdue, waiting; the most urgent by name."""
    return turn.text(
        "briefs.morning",
        queue=turn.city.org.name_of(queue),
        **_counted(load),
        lines="\n".join(await _records(turn, queue, until)),
        warnings=warnings,
    )


async def glance(turn: Turn) -> None:
    """How it stands now in the queues the acting person answers for; of several, those where most waits by name."""
    grants, org = await turn.grants(), turn.city.org
    mine = [queue for queue in org.queues() if may_act(grants, "detail", queue, org)]
    today = _today(turn)
    until = _start_of(turn, today + _DAY)
    loads = await workload.by_queue(turn.tx, turn.now, _start_of(turn, today), until)
    found = {queue: loads[queue] for queue in mine if queue in loads}
    load = Load(*map(sum, zip(*found.values(), strict=True))) if found else Load()
    whole = is_over_all(grants, org)
    name = turn.city.street.name if whole else org.name_of(next((q for q in mine if q.startswith("desk")), mine[0]))
    if load.is_nothing:
        await turn.say("briefs.now_nothing", queue=name)
        return
    lines = await _records(turn, mine[0], until) if len(mine) == 1 else _busiest(turn, found)
    await turn.say("briefs.now", queue=name, **_counted(load), lines="\n".join(lines))


def _busiest(turn: Turn, found: Mapping[str, Load]) -> list[str]:
    """The queues where most is overdue, then where most waits for somebody, a line each."""
    lines = []
    for queue in sorted(found, key=lambda q: (-found[q].overdue, -found[q].unclaimed, q))[:LINES]:
        counts = {"briefs.part_overdue": found[queue].overdue, "briefs.part_unclaimed": found[queue].unclaimed}
        parts = "，".join(turn.text(key, count=count) for key, count in counts.items() if count)
        if parts:
            lines.append(turn.text("briefs.now_line", queue=turn.city.org.name_of(queue), parts=parts))
    return lines


async def _records(turn: Turn, queue: str, until: datetime) -> list[str]:
    """The most urgent records of a queue, a line each."""
    return [
        turn.text(
            "briefs.line_late" if r.resolve_due_at <= turn.now else "briefs.line",
            due=r.resolve_due_at,
            **standing.named(turn, r),
        )
        for r in await workload.most_urgent(turn.tx, queue, until, LINES)
    ]


def _counted(load: Load) -> dict[str, Any]:
    return {
        "new": load.new or "",
        "unclaimed": load.unclaimed or "",
        "due": load.due_today or "",
        "overdue": load.overdue or "",
        "unrated": load.unrated or "",
        "waiting": load.waiting or "",
    }


async def _warnings(turn: Turn) -> str:
    """What the street has to mend: overruns that nobody could be told of, holidays that are not known."""
    unheard = await events.count_since(turn.tx, "request.unheard", turn.now - _DAY)
    found = [turn.text("briefs.unheard", count=unheard)] if unheard else []
    until = turn.city.holidays_until
    if until - _today(turn) < WARN_BEFORE:
        found.append(turn.text("briefs.holidays", year=until.year + 1))
    return "\n".join(found)


# -------------------------------------------------------------------- every Monday


async def _week(turn: Turn, timer: Timer) -> None:
    if not await _go(turn, timer):
        return
    until = _start_of(turn, _today(turn))
    since = _start_of(turn, _today(turn) - 7 * _DAY)
    counts = await figures.counts_by_place(turn.tx, turn.now, since, until)
    loads = await workload.by_queue(turn.tx, turn.now, since, until)
    for desk in [STREET_DESK, *map(desk_queue, turn.city.org.communities)]:
        scope = scope_of(turn, desk)
        counted = total(counts.values()) if desk == STREET_DESK else _of_community(turn, counts, parse_queue(desk).id)
        if counted.received or any(q in loads for q in scope):
            await _say(turn, desk, _week_text(turn, desk, counted, [loads[q] for q in scope if q in loads]))


def _of_community(turn: Turn, counts: Mapping[Where, Counts], community: str) -> Counts:
    """As the cockpit counts it: by the grid a record lies in, whoever has it now."""
    return total(one for where, one in counts.items() if turn.city.org.community_at(*where) == community)


def scope_of(turn: Turn, desk: str) -> list[str]:
    """The queues a desk answers for: its own and its grids; the street's everything."""
    org, community = turn.city.org, parse_queue(desk).id
    return [q for q in org.queues() if not community or org.community_of(q) == community]


def _week_text(turn: Turn, desk: str, counts: Counts, loads: list[Load]) -> str:
    return turn.text(
        "briefs.week",
        queue=turn.city.org.name_of(desk),
        received=counts.received,
        resolved=counts.resolved,
        overdue=sum(load.overdue for load in loads) or "",
        waiting=sum(load.waiting for load in loads) or "",
        reopened=counts.reopened or "",
        escalated=counts.escalated or "",
        rates=_rates(turn, counts),
    )


def _rates(turn: Turn, counts: Counts) -> str:
    """Each rate with what it was made of; one that has nothing to divide by is left out."""
    shown = [_rate(turn, rate(counts)) for rate in (ontime_rate, resolution_rate, satisfaction_rate)]
    return "\n".join(line for line in shown if line)


def _rate(turn: Turn, figure: Indicator) -> str:
    if figure.value is None:
        return ""
    return turn.text(
        f"briefs.rate_{figure.name}",
        percent=percent(figure.value),
        top=_number(figure.numerator),
        under=figure.denominator,
    )


def percent(value: Fraction) -> str:
    """95.0 %, one digit, half up."""
    tenths = (value * 1000 + Fraction(1, 2)) // 1
    return f"{tenths // 10}.{tenths % 10} %"


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.1f}"


# -------------------------------------------------------------------- every quarter


async def _quarter(turn: Turn, timer: Timer) -> None:
    if not await _go(turn, timer):
        return
    until = _start_of(turn, _today(turn))
    last = _today(turn) - _DAY
    since = _start_of(turn, date(last.year, QUARTERS[(last.month - 1) // 3], 1))
    counts = await figures.counts_by_place(turn.tx, turn.now, since, until)
    left_out = await appeals.left_out(turn.tx, f"{last.year}Q{_quarter_of(last)}")
    counted = await figures.counts_by_place(turn.tx, turn.now, since, until, left_out) if left_out else counts
    await _say(turn, STREET_DESK, quarter_text(turn, counts, board_text(turn, counted), last))


def _quarter_of(day: date) -> int:
    return (day.month - 1) // 3 + 1


def quarter_text(turn: Turn, counts: Mapping[Where, Counts], board: str, last: date) -> str:
    """The street as a whole, then each community and each department that had anything, then the board."""
    org = turn.city.org
    whole = total(counts.values())
    departments = [q for q in org.queues() if parse_queue(q).kind is QueueKind.DEPT]
    scopes = [(name or ident, _of_community(turn, counts, ident)) for ident, name in org.communities.items()]
    scopes += [(org.name_of(q), total(one for where, one in counts.items() if where.queue == q)) for q in departments]
    return turn.text(
        "briefs.quarter",
        street=org.name_of(STREET_DESK),
        year=last.year,
        quarter=_quarter_of(last),
        received=whole.received,
        resolved=whole.resolved,
        reopened=whole.reopened or "",
        escalated=whole.escalated or "",
        rates=_rates(turn, whole),
        lines="\n".join(_quarter_line(turn, name, one) for name, one in scopes if one.received),
        board=board,
    )


def board_text(turn: Turn, counts: Mapping[Where, Counts]) -> str:
    """红黑榜 of the grids as the page has it: the first and the last few with a place. Empty without any."""
    org, grids = turn.city.org, dict.fromkeys(where.grid for where in counts if where.grid)
    scopes = {grid: total(one for where, one in counts.items() if where.grid == grid) for grid in grids}
    standings = rank(scopes, total(counts.values()), turn.city.manners.weights)
    placed = [one for one in standings if one.place is not None]
    if not placed:
        return ""
    shown = placed if len(placed) <= 2 * PLACED else [*placed[:PLACED], *placed[-PLACED:]]
    lines = [
        turn.text(
            f"briefs.place_{one.colour or 'even'}",
            place=one.place,
            name=org.name_of(grid_queue(one.key)) if org.has_queue(grid_queue(one.key)) else one.key,
            percent=percent(Fraction(one.score or 0)),
        )
        for one in shown
    ]
    between, few = len(placed) - len(shown), len(standings) - len(placed)
    return turn.text(
        "briefs.board",
        lines="\n".join(lines),
        between=between or "",
        ends=PLACED if between else "",
        few=few or "",
    )


def _quarter_line(turn: Turn, name: str, counts: Counts) -> str:
    ontime, stars = ontime_rate(counts).value, satisfaction_rate(counts).value
    return turn.text(
        "briefs.quarter_line",
        name=name,
        received=counts.received,
        ontime=turn.text("briefs.part_ontime", percent=percent(ontime)) if ontime is not None else "",
        stars=turn.text("briefs.part_stars", percent=percent(stars), rated=counts.rated) if stars is not None else "",
    )


TIMERS = {"brief.morning": _morning, "brief.week": _week, "brief.quarter": _quarter}
