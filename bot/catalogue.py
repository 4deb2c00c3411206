"""Reads the street, the catalogue, the holidays and the texts from their files and makes them one `City`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import chinese_calendar

from bot.hours import HoursError, calendars
from bot.texts import render
from handlers.city import City, Manners, Texts
from handlers.messages import Capabilities
from nlp.reader import Item, Reader
from nlp.street import Street, parse_street
from workflow.points import PointsError, Rulebook, parse_points
from workflow.queues import Org
from workflow.taxonomy import Taxonomy, parse_taxonomy

SHIPPED_TAXONOMY = Path(str(resources.files("workflow"))) / "data" / "taxonomy.toml"
SHIPPED_POINTS = Path(str(resources.files("workflow"))) / "data" / "points.toml"
SHIPPED_STATUTORY = Path(str(resources.files("workflow"))) / "data" / "statutory-holidays.toml"
SHIPPED_STREET = Path(__file__).parent / "demo" / "street.toml"


class CatalogueError(ValueError):
    """A data file cannot be used; the message names the file, the fault and what to do."""


def read_toml(path: Path) -> dict[str, Any]:
    """The file as a mapping. Raises `CatalogueError`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{path}: no such file; check the path in config.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: not valid TOML: {error}") from None


def load_street(path: Path) -> Street:
    """The street file. Raises `CatalogueError`."""
    try:
        return parse_street(read_toml(path))
    except CatalogueError:
        raise
    except ValueError as error:
        raise CatalogueError(f"{path}: {error}") from None


def load_taxonomy(path: Path | None) -> Taxonomy:
    """The catalogue file, by default the shipped one. Raises `CatalogueError`."""
    file = path or SHIPPED_TAXONOMY
    try:
        return parse_taxonomy(read_toml(file))
    except CatalogueError:
        raise
    except ValueError as error:
        raise CatalogueError(f"{file}: {error}") from None


def load_points(path: Path | None) -> Rulebook:
    """The rules of points, by default the shipped ones. Raises `CatalogueError`."""
    file = path or SHIPPED_POINTS
    try:
        return parse_points(read_toml(file))
    except PointsError as error:
        raise CatalogueError(f"{file}: {error}") from None


def reader_items(taxonomy: Taxonomy) -> list[Item]:
    """The catalogue as the text reader needs it."""
    items = []
    for item in taxonomy.items:
        category, subcategory = taxonomy.category_of(item.id), taxonomy.subcategory_of(item.id)
        items.append(Item(item.id, item.name, subcategory.id, subcategory.name, category.id, category.name))
    return items


def organisation(street: Street, taxonomy: Taxonomy) -> Org:
    """Who is above whom, from the street file and the catalogue."""
    return Org(
        street_id=street.id,
        street_name=street.name,
        communities={c.id: c.name for c in street.communities},
        grids={g.id: c.id for c in street.communities for g in c.grids},
        grid_names={g.id: g.name for g in street.grids()},
        departments={d.id: d.name for d in taxonomy.departments},
    )


def holidays_known_until(folder: Path | None = None) -> date:
    """The last day whose holidays are known: the end of the last year of which the package or a file in `folder` knows.

    Years before it must not be missing: the day before the first gap counts.
    """
    years = {day.year for day in chinese_calendar.holidays}
    if folder is not None:
        years |= {year for year, _ in _year_files(folder)}
    last = min(years)
    while last + 1 in years:
        last += 1
    return date(last, 12, 31)


def shipped_holidays() -> tuple[frozenset[date], frozenset[date]]:
    """(public holidays, make-up workdays) as the State Council published them, from the calendar package."""
    return frozenset(chinese_calendar.holidays), frozenset(chinese_calendar.workdays)


def statutory_holidays(after: date) -> frozenset[date]:
    """The days off that the law itself fixes, of the years after `after`: what counts until a year is announced.

    There are no make-up workdays among them: which weekends are worked is for the notice to say.
    """
    years = read_toml(SHIPPED_STATUTORY)
    return frozenset(day for year, days in years.items() if int(year) > after.year for day in days)


def _year_files(folder: Path) -> list[tuple[int, Path]]:
    found = []
    for path in sorted(folder.glob("holidays-*.toml")):
        year = path.stem.removeprefix("holidays-")
        if not (year.isdecimal() and len(year) == 4):
            raise CatalogueError(f"{path}: the name must be holidays-<year>.toml, such as holidays-2027.toml")
        found.append((int(year), path))
    return found


def extra_holidays(folder: Path) -> tuple[frozenset[date], frozenset[date]]:
    """Years an operator added: `holidays-2027.toml` with `holidays = [dates]` and `makeup_days = [dates]`.

    A date of another year (but for the days around New Year), one that is both, a make-up day on a plain weekday, or
    a year without a holiday is a `CatalogueError`.
    """
    off: set[date] = set()
    makeup: set[date] = set()
    for year, path in _year_files(folder):
        data = read_toml(path)
        unknown = set(data) - {"holidays", "makeup_days"}
        if unknown:
            raise CatalogueError(f"{path}: unknown key {sorted(unknown)[0]}; use holidays and makeup_days")
        days = {name: _days(path, name, data.get(name, []), year) for name in ("holidays", "makeup_days")}
        _check_year(path, days["holidays"], days["makeup_days"])
        off |= days["holidays"]
        makeup |= days["makeup_days"]
    return frozenset(off), frozenset(makeup)


def _days(path: Path, name: str, said: object, year: int) -> set[date]:
    """The dates of one list."""
    if not isinstance(said, list):
        raise CatalogueError(f"{path}: {name} must be a list of dates such as 2027-01-01")
    found: set[date] = set()
    for day in said:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise CatalogueError(f"{path}: {name} must hold dates such as 2027-01-01, not {day!r}")
        near = day.year == year or (day.month, day.year) in ((12, year - 1), (1, year + 1))
        if not near:
            raise CatalogueError(f"{path}: {name}: {day} is no day of {year}")
        if day in found:
            raise CatalogueError(f"{path}: {name}: {day} stands there twice")
        found.add(day)
    return found


def _check_year(path: Path, off: set[date], makeup: set[date]) -> None:
    if not off:
        raise CatalogueError(f"{path}: holidays: a year without a holiday cannot be right")
    both = sorted(off & makeup)
    if both:
        raise CatalogueError(f"{path}: {both[0]} is both a holiday and a make-up day")
    weekday = sorted(day for day in makeup if day.weekday() < 5)
    if weekday:
        raise CatalogueError(f"{path}: makeup_days: {weekday[0]} is a weekday already; a make-up day is on a weekend")


def build_city(
    *,
    street_file: Path,
    taxonomy_file: Path | None,
    channels: Mapping[str, Capabilities],
    manners: Manners | None = None,
    lexicon: Path | None = None,
    texts: Texts | None = None,
    holidays_folder: Path | None = None,
    calendar_file: Path | None = None,
    points_file: Path | None = None,
) -> City:
    """Everything handlers know about the place. Raises `CatalogueError`, `bot.texts.render.TextError`."""
    chosen = manners or Manners()
    street, taxonomy = load_street(street_file), load_taxonomy(taxonomy_file)
    holidays, makeup = shipped_holidays()
    folder = holidays_folder or street_file.parent
    more, more_makeup = extra_holidays(folder)
    until = holidays_known_until(folder)
    org = organisation(street, taxonomy)
    try:
        hours = calendars(
            read_toml(calendar_file) if calendar_file else {},
            calendar_file,
            org,
            tz=str(chosen.tz),
            holidays=holidays | more | statutory_holidays(until),
            makeup_days=makeup | more_makeup,
        )
    except HoursError as error:
        raise CatalogueError(str(error)) from None
    reader = Reader(reader_items(taxonomy), street, lexicon)
    return City(
        street=street,
        places=reader.places,
        taxonomy=taxonomy,
        org=org,
        reader=reader,
        texts=texts or render.load(chosen.tz),
        channels=channels,
        grid_calendar=hours.grids,
        department_calendar=hours.departments,
        desk_calendar=hours.desks,
        own_calendars=hours.own,
        holidays_until=until,
        manners=chosen,
        place_codes=place_codes(street),
        points=load_points(points_file),
    )


def _house_order(building: str) -> tuple[int, str]:
    """2 before 10, 20 before 20A."""
    digits = "".join(c for c in building if c.isdecimal())
    return int(digits or 0), building


def place_codes(street: Street) -> dict[str, str]:
    """The code of every building and landmark, and the words it stands for: `yinxing-yuan-3`, `p-yinxing-03-0`.

    Codes are made of the street file's ids, so that printed posters stay valid as long as the ids do.
    """
    codes: dict[str, str] = {}
    for community in street.communities:
        names = {e.id: e.name for e in community.estates}
        for grid in community.grids:
            for index, landmark in enumerate(grid.places):
                codes[f"p-{grid.id}-{index}"] = landmark
            for area in grid.areas:
                for building in sorted(area.building_set() or (), key=_house_order):
                    codes[f"{area.estate}-{building}"] = f"{names[area.estate]}{building}幢"
                if area.estate and area.building_set() is None:
                    codes[area.estate] = names[area.estate]
    return codes
