"""居民花名册: people who are known by name and phone before they have written to us. Both are sealed.

A list makes nobody a user: it gives no role, opens no chat, and a phone number typed in a chat proves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from handlers.city import City
from handlers.office.books.book import Book, Column, Fault, Line, Saved, Step, Studied, fault
from handlers.office.turning import OfficeTurn
from handlers.triage import place_dict
from nlp.address import Place
from nlp.mask import find_phone, mask_name, mask_phone
from storage import people

EACH = 50
"""Rows after which others have their turn."""


class Resident(NamedTuple):
    """One row."""

    name: str
    phone: str
    home: dict[str, Any] | None


def phone_of(text: str) -> str | None:
    """The number of a cell that holds nothing else."""
    found = find_phone(text)
    if found is None:
        return None
    digits = "".join(filter(str.isdigit, text))
    return found if digits.endswith("".join(filter(str.isdigit, found))) and len(digits) <= len(found) + 4 else None


async def study(city: City, lines: Sequence[Line], now: datetime) -> Studied:
    """Names, numbers and addresses, row by row; the same number and name twice in a file is a fault."""
    steps: list[Step] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    for count, line in enumerate(lines, 1):
        name, phone = line.cells["name"], phone_of(line.cells["phone"])
        place = city.places.find(line.cells["home"]) if line.cells["home"] else None
        if phone is None:
            faults.append(fault(line, "phone", "phone"))
        elif (name, phone) in seen:
            faults.append(fault(line, "phone", "repeated", row=seen[name, phone]))
        elif place is not None and not place.grid:
            faults.append(nowhere(line, "home", place))
        else:
            seen[name, phone] = line.row
            steps.append(_step(city, line, Resident(name, phone, place_dict(place) if place else None), now))
        if count % EACH == 0:
            await asyncio.sleep(0)
    return Studied(steps, faults)


def nowhere(line: Line, column: str, place: Place | None) -> Fault:
    """An address that no grid has, or that several may have."""
    if place is not None and place.candidates:
        labels = "、".join(candidate.label for candidate in place.candidates[:3])
        return fault(line, column, "home_unclear", places=labels)
    return fault(line, column, "home_unknown")


def _step(city: City, line: Line, one: Resident, now: datetime) -> Step:
    grid = city.street.get_grid(one.home["grid"]).name if one.home else ""
    shown = (mask_name(one.name), mask_phone(one.phone), one.home["text"] if one.home else "")
    note = city.texts.text("books.will_live", now, name=grid) if grid else city.texts.text("books.will_know", now)
    return Step(line, shown, note, one, one.phone)


async def compare(turn: OfficeTurn, studied: Studied) -> Studied:
    """Whoever has a number that is here is known already, from a chat or from an earlier list."""
    there = await people.with_phones(turn.tx, [step.value.phone for step in studied.steps])
    return studied._replace(steps=[step._replace(known=step.value.phone in there) for step in studied.steps])


async def save(turn: OfficeTurn, steps: Sequence[Step]) -> Saved:
    """Adds every one of them."""
    for step in steps:
        one: Resident = step.value
        await people.add_known(turn.tx, "residents", one.name, one.phone, one.home, turn.now)
    return Saved([])


BOOK = Book(
    "residents",
    (
        Column("name", needed=True, longest=30),
        Column("phone", needed=True, longest=30, width=18),
        Column("home", width=30),
    ),
    3_000,
    study,
    compare,
    save,
)
