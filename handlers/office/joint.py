"""Joint work (联办) as the cockpit shows it: how departments come when the street whistles, and how both sides find it."""

from __future__ import annotations

from typing import NamedTuple

from handlers.office.periods import Period
from handlers.office.turning import OfficeTurn
from storage import whistles
from storage.whistles import Stars


class Unit(NamedTuple):
    """One department. Stars are means of 1 to 5, None while nobody gave any."""

    key: str
    name: str
    parts: int
    led: int
    in_time: int
    late: int
    stars: float | None
    rated: int
    stars_of_caller: float | None
    rated_caller: int


class Joint(NamedTuple):
    """The whistles blown in a period by how they ended, and the departments, those called most often first."""

    blown: int
    open: int
    resolved: int
    called_off: int
    units: list[Unit]


async def account(turn: OfficeTurn, period: Period) -> Joint:
    """The whole street's whistles, blown within the period."""
    ended = await whistles.outcomes(turn.tx, period.since, period.until)
    units = [
        Unit(
            one.queue,
            turn.city.org.name_of(one.queue) if turn.city.org.has_queue(one.queue) else one.queue,
            one.parts,
            one.led,
            one.in_time,
            one.late,
            _mean(one.of_unit),
            one.of_unit.times,
            _mean(one.of_caller),
            one.of_caller.times,
        )
        for one in await whistles.tally(turn.tx, period.since, period.until)
    ]
    return Joint(sum(ended.values()), ended.get("open", 0), ended.get("resolved", 0), ended.get("called_off", 0), units)


def _mean(stars: Stars) -> float | None:
    return stars.total / stars.times if stars.times else None
