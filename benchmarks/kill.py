"""kill -9 in the middle of a run: nothing lost, nothing doubled, every dialogue goes on.

    python -m benchmarks.kill [--updates 2000] [--kills 100] [--postgresql] [--weather all --strikes 10]

Residents on Telegram report in three steps (the matter, the place, the confirmation) while the program is killed and
started again and again. A resident who has got no answer waits; nobody says anything twice. At the end every resident
must hold exactly one record.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, closing, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import httpx

from benchmarks.crowd import Crowd
from benchmarks.stage import Stage
from benchmarks.weather import KINDS, WEBHOOK, JumpyClock, Postman, Strike, Weather, full_disk, restart, storm
from tests.fakes.telegram import TOKEN, TelegramServer
from tests.fakes.telegram.world import Seen
from tests.storage.cluster import Cluster, find_binaries
from tests.storage.rooms import SmallDisk

STEPS = 3
AT_ONCE = 12
ANSWER_WITHIN = 90.0
"""Seconds a resident waits for an answer before the run counts it as lost; several kills may lie between."""
MATTERS = ("电梯坏了，老人下不了楼", "楼道灯不亮", "垃圾桶满了没人收", "下水道堵了往外冒")


DISK = 2000
"""Megabytes of the disk that is filled."""
BEHIND = "https://linli.test"
"""What a program that is told by webhook takes for its address; a proxy that ends TLS would stand there."""

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
    """What is killed, and started again as a service manager does it."""

    async def kill(self) -> None: ...

    async def start(self) -> None:
        """Starts what does not run. Raises RuntimeError when it ends at once."""


class Alone:
    """The one process of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def kill(self) -> None:
        await self._stage.kill()

    async def start(self) -> None:
        if not await self._stage.runs():
            await self._stage.start()

    def serving(self) -> list[str]:
        return [self._stage.url]


class OneOfMany:
    """A process of a crowd, each time another; one of the same kind takes its place."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._alive = list(crowd.running)

    async def kill(self) -> None:
        await self._crowd.kill(random.choice(self._alive))

    async def start(self) -> None:
        ended = [one for one in self._alive if await one.process.ended()]
        self._alive = [one for one in self._alive if one not in ended]
        for one in ended:
            known = len(self._crowd.running)
            try:
                await self._crowd.start(one.role)
            finally:
                self._alive += self._crowd.running[known:]

    def serving(self) -> list[str]:
        return [one.url for one in self._alive if one.role == "serve" and one.process.returncode is None]


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
        """Whatever ends by itself, because its database is away, is started again too."""
        moments = iter(self.after)
        answers = next(moments, None)
        while self.running or (answers is not None and self.answered() >= answers):  # the last ones come in any case
            if answers is None or self.answered() < answers:
                await asyncio.sleep(0.002 if answers is not None else 0.5)
                if random.random() < 0.01 or answers is None:
                    await self._start()
                continue
            await asyncio.sleep(random.uniform(0, 0.05))
            await self.victim.kill()
            await self._start()
            self.done += 1
            answers = next(moments, None)

    async def _start(self) -> None:
        with suppress(RuntimeError, httpx.HTTPError):
            await self.victim.start()

    def answered(self) -> int:
        """Messages that the program has sent so far."""
        calls = self.server.calls
        self._answers += sum(c.method == "sendMessage" for c in itertools.islice(calls, self._read, None))
        self._read = len(calls)
        return self._answers


class Plan(NamedTuple):
    """How much of what. `strikes` is kind -> what it does, each so many `times`."""

    updates: int
    kills: int
    strikes: dict[str, Strike]
    times: int = 0
    storms: bool = False
    mixed: bool = False
    """Updates are delivered by webhook, repeated and mixed up."""
    seconds: float = float("inf")
    """After so long nobody begins a dialogue any more."""


async def run(updates: int, kills: int, folder: Path) -> bool:
    """One process on SQLite, killed in good weather; whether nothing was lost or doubled."""
    return await run_alone(Plan(updates, kills, {}), folder)


async def run_alone(plan: Plan, folder: Path) -> bool:
    """One process on SQLite; whether nothing was lost or doubled."""
    more = WEBHOOK if plan.mixed else ""
    async with (
        TelegramServer() as server,
        Stage(folder, telegram_base=server.base_url, token=TOKEN, telegram=more) as stage,
    ):
        await stage.prepare({}, "telegram", TOKEN.partition(":")[0])
        await stage.start()
        good = await _through(server, Alone(stage), plan, stage.rows)
        await stage.stop()
        return _ended(good, stage.config, {})


async def run_many(plan: Plan, folder: Path, url: str) -> bool:
    """Two that serve and two that work on PostgreSQL, one of them killed each time; whether nothing was lost or doubled."""
    more = WEBHOOK if plan.mixed else ""
    async with (
        TelegramServer() as server,
        Crowd(folder, url, telegram_base=server.base_url, token=TOKEN, telegram=more) as crowd,
    ):
        await crowd.prepare({})
        await crowd.start("serve", "serve", "worker", "worker")
        good = await _through(server, OneOfMany(crowd), plan, crowd.rows)
        return _ended(good, crowd.config, crowd.environment)


def _ended(good: bool, config: Path, environment: dict[str, str]) -> bool:
    """The whole verdict; of a bad run also what the log says."""
    good = _audited(config, environment) and good
    print("ok" if good else "NOT ok")
    if not good:
        kept = Path(tempfile.mkstemp(prefix="linli-kill-", suffix=".log")[1])
        shutil.copyfile(config.with_name("linli.log"), kept)
        print(f"the log of the processes: {kept}")
    return good


def _audited(config: Path, environment: dict[str, str]) -> bool:
    """Whether the ledger's chain holds and what is stored follows from it."""
    good = True
    for question in (["audit", "verify"], ["audit", "rebuild", "--check"]):
        command = [sys.executable, "-m", "bot", *question, "--config", str(config)]
        asked = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
        said = [line for line in asked.stdout.splitlines() if not line.startswith("warning")]
        print(f"linli {' '.join(question)}: {said[-1] if said else asked.stderr[-300:]}")
        good = good and asked.returncode == 0
    return good


class Attacked(Victim, Protocol):
    """A victim that also receives."""

    def serving(self) -> list[str]:
        """Where it does."""


async def _through(server: TelegramServer, victim: Attacked, plan: Plan, rows: Callable[..., Any]) -> bool:
    dialogues = [Dialogue(server, i) for i in range(-(-plan.updates // STEPS))]
    began = time.monotonic()
    killer = Killer(victim, server, plan.updates, plan.kills)
    strikes = plan.strikes | ({"storms": storm(server)} if plan.storms else {})
    weather = Weather(strikes, killer.answered, plan.updates, plan.times)
    work = [asyncio.create_task(killer.run()), asyncio.create_task(weather.run())]
    async with AsyncExitStack() as held:
        postman = await held.enter_async_context(Postman(server, victim.serving)) if plan.mixed else None
        try:
            dialogues = await _play(dialogues, began + plan.seconds)
        finally:
            killer.running = weather.running = False
            await asyncio.gather(*work)
        if postman is not None:
            print(f"updates posted by status (0: nobody there): {dict(postman.posted)}")
    seconds = time.monotonic() - began
    if weather.struck:
        print(f"weather: {dict(weather.struck)}; calls refused {sum(c.status >= 429 for c in server.calls)}")
    unhandled = await _asked(rows, UNHANDLED)
    until = time.monotonic() + ANSWER_WITHIN
    while unhandled[0][0] and time.monotonic() < until:  # what came again after the last kill
        await asyncio.sleep(0.1)
        unhandled = await _asked(rows, UNHANDLED)
    held_by = await _asked(rows, HELD)
    return report(server, dialogues, killer.done, seconds, Counter(user for (user,) in held_by), unhandled[0][0])


async def _asked(rows: Callable[..., Any], question: str) -> Any:
    found = rows(question)
    return await found if isinstance(found, Awaitable) else found


async def _play(dialogues: list[Dialogue], until: float) -> list[Dialogue]:
    """All dialogues that begin in time, a few at once; those that began."""
    waiting, begun = iter(dialogues), []

    async def residents() -> None:
        for dialogue in waiting:
            if time.monotonic() > until:
                return
            begun.append(dialogue)
            try:
                await dialogue.play()
            except (AssertionError, LookupError) as error:
                print(f"resident {dialogue.index} stopped after step {dialogue.reached}: {str(error)[:200]}")

    await asyncio.gather(*[residents() for _ in range(AT_ONCE)])
    return begun


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
    parser.add_argument(
        "--weather", nargs="*", choices=(*KINDS, "all"), default=[], help="besides: what strikes, as often as --strikes"
    )
    parser.add_argument("--strikes", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="nobody begins anything after so long")
    given = parser.parse_args()
    kinds = set(KINDS if "all" in given.weather else given.weather) - ({"disk"} if given.postgresql else {"database"})
    with tempfile.TemporaryDirectory(prefix="linli-kill-") as folder:
        raise SystemExit(0 if _run(given, kinds, Path(folder)) else 1)


def _run(given: argparse.Namespace, kinds: set[str], folder: Path) -> bool:
    with ExitStack() as held:
        strikes: dict[str, Strike] = {}
        if "clock" in kinds:
            clock = held.enter_context(closing(JumpyClock()))
            os.environ.update(clock.environment)  # whatever is started from here on sees it
            strikes["clock"] = clock.strike
        if "deliveries" in kinds:
            os.environ["LINLI_WEB__BASE_URL"] = BEHIND
        if "disk" in kinds:
            folder = folder / "disk"
            strikes["disk"] = full_disk(held.enter_context(SmallDisk(folder, DISK)))
        wanted = {"storms": "storms" in kinds, "mixed": "deliveries" in kinds, "times": given.strikes}
        wanted["seconds"] = 60 * given.minutes
        plan = Plan(given.updates, given.kills, strikes, **wanted)
        if not given.postgresql:
            return asyncio.run(run_alone(plan, folder))
        binaries = find_binaries()
        if binaries is None:
            raise SystemExit("no PostgreSQL server here: apt-get install postgresql")
        cluster = held.enter_context(closing(Cluster(binaries)))
        if "database" in kinds:
            strikes["database"] = restart(cluster)
        return asyncio.run(run_many(plan, folder, cluster.url(cluster.empty())))


if __name__ == "__main__":
    main()
