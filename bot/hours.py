"""Reads `calendar.toml`: when grids, desks and departments work, their breaks, summer and winter hours, and single queues.

Holidays are files of their own, one a year (`bot.catalogue`). Whatever cannot be understood is an error at start.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from workflow.calendar import Season, WorkCalendar
from workflow.queues import Org


class HoursError(ValueError):
    """The file cannot be used; the message names the file, the key and what to write."""


class Calendars(NamedTuple):
    """The calendar of each kind of queue, and of the queues that have their own."""

    grids: WorkCalendar
    desks: WorkCalendar
    departments: WorkCalendar
    own: Mapping[str, WorkCalendar]


class _Hours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    opens: time = time(8, 30)
    closes: time = time(18, 0)
    rest: tuple[time, time] | None = None


class _SeasonHours(_Hours):
    begins: tuple[int, int] = Field(alias="from")
    ends: tuple[int, int] = Field(alias="to")

    @field_validator("begins", "ends", mode="before")
    @classmethod
    def _month_and_day(cls, said: object) -> tuple[int, int]:
        month, dash, day = str(said).partition("-")
        if not (dash and month.isdecimal() and day.isdecimal()):
            raise ValueError("write a month and a day, such as 05-01")
        return int(month), int(day)

    def season(self) -> Season:
        """As the rules know it. ValueError for a day that no year has, or hours that cannot be."""
        return Season(self.begins, self.ends, self.opens, self.closes, self.rest)


class _Calendar(_Hours):
    every_day: bool = False
    seasons: tuple[_SeasonHours, ...] = ()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.calendar("Asia/Shanghai", frozenset(), frozenset())
        return self

    def calendar(self, tz: str, holidays: frozenset[date], makeup_days: frozenset[date]) -> WorkCalendar:
        """As the rules know it. ValueError for hours that cannot be."""
        return WorkCalendar(
            tz=tz,
            opens=self.opens,
            closes=self.closes,
            every_day=self.every_day,
            holidays=holidays,
            makeup_days=makeup_days,
            rest=self.rest,
            seasons=tuple(s.season() for s in self.seasons),
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    grids: _Calendar = _Calendar(every_day=True)
    desks: _Calendar | None = None
    departments: _Calendar = _Calendar()
    queues: dict[str, _Calendar] = {}


def calendars(
    data: dict[str, Any],
    path: Path | None,
    org: Org,
    *,
    tz: str,
    holidays: frozenset[date] = frozenset(),
    makeup_days: frozenset[date] = frozenset(),
) -> Calendars:
    """Every calendar of the file's content; without a section its default. Raises `HoursError`."""
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise HoursError(f"{path}: {where}: {first['msg'].removeprefix('Value error, ')}") from None
    for queue in file.queues:
        if not org.has_queue(queue):
            raise HoursError(f"{path}: queues.{queue}: there is no such queue; write grid:<id>, dept:<id>, desk:<id>")

    def made(section: _Calendar) -> WorkCalendar:
        return section.calendar(tz, holidays, makeup_days)

    return Calendars(
        made(file.grids),
        made(file.desks or file.grids),
        made(file.departments),
        {queue: made(section) for queue, section in file.queues.items()},
    )
