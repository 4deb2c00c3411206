"""Scripted people for load over the web chat's HTTP: residents who report and rate, staff who claim and resolve.

They answer what they are asked, as people do; what they measure is kept in `Tally`.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from benchmarks.wire import Wire

NUMBER = re.compile(r"单号 (\d+)，交给([^。]+)。")
APART = ("不是同一件", "这是另一件", "分开登记", "对，就这样", "对")
"""Which button a resident presses who has something new to say, the first that is there."""
AGAIN = ("没好，请重办",)
"""Shown where a report is taken for a word about the like matter that was just rated; who means a new one says it again."""
MATTERS = ("路灯不亮了，晚上看不见", "健身器材坏了，螺丝松了", "垃圾桶满了没人收", "下水道堵了往外冒水", "单元门关不上")
ESTATES = ("银杏苑", "金色家园", "纺织新村", "江湾东苑", "江湾西苑")
PAUSE = 2.0
"""Seconds between two looks at the chat while a resident waits to be asked."""
ASKED_WITHIN = 60.0

_ids = itertools.count(1)


@dataclass
class Tally:
    """What the people saw. `steps` holds seconds from sending to the answer, by step."""

    updates: int = 0
    done: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=dict)

    def add(self, step: str, seconds: float) -> None:
        """One answered update."""
        self.updates += 1
        self.steps.setdefault(step, []).append(seconds)

    def cuts(self, step: str = "") -> tuple[float, float]:
        """(p50, p99) in ms, of one step or of all."""
        taken = self.steps.get(step, []) if step else [s for some in self.steps.values() for s in some]
        if len(taken) < 2:
            return 0.0, 0.0
        found = quantiles(taken, n=100)
        return found[49] * 1000, found[98] * 1000


class Person:
    """Somebody at a browser. One step at a time."""

    def __init__(self, wire: Wire, tally: Tally) -> None:
        self.wire = wire
        self.tally = tally

    @classmethod
    async def enter(cls, port: int, tally: Tally, link: str = "") -> Person:
        """A new resident, or whoever a sign-in link stands for."""
        wire = await Wire.open(port)
        await (wire.ask("GET", f"/login/{link}") if link else wire.ask("POST", "/api/session"))
        return cls(wire, tally)

    async def say(self, step: str, text: str) -> list[dict[str, Any]]:
        """Says it and returns what was answered."""
        return await self._step(step, "messages", {"text": text, "client_id": f"b{next(_ids)}"})

    async def press(self, step: str, post: str, token: str) -> list[dict[str, Any]]:
        """Presses a button and returns what was answered."""
        return await self._step(step, "presses", {"post": post, "token": token, "client_id": f"b{next(_ids)}"})

    async def _step(self, step: str, what: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        began = time.perf_counter()
        answer = await self.wire.ask("POST", f"/api/chat/{what}?wait=1", body)
        self.tally.add(step, time.perf_counter() - began)
        posts: list[dict[str, Any]] = answer["posts"]
        return posts or await self._later(answer["id"])

    async def _later(self, after: str) -> list[dict[str, Any]]:
        """What was answered when it took longer than the server waits with a request."""
        until = time.monotonic() + ASKED_WITHIN
        while time.monotonic() < until:
            posts = [post for post in await self.latest() if post["bot"] and int(post["cursor"]) > int(after)]
            if posts:
                return posts
            await asyncio.sleep(PAUSE)
        return []

    async def latest(self) -> list[dict[str, Any]]:
        """The last posts of the chat."""
        page = await self.wire.ask("GET", "/api/chat/messages?limit=4")
        posts: list[dict[str, Any]] = page["posts"]
        return posts

    async def close(self) -> None:
        """Leaves."""
        await self.wire.close()


def button(posts: list[dict[str, Any]], labels: tuple[str, ...]) -> tuple[str, str] | None:
    """(post, token) of the newest button with the first of these labels that is shown."""
    for label in labels:
        for post in reversed(posts):
            for row in post.get("keys", []):
                for key in row:
                    if key["label"] == label:
                        return post["id"], key["token"]
    return None


def matter(index: int) -> str:
    """Something to report, at a place of the example street; neighbours do not all say the same."""
    estate, building = ESTATES[index % len(ESTATES)], 1 + index // 5 % 12
    return f"{estate}{building}幢{1 + index // 60 % 4}单元{MATTERS[index // 7 % len(MATTERS)]}"


async def report(person: Person, text: str) -> tuple[int, str]:
    """Reports and confirms: the record's number and the name of its queue. Raises LookupError when that did not work."""
    posts = await person.say("report", text)
    if button(posts, AGAIN):
        posts = await person.say("report", text)
    for _ in range(4):
        for post in posts:
            if found := NUMBER.search(post["text"]):
                return int(found[1]), found[2]
        wanted = button(posts, APART)
        if wanted is None:
            break
        posts = await person.press("confirm", *wanted)
    raise LookupError(f"not registered: {[post['text'][:80] for post in posts]}")


async def rate(person: Person) -> None:
    """Waits for the question and answers both. Raises LookupError when nobody asks."""
    until = time.monotonic() + ASKED_WITHIN
    while True:
        wanted = button(await person.latest(), ("好了",))
        if wanted is not None:
            break
        if time.monotonic() > until:
            raise LookupError("never asked for a rating")
        await asyncio.sleep(PAUSE)
    posts = await person.press("rate", *wanted)
    stars = button(posts, ("5★",))
    if stars is None:
        raise LookupError(f"not asked for stars: {[post['text'][:80] for post in posts]}")
    await person.press("stars", *stars)


async def work(person: Person, number: int) -> None:
    """Claims and resolves. Raises LookupError when the answer is not what it should be."""
    posts = await person.say("claim", f"接单 {number}")
    if not posts:
        raise LookupError(f"no answer to the claim of {number}")
    posts = await person.say("resolve", f"办结 {number} 已经修好了，请放心")
    if not posts:
        raise LookupError(f"no answer to the result of {number}")
