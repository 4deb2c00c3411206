"""Compares the clock with a slow oracle that looks at every single minute: `python -m benchmarks.clock [cases]`.

The oracle marks each minute of ten weeks by first principles and walks it; it shares no code with `workflow.calendar`.
Prints how many cases were compared and exits 1 at the first difference. The suite runs a slice of it.
"""

from __future__ import annotations

import random
import sys
import time as clocktime
from datetime import UTC, date, datetime, time, timedelta
from itertools import compress, islice
from zoneinfo import ZoneInfo

from workflow.calendar import Season, Span, WorkCalendar
from workflow.clock import StageLimit, resolve_due, respond_due, stage_due

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEKS, CASES_EACH = 10, 500
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def a_time(dice: random.Random, first: int, last: int) -> time:
    """A wall-clock time between two minutes of the day."""
    minute = dice.randint(first, last)
    return time(minute // 60, minute % 60)


def some_hours(dice: random.Random) -> tuple[time, time, tuple[time, time] | None]:
    """Opening, closing, and now and then a break between them."""
    opens, closes = a_time(dice, 0, 620), a_time(dice, 900, 1439)
    if dice.random() < 0.4:
        return opens, closes, None
    return opens, closes, (a_time(dice, 630, 720), a_time(dice, 730, 860))


def a_calendar(dice: random.Random, start: datetime) -> WorkCalendar:
    """Any calendar: zones with and without summer time, breaks, seasons, holidays, make-up days."""
    days = [start.date() + n * DAY for n in range(7 * WEEKS)]
    seasons = []
    for _ in range(dice.randint(0, 2)):
        begins, ends = dice.choice(days), dice.choice(days)
        seasons.append(Season((begins.month, begins.day), (ends.month, ends.day), *some_hours(dice)))
    opens, closes, rest = some_hours(dice)
    return WorkCalendar(
        tz=dice.choice(["Asia/Shanghai", "Asia/Shanghai", "UTC", "America/New_York", "Asia/Kathmandu"]),
        opens=opens,
        closes=closes,
        rest=rest,
        every_day=dice.random() < 0.3,
        holidays=frozenset(dice.sample(days, dice.randint(0, 12))),
        makeup_days=frozenset(dice.sample(days, dice.randint(0, 4))),
        seasons=tuple(seasons),
    )


# -------------------------------------------------------------------- the oracle


def works_on(calendar: WorkCalendar, day: date) -> bool:
    """Whether this local day is worked, said anew."""
    return calendar.every_day or day in calendar.makeup_days or (day.isoweekday() <= 5 and day not in calendar.holidays)


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Whether the minute that begins here is working time, said anew."""
    local = at.astimezone(ZoneInfo(calendar.tz))
    opens, closes, rest = calendar.opens, calendar.closes, calendar.rest
    for season in calendar.seasons:
        today = (local.month, local.day)
        inside = today >= season.begins and today <= season.ends
        around = season.begins > season.ends and (today >= season.begins or today <= season.ends)
        if inside or around:
            opens, closes, rest = season.opens, season.closes, season.rest
            break
    at_rest = rest is not None and rest[0] <= local.time() < rest[1]
    return works_on(calendar, local.date()) and opens <= local.time() < closes and not at_rest


class Oracle:
    """Every minute of ten weeks, marked one by one."""

    def __init__(self, calendar: WorkCalendar, start: datetime) -> None:
        self.start = start
        zone = ZoneInfo(calendar.tz)
        moments = [start + n * MINUTE for n in range(7 * WEEKS * 24 * 60)]
        self.open = bytearray(is_open(calendar, at) for at in moments)
        self.days = bytearray(works_on(calendar, at.astimezone(zone).date()) for at in moments)
        self.always = bytearray(b"\1" * len(moments))

    def walk(self, minutes: bytearray, at: int, amount: int, pauses: list[tuple[int, int]]) -> int | None:
        """The minute by which so many marked minutes outside pauses have passed; None beyond the ten weeks."""
        if not amount:
            return at
        left = minutes[:]
        for begins, ends in pauses:
            left[begins:ends] = bytes(len(left[begins:ends]))
        last = next(islice(compress(range(at, len(left)), left[at:]), amount - 1, amount), None)
        return None if last is None else last + 1

    def days_from(self, at: int) -> int | None:
        """Where a count of whole days begins: here on a workday, else at the next opening."""
        if self.days[at]:
            return at
        found = self.open.find(1, at)
        return None if found < 0 else found


# -------------------------------------------------------------------- comparing


def case(dice: random.Random, calendar: WorkCalendar, oracle: Oracle) -> str | None:
    """One random clock, by the rules and by walking; what differs, else None."""
    at, urgent = dice.randint(0, 21 * 24 * 60), dice.random() < 0.25
    pauses = [(b, b + dice.randint(0, 4 * 24 * 60)) for b in (dice.randint(0, 30 * 24 * 60) for _ in range(3))]
    pauses = pauses[: dice.randint(0, 3)]
    spans: list[Span] = [(oracle.start + b * MINUTE, oracle.start + e * MINUTE) for b, e in pauses]
    moment = oracle.start + at * MINUTE
    kind = dice.choice(["respond", "resolve", "stage minutes", "stage workdays"])
    walked: int | None
    if kind == "respond":
        amount = dice.randint(0, 2000)
        due = respond_due(moment, amount, urgent=urgent, calendar=calendar)
        walked = oracle.walk(oracle.always if urgent else oracle.open, at, amount, [])
    elif kind == "stage minutes":
        amount = dice.randint(1, 3000)
        due = stage_due(moment, StageLimit(minutes=amount), urgent=urgent, calendar=calendar, pauses=spans)
        walked = oracle.walk(oracle.always if urgent else oracle.open, at, amount, pauses)
    else:
        amount = dice.randint(0, 8 * 24) if kind == "resolve" else 24 * dice.randint(1, 6)
        if kind == "resolve":
            due = resolve_due(moment, amount, urgent=urgent, calendar=calendar, pauses=spans)
        else:
            limit = StageLimit(workdays=amount // 24)
            due, urgent = stage_due(moment, limit, urgent=urgent, calendar=calendar, pauses=spans), False
        begins = at if urgent else oracle.days_from(at)
        marked = oracle.always if urgent else oracle.days
        walked = None if begins is None else oracle.walk(marked, begins, 60 * amount, pauses)
    if walked is None or due == oracle.start + walked * MINUTE:
        return None
    expected = oracle.start + walked * MINUTE
    return f"{kind} {amount} urgent={urgent} from {moment} pauses {spans}\n  {due} instead of {expected}\n  {calendar}"


def compare(cases: int, seed: int, each: int = CASES_EACH) -> list[str]:
    """Every difference in so many cases; `each` of them share a calendar."""
    dice = random.Random(seed)
    found: list[str] = []
    for first in range(0, cases, each):
        start = YEAR + dice.randint(0, 300) * DAY
        calendar = a_calendar(dice, start)
        oracle = Oracle(calendar, start)
        found += [said for _ in range(min(each, cases - first)) if (said := case(dice, calendar, oracle))]
    return found


def main() -> int:
    """Compares as many cases as asked for, by default 100,000."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    began = clocktime.monotonic()
    found = compare(cases, seed=20261121)
    for difference in found[:5]:
        sys.stdout.write(f"{difference}\n")
    seconds = clocktime.monotonic() - began
    sys.stdout.write(f"{cases} cases, {len(found)} differences, {seconds:.0f} s\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
