"""A wish with several adopters as a dictionary: what every act must come to. The storage is compared with it step by step.

`Run` makes random acts on both and says where they differ; the suite runs a few, `benchmarks/wish_machine.py` ten thousand.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage import adoptions, wishes
from storage.adoptions import Holds, Reserved
from storage.tx import Tx
from storage.wishes import Lost, Wish
from tests.storage.samples import add_wish
from workflow.wish import Forbidden

PEOPLE = range(10, 18)
ACTS = (
    "take",
    "take",
    "take",
    "leave",
    "lapse",
    "progress",
    "fulfil",
    "thank",
    "dispute",
    "hand",
    "wait",
    "offer",
    "withdraw",
    "expire",
)
SAID_NO = (Forbidden, Lost, Reserved, Holds, LookupError)


@dataclass
class Model:
    """The rules said once more, as simply as can be."""

    shares: int
    state: str = "published"
    parts: dict[int, int] = field(default_factory=dict)  # person -> shares, the longest first
    lead: int | None = None
    waiting: list[int] = field(default_factory=list)
    kept_for: int | None = None

    @property
    def taken(self) -> int:
        return sum(self.parts.values())

    @property
    def held(self) -> bool:
        return self.state in ("adopted", "fulfilling")

    def take(self, person: int, shares: int) -> bool:
        if self.state != "published" or person in self.parts or self.kept_for not in (None, person):
            return False
        self.parts[person] = min(shares, self.shares - self.taken)
        self.kept_for = None
        self._forget(person)
        if self.taken == self.shares:
            self.state, self.lead = "adopted", next(iter(self.parts))
        return True

    def leave(self, person: int) -> bool:
        if person not in self.parts or self.state not in ("published", "adopted", "fulfilling"):
            return False
        del self.parts[person]
        self.state, self.lead = "published", None
        return True

    def lapse(self) -> bool:
        if not self.held:
            return False
        self.parts.clear()
        self.state, self.lead = "published", None
        return True

    def hand(self, person: int, to: int) -> bool:
        if not self.held or person not in self.parts or to in self.parts:
            return False
        shares = self.parts.pop(person)
        self.parts[to] = shares
        self.lead = to if self.lead == person else self.lead
        self._forget(to)
        return True

    def wait(self, person: int) -> bool:
        if person != self.kept_for and person not in self.waiting:
            self.waiting.append(person)
        return True

    def offer(self) -> bool:
        first = self.waiting.pop(0) if self.waiting and self.state == "published" else None
        self.kept_for = first
        return True

    def go(self, origins: tuple[str, ...], target: str) -> bool:
        if self.state not in origins:
            return False
        self.state = target
        return True

    def end(self) -> None:
        self.parts.clear()
        self.waiting.clear()

    def _forget(self, person: int) -> None:
        if person in self.waiting:
            self.waiting.remove(person)


MOVES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "progress": ("wish.progressed", ("adopted", "fulfilling"), "fulfilling"),
    "fulfil": ("wish.fulfilled", ("adopted", "fulfilling"), "fulfilled"),
    "thank": ("wish.thanked", ("fulfilled",), "closed"),
    "dispute": ("wish.disputed", ("fulfilled",), "fulfilling"),
    "withdraw": ("wish.withdrawn", ("published", "adopted", "fulfilling"), "withdrawn"),
    "expire": ("wish.expired", ("published",), "expired"),
}
ENDS = {"thank": "closed", "withdraw": "withdrawn", "expire": "withdrawn"}


class Run:
    """One wish, acted on at random. Raises AssertionError at the first difference, with everything that was done."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._done: list[str] = [f"seed {seed}"]

    async def play(self, tx: Tx, now: datetime, steps: int) -> None:
        shares = self._random.choice([1, 1, 1, 2, 3, 5])
        wish = await add_wish(tx, now, traits=wishes.Traits(shares=shares))
        wish = await wishes.move(tx, wish, "wish.published", now, actor_id=1, published_at=now)
        model = Model(shares)
        for step in range(steps):
            now += timedelta(minutes=step)
            act, person, other = self._random.choice(ACTS), self._random.choice(PEOPLE), self._random.choice(PEOPLE)
            part = self._random.randint(1, 3)
            expected = self._expected(model, act, person, other, part)
            self._done.append(f"{act} {person} {other} {part} -> {expected}")
            happened = await self._happens(tx, wish.id, act, person, other, part, now)
            assert happened == expected, self._done
            await self._compare(tx, wish.id, model)

    def _expected(self, model: Model, act: str, person: int, other: int, part: int) -> bool:
        if act == "take":
            return model.take(person, part)
        if act == "leave":
            return model.leave(person)
        if act == "hand":
            return model.hand(person, other)
        if act in ("lapse", "offer"):
            return bool(getattr(model, act)())
        if act == "wait":
            return model.wait(person)
        _, origins, target = MOVES[act]
        done = model.go(origins, target)
        if done and act in ENDS:
            model.end()
        return done

    async def _happens(self, tx: Tx, wish_id: int, act: str, person: int, other: int, part: int, now: datetime) -> bool:
        wish = await wishes.get(tx, wish_id)
        try:
            await self._do(tx, wish, act, person, other, part, now)
        except SAID_NO:
            return False
        return True

    async def _do(self, tx: Tx, wish: Wish, act: str, person: int, other: int, part: int, now: datetime) -> None:
        if act == "take":
            await adoptions.take(tx, wish, person, person * 10, now, shares=part)
        elif act == "leave":
            await adoptions.leave(tx, wish, person, now)
        elif act == "lapse":
            await adoptions.lapse(tx, wish, now)
        elif act == "hand":
            await adoptions.hand(tx, wish, person, other, other * 10, now)
        elif act == "wait":
            await adoptions.wait(tx, wish.id, person, now)
        elif act == "offer":
            await adoptions.offer_next(tx, wish, now + timedelta(days=30))
        else:
            await wishes.move(tx, wish, MOVES[act][0], now, actor_id=person)
            if act in ENDS:
                await adoptions.end(tx, wish.id, ENDS[act], now)

    async def _compare(self, tx: Tx, wish_id: int, model: Model) -> None:
        wish = await wishes.get(tx, wish_id)
        parts = {a.person_id: a.shares for a in await adoptions.of_wish(tx, wish_id)}
        found = (wish.state.value, parts, await adoptions.waiting(tx, wish_id), wish.reserved_for)
        assert found == (model.state, model.parts, model.waiting, model.kept_for), self._done
        if model.state not in ("closed", "withdrawn", "expired"):
            assert (wish.taken, wish.adopter_id) == (model.taken, model.lead), self._done
        on_wall = {"published", "adopted", "fulfilling", "fulfilled", "closed"}
        assert (wish.rank is not None) == (model.state in on_wall), self._done
        assert 0 <= wish.taken <= wish.shares, self._done
