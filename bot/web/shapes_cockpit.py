"""What the HTTP API of the cockpit and of the board gives and takes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bot.web.shapes import Body, Queue
from bot.web.shapes_office import Number, Out
from handlers.office.board import RANKED
from handlers.office.counting import COUNTED, DIMENSIONS

PeriodName = Annotated[
    str,
    Field(pattern=r"^(20[0-9]{2}(Q[1-4]|-(0[1-9]|1[0-2]))?|[1-9][0-9]{0,2}d)$", examples=["2026Q4", "2026-11", "30d"]),
]
Dimension = Literal[DIMENSIONS]  # type: ignore[valid-type]
Ranked = Literal[RANKED]  # type: ignore[valid-type]
CountedName = Literal[COUNTED]  # type: ignore[valid-type]
ScopeKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]


class FigureOut(Out):
    """One indicator, with what it was made of, how, and what it leaves out."""

    name: str
    title: str
    value: float | None
    numerator: float
    denominator: int
    formula: str
    without: str


class ScopeOut(Out):
    """One grid, community, department or item; the whole street has an empty key."""

    key: str
    name: str
    counts: dict[str, int]
    figures: list[FigureOut]


class PeriodOut(Out):
    """From `since` until before `until`."""

    name: str
    since: datetime
    until: datetime


class DayOut(Out):
    """A day, or the week that begins with it."""

    day: str
    received: int
    resolved: int


class HotOut(Out):
    """One kind that one grid has reported three times in three days, or oftener."""

    grid: str
    place: str
    item: str
    kind: str
    count: int


class StepOut(Out):
    """Which share of all records had come so far so soon."""

    minutes: int
    share: float | None


class HeatOut(Out):
    """One grid on the map; `outline` is empty where the street file draws none."""

    grid: str
    name: str
    community: str
    received: int
    open: int
    overdue: int
    outline: list[list[float]]


class LoadOut(Out):
    """How much one worker has in hand."""

    name: str
    held: int
    overdue: int


class UnitOut(Out):
    """How one department came when it was whistled for: how often, as the lead, checked in by its time or not.

    `stars` are what the street gave it, `stars_of_caller` what it gave the street: means of 1 to 5, null without any.
    """

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


class JointOut(Out):
    """The whole street's whistles blown in the period, by how they ended, and the departments."""

    blown: int
    open: int
    resolved: int
    called_off: int
    units: list[UnitOut]


class CockpitOut(Out):
    """Everything on the cockpit, counted at one moment."""

    at: datetime
    seq: int
    period: PeriodOut
    version: str
    total: ScopeOut
    by: str
    rows: list[ScopeOut]
    trend: list[DayOut]
    hot: list[HotOut]
    again: int
    response: list[StepOut]
    resolution: list[StepOut]
    heat: list[HeatOut]
    load: list[LoadOut]
    joint: JointOut
    periods: list[str]


class PlaceOut(Out):
    """One scope on the board. Without enough records it has no place."""

    place: int | None
    colour: str
    row: ScopeOut
    score: float | None
    low: float | None
    high: float | None
    why: str


class AppealOut(Out):
    """An appeal; `upheld` is null until somebody has ruled."""

    id: str
    scope: str
    number: int | None
    words: str
    at: datetime
    upheld: bool | None
    ruling: str
    own: bool


class BoardOut(Out):
    """The board of a period, with its appeals."""

    period: PeriodOut
    version: str
    formula: str
    left_out: int
    places: list[PlaceOut]
    appeals: list[AppealOut]


class NewAppeal(Body):
    """An appeal against a place on the board, about one record if a number is given."""

    period: PeriodName
    by: Ranked
    key: ScopeKey | Queue
    number: Number | None = None
    words: str = Field(min_length=2, max_length=500)


class NewRuling(Body):
    """How an appeal is ruled, with words that everybody at the desk reads."""

    upheld: bool
    words: str = Field(min_length=2, max_length=500)
