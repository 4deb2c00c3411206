"""The wall as plain values for the web: wishes, one wish, figures, seasons. Nothing here tells whose wish it is."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from handlers.city import City
from storage import pictures, seasons, wishes
from storage.seasons import Season
from storage.tx import Tx
from storage.wishes import Filter, Wish
from workflow.season import SeasonState
from workflow.wish import WishState

SHOWN = (
    WishState.PUBLISHED,
    WishState.ADOPTED,
    WishState.FULFILLING,
    WishState.FULFILLED,
    WishState.CLOSED,
)
"""What the web page shows; in chat only what can still be adopted."""


class WallEntry(NamedTuple):
    """A wish as everybody may see it. `kind` is an item id, `place` no finer than an estate, `cursor` its place on the wall.

    `adopters` counts the parts that are taken, of `shares`; `cost` is yuan at most; `early` says that it may be adopted
    only from the launch hour of its season on.
    """

    number: int
    text: str
    kind: str
    theme: str
    place: str
    state: str
    published_at: datetime
    adopters: int
    shares: int
    cost: int | None
    due_at: datetime | None
    pairs: bool
    carried: int
    cursor: int
    early: bool


class SeasonEntry(NamedTuple):
    """A season as everybody may see it."""

    number: int
    title: str
    state: str
    launch_at: datetime
    closes_at: datetime


class Report(NamedTuple):
    """The public report of a season: its figures as they were published, and the references of its photos."""

    season: SeasonEntry
    figures: dict[str, object]
    pictures: list[str]


async def page(tx: Tx, city: City, only: Filter, *, below: int = 0, limit: int = 20) -> list[WallEntry]:
    """What hangs on the wall, in its order, below a cursor (0: from the top)."""
    found = await wishes.wall(tx, only, below=below, limit=limit)
    collecting = await _collecting(tx)
    return [_entry(city, w, collecting) for w in found]


async def one(tx: Tx, city: City, number: int) -> WallEntry | None:
    """One wish by its number, while the wall shows it."""
    wish = await wishes.find_by_number(tx, number)
    if wish is None or wish.rank is None or wish.published_at is None:
        return None
    return _entry(city, wish, await _collecting(tx))


async def _collecting(tx: Tx) -> int:
    """The season that waits for its launch hour; 0 for none."""
    season = await seasons.find_current(tx)
    return season.id if season is not None and season.state is SeasonState.COLLECTING else 0


def _entry(city: City, wish: Wish, collecting: int) -> WallEntry:
    return WallEntry(
        number=wish.number,
        text=wish.text,
        kind=wish.item,
        theme=wish.theme,
        place=wish.place_text or city.street.name,
        state=wish.state.value,
        published_at=wish.published_at or wish.submitted_at,
        adopters=wish.taken,
        shares=wish.shares,
        cost=wish.cost,
        due_at=wish.due_at,
        pairs=wish.pairs,
        carried=wish.carried,
        cursor=wish.rank or wish.number,
        early=bool(collecting) and wish.season_id == collecting and not wish.carried,
    )


async def current(tx: Tx) -> SeasonEntry | None:
    """The season that runs now."""
    season = await seasons.find_current(tx)
    return None if season is None else _season(season)


def _season(season: Season) -> SeasonEntry:
    return SeasonEntry(season.number, season.title, season.state.value, season.launch_at, season.closes_at)


async def figures(tx: Tx) -> dict[str, int]:
    """open, helping and fulfilled, of everything on the wall."""
    by_state = await wishes.counted(tx)
    return {
        "open": by_state.get("published", 0),
        "helping": by_state.get("adopted", 0) + by_state.get("fulfilling", 0),
        "fulfilled": by_state.get("fulfilled", 0) + by_state.get("closed", 0),
    }


async def report(tx: Tx, number: int) -> Report | None:
    """The report of a season, once it is public."""
    season = await seasons.find_by_number(tx, number)
    if season is None or season.state is not SeasonState.SHOWN:
        return None
    ids = [w.id for w in await wishes.of_season(tx, season.id)]
    photos = [p.shown for p in await pictures.public_of(tx, ids)]
    return Report(_season(season), dict(season.report), photos)


async def reports(tx: Tx) -> list[SeasonEntry]:
    """Every season with a public report, newest first."""
    return [_season(s) for s in await seasons.shown(tx)]
