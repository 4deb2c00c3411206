"""The cockpit (驾驶舱): every indicator by grid, community, department and item over a period, and what stands behind each.

A record belongs to the period it was received in. Every figure comes with its formula, what it leaves out, and the
version of the formulas; the same masks give the figure and the list of its records.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from handlers import names
from handlers.city import City
from handlers.office import periods
from handlers.office.counting import DIMENSIONS, MINUTE, Counted, Mask, Sheet, micros
from handlers.office.periods import Period
from handlers.office.turning import OfficeTurn
from storage.facts import NONE, Facts
from workflow.indicators import VERSION, Indicator
from workflow.queues import grid_queue

_DAY = 24 * 60 * MINUTE
HOT_WITHIN, HOT_COUNT = timedelta(days=3), 3
"""三天三单: as many reports of one kind in one grid within these days are a hot matter."""
RESPONSE_MINUTES = (10, 30, 60, 120, 240, 480, 1440, 2880)
RESOLUTION_HOURS = (4, 12, 24, 48, 72, 120, 168, 240, 360)
_LOADED = 20


class Figure(NamedTuple):
    """One indicator in words and numbers. `value` is None when there is nothing to divide by."""

    name: str
    title: str
    value: float | None
    numerator: float
    denominator: int
    formula: str
    without: str


class Scope(NamedTuple):
    """One row: a grid, community, department, item, or the whole street (empty key)."""

    key: str
    name: str
    counts: Mapping[str, int]
    figures: list[Figure]


class Filter(NamedTuple):
    """Which records: of a period, and of one scope of a dimension when one is given."""

    period: Period
    dimension: str = ""
    key: str = ""


def within(sheet: Sheet, wanted: Filter) -> Mask:
    """The records of a filter. ValueError for a scope that there is not."""
    mask = sheet.received_in(wanted.period.since, wanted.period.until)
    if not wanted.dimension:
        return mask
    keys, scopes = sheet.keys(wanted.dimension)
    if wanted.key not in scopes:
        return np.zeros(sheet.facts.size, dtype=np.bool_)
    return np.asarray(mask & (keys == scopes.index(wanted.key)), dtype=np.bool_)


def overview(city: City, facts: Facts, wanted: Filter, by: str, now: datetime) -> dict[str, Any]:
    """Everything on the cockpit but the names of people: figures, rows, trend, hot matters, curves, map, workers by id."""
    if by not in DIMENSIONS:
        raise ValueError(f"no such dimension: {by!r}")
    sheet = Sheet(facts, city.org, now)
    mask = within(sheet, wanted)
    return {
        "at": now,
        "seq": facts.seq,
        "period": wanted.period._asdict(),
        "version": VERSION,
        "total": scope(city, now, "", city.street.name, sheet.count(mask)),
        "by": by,
        "rows": rows(city, sheet, mask, by, now),
        "trend": _trend(sheet, mask, wanted.period, now, city),
        "hot": _hot(city, sheet, now),
        "again": int((mask & sheet.mask("again")).sum()),
        "response": _curve(sheet, mask, "responded_at", RESPONSE_MINUTES, 1),
        "resolution": _curve(sheet, mask, "resolved_at", RESOLUTION_HOURS, 60),
        "heat": _heat(city, sheet, mask),
        "workers": _workers(sheet),
        "periods": periods.offered(now, city.manners.tz),
    }


def scope(city: City, now: datetime, key: str, name: str, counted: Counted) -> Scope:
    """A row with its indicators in words."""
    counts = {k: v for k, v in vars(counted.counts).items() if k != "handling_minutes"}
    figures = [figure(city, now, one) for one in counted.figures]
    return Scope(key, name, {**counts, "open": counted.open, "overdue": counted.overdue}, figures)


def figure(city: City, now: datetime, one: Indicator) -> Figure:
    """An indicator with its title, formula and exclusions from the texts."""
    text = city.texts.text
    return Figure(
        one.name,
        text(f"figures.{one.name}_title", now),
        None if one.value is None else float(one.value),
        float(one.numerator),
        one.denominator,
        text(f"figures.{one.name}", now),
        text(f"figures.{one.name}_without", now),
    )


def rows(city: City, sheet: Sheet, mask: Mask, by: str, now: datetime) -> list[Scope]:
    """Every scope of a dimension that has records in the mask, most records first."""
    keys, scopes = sheet.keys(by)
    counted = sheet.count_by(np.where(mask, keys, NONE), len(scopes))
    found = [
        scope(city, now, key, name_of(city, by, key), one)
        for key, one in zip(scopes, counted, strict=True)
        if one.counts.received
    ]
    return sorted(found, key=lambda row: (-row.counts["received"], row.name))


def name_of(city: City, dimension: str, key: str) -> str:
    """What people call a scope; the key itself when it is gone from the street file."""
    org = city.org
    match dimension:
        case "grid":
            return org.name_of(grid_queue(key)) if org.has_queue(grid_queue(key)) else key
        case "community":
            return org.communities.get(key, key)
        case "department":
            return org.name_of(key) if org.has_queue(key) else key
        case _:
            return city.item_name(key) or key


def _trend(sheet: Sheet, mask: Mask, period: Period, now: datetime, city: City) -> list[dict[str, Any]]:
    """Received and resolved of each day, until today; by months when there would be too many days."""
    since = micros(period.since)
    until = min(micros(period.until), micros(now))
    days = max(1, -(-(until - since) // _DAY))
    step = 1 if days <= 92 else 7
    bins = -(-days // step)
    found: dict[str, Any] = {}
    for name, column in (("received", "received_at"), ("resolved", "resolved_at")):
        at = sheet.facts[column][mask & sheet.mask(name)]
        place = (at - since) // (_DAY * step)
        place = place[(place >= 0) & (place < bins)]
        found[name] = np.bincount(place, minlength=bins)
    start = period.since.astimezone(city.manners.tz).date()
    return [
        {
            "day": (start + timedelta(days=n * step)).isoformat(),
            "received": int(found["received"][n]),
            "resolved": int(found["resolved"][n]),
        }
        for n in range(bins)
    ]


def _hot(city: City, sheet: Sheet, now: datetime) -> list[dict[str, Any]]:
    """One kind in one grid, reported so often in the last days; most first."""
    facts = sheet.facts
    recent = sheet.received_in(now - HOT_WITHIN, now + timedelta(seconds=1)) & ~sheet.among(
        "state", ("withdrawn", "refused")
    )
    grids, items = facts["grid"][recent], facts["item"][recent]
    if not len(grids):
        return []
    pairs, counts = np.unique(np.stack([grids, items]), axis=1, return_counts=True)
    found: list[dict[str, Any]] = []
    for grid, item, count in zip(pairs[0], pairs[1], counts, strict=True):
        place, kind = facts.words["grid"][int(grid)], facts.words["item"][int(item)]
        if count >= HOT_COUNT and place and kind:
            found.append(
                {
                    "grid": place,
                    "place": name_of(city, "grid", place),
                    "item": kind,
                    "kind": city.item_name(kind) or city.texts.text("card.unknown_kind", now),
                    "count": int(count),
                }
            )
    return sorted(found, key=lambda one: -int(one["count"]))[:10]


def _curve(sheet: Sheet, mask: Mask, column: str, steps: tuple[int, ...], minutes: int) -> list[dict[str, Any]]:
    """Which share of all records had come so far within each span after their receipt."""
    facts = sheet.facts
    every = int(mask.sum())
    reached = facts[column][mask]
    took = (reached - facts["received_at"][mask])[reached != NONE] // MINUTE
    return [
        {"minutes": step * minutes, "share": round(float((took <= step * minutes).sum()) / every, 4) if every else None}
        for step in steps
    ]


def _heat(city: City, sheet: Sheet, mask: Mask) -> list[dict[str, Any]]:
    """Every grid of the street file, with or without records, and its outline where the file draws one."""
    keys, scopes = sheet.keys("grid")
    kept = np.where(mask, keys, NONE)
    inside = kept >= 0

    def table(name: str) -> dict[str, int]:
        counted = np.bincount(kept[inside], weights=sheet.mask(name)[inside], minlength=len(scopes))
        return {scope: int(n) for scope, n in zip(scopes, counted, strict=False)}

    received, open_, late = table("received"), table("open"), table("overdue")
    return [
        {
            "grid": grid.id,
            "name": grid.name,
            "community": community.name,
            "received": received.get(grid.id, 0),
            "open": open_.get(grid.id, 0),
            "overdue": late.get(grid.id, 0),
            "outline": [list(point) for point in grid.polygon],
        }
        for community in city.street.communities
        for grid in community.grids
    ]


def _workers(sheet: Sheet) -> list[tuple[int, int, int]]:
    """(person, records in hand, overdue of these), most first."""
    held = sheet.among("state", ("claimed", "joint")) & (sheet.facts["claimer_id"] != NONE)
    people, place = np.unique(sheet.facts["claimer_id"][held], return_inverse=True)
    counts = np.bincount(place, minlength=len(people)) if len(people) else np.zeros(0)
    late = (
        np.bincount(place, weights=sheet.mask("overdue")[held], minlength=len(people)) if len(people) else np.zeros(0)
    )
    found = sorted(
        ((int(p), int(n), int(x)) for p, n, x in zip(people, counts, late, strict=True)), key=lambda w: -w[1]
    )
    return found[:_LOADED]


async def named(turn: OfficeTurn, workers: list[tuple[int, int, int]]) -> list[dict[str, Any]]:
    """The load of each worker, by name."""
    return [{"name": await names.worker(turn, p), "held": n, "overdue": late} for p, n, late in workers]


def behind(
    city: City, facts: Facts, wanted: Filter, counted: str, now: datetime, after: int, limit: int
) -> tuple[int, tuple[int, ...]]:
    """How many records a figure was counted from, and some of their ids: newest first, after so many."""
    sheet = Sheet(facts, city.org, now)
    rows = np.flatnonzero(within(sheet, wanted) & sheet.mask(counted))[::-1]
    return len(rows), tuple(int(ident) for ident in facts["id"][rows[after : after + limit]])
