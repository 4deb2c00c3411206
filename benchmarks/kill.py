"""kill -9 in the middle of a run: nothing lost, nothing doubled, every dialogue goes on.

    python -m benchmarks.kill [--updates 2000] [--kills 100] [--postgresql]

Residents on Telegram report in three steps (the matter, the place, the confirmation) while the program is killed and
started again and again. A resident who has got no answer waits; nobody says anything twice. At the end every resident
must hold exactly one record.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from benchmarks.crowd import Crowd
from benchmarks.stage import Stage
from tests.fakes.telegram import TOKEN, TelegramServer
from tests.fakes.telegram.world import Seen
from tests.storage.cluster import Cluster, find_binaries

STEPS = 3
AT_ONCE = 12
ANSWER_WITHIN = 90.0
"""Seconds a resident waits for an answer before the run counts it as lost; several kills may lie between."""
MATTERS = ("电梯坏了，老人下不了楼", "楼道灯不亮", "垃圾桶满了没人收", "下水道堵了往外冒")


AGREE, APART = "对，就这样", "不是同一件"
HELD = "SELECT i.user_key FROM requests r JOIN identities i ON i.tenant = r.tenant AND i.person_id = r.reporter_id"
UNHANDLED = "SELECT count(*) FROM receipts WHERE state <> 'done'"


class Dialogue:
    """One resident's three steps."""

    def __init__(self, server: TelegramServer, index: int) -> None:
        self.server = server
        self.index = index
        self.person = server.person(f"居民{index}", started=True)
        self.reached = 0

    async def play(self) -> None:
        """Each step waits for the answer to the one before."""
        self.server.text(self.person, MATTERS[self.index % len(MATTERS)])
        await self._answer("在哪")
        self.reached = 1
        self.server.text(self.person, f"金色家园{1 + self.index % 30}幢{1 + self.index // 120 % 4}单元")
        shown = await self._answer(AGREE, APART)
        if not shown.has(AGREE):  # a neighbour has reported the like at this place
            self.server.press(self.person, APART)
            await self._answer(AGREE, "已登记")
        self.reached = 2
        if not self._has("已登记"):
            self.server.press(self.person, AGREE)
            await self._answer("已登记")
        self.reached = 3

    async def _answer(self, *parts: str) -> Seen:
        """The newest message with one of these."""

        def fits(seen: Seen) -> bool:
            return any(seen.has(part) for part in parts)

        found: Seen = await self.server.wait_for(self.person, fits, timeout=ANSWER_WITHIN)
        return found

    def _has(self, part: str) -> bool:
        return any(seen.mine and seen.has(part) for seen in self.server.seen(self.person))


class Victim(Protocol):
    """What is killed and started again."""

    async def kill(self) -> None: ...

    async def start(self) -> float: ...


class OneOfMany:
    """A process of a crowd, each time another; one of the same kind takes its place."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._role = ""

    async def kill(self) -> None:
        one = random.choice([r for r in self._crowd.running if r.process.returncode is None])
        self._role = one.role
        await self._crowd.kill(one)

    async def start(self) -> float:
        began = time.monotonic()
        await self._crowd.start(self._role)
        return time.monotonic() - began


class Killer:
    """Kills and starts until the number is reached, or until told to stop. `done` counts.

    The moments are spread over the work and not over time, so that a slow machine gets as far between two kills as a
    fast one: each comes when chance says, after so many answers as chance says.
    """

    def __init__(self, victim: Victim, server: TelegramServer, updates: int, kills: int) -> None:
        self.victim = victim
        self.server = server
        self.after = sorted(random.uniform(0, 0.9 * updates) for _ in range(kills))
        self.done = 0
        self.running = True
        self._read = self._answers = 0

    async def run(self) -> None:
        for answers in self.after:
            while self.running and self._answered() < answers:  # noqa: ASYNC110 - as far as chance says
                await asyncio.sleep(0.002)
            if not self.running:
                return
            await asyncio.sleep(random.uniform(0, 0.05))
            await self.victim.kill()
            await self.victim.start()
            self.done += 1

    def _answered(self) -> int:
        calls = self.server.calls
        self._answers += sum(c.method == "sendMessage" for c in itertools.islice(calls, self._read, None))
        self._read = len(calls)
        return self._answers


async def run(updates: int, kills: int, folder: Path) -> bool:
    """One process on SQLite; whether nothing was lost or doubled."""
    async with TelegramServer() as server, Stage(folder, telegram_base=server.base_url, token=TOKEN) as stage:
        await stage.prepare({}, "telegram", TOKEN.partition(":")[0])
        await stage.start()
        return await _through(server, stage, updates, kills, stage.rows)


async def run_many(updates: int, kills: int, folder: Path, url: str) -> bool:
    """Two that serve and two that work on PostgreSQL, one of them killed each time; whether nothing was lost or doubled."""
    async with TelegramServer() as server, Crowd(folder, url, telegram_base=server.base_url, token=TOKEN) as crowd:
        await crowd.prepare({})
        await crowd.start("serve", "serve", "worker", "worker")
        return await _through(server, OneOfMany(crowd), updates, kills, crowd.rows)


async def _through(server: TelegramServer, victim: Victim, updates: int, kills: int, rows: Callable[..., Any]) -> bool:
    dialogues = [Dialogue(server, i) for i in range(-(-updates // STEPS))]
    began = time.monotonic()
    killer = Killer(victim, server, updates, kills)
    killing = asyncio.create_task(killer.run())
    try:
        await _play(dialogues)
    finally:
        killer.running = False
        await killing
    seconds = time.monotonic() - began
    await asyncio.sleep(2)
    found = [rows(question) for question in (HELD, UNHANDLED)]
    held, unhandled = [await one if isinstance(one, Awaitable) else one for one in found]
    return report(server, dialogues, killer.done, seconds, Counter(user for (user,) in held), unhandled[0][0])


async def _play(dialogues: list[Dialogue]) -> None:
    """All dialogues, a few at once."""
    waiting = iter(dialogues)

    async def residents() -> None:
        for dialogue in waiting:
            try:
                await dialogue.play()
            except (AssertionError, LookupError) as error:
                print(f"resident {dialogue.index} stopped after step {dialogue.reached}: {str(error)[:200]}")

    await asyncio.gather(*[residents() for _ in range(AT_ONCE)])


def report(
    server: TelegramServer, dialogues: list[Dialogue], killed: int, seconds: float, held: Counter[Any], unhandled: int
) -> bool:
    """Prints the figures."""
    wanted = {str(d.person.id) for d in dialogues}
    lost = [d for d in dialogues if not held[str(d.person.id)]]
    doubled = [user for user, count in held.items() if count > 1]
    unfinished = [d for d in dialogues if d.reached < STEPS]
    repeated = sum(_repeats(server, d) for d in dialogues)
    print(f"updates {STEPS * len(dialogues)}, kills {killed}, {seconds:.0f} s")
    print(f"lost {len(lost)}, doubled {len(doubled)}, dialogues broken {len(unfinished)}, unhandled {unhandled}")
    print(f"messages sent twice (the at-least-once window) {repeated}; at most 1 a kill is allowed")
    good = not (lost or doubled or unfinished or unhandled or set(held) - wanted or server.violations)
    good = good and repeated <= killed
    for violation in server.violations[:5]:
        print(f"Bot API violation: {violation}")
    print("ok" if good else "NOT ok")
    return good


def _repeats(server: TelegramServer, dialogue: Dialogue) -> int:
    """Messages of the program that stand twice in one private chat."""
    texts = Counter(seen.text for seen in server.seen(dialogue.person) if seen.mine)
    return sum(count - 1 for count in texts.values())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--postgresql", action="store_true", help="four processes on a PostgreSQL of the run's own")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-kill-") as folder:
        raise SystemExit(0 if _run(given, Path(folder)) else 1)


def _run(given: argparse.Namespace, folder: Path) -> bool:
    if not given.postgresql:
        return asyncio.run(run(given.updates, given.kills, folder))
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL server here: apt-get install postgresql")
    cluster = Cluster(binaries)
    try:
        return asyncio.run(run_many(given.updates, given.kills, folder, cluster.url(cluster.empty())))
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
