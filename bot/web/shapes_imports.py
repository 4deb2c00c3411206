"""What the HTTP API of the imports gives. Names and phones in it are masked; a code is there once, in the answer that made it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from handlers.office.books.taking import BOOKS

BookName = Literal[tuple(BOOKS)]  # type: ignore[valid-type]


class BookOut(BaseModel):
    """One kind of book. `about` says what becomes of it."""

    id: str
    name: str
    about: str
    heads: list[str]
    most: int


class ImportOut(BaseModel):
    """A book that was taken in. With `proposal` there is a street file to fetch."""

    id: str
    kind: str
    name: str
    rows: int
    by: str
    at: datetime
    proposal: bool


class ImportsOut(BaseModel):
    """What can be brought, and what was brought last."""

    books: list[BookOut]
    recent: list[ImportOut]


class RowFault(BaseModel):
    """What is wrong in which cell, and what to do."""

    row: int
    cell: str = Field(examples=["B3"])
    code: str
    text: str


class RowOut(BaseModel):
    """A row that can be taken in; `known` ones are passed over."""

    row: int
    cells: list[str]
    note: str
    known: bool


class FoundOut(BaseModel):
    """What would come of a file. With a fault, or when nothing is new, nothing can be taken in."""

    lines: int
    fresh: int
    known: int
    fault_count: int
    faults: list[RowFault]
    rows: list[RowOut]
    before: datetime | None = Field(default=None, description="When the very same rows were taken in")


class DoneOut(BaseModel):
    """What came of one row: a code to hand over, or the number of a record."""

    row: int
    cells: list[str]
    result: str


class TakenOut(BaseModel):
    """A book that was taken in whole."""

    id: str
    rows: int
    known: int
    done: list[DoneOut]
    proposal: bool
