"""Several processes on one PostgreSQL: updates answered once and in order, one winner a claim, each follow-up asked once.

    python -m benchmarks.many --processes 4 [--updates 300] [--claims 1000] [--timers 100000] [--kill]

Half of the processes serve, half of them work. With --kill one of each is killed (-9) in the middle. A PostgreSQL server
of the run's own is started and ended; nothing else is touched.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.crowd import Crowd
from benchmarks.drivers import WebScreen
from benchmarks.kill import STEPS, Dialogue, _repeats
from tests.fakes.telegram import TOKEN, TelegramServer
from tests.storage.cluster import Cluster, find_binaries
from workflow.rights import Role

QUEUE = "grid:yinxing-01"
PATIENCE = 90.0
STILL = 60.0
"""Seconds without anything done after which a run is given up."""


class Patient(WebScreen):
    """A browser that reads what stands in its chat: the answer may come from another process a moment later."""

    async def _post(self, what: str, body: dict[str, Any]) -> None:
        await super()._post(what, body)
        self._answers = []

    async def find(self, label: str) -> tuple[str, str]:
        """The newest button with this label, as soon as it is there. Raises RuntimeError when it never is."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = await self.button(label)
            if found is not None:
                return found
            await asyncio.sleep(0.05)
        raise RuntimeError(f"no {label}")


async def updates(folder: Path, url: str, count: int, processes: int, *, kill: bool) -> bool:
    """Residents on Telegram report in three steps; each must get each answer once, whoever gives it."""
    half = processes // 2
    async with TelegramServer() as server, Crowd(folder, url, telegram_base=server.base_url, token=TOKEN) as crowd:
        await crowd.prepare({})
        made = await crowd.start(*["serve"] * half, *["worker"] * half)
        dialogues = [Dialogue(server, i) for i in range(-(-count // STEPS))]
        waiting, began = iter(dialogues), time.monotonic()

        async def resident() -> None:
            for dialogue in waiting:
                await dialogue.play()

        playing = asyncio.gather(*[resident() for _ in range(12)], return_exceptions=True)
        if kill:
            while sum(d.reached for d in dialogues) < count // 3:  # noqa: ASYNC110 - a third of the way
                await asyncio.sleep(0.05)
            await crowd.kill(made[0])
            await crowd.kill(made[half])
        failures = [f for f in await playing if f is not None]
        seconds = time.monotonic() - began
        held = dict(
            await crowd.rows(
                "SELECT i.user_key, count(*) FROM requests r JOIN identities i "
                "ON i.tenant = r.tenant AND i.person_id = r.reporter_id GROUP BY 1"
            )
        )
        states = dict(await crowd.rows("SELECT state, count(*) FROM receipts GROUP BY 1"))
        wrong = [d for d in dialogues if held.get(str(d.person.id)) != 1 or d.reached < STEPS]
        twice = sum(_repeats(server, d) for d in dialogues)
        kills = 2 if kill else 0
        print(
            f"{STEPS * len(dialogues)} updates, {processes} processes, {kills} killed: {seconds:.1f} s, receipts {states}"
        )
        print(f"lost, doubled or broken {len(wrong)}; sent twice {twice}; violations {len(server.violations)}")
        return not (wrong or failures or server.violations) and twice <= kills and set(states) == {"done"}


async def claims(folder: Path, url: str, rounds: int, processes: int, workers: int = 50) -> bool:
    """Everybody presses the same card at the same moment, through different processes."""
    half = processes // 2
    async with AsyncExitStack() as held:
        crowd = await held.enter_async_context(Crowd(folder, url))
        names = [f"worker{i:03}" for i in range(workers)]
        links = await crowd.prepare(dict.fromkeys(names, (Role.GRID_WORKER, "yinxing-01")))
        serving = (await crowd.start(*["serve"] * half, *["worker"] * half))[:half]
        screens = [
            await held.enter_async_context(await Patient.open(serving[n % half].url, link=links[name], queue=QUEUE))
            for n, name in enumerate(names)
        ]
        bad, began = 0, time.monotonic()
        for number in range(rounds):
            resident = await held.enter_async_context(await Patient.open(serving[number % half].url))
            await resident.say(f"银杏苑{1 + number % 12}幢{1 + number // 12}单元楼道灯不亮了")
            await resident.press_token(*await resident.find("对，就这样"))
            token = await screens[-1].find("接单")
            await asyncio.gather(*[screen.press_token(*token) for screen in screens])
            won = await crowd.rows(
                "SELECT count(*) FROM events e JOIN requests r ON r.tenant = e.tenant AND r.id = e.subject_id "
                "WHERE e.name = 'request.claimed' AND r.number = (SELECT max(number) FROM requests)"
            )
            bad += won != [(1,)]
            await _card_is_gone(screens[-1])
        seconds = time.monotonic() - began
        print(f"{rounds} rounds of {workers} claims at once, {processes} processes: {bad} without exactly one winner")
        print(f"{rounds * workers / seconds:.0f} claims a second, the resident's part included")
        return not bad


async def _card_is_gone(screen: Patient) -> None:
    """Every open screen sees within seconds that nothing is to be claimed any more."""
    until = time.monotonic() + PATIENCE
    while await screen.button("接单") is not None:
        if time.monotonic() > until:
            raise RuntimeError("the card was not changed")
        await asyncio.sleep(0.05)


async def follow_ups(folder: Path, url: str, count: int, processes: int, *, kill: bool) -> bool:
    """All fall due at once; each resident is asked once."""
    half = processes // 2
    async with Crowd(folder, url) as crowd:
        await crowd.prepare({})
        await crowd.fill_follow_ups(count, datetime.now(UTC))
        began = time.monotonic()
        made = await crowd.start(*["worker"] * (processes - half), *["serve"] * half)
        started = time.monotonic()
        early = (await _states(crowd)).get("done", 0)
        if kill:
            while (await _states(crowd)).get("done", 0) < count // 4:  # noqa: ASYNC110 - a quarter of the way
                await asyncio.sleep(0.1)
            await crowd.kill(made[0])
        left, moved = -1, time.monotonic()
        while left and time.monotonic() - moved < STILL:
            before = left
            left = (await _states(crowd)).get("waiting", 0)
            left += (await crowd.rows("SELECT count(*) FROM outbox WHERE state = 'waiting'"))[0][0]
            moved = time.monotonic() if left != before else moved
            await asyncio.sleep(0.2)
        seconds = time.monotonic() - began
        rate = (count - early) / (time.monotonic() - started)
        for one in made[kill:]:
            if await one.process.ended():
                print(f"a {one.role} ended by itself or by somebody else: {one.process.returncode}")
        asked = await crowd.rows("SELECT chat, count(*) FROM web_posts WHERE direction = 'out' GROUP BY chat")
        twice = [chat for chat, times in asked if times != 1]
        print(f"{count} follow-ups at once, {processes} processes, {int(kill)} killed: {seconds:.1f} s")
        print(f"{early} while the processes started, then {rate:.0f} a second")
        print(f"asked once {len(asked) - len(twice)}, asked otherwise {len(twice)}, not asked {count - len(asked)}")
        return len(asked) == count and not twice


async def _states(crowd: Crowd) -> dict[str, int]:
    return dict(await crowd.rows("SELECT state, count(*) FROM timers WHERE name = 'rate.ask' GROUP BY state"))


def run(processes: int, wanted: dict[str, int], *, kill: bool) -> bool:
    """What is asked for, each on a new database of one server."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL server here: apt-get install postgresql")
    runs: dict[str, Callable[[Path, str, int], Awaitable[bool]]] = {
        "updates": lambda folder, url, n: updates(folder, url, n, processes, kill=kill),
        "claims": lambda folder, url, n: claims(folder, url, n, processes),
        "timers": lambda folder, url, n: follow_ups(folder, url, n, processes, kill=kill),
    }
    cluster, good = Cluster(binaries), True
    try:
        for name, count in wanted.items():
            with tempfile.TemporaryDirectory(prefix="linli-many-") as folder:
                good &= bool(asyncio.run(_one(runs[name], Path(folder), cluster.url(cluster.empty()), count)))
    finally:
        cluster.close()
    return good


async def _one(work: Callable[[Path, str, int], Awaitable[bool]], folder: Path, url: str, count: int) -> bool:
    return await work(folder, url, count)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=4)
    for name in ("updates", "claims", "timers"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    wanted = {name: getattr(given, name) for name in ("updates", "claims", "timers") if getattr(given, name)}
    raise SystemExit(0 if run(given.processes, wanted or {"updates": 300}, kill=given.kill) else 1)


if __name__ == "__main__":
    main()
