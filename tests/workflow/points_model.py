"""Random lives of deeds, and the plainest way to count what they are worth: one list of entries, searched anew each time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workflow.points import Deed, Rulebook, parse_points

TZ = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
PEOPLE = (1, 2, 3, 4)
NAMES = (
    *("wish.adopted", "wish.adopted", "wish.handed", "wish.lapsed", "wish.fulfilled", "wish.fulfilled"),
    *("wish.disputed", "resource.done", "points.corrected", "points.spent", "points.refunded", "wish.praised"),
)


def rulebook() -> Rulebook:
    """Small caps and a change of rules in the middle, so that random lives meet all of it."""
    adopt = {
        "id": "adopt",
        "name": "认领",
        "points": 2,
        "day": 5,
        "give": [{"event": "wish.adopted"}, {"event": "wish.handed", "who": "to"}],
        "back": [{"event": "wish.handed"}, {"event": "wish.lapsed", "who": "people"}],
    }
    fulfil = {
        "id": "fulfil",
        "name": "完成",
        "points": 5,
        "per_hour": 2,
        "most_hours": 3,
        "month": 17,
        "give": [{"event": "wish.fulfilled", "who": "people"}],
        "back": [{"event": "wish.disputed", "who": "all"}],
    }
    done = {
        "id": "done",
        "name": "帮忙",
        "points": 4,
        "year": 9,
        "give": [{"event": "resource.done", "who": "owner"}],
    }
    return parse_points(
        {
            "versions": [
                {"id": "a", "from": "2026-11-29", "month": 20, "rules": [adopt, fulfil, done]},
                {"id": "b", "from": "2026-12-02", "rules": [adopt | {"points": 3}, fulfil, done]},
            ]
        }
    )


@dataclass
class Entry:
    """What one event brought or took."""

    person: int
    points: int
    kind: str
    rule: str
    matter: str
    day: str


@dataclass
class Plain:
    """The model: every question walks through all entries."""

    entries: list[Entry] = field(default_factory=list)

    def balance(self, person: int) -> int:
        return sum(e.points for e in self.entries if e.person == person)

    def held(self, person: int, rule: str, matter: str) -> int:
        mine = (e for e in self.entries if (e.person, e.rule, e.matter) == (person, rule, matter))
        return sum(e.points for e in mine)

    def given(self, person: int, rule: str, period: str) -> int:
        found = [e for e in self.entries if e.person == person and e.kind == "give" and e.day.startswith(period)]
        return sum(e.points for e in found if rule in ("", e.rule))

    def see(self, deed: Deed) -> None:
        """One event."""
        day = deed.at.astimezone(TZ).strftime("%Y-%m-%d")
        told = {"points.corrected": 1, "points.spent": -1, "points.refunded": 1}.get(deed.name)
        if told:
            self.entries.append(Entry(deed.data["person"], told * deed.data["points"], "told", "", "", day))
        if day < "2026-11-29":
            return
        new = day >= "2026-12-02"
        matter = f"{deed.subject}:{deed.subject_id}:{deed.data.get('subject_id', '')}"
        people = deed.data.get("people", [])
        if deed.name == "wish.handed":
            self._back(deed.actor_id, "adopt", matter, day)
            self._give(deed.data["to"], "adopt", matter, day, 3 if new else 2, new)
        elif deed.name == "wish.adopted":
            self._give(deed.actor_id, "adopt", matter, day, 3 if new else 2, new)
        elif deed.name == "wish.lapsed":
            for person in people:
                self._back(person, "adopt", matter, day)
        elif deed.name == "wish.fulfilled":
            for person in people:
                self._give(person, "fulfil", matter, day, 5 + int(2 * min(deed.data["hours"] or 0, 3)), new)
        elif deed.name == "wish.disputed":
            for person in PEOPLE:
                self._back(person, "fulfil", matter, day)
        elif deed.name == "resource.done":
            self._give(deed.data["owner"], "done", matter, day, 4, new)

    def _back(self, person: int | None, rule: str, matter: str, day: str) -> None:
        had = self.held(person or 0, rule, matter)
        if had > 0:
            self.entries.append(Entry(person or 0, -had, "back", rule, matter, day))

    def _give(self, person: int | None, rule: str, matter: str, day: str, points: int, new: bool) -> None:
        if person is None or self.held(person, rule, matter) > 0:
            return
        caps = {"adopt": (5, day), "fulfil": (17, day[:7]), "done": (9, day[:4])}
        cap, period = caps[rule]
        points = min(points, cap - self.given(person, rule, period))
        if not new:
            points = min(points, 20 - self.given(person, "", day[:7]))
        if points > 0:
            self.entries.append(Entry(person, points, "give", rule, matter, day))


def life(seed: int, length: int) -> list[Deed]:
    """Random events of four people and a few records over some days."""
    dice, at, deeds = random.Random(seed), BEGIN, []
    for seq in range(1, length + 1):
        at += timedelta(minutes=dice.choice((1, 20, 300, 900)))
        deeds.append(_deed(dice, seq, at))
    return deeds


def _deed(dice: random.Random, seq: int, at: datetime) -> Deed:
    name = dice.choice(NAMES)
    one, other = dice.sample(PEOPLE, 2)
    data: dict[str, Any] = {"people": dice.sample(PEOPLE, dice.randint(0, 3)), "to": other, "owner": one}
    data["hours"] = dice.choice((None, 0.5, 1.0, 2.25, 9.0))
    if name.startswith("points."):
        data = {"person": one, "points": dice.choice((1, 4, -3)) if name == "points.corrected" else dice.randint(1, 9)}
    if name == "resource.done":
        data |= {"subject": "wish", "subject_id": dice.randint(1, 3)}
    subject = name.split(".")[0]
    return Deed(seq, seq * 10, subject, dice.randint(1, 4), name, at, one, data)
