"""`linli run` as a process: SIGTERM in the middle of work ends it in time, and what was acknowledged is handled later."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Self

import httpx

from bot.catalogue import SHIPPED_STREET
from tests.journeys.conftest import PATIENCE

WITHIN = 10
MESSAGES = 40
PHONE = "13912341234"


class Process:
    """One `linli run` in a folder, on a port that the system chooses. Used as a context it is gone afterwards."""

    def __init__(self, folder: Path, running: asyncio.subprocess.Process, url: str) -> None:
        self.folder, self._running, self.url = folder, running, url

    @classmethod
    async def start(cls, folder: Path) -> Process:
        config = folder / "config.toml"
        config.write_text(
            f'[street]\nfile = "{SHIPPED_STREET}"\n[web]\nport = 0\n[limits]\ndisk_free_mb = 0\n', encoding="utf-8"
        )
        with (folder / "log").open("ab") as log:
            running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run", "--config", str(config)),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert running.stdout is not None
        line = (await running.stdout.readline()).decode()
        return cls(folder, running, line.split()[-1])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running.returncode is None:
            self._running.kill()
            await self._running.wait()

    async def end(self) -> int:
        self._running.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._running.wait(), WITHIN)

    def count(self, question: str) -> int:
        with sqlite3.connect(self.folder / "linli.db") as connection:
            return int(connection.execute(question).fetchone()[0])


async def say(client: httpx.AsyncClient, n: int) -> bool:
    body = {"text": f"银杏苑三栋二单元楼道灯坏了{n}，电话{PHONE}", "client_id": f"c{n}"}
    try:
        answer = await client.post("/api/chat/messages", json=body)
    except httpx.HTTPError:
        return False
    return answer.status_code == 202


async def answers(client: httpx.AsyncClient, path: str, part: str) -> None:
    """Waits for an answer with these words: on a busy machine the database may not answer within the second it is given."""
    end = time.monotonic() + PATIENCE
    while (answer := await client.get(path)).status_code != 200 or part not in answer.text:
        assert time.monotonic() < end, answer.text
        await asyncio.sleep(0.1)


async def test_a_signal_in_the_middle_of_work_loses_nothing(tmp_path: Path) -> None:
    async with (
        await Process.start(tmp_path) as one,
        httpx.AsyncClient(base_url=one.url, headers={"X-Linli": "1"}, timeout=120) as client,
    ):
        assert (await client.post("/api/session")).status_code == 200
        assert (await client.get("/healthz")).status_code == 200
        await answers(client, "/readyz", '"ok"')
        await answers(client, "/metrics", "linli_ready 1.0")
        await answers(client, "/metrics", "linli_database_bytes")
        sent = [asyncio.create_task(say(client, n)) for n in range(MESSAGES)]
        await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        assert await one.end() == 0
        acknowledged = sum(await asyncio.gather(*sent))
    assert acknowledged
    stored = one.count("SELECT count(*) FROM receipts")
    assert stored >= acknowledged
    async with await Process.start(tmp_path) as other:
        for _ in range(2400):
            if not other.count("SELECT count(*) FROM receipts WHERE state = 'waiting'"):
                break
            await asyncio.sleep(0.05)
        assert other.count("SELECT count(*) FROM receipts WHERE state = 'waiting'") == 0
        assert await other.end() == 0
    assert other.count("SELECT count(*) FROM receipts WHERE state = 'failed'") == 0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert PHONE not in log
    assert "楼道灯" not in log
    assert all(json.loads(line)["process"] for line in log.splitlines())
