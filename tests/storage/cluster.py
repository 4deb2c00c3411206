"""A PostgreSQL server of the tests' own: its own port and folder, gone when the tests end."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import asyncpg

from tests.ports import free_port

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
"""Where Debian keeps the server, newest first."""
READY = 3
"""Clones that are made ahead."""
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # the machine does not fail in a test; processes do, and for them this changes nothing
    "full_page_writes": "off",
    "autovacuum": "off",  # else the planner learns of a table in the middle of a test, or not
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on"}
"""As a street runs it: for benchmarks."""


def find_binaries() -> Path | None:
    """The folder of initdb and postgres, Debian's or one in PATH."""
    found = shutil.which("initdb")
    return next((folder for folder in BINARIES if (folder / "initdb").exists()), Path(found).parent if found else None)


class Cluster:
    """Started when made. `template` is the database that `clone` copies once somebody has filled it."""

    def __init__(self, binaries: Path, **settings: str) -> None:
        """`settings` go before those above: what is given to the server when it starts cannot be altered later."""
        self.folder = Path(tempfile.mkdtemp(prefix="linli-postgresql-"))
        self.password = secrets.token_hex(8)
        self.template = "empty"
        self._binaries = binaries
        self._settings = SETTINGS | settings
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._aside = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._aside.start()
        self._turn = asyncio.Lock()
        self._ready: deque[Future[str]] = deque()
        self._admin: asyncpg.Connection | None = None
        self._make()
        self.port = free_port()  # chosen late: making takes seconds, in which others choose too
        self.start()
        self.execute(f"CREATE DATABASE {self.template}")

    def url(self, name: str) -> str:
        return f"postgresql://linli:{self.password}@127.0.0.1:{self.port}/{name}"

    def empty(self) -> str:
        """A fresh database without tables; its name."""
        return self._create("template1").result(180)

    def clone(self) -> str:
        """A fresh copy of the template; its name. The next ones are made while the test runs."""
        while len(self._ready) < READY:
            self._ready.append(self._create(self.template))
        return self._ready.popleft().result(180)

    def _create(self, template: str) -> Future[str]:
        async def create() -> str:
            name = f"t{next(self._numbers)}"
            await self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            return name

        return asyncio.run_coroutine_threadsafe(create(), self._loop)

    def drop(self, name: str) -> None:
        """Some time soon."""
        asyncio.run_coroutine_threadsafe(self._execute(f"DROP DATABASE {name} WITH (FORCE)"), self._loop)

    def execute(self, statement: str) -> None:
        """Runs one statement in the server's own database."""
        asyncio.run_coroutine_threadsafe(self._execute(statement), self._loop).result(180)

    async def _execute(self, statement: str) -> None:
        async with self._turn:
            if self._admin is None or self._admin.is_closed():
                self._admin = await asyncpg.connect(self.url("postgres"))
            await self._admin.execute(statement)

    def start(self) -> None:
        options = " ".join(f"-c {key}={value}" for key, value in self._settings.items())
        options += f" -p {self.port} -k {self.folder}"
        log = str(self.folder / "log")
        self._as_postgres(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "-t", "60", "-o", options, "start"
        )

    def stop(self, mode: str = "immediate") -> None:
        """Ends the server: "immediate" is as if it had been killed."""
        asyncio.run_coroutine_threadsafe(self._rest(), self._loop).result(180)
        self._as_postgres("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._aside.join(30)
        self._loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _rest(self) -> None:
        async with self._turn:  # after everything that was asked for before
            if self._admin is not None:
                await self._admin.close()

    def _make(self) -> None:
        word = self.folder / "password"
        word.write_text(self.password)
        if os.geteuid() == 0:
            for path in (self.folder, word):
                shutil.chown(path, "postgres", "postgres")
        given = ["-U", "linli", "-A", "scram-sha-256", f"--pwfile={word}", "-E", "UTF8", "--locale=C.UTF-8"]
        self._as_postgres("initdb", "-D", str(self.folder / "data"), *given)

    def _as_postgres(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(self._binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")
