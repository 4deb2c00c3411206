"""Several `linli serve` and `linli worker` as processes of their own on one PostgreSQL, started, killed and asked."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg
import httpx

from benchmarks.nursery import Grown, Nursery
from benchmarks.stage import START_WITHIN, STREET, Stage
from bot.catalogue import SHIPPED_STREET
from storage import migrate, people, timers
from storage.database import Database
from storage.ids import Ids
from storage.requests import requests
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.ports import free_port
from workflow.rights import Role


@dataclass
class Running:
    """One process: what it does, and where it answers when it receives."""

    role: str
    port: int
    process: Grown

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Crowd:
    """The processes of one run. Leaving it stops them all."""

    def __init__(
        self,
        folder: Path,
        database: str,
        *,
        telegram_base: str = "",
        token: str = "",
        extra: str = "",
        telegram: str = "",
    ) -> None:
        """`extra` instead of limits that are out of reach; `telegram`: more lines of that section."""
        self.folder = folder
        self.database = database
        self.config = folder / "config.toml"
        self.running: list[Running] = []
        self._key = new_key()
        self._log = folder / "linli.log"
        self._nursery = Nursery()
        lines = [f'[street]\nfile = "{SHIPPED_STREET}"', f'[storage]\nmedia = "{folder / "media"}"']
        lines.append("[limits]\nper_person = 0\nper_person_presses = 0\nper_group = 0")
        if telegram_base:
            limits = extra or "per_second = 100000.0\nchat_interval = 0.0\ngroup_per_minute = 1000000"
            lines.append(f'[telegram]\ntoken = "{token}"\nbase_url = "{telegram_base}"\n{limits}\n{telegram}')
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self.running:
            if one.process.returncode is None:
                one.process.send_signal(signal.SIGTERM)
        for one in self.running:
            try:
                await asyncio.wait_for(one.process.wait(), 20)
            except TimeoutError:
                one.process.kill()
                await one.process.wait()
        await self._nursery.close()

    async def prepare(self, staff: dict[str, tuple[Role, str]], channel: str = "web") -> dict[str, str]:
        """Makes the schema and the staff; sign-in links by user."""
        database = Database(self.database, STREET)
        try:
            await migrate.upgrade(database)
            return await Stage._employ(Store(database, Ids(), Sealer([self._key])), staff, channel, "", {})
        finally:
            await database.close()

    async def fill_follow_ups(self, count: int, due_at: datetime) -> None:
        """So many resolved records, each of its own resident, who is to be asked at the same moment."""
        database = Database(self.database, STREET)
        store = Store(database, Ids(), Sealer([self._key]))
        for first in range(0, count, 200):
            async with store.write() as tx:
                for number in range(first, min(first + 200, count)):
                    await resolved(tx, number, due_at)
        await database.close()

    @property
    def environment(self) -> dict[str, str]:
        """What every command on this database needs to know."""
        return {"LINLI_STORAGE__URL": self.database, "LINLI_PRIVACY__KEYS": f'["{self._key}"]'}

    async def start(self, *roles: str) -> list[Running]:
        """Starts a process for each role, `serve` or `worker`; they answer when this returns."""
        made = []
        for role in roles:
            port = free_port()
            given = self.environment | {"LINLI_WEB__PORT": str(port), "LINLI_WEB__WORKER_METRICS_PORT": "0"}
            process = await self._nursery.start([role, "--config", str(self.config)], given, self._log)
            made.append(Running(role, port, process))
        self.running += made
        await asyncio.gather(*[self._answers(one) for one in made])
        return made

    async def _answers(self, one: Running) -> None:
        began = time.monotonic()
        async with httpx.AsyncClient(trust_env=False) as client:
            while one.role == "serve":
                if await one.process.ended() or time.monotonic() - began > START_WITHIN:
                    raise RuntimeError(f"no answer: {(self.folder / 'linli.log').read_text()[-2000:]}")
                try:
                    if (await client.get(f"{one.url}/healthz", timeout=2)).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)

    async def kill(self, one: Running) -> None:
        """kill -9, a process this crowd started and no other."""
        one.process.send_signal(signal.SIGKILL)
        await one.process.wait()

    async def holder(self, kind: str, key: str) -> Running:
        """The process that has this lease now; waits until one has."""
        while True:
            for (name,) in await self.rows("SELECT holder FROM leases WHERE kind = $1 AND key = $2", kind, key):
                for one in self.running:
                    if name.split(":")[1] == str(one.process.pid) and one.process.returncode is None:
                        return one
            await asyncio.sleep(0.05)

    async def rows(self, query: str, *values: object) -> list[Any]:
        """Reads the database while the processes run."""
        connection = await asyncpg.connect(self.database)
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    def errors(self) -> list[str]:
        """Lines of the log that report a failure."""
        text = (self.folder / "linli.log").read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if '"level": "error"' in line or "Traceback" in line]


async def resolved(tx: Tx, number: int, due_at: datetime) -> None:
    """A resident with one resolved record, straight into the tables: nothing of it is measured."""
    now, user = datetime.now(UTC), f"w{number:07}"
    person = await people.add_person(tx, "web", "", user, "", now)
    given: dict[str, Any] = {"channel": "web", "account": "", "thread": "", "title": "", "is_group": False}
    chat = await people.add_chat(tx, chat=user, person_id=person.id, now=now, **given)
    row: dict[str, Any] = {"tenant": tx.tenant, "id": tx.ids.new(), "number": 900_000 + number, "draft_id": number}
    row |= {"reporter_id": person.id, "chat_id": chat.id, "state": "resolved", "queue": "grid:yinxing-01"}
    row |= {"intent": "request", "item": "", "grid": "yinxing-01", "place": {}, "place_text": "", "text": "灯"}
    row |= {"original_sealed": tx.sealer.seal_json({"text": "灯", "place": ""}), "summary": "灯", "urgent": False}
    row |= {"danger": "", "confidence": 0.5, "received_at": now, "started_at": now, "respond_due_at": now}
    row |= {
        "resolve_due_at": now,
        "resolved_at": now,
        "resolution": 1,
        "reopened": 0,
        "supervised": False,
        "parked": False,
    }
    await tx.run(requests.insert().values(row))
    await timers.put(tx, due_at, "rate.ask", "request", int(row["id"]), {"resolution": 1})
