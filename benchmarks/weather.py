"""Bad weather for a run: refusals, a full disk, a database that is restarted, a clock that jumps; repeated, mixed-up updates.

What strikes is spread over the work by chance, as the kills of `benchmarks.kill` are.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Self

import httpx

from tests.fakes.telegram import TelegramServer
from tests.storage.cluster import Cluster
from tests.storage.rooms import SmallDisk

KINDS = ("deliveries", "storms", "disk", "database", "clock")
SECRET = "a-long-secret_1"
WEBHOOK = f'mode = "webhook"\nsecret = "{SECRET}"\n'
OUT_OF_REACH = 1.5
"""Seconds that a disk stays full."""
_PRELOADED = "faketime/libfaketimeMT.so.1"

Strike = Callable[[], Awaitable[None]]


class Weather:
    """Strikes of several kinds, one after another, each after so many answers as chance says. `struck` counts."""

    def __init__(self, strikes: Mapping[str, Strike], answered: Callable[[], int], updates: int, times: int) -> None:
        """Each kind comes so many times while so many updates are answered."""
        self._strikes = strikes
        self._answered = answered
        self._moments = sorted(
            (random.uniform(0.02 * updates, 0.9 * updates), kind) for kind in strikes for _ in range(times)
        )
        self.struck: Counter[str] = Counter()
        self.running = True

    async def run(self) -> None:
        """Until all have struck or it is told to stop."""
        for answers, kind in self._moments:
            while self.running and self._answered() < answers:  # noqa: ASYNC110 - as far as chance says
                await asyncio.sleep(0.02)
            if not self.running:
                return
            await self._strikes[kind]()
            self.struck[kind] += 1


def storm(server: TelegramServer) -> Strike:
    """The platform refuses: 429, 500 and 502 for whatever is asked next."""

    async def strike() -> None:
        server.fail("sendMessage", "rate", times=1, retry_after=1)
        server.fail("sendMessage", "error", times=2, status=500, text="Internal Server Error")
        server.fail("sendMessage", "error", times=1, status=502)
        server.fail("answerCallbackQuery", "error", times=1, status=500, text="Internal Server Error")
        server.fail("getUpdates", "error", times=1, status=500, text="Internal Server Error")

    return strike


def full_disk(disk: SmallDisk) -> Strike:
    """Not one block is left for a moment."""

    async def strike() -> None:
        await asyncio.to_thread(disk.fill)
        await asyncio.sleep(OUT_OF_REACH)
        await asyncio.to_thread(disk.make_room)

    return strike


def restart(cluster: Cluster) -> Strike:
    """The database server ends as if it had been killed, and is back half a second later."""

    async def strike() -> None:
        await asyncio.to_thread(cluster.stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(cluster.start)

    return strike


class JumpyClock:
    """The wall clock of every process that is started with `environment`: an hour ahead, an hour behind, or right.

    The monotonic clocks go on as they are. Raises RuntimeError where libfaketime is not installed.
    """

    def __init__(self) -> None:
        library = next(Path("/usr/lib").glob(f"*/{_PRELOADED}"), None)
        if library is None:
            raise RuntimeError("no libfaketime here: apt-get install faketime")
        self._folder = tempfile.TemporaryDirectory(prefix="linli-clock-")
        Path(self._folder.name).chmod(0o755)
        self._file = Path(self._folder.name, "offset")
        self._hours = 0
        self._file.write_text("+0")
        monotonic = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        told = {"FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_CACHE_DURATION": "1"}
        self.environment = {"LD_PRELOAD": str(library), **told, **monotonic}

    async def strike(self) -> None:
        """It stands otherwise than it did, by one hour or two."""
        self._hours = random.choice([hours for hours in (-1, 0, 1) if hours != self._hours])
        self._file.write_text(f"{self._hours:+d}h")

    def close(self) -> None:
        """Nothing is left."""
        self._folder.cleanup()


class Postman:
    """Delivers what the platform has by webhook: each update twice, with old ones, in a mixed order, to whoever serves.

    What nobody took stays and comes again, as the platform does it.
    """

    def __init__(self, server: TelegramServer, serving: Callable[[], list[str]]) -> None:
        """`serving` gives the addresses of the processes that receive now."""
        self._server = server
        self._serving = serving
        self.posted: Counter[int] = Counter()
        """Answers by status; 0: nobody answered."""
        self._client = httpx.AsyncClient(
            trust_env=False, timeout=30, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}
        )

    async def __aenter__(self) -> Self:
        self._server.hold_updates()  # it delivers nothing itself
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._client.aclose()

    async def _run(self) -> None:
        queue = self._server.queue
        while True:
            fresh = queue.pending[:50]
            old = random.sample(queue.sent, min(2, len(queue.sent)))
            bag = [*fresh, *fresh, *old]
            random.shuffle(bag)
            statuses = await asyncio.gather(*[self._post(update) for update in bag])
            self.posted.update(statuses)
            taken = [u["update_id"] for u, status in zip(bag, statuses, strict=True) if status == 200]
            queue.pending = [u for u in queue.pending if u["update_id"] not in taken]
            await asyncio.sleep(0.05)

    async def _post(self, update: dict[str, object]) -> int:
        serving = self._serving()
        if not serving:
            return 0
        try:
            answer = await self._client.post(f"{random.choice(serving)}/hooks/telegram", json=update)
        except httpx.HTTPError:
            return 0
        return answer.status_code
