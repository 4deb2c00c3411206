"""The books made anew from events alone: states, ratings, numbers, and what the indicators are counted from.

It repeats in plain words what storage counts in SQL, so that each checks the other. Moments are whole microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, NamedTuple

from workflow.indicators import RECURS_WITHIN, Counts
from workflow.rating import Answer, Solved, combine
from workflow.states import OPEN, State

_MICROSECOND = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1) // _MICROSECOND
_RECURS_WITHIN = RECURS_WITHIN // _MICROSECOND
_GONE = frozenset({State.WITHDRAWN, State.REFUSED, State.MERGED})
_NEVER_MIND = frozenset({State.WITHDRAWN, State.REFUSED})
_NAMES_A_NUMBER = frozenset({"request.received", "request.carried", "wish.submitted", "wish.carried"})
_COUNTED = _NAMES_A_NUMBER | {
    "resource.submitted",
    "reward.listed",
    "points.appealed",
    "activity.announced",
    "duty.offered",
    "station.opened",
    "thing.added",
    "damage.told",
}
"""Events whose data names the number of their own record; others may name somebody else's. `_COUNTED` have any."""


class Step(NamedTuple):
    """One event, as far as it matters here."""

    subject: str
    subject_id: int
    name: str
    actor_id: int | None
    target: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class Facts:
    """What figures are counted from; the names are those of an event's data under "set"."""

    queue: str = ""
    item: str = ""
    grid: str = ""
    reporter_id: int = 0
    spot_id: int | None = None
    received_at: int = 0
    started_at: int = 0
    respond_due_at: int = 0
    resolve_due_at: int = 0
    responded_at: int | None = None
    resolved_at: int | None = None
    closed_at: int | None = None
    resolution: int = 0
    reopened: int = 0
    supervised: bool = False


FACTS = tuple(f.name for f in fields(Facts))


@dataclass(slots=True)
class Account:
    """One record as its events tell it. Ratings by (result, person): [solved, stars]."""

    number: int = 0
    state: str = ""
    facts: Facts = field(default_factory=Facts)
    ratings: dict[tuple[int, int], list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Protest:
    """An appeal against a ranking. `request_id`: the record it is about, if any; `names_it`: whether the event says so."""

    period: str
    request_id: int | None
    names_it: bool
    upheld: bool | None = None


@dataclass(slots=True)
class Books:
    """Every record of one community, by its id, and the appeals against its rankings."""

    requests: dict[int, Account] = field(default_factory=dict)
    wishes: dict[int, Account] = field(default_factory=dict)
    appeals: dict[int, Protest] = field(default_factory=dict)
    _highest: int | None = None

    def read(self, step: Step) -> None:
        """Takes the next event; they come in the order of the ledger."""
        if step.name in _COUNTED:
            self._highest = max(self._highest or 0, int(step.data["number"]))
        if step.subject not in ("request", "wish"):
            self._appeal(step)
            return
        kept = self.requests if step.subject == "request" else self.wishes
        account = kept.get(step.subject_id)
        if account is None:
            account = kept[step.subject_id] = Account()
        if step.target:
            account.state = step.target
        if step.name in _NAMES_A_NUMBER:
            account.number = int(step.data["number"])
        changed = step.data.get("set")
        for name, value in changed.items() if isinstance(changed, dict) else ():  # `wish.arranged` once gave only names
            if name in FACTS:
                setattr(account.facts, name, value)
        _rate(account, step)

    def _appeal(self, step: Step) -> None:
        """Events of before the record's id was noted with an appeal do not name it."""
        if step.name == "person.appealed":
            data = step.data
            self.appeals[data["appeal"]] = Protest(data["period"], data.get("request"), "request" in data)
        elif step.name == "person.ruled":
            self.appeals[step.data["appeal"]].upheld = step.data["upheld"]

    def left_out(self, period: str) -> set[int]:
        """The records that upheld appeals have taken out of a period's ranking."""
        found = (a for a in self.appeals.values() if a.period == period and a.upheld)
        return {a.request_id for a in found if a.request_id is not None}

    def last_number(self) -> int | None:
        """The highest number that anything has; None without records."""
        return self._highest

    def counts_by_scope(self, now: int) -> dict[str, Counts]:
        """By queue, as `storage.figures` counts them."""
        return self.counts_by(lambda facts: facts.queue, now)

    def counts_by(
        self,
        scope: Callable[[Facts], str | None],
        now: int,
        received: tuple[int, int] | None = None,
        without: Collection[int] = (),
    ) -> dict[str, Counts]:
        """By any scope that a record's facts name (None: by none), of what was received in a period (from, until before).

        The records `without` are left out.
        """
        came_back = self._came_back()
        scopes: dict[str, list[tuple[Account, bool]]] = {}
        for request_id, account in self.requests.items():
            name = None if request_id in without else scope(account.facts)
            if name is not None and (received is None or received[0] <= account.facts.received_at < received[1]):
                scopes.setdefault(name, []).append((account, request_id in came_back))
        return {name: _counts(accounts, now) for name, accounts in scopes.items()}

    def overdue_by_queue(self, now: int) -> dict[str, int]:
        """How many open records are past the moment they should have been resolved."""
        found: dict[str, int] = {}
        for account in self.requests.values():
            if account.state in OPEN - {State.RECEIVED} and account.facts.resolve_due_at < now:
                found[account.facts.queue] = found.get(account.facts.queue, 0) + 1
        return found

    def _came_back(self) -> set[int]:
        """Records whose matter the same person reported again, at the same place, soon after they were closed."""
        matters: dict[tuple[Any, ...], list[int]] = {}
        for request_id, account in self.requests.items():
            f = account.facts
            if f.item:
                matters.setdefault((f.reporter_id, f.item, f.grid, f.spot_id), []).append(request_id)
        return {one for same in matters.values() for one in same if any(self._is_again(one, other) for other in same)}

    def _is_again(self, one: int, other: int) -> bool:
        closed_at, again = self.requests[one].facts.closed_at, self.requests[other]
        if other <= one or closed_at is None or again.state in _NEVER_MIND:
            return False
        return 0 <= again.facts.received_at - closed_at <= _RECURS_WITHIN


def _rate(account: Account, step: Step) -> None:
    """Half an answer counts as what it says; `carried` tells those from before the ledger had them."""
    if step.name == "request.answered" and step.actor_id is not None:
        rating = account.ratings.setdefault((step.data["resolution"], step.actor_id), ["", None])
        rating[0] = step.data.get("solved", rating[0])
        rating[1] = step.data.get("stars", rating[1])
    elif step.name == "request.linked":
        _link(account, step.data["from"], step.data["to"], [tuple(one) for one in step.data["dropped"]])
    elif step.name == "request.carried":
        account.ratings = {(r, person): [solved, stars] for r, person, solved, stars in step.data["ratings"]}


def _link(account: Account, gone: int, kept: int, dropped: list[tuple[Any, ...]]) -> None:
    """Two accounts are one person: what counts no more is left out, the rest is the kept one's."""
    left = {key: rating for key, rating in account.ratings.items() if key not in dropped}
    account.ratings = {(r, kept if person == gone else person): rating for (r, person), rating in left.items()}


def _counts(accounts: Iterable[tuple[Account, bool]], now: int) -> Counts:
    numbers: dict[str, int] = {}
    minutes: list[int] = []
    for account, came_back in accounts:
        for name, holds in {**_dues(account, now), **_rated(account, came_back)}.items():
            numbers[name] = numbers.get(name, 0) + holds
        if account.facts.resolved_at is not None:
            minutes.append((account.facts.resolved_at - account.facts.received_at) // _MINUTE)
    return Counts(**numbers, handling_minutes=tuple(sorted(minutes)))


def _dues(account: Account, now: int) -> dict[str, bool]:
    f = account.facts
    alive = account.state not in _GONE
    resolved = f.resolved_at is not None and f.resolved_at >= f.started_at
    return {
        "received": True,
        "due_for_response": alive and (f.responded_at is not None or f.respond_due_at <= now),
        "responded_in_time": alive and f.responded_at is not None and f.responded_at <= f.respond_due_at,
        "due_for_resolution": alive and (resolved or f.resolve_due_at <= now),
        "resolved_in_time": alive and resolved and (f.resolved_at or 0) <= f.resolve_due_at,
        "resolved": f.resolved_at is not None,
        "reopened": f.reopened > 0,
        "escalated": f.supervised,
        "merged": account.state == State.MERGED,
    }


def _rated(account: Account, came_back: bool) -> dict[str, bool]:
    answers = [
        Answer(Solved(s), stars) for (r, _), (s, stars) in account.ratings.items() if r == account.facts.resolution
    ]
    answer = combine(answers)
    if answer is None:
        return {}
    lasted = account.state in (State.RESOLVED, State.CLOSED) and not came_back
    return {
        "rated": True,
        "solved": lasted and answer.solved is Solved.YES,
        "partly_solved": lasted and answer.solved is Solved.PARTLY,
        "five_stars": answer.stars == 5,
        "four_stars": answer.stars == 4,
        "three_stars": answer.stars == 3,
    }
