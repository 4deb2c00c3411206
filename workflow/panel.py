"""评议: who is asked in a survey, drawn by a rule that anybody can repeat, and what the answers come to. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

MAX_STARS = 5
FEWEST = 5
"""Answers below which a result is shown with its number only, because one person would decide it."""


class Member(NamedTuple):
    """Somebody who may be asked, and where they belong."""

    person_id: int
    community: str
    grid: str = ""


class Result(NamedTuple):
    """One place's figures. `mean` is None without answers; `enough` says whether the mean may stand for the place."""

    asked: int
    answered: int
    mean: float | None
    good: int  # 4 and 5 stars

    @property
    def response_rate(self) -> float | None:
        """Answered ÷ asked; None when nobody was asked."""
        return self.answered / self.asked if self.asked else None

    @property
    def enough(self) -> bool:
        """Whether there are answers enough to speak for the place."""
        return self.answered >= FEWEST


def draw(members: Iterable[Member], per_community: int, seed: str) -> list[Member]:
    """So many of each community, the same ones for the same seed, whatever the order they come in; each person once."""
    if per_community < 1:
        raise ValueError(f"at least one of each community must be asked: {per_community}")
    places: dict[str, dict[int, Member]] = {}
    for member in members:
        places.setdefault(member.community, {}).setdefault(member.person_id, member)
    drawn: list[Member] = []
    taken: set[int] = set()
    for community in sorted(places):
        order = sorted(places[community].values(), key=lambda m: (_lot(seed, m.person_id), m.person_id))
        fresh = [m for m in order if m.person_id not in taken][:per_community]
        taken |= {m.person_id for m in fresh}
        drawn += fresh
    return drawn


def _lot(seed: str, person_id: int) -> str:
    return hashlib.sha256(f"{seed}:{person_id}".encode()).hexdigest()


def result(stars: Sequence[int | None]) -> Result:
    """What the answers of one place come to; None stands for somebody who was asked and has not answered."""
    given = [s for s in stars if s is not None]
    mean = sum(given) / len(given) if given else None
    return Result(len(stars), len(given), mean, sum(s >= MAX_STARS - 1 for s in given))


def results(answers: Iterable[tuple[str, int | None]]) -> Mapping[str, Result]:
    """By place."""
    places: dict[str, list[int | None]] = {}
    for place, stars in answers:
        places.setdefault(place, []).append(stars)
    return {place: result(found) for place, found in sorted(places.items())}
