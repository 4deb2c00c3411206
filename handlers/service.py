"""The record of service: what somebody did in a year for their neighbours, seen in chat and printed for their unit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from handlers.city import City
from handlers.turn import Turn
from storage import activities, adoptions, duties, members, people, points, tickets
from storage.tx import Tx

PAPER = "paper"
"""The kind of ticket that opens a printable paper (`bot.papers`)."""
PAPER_LIFE = timedelta(days=7)
_SHOWN = 6


class Line(NamedTuple):
    """One thing done."""

    at: datetime
    what: str
    hours: float


class Record(NamedTuple):
    """A year of service. `name` is for the owner and whoever they hand the paper to."""

    year: int
    name: str
    kind: str
    unit: str
    branch: str
    community: str
    lines: tuple[Line, ...]
    wishes: int
    points: int

    @property
    def hours(self) -> float:
        """All hours together."""
        return round(sum(line.hours for line in self.lines), 1)


async def record_of(city: City, tx: Tx, person_id: int, year: int) -> Record:
    """What somebody did from 1 January to 31 December of a year, local time: confirmed service and fulfilled wishes."""
    since = datetime(year, 1, 1, tzinfo=city.manners.tz).astimezone(UTC)
    until = datetime(year + 1, 1, 1, tzinfo=city.manners.tz).astimezone(UTC)
    lines = [Line(a.starts_at, a.words, hours) for a, hours in await activities.of_person(tx, person_id, since, until)]
    lines += [Line(s.at, duty.words, s.hours) for duty, s in await duties.served(tx, person_id, since, until)]
    wishes = [
        w
        for w in await adoptions.fulfilled_by(tx, person_id)
        if w.fulfilled_at is not None and since <= w.fulfilled_at < until
    ]
    lines += [Line(w.fulfilled_at, w.text, w.hours or 0.0) for w in wishes if w.fulfilled_at is not None]
    member = await members.find(tx, person_id, ("confirmed", "left"))
    person = await people.get_person(tx, person_id)
    got = [e.points for e in await points.earned(tx, since, until) if e.person_id == person_id]
    return Record(
        year=year,
        name=person.name,
        kind=member.kind if member else "volunteer",
        unit=member.unit if member else "",
        branch=member.branch if member else "",
        community=city.org.name_of(member.queue) if member else city.street.name,
        lines=tuple(sorted(lines, key=lambda line: line.at)),
        wishes=len(wishes),
        points=got[0] if got else 0,
    )


async def paper_link(turn: Turn, data: dict[str, Any]) -> str:
    """An address that opens a paper for a week; empty where this program has no web address."""
    base = turn.city.manners.office_base or turn.city.manners.web_base
    if not base:
        return ""
    token = await tickets.issue(turn.tx, PAPER, data, turn.now, turn.now + PAPER_LIFE)
    return f"{base.rstrip('/')}/papers/{token}.pdf"


async def show(turn: Turn, match: re.Match[str]) -> None:
    """服务记录, 2025年服务记录: in chat, with a link to print it."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    year = int(match["year"] or turn.now.astimezone(turn.city.manners.tz).year)
    await points.catch_up(turn.tx, turn.city.points, turn.city.manners.tz)
    record = await record_of(turn.city, turn.tx, turn.me.id, year)
    if not record.lines:
        await turn.say("volunteer.record_none", year=year)
        return
    shown = [
        turn.text("volunteer.record_line", what=line.what[:20], hours=f"{line.hours:g}")
        for line in record.lines[-_SHOWN:]
    ]
    if len(record.lines) > _SHOWN:
        shown.append(turn.text("volunteer.record_more", count=len(record.lines)))
    if record.wishes:
        shown.append(turn.text("volunteer.record_wishes", count=record.wishes))
    link = await paper_link(turn, {"paper": "service", "person": turn.me.id, "year": year})
    await turn.say(
        "volunteer.record",
        year=year,
        lines="\n".join(shown),
        hours=f"{record.hours:g}",
        points=record.points,
        link=link,
    )


COMMANDS = [(re.compile(r"(?P<year>20\d\d)?\s*年?(?:度)?服务(?:记录|证明|时长)"), show)]
