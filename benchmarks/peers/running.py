"""Starts a peer in an environment of its own and drives it: a record created over REST, the page of its queue.

What is installed is pinned here; it lies in `LINLI_PEERS` or the user's cache folder and is kept for the next run.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote

from benchmarks.wire import Refused, Wire

SITES = Path(__file__).with_name("sites")
GUNICORN = "gunicorn==27.0.1"
START_WITHIN = 60.0


@dataclass(frozen=True)
class Peer:
    """One tracker. `serving` is how its manual serves it for load; `told` are the words its maker has printed."""

    name: str
    site: str
    packages: tuple[str, ...]
    serving: tuple[str, ...]
    create: Callable[[list[str], int], tuple[str, object, str]]
    """(path, body, headers) of one new record."""
    pages: Callable[[list[str]], list[tuple[str, str]]]
    """(path, headers) of its queue's pages."""


_FROM_HERE = "X-Requested-With: rest\r\nOrigin: http://127.0.0.1\r\nReferer: http://127.0.0.1/\r\n"


def _new_issue(_told: list[str], index: int) -> tuple[str, object, str]:
    body = {"title": f"Lamp {index} is dark", "priority": "bug"}
    return "/rest/data/issue", body, _FROM_HERE


def _issues(_told: list[str]) -> list[tuple[str, str]]:
    columns = "id,activity,title,creator,status,priority"
    page = f"/issue?@columns={columns}&@sort=-activity&@group=priority&@filter=status&status=1,2,3&@pagesize=50&@startwith=0"
    rest = "/rest/data/issue?@page_size=50&@page_index=1&@sort=-activity&@fields=title,status,priority&status=1,2,3"
    return [(page, ""), (rest, _FROM_HERE)]


def _new_ticket(told: list[str], index: int) -> tuple[str, object, str]:
    body = {"queue": int(told[2]), "title": f"Lamp {index} is dark", "description": "The lamp of house 3 is dark."}
    body |= {"submitter_email": "somebody@example.org", "priority": 3}
    return "/api/tickets/", body, f"Authorization: Token {told[0]}\r\n"


def _tickets(told: list[str]) -> list[tuple[str, str]]:
    rows = f"/datatables_ticket_list/{quote(_QUERY)}?draw=1&start=0&length=25&order[0][column]=0&order[0][dir]=desc"
    return [("/tickets/", f"Cookie: sessionid={told[1]}\r\n"), (rows, f"Cookie: sessionid={told[1]}\r\n")]


_QUERY = "eyJmaWx0ZXJpbmciOiB7InN0YXR1c19faW4iOiBbMSwgMl19LCAic29ydGluZyI6ICJjcmVhdGVkIn0="
"""{"filtering": {"status__in": [1, 2]}, "sorting": "created"}: what the page asks its rows with."""

ROUNDUP = Peer(
    "Roundup 2.6",
    "roundup_site",
    ("roundup==2.6.0",),
    ("--workers", "2", "--threads", "4"),
    _new_issue,
    _issues,
)
HELPDESK = Peer(
    "django-helpdesk 2.6",
    "helpdesk_site",
    ("django-helpdesk[teams]==2.6.1", "Django==5.2.19"),
    ("--workers", "2", "--threads", "4"),
    _new_ticket,
    _tickets,
)
PEERS = (ROUNDUP, HELPDESK)


class Running:
    """A peer that answers on `port`."""

    def __init__(self, peer: Peer, port: int, told: list[str]) -> None:
        self.peer = peer
        self.port = port
        self._told = told

    async def intake(self, count: int, callers: int) -> float:
        """Records a second over REST, by so many callers that do nothing else."""
        wires = [await Wire.open(self.port) for _ in range(callers)]
        path, body, headers = self.peer.create(self._told, 0)
        for wire in wires:  # what is made once, is made
            await wire.ask("POST", path, body, headers)
        waiting = iter(range(count))

        async def some(wire: Wire) -> None:
            for index in waiting:
                path, body, headers = self.peer.create(self._told, index)
                await wire.ask("POST", path, body, headers)

        began = time.perf_counter()
        await asyncio.gather(*[some(wire) for wire in wires])
        seconds = time.perf_counter() - began
        for wire in wires:
            await wire.close()
        return count / seconds

    async def page(self, pages: int) -> dict[str, tuple[float, float, float]]:
        """p50, p95 and p99 in milliseconds of each page of its queue, for one caller."""
        found = {}
        wire = await Wire.open(self.port)
        for path, headers in self.peer.pages(self._told):
            taken = []
            for _ in range(pages + 3):
                began = time.perf_counter()
                await wire.ask("GET", path, None, headers)
                taken.append((time.perf_counter() - began) * 1000)
            cuts = quantiles(taken[3:], n=100)
            found[path.partition("?")[0]] = (cuts[49], cuts[94], cuts[98])
        await wire.close()
        return found


@asynccontextmanager
async def running(peer: Peer, folder: Path, records: int) -> AsyncIterator[Running]:
    """It has so many records and runs while the block lasts. Installed first when it is not there yet."""
    python = await asyncio.to_thread(_installed, peer)
    home = folder / peer.site
    home.mkdir()
    site = SITES / f"{peer.site}.py"
    made = await asyncio.to_thread(_out, [str(python), str(site), str(home), str(records)])
    port = _free_port()
    command = [str(python.with_name("gunicorn")), *peer.serving, "--bind", f"127.0.0.1:{port}", "--keep-alive", "60"]
    environment = {"PEER_HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(SITES), "LANG": "C.UTF-8"}
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, f"{peer.site}:app", env=environment, cwd=home, stdout=log, stderr=log, start_new_session=True
        )
    try:
        one = Running(peer, port, made.split())
        await _until_it_answers(one, process)
        yield one
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _until_it_answers(one: Running, process: asyncio.subprocess.Process) -> None:
    until = time.monotonic() + START_WITHIN
    path, headers = one.peer.pages(one._told)[0]
    while True:
        try:
            wire = await Wire.open(one.port)
            await wire.ask("GET", path, None, headers)
            await wire.close()
            return
        except (OSError, EOFError, Refused) as error:
            if time.monotonic() > until or process.returncode is not None:
                raise RuntimeError(f"{one.peer.name} does not answer: {error}") from error
            await asyncio.sleep(0.2)


def _installed(peer: Peer) -> Path:
    """The Python of the peer's own environment."""
    kept = Path(
        os.environ.get("LINLI_PEERS") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "linli"
    )
    home = kept / "peers" / peer.site
    python, wanted = home / "bin" / "python", home / "installed"
    packages = "\n".join((*peer.packages, GUNICORN))
    if not (wanted.exists() and wanted.read_text() == packages):
        print(f"installing {', '.join(peer.packages)} into {home}")
        _out([sys.executable, "-m", "venv", "--clear", str(home)])
        _out([str(python), "-m", "pip", "install", "--quiet", *peer.packages, GUNICORN])
        wanted.write_text(packages)
    return python


def _out(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} failed: {done.stderr[-2000:]}")
    return done.stdout


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
