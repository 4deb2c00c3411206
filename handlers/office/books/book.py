"""What the kinds of books share: columns, rows as they were read, what is wrong with a row, and what is made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from handlers.city import City
from handlers.office.turning import OfficeTurn

EVER = timedelta(days=36_500)
"""For as long as anybody asks."""


class Column(NamedTuple):
    """One column. Its head and what is said about it are sentences under its name; `longest` counts characters."""

    name: str
    needed: bool = False
    longest: int = 60
    width: int = 16


class Line(NamedTuple):
    """One row as it stands in the file, counted as Excel counts: text by column, and which letter each column has."""

    row: int
    cells: Mapping[str, str]
    letters: Mapping[str, str]


class Fault(NamedTuple):
    """What is wrong in which cell. `code` names the sentence that says so and what to do; `values` fill it."""

    row: int
    cell: str
    code: str
    values: Mapping[str, Any] = {}


def fault(line: Line, column: str, code: str, **values: Any) -> Fault:
    """A fault of one cell."""
    return Fault(line.row, f"{line.letters.get(column, '')}{line.row}", code, values)


class Step(NamedTuple):
    """A row without a fault: `shown` are its cells as the page may show them, `note` what will come of it.

    `content` is what the row is known by when it comes again; `known` says that it has been taken in before.
    """

    line: Line
    shown: Sequence[str]
    note: str
    value: Any
    content: str
    known: bool = False


class Studied(NamedTuple):
    """Rows that may be taken in, and faults. With one fault nothing of the file is taken in."""

    steps: list[Step]
    faults: list[Fault]


class Done(NamedTuple):
    """One row that was taken in, and what is to be handed to somebody because of it: a code, or a record's number."""

    row: int
    shown: Sequence[str]
    result: str


class Saved(NamedTuple):
    """What came of a book: the rows with a result of their own, what the ledger says about it, and a proposal."""

    done: list[Done]
    data: Mapping[str, Any] = {}
    proposal: str = ""


@dataclass(frozen=True)
class Book:
    """One kind. `study` knows nothing but the file; `compare` asks the database; `save` takes in what is new.

    `most` rows go into one file; what was taken in so long ago (`known_for`) may come again.
    """

    name: str
    columns: tuple[Column, ...]
    most: int
    study: Callable[[City, Sequence[Line], datetime], Awaitable[Studied]]
    compare: Callable[[OfficeTurn, Studied], Awaitable[Studied]]
    save: Callable[[OfficeTurn, Sequence[Step]], Awaitable[Saved]]
    known_for: timedelta = EVER


def split(studied: Studied, verdicts: Mapping[int, Fault]) -> Studied:
    """The same with further faults, by row: such rows are no steps any more."""
    kept = [step for step in studied.steps if step.line.row not in verdicts]
    return Studied(kept, [*studied.faults, *verdicts.values()])
