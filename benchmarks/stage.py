"""A stage for whole-program runs: a temporary folder, prepared staff, and `linli run` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from benchmarks.nursery import Grown, Nursery
from bot.catalogue import SHIPPED_STREET, build_city
from bot.config import load_config
from bot.program import sealing_keys
from storage import migrate, people, roles
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store
from tests.ports import free_port
from workflow.rights import Role

STREET = "linjiang"
START_WITHIN = 180.0
"""Seconds a process may take to answer; on a machine that does much else it takes long."""


class Stage:
    """One run. Leaving it stops the program."""

    def __init__(
        self,
        folder: Path,
        *,
        telegram_base: str = "",
        token: str = "",
        speed: float = 1.0,
        url: str = "",
        key: str = "",
        at_once: bool = False,
        telegram: str = "",
    ) -> None:
        """`telegram`: more lines of that section."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "linli.db"
        self.config = folder / "config.toml"
        self._process: Grown | None = None
        self._nursery = Nursery()
        self._log = folder / "linli.log"
        lines = [f'[street]\nfile = "{SHIPPED_STREET}"', f"[web]\nport = {self.port}", "[clocks]", f"speed = {speed}"]
        if telegram_base:
            limits = "per_second = 100000.0\nchat_interval = 0.0\ngroup_per_minute = 1000000"
            lines.append(f'[telegram]\ntoken = "{token}"\nbase_url = "{telegram_base}"\n{limits}\n{telegram}')
        lines.append("[limits]\nper_person = 0\nper_person_presses = 0\nper_group = 0")
        lines += [f'[storage]\nurl = "{url}"'] if url else []
        lines += [f'[privacy]\nkeys = ["{key}"]'] if key else []
        if at_once:  # residents are asked for their rating at any hour, as soon as there is a result
            lines.insert(4, 'quiet_from = "00:00:00"\nquiet_until = "00:00:00"\n[rating]\nask_after_hours = 0')
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def prepare(
        self, staff: dict[str, tuple[Role, str]], channel: str, account: str, rooms: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Makes the database with these staff (user -> role, scope) and rooms (queue -> platform chat).

        Sign-in links of web users are returned by user.
        """
        config = load_config(self.config)
        database = Database(config.storage.url, STREET)
        try:
            await migrate.upgrade(database)
            store = Store(database, Ids(), Sealer(sealing_keys(config)))
            return await self._employ(store, staff, channel, account, rooms or {})
        finally:
            await database.close()

    @staticmethod
    async def _employ(
        store: Store, staff: dict[str, tuple[Role, str]], channel: str, account: str, rooms: dict[str, str]
    ) -> dict[str, str]:
        now, links = datetime.now(UTC), {}
        async with store.write() as tx:
            for user, (role, scope) in staff.items():
                person = await people.find_by_identity(tx, channel, account, user)
                person = person or await people.add_person(tx, channel, account, user, f"工{user[-3:]}", now)
                await roles.grant(tx, person.id, role, scope, None, now)
                links[user] = await roles.add_login_link(tx, user, now + timedelta(days=1)) if channel == "web" else ""
            for queue, chat in rooms.items():
                made = await people.add_chat(
                    tx,
                    channel=channel,
                    account=account,
                    chat=chat,
                    thread="",
                    is_group=True,
                    person_id=None,
                    title=queue,
                    now=now,
                )
                await people.bind_room(tx, queue, made.id, None, now)
        return links

    async def start(self) -> float:
        """Starts the program; seconds until it answers."""
        began = time.monotonic()
        self._process = await self._nursery.start(["run", "--config", str(self.config)], {}, self._log)
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                if await self._process.ended():
                    raise RuntimeError(f"the program ended: {(self.folder / 'linli.log').read_text()[-2000:]}")
                try:
                    if (await client.get(f"{self.url}/healthz", timeout=2)).status_code == 200:
                        return time.monotonic() - began
                except httpx.HTTPError:
                    pass
                if time.monotonic() - began > START_WITHIN:
                    raise TimeoutError("the program did not answer in time")
                await asyncio.sleep(0.05)

    async def calm(self) -> None:
        """Returns when the program does nothing but wait: after a start it makes its books from what is there."""
        for _ in range(150):
            used = self.cpu()
            await asyncio.sleep(2)
            if self.cpu() - used < 0.2:
                return
        raise RuntimeError("the program is never calm")

    def cpu(self) -> float:
        """Seconds of processor time the program has used, its threads included."""
        if self._process is None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Megabytes the program holds."""
        if self._process is None:
            return 0.0
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    async def runs(self) -> bool:
        """Whether the program is there."""
        return self._process is not None and not await self._process.ended()

    async def kill(self) -> None:
        """kill -9, the process this stage started and no other."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> None:
        """A clean stop; the second time nothing."""
        try:
            if self._process is not None and self._process.returncode is None:
                self._process.send_signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(self._process.wait(), 20)
                except TimeoutError:
                    await self.kill()
        finally:
            await self._nursery.close()

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Reads the database while the program runs."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    def errors(self) -> list[str]:
        """Lines of the log that report a failure."""
        text = (self.folder / "linli.log").read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if '"level": "error"' in line or "Traceback" in line]


def all_queues() -> dict[str, tuple[Role, str]]:
    """Every queue of the example street and the role that works there."""
    org = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={}).org
    found: dict[str, tuple[Role, str]] = {}
    for queue in org.queues():
        kind, _, name = queue.partition(":")
        if kind == "grid":
            found[queue] = (Role.GRID_WORKER, name)
        elif kind == "dept":
            found[queue] = (Role.DEPT_STAFF, name)
        else:
            found[queue] = (Role.DESK, name) if name else (Role.STREET, STREET)
    return found
