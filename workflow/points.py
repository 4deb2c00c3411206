"""Points: what the events of the ledger are worth by versioned rules, as moves between accounts whose sum is always nought.

Pure: the same events and rules always make the same moves. Where moves are kept is `storage.points`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

ISSUE = "issue"
"""The account that points come from: it stands below nought by all that is outstanding or spent."""
SHOP = "shop"
"""The account that spent points go to."""
CORRECTED, SPENT, REFUNDED = "points.corrected", "points.spent", "points.refunded"
EVENTS = frozenset({CORRECTED, SPENT, REFUNDED, "points.appealed", "points.ruled"})
"""What the ledger says about points besides what people did. Nothing is ever changed: a correction is one more event."""


class PointsError(ValueError):
    """The rules cannot be used; one line names the version, the rule and what is wrong."""


class Kind(StrEnum):
    """Why points move."""

    GIVE = "give"
    BACK = "back"
    FIX = "fix"
    SPEND = "spend"
    REFUND = "refund"


EARNED = frozenset({Kind.GIVE, Kind.BACK, Kind.FIX})
"""What counts for rankings: spending takes nobody's merit away."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trigger(_Part):
    """An event and whose account it concerns: the actor, a list `people`, `all` who hold points on it, or a data field."""

    event: str = Field(min_length=3)
    who: str = "actor"


class Rule(_Part):
    """What one kind of deed is worth. Caps are points a person may get by this rule."""

    id: str = Field(pattern=r"^[a-z_]{1,24}$")
    name: str = Field(min_length=1, max_length=16)
    points: int = Field(ge=0, le=1_000)
    per_hour: int = Field(0, ge=0, le=1_000)
    most_hours: float = Field(8, gt=0, le=24)
    day: int | None = Field(None, gt=0)
    month: int | None = Field(None, gt=0)
    year: int | None = Field(None, gt=0)
    give: tuple[Trigger, ...] = Field(min_length=1)
    back: tuple[Trigger, ...] = ()

    @model_validator(mode="after")
    def _worth(self) -> Rule:
        if not self.points and not self.per_hour:
            raise ValueError("points or per_hour must be above 0")
        return self

    def worth(self, hours: float) -> int:
        """Points for a deed that took so long, before caps; hours are rounded down to whole points."""
        return self.points + int(self.per_hour * max(0.0, min(hours, self.most_hours)))


class Version(_Part):
    """The rules in force from a local day on. `month` caps what a person gets in a month by all rules together."""

    id: str = Field(min_length=1, max_length=16)
    start: date = Field(alias="from")
    month: int | None = Field(None, gt=0)
    rules: tuple[Rule, ...] = Field(min_length=1)


class Rulebook(_Part):
    """Every version, oldest first."""

    versions: tuple[Version, ...] = ()

    def at(self, day: date) -> Version | None:
        """The version in force on a day; None before the first."""
        found = [v for v in self.versions if v.start <= day]
        return found[-1] if found else None

    def name_of(self, rule: str) -> str:
        """What a rule is called, in the newest version that has it; empty for none."""
        return next((r.name for v in reversed(self.versions) for r in v.rules if r.id == rule), "")

    @property
    def events(self) -> frozenset[str]:
        """Every event that may move points."""
        named = {t.event for v in self.versions for r in v.rules for t in (*r.give, *r.back)}
        return frozenset(named | {CORRECTED, SPENT, REFUNDED})


def parse_points(data: dict[str, Any]) -> Rulebook:
    """The rules that this parsed TOML describes. Raises `PointsError`."""
    try:
        book = Rulebook.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise PointsError(f"{'.'.join(str(p) for p in first['loc'])}: {' '.join(first['msg'].split())}") from None
    if [v.start for v in book.versions] != sorted({v.start for v in book.versions}):
        raise PointsError("versions: each must begin on a later day than the one before")
    for version in book.versions:
        ids = [rule.id for rule in version.rules]
        if len(set(ids)) != len(ids):
            raise PointsError(f"version {version.id}: a rule id is used twice")
    return book


class Deed(NamedTuple):
    """One event of the ledger, as far as points are concerned."""

    seq: int
    id: int
    subject: str
    subject_id: int
    name: str
    at: datetime
    actor_id: int | None
    data: Mapping[str, Any]

    @property
    def matter(self) -> str:
        """The one thing it is about: the record, and within it what it was used for, where the event names that."""
        part = self.data.get("subject_id")
        return f"{self.subject}:{self.subject_id}" + (f":{part}" if part is not None else "")


class Move(NamedTuple):
    """Points from one account to another, because of one event."""

    event_id: int
    seq: int
    leg: int
    person_id: int
    source: str
    target: str
    points: int
    kind: Kind
    rule: str
    version: str
    matter: str
    at: datetime

    @property
    def gain(self) -> int:
        """What it means for the person: above nought when their balance grows."""
        return self.points if self.target == account(self.person_id) else -self.points


def account(person_id: int) -> str:
    """The name of a person's account."""
    return f"p:{person_id}"


def _people(value: Any) -> list[int]:
    """Person ids as the data of an event holds them: one, a list, or none."""
    found = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(v for v in found if isinstance(v, int) and not isinstance(v, bool)))


def concerned(deed: Deed, book: Rulebook) -> set[int]:
    """Every person this event may concern by its own words; who holds points on its matter comes on top."""
    fields = {t.who for v in book.versions for r in v.rules for t in (*r.give, *r.back) if t.event == deed.name}
    named = {p for name in fields | {"person"} for p in _people(deed.data.get(name))}
    return named | ({deed.actor_id} if deed.actor_id is not None else set())


@dataclass
class Books:
    """Accounts as the moves so far have left them. Feed it earlier moves with `load`, then events in order with `enter`."""

    book: Rulebook
    tz: ZoneInfo
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _given: dict[tuple[int, str, str], int] = field(default_factory=lambda: defaultdict(int))
    _held: dict[tuple[str, str], dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def load(self, moves: Iterable[Move]) -> None:
        """Takes moves as they were made."""
        for move in moves:
            self._take(move)

    def balance(self, person_id: int) -> int:
        """What somebody has to spend; below nought when points were taken back after they had been spent."""
        return self.balances[account(person_id)]

    def enter(self, deed: Deed) -> list[Move]:
        """The moves that an event makes, taken into the accounts."""
        made: list[Move] = []
        if deed.name in (CORRECTED, SPENT, REFUNDED):
            made += self._told(deed)
        version = self.book.at(deed.at.astimezone(self.tz).date())
        for rule in version.rules if version else ():
            for trigger in rule.back:
                if trigger.event == deed.name:
                    made += self._backs(deed, rule, trigger, len(made))
            for trigger in rule.give:
                if trigger.event == deed.name and version is not None:
                    made += self._gives(deed, version, rule, trigger, len(made))
        return made

    def _told(self, deed: Deed) -> Iterator[Move]:
        """A move that the event states itself."""
        person_id, points = deed.data.get("person"), deed.data.get("points")
        if not isinstance(person_id, int) or not isinstance(points, int) or points == 0:
            return
        kind = {CORRECTED: Kind.FIX, SPENT: Kind.SPEND, REFUNDED: Kind.REFUND}[deed.name]
        other = ISSUE if kind is Kind.FIX else SHOP
        gains = points > 0 if kind is Kind.FIX else kind is Kind.REFUND
        yield self._move(deed, 0, person_id, abs(points), kind, gains=gains, other=other)

    def _backs(self, deed: Deed, rule: Rule, trigger: Trigger, legs: int) -> Iterator[Move]:
        """Takes back what the matter has brought these people by this rule."""
        held = self._held[rule.id, deed.matter]
        for person_id in sorted(held) if trigger.who == "all" else self._whom(deed, trigger):
            if held.get(person_id, 0) > 0:
                yield self._move(
                    deed, legs, person_id, held[person_id], Kind.BACK, gains=False, other=ISSUE, rule=rule.id
                )
                legs += 1

    def _gives(self, deed: Deed, version: Version, rule: Rule, trigger: Trigger, legs: int) -> Iterator[Move]:
        """Points for the deed, once for each person and matter, as far as the caps have room."""
        said = deed.data.get("hours")
        hours = float(said) if isinstance(said, int | float) and not isinstance(said, bool) else 0.0
        for person_id in self._whom(deed, trigger):
            if self._held[rule.id, deed.matter].get(person_id, 0) > 0:
                continue
            points = min([rule.worth(hours), *self._room(person_id, version, rule, deed.at)])
            if points > 0:
                yield self._move(
                    deed,
                    legs,
                    person_id,
                    points,
                    Kind.GIVE,
                    gains=True,
                    other=ISSUE,
                    rule=rule.id,
                    version=version.id,
                )
                legs += 1

    @staticmethod
    def _whom(deed: Deed, trigger: Trigger) -> list[int]:
        return _people(deed.actor_id if trigger.who == "actor" else deed.data.get(trigger.who))

    def _room(self, person_id: int, version: Version, rule: Rule, at: datetime) -> Iterator[int]:
        """What each cap leaves. What was given counts, also when it was taken back: nothing is gained by trying again."""
        day, month, year = _periods(at, self.tz)
        for cap, name, period in (
            (rule.day, rule.id, day),
            (rule.month, rule.id, month),
            (rule.year, rule.id, year),
            (version.month, "", month),
        ):
            if cap is not None:
                yield max(0, cap - self._given[person_id, name, period])

    def _move(
        self,
        deed: Deed,
        leg: int,
        person_id: int,
        points: int,
        kind: Kind,
        *,
        gains: bool,
        other: str,
        rule: str = "",
        version: str = "",
    ) -> Move:
        mine = account(person_id)
        source, target = (other, mine) if gains else (mine, other)
        move = Move(
            deed.id, deed.seq, leg, person_id, source, target, points, kind, rule, version, deed.matter, deed.at
        )
        self._take(move)
        return move

    def _take(self, move: Move) -> None:
        self.balances[move.source] -= move.points
        self.balances[move.target] += move.points
        if move.kind in (Kind.GIVE, Kind.BACK):
            held = self._held[move.rule, move.matter]
            held[move.person_id] = held.get(move.person_id, 0) + move.gain
        if move.kind is Kind.GIVE:
            day, month, year = _periods(move.at, self.tz)
            for name, period in ((move.rule, day), (move.rule, month), (move.rule, year), ("", month)):
                self._given[move.person_id, name, period] += move.points


def _periods(at: datetime, tz: ZoneInfo) -> tuple[str, str, str]:
    """The local day, month and year of a moment."""
    local = at.astimezone(tz)
    return f"{local:%Y-%m-%d}", f"{local:%Y-%m}", f"{local:%Y}"
