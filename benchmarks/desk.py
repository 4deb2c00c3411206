"""The web desk with many records: lists, search, cockpit and export, each over HTTP from the real app.

    python -m benchmarks.desk --records 1000000 --folder /var/tmp/desk
    python -m benchmarks.desk --filled big.db --key KEY --folder /var/tmp/desk
    python -m benchmarks.desk --records 100000 --postgresql --folder /var/tmp/desk

The first run fills an SQLite file in the folder with records of every kind, grid and state, without their events; later
runs use it again. `--filled` takes a file of `benchmarks.records` as it is, `--postgresql` a server of its own that
`benchmarks.records` fills: these have the events. Prints p50, p95 and the most of each in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import uvicorn
import uvloop

from benchmarks.records import make
from benchmarks.street import server
from bot import logs
from bot.catalogue import SHIPPED_STREET, build_city
from bot.channels.webchat.channel import WebChannel
from bot.media import MediaStore
from bot.office import Office
from bot.web.app import create_app
from handlers.city import City
from storage import migrate, office, people, roles
from storage.chain import micros
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.search import terms_of
from storage.tx import Store
from tests.bot.web.program import Program
from workflow.rights import Role

WORDS = (
    "楼道灯坏了晚上看不见",
    "垃圾桶满了没人收味道很大",
    "下水道堵了污水冒出来",
    "电梯老是停",
    "有人占着消防通道停车",
    "路面有个大坑",
    "树枝快碰到电线了",
    "广场舞声音太吵",
)
PLACES = ("银杏苑", "渡口新村", "江边花园", "文昌里", "东风小区")
STATES = ("closed",) * 90 + ("resolved",) * 5 + ("refused",) * 2 + ("queued",) * 2 + ("claimed",)
RESIDENTS = 100_000


def fill(path: Path, tenant: str, count: int, grids: list[str], items: list[str], key: str, worker: int) -> None:
    """Writes records as they are after three years, without their events: what the pages read. `worker` handled them."""
    made = random.Random(1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    now = datetime.now(UTC)
    residents = [(tenant, n, micros(now)) for n in range(1, RESIDENTS + 1)]
    connection.executemany("INSERT INTO people (tenant, id, created_at) VALUES (?, ?, ?)", residents)
    ids, sealed = Ids(1), Sealer([key]).seal_json(["", ""])
    columns = [row[1] for row in connection.execute("PRAGMA table_info(requests)")]
    for start in range(0, count, 20_000):
        rows, terms, rated = [], [], []
        for n in range(start, min(start + 20_000, count)):
            state = made.choice(STATES)
            received = now - timedelta(days=3 * 365) * (1 - n / count) - timedelta(minutes=made.randrange(60))
            if state in ("queued", "claimed"):
                received = now - timedelta(hours=made.randrange(1, 200))
            grid = made.choice(grids)
            text = (
                f"{made.choice(PLACES)}{made.randrange(1, 40)}幢{made.randrange(1, 5)}单元{made.choice(WORDS)}第{n}号"
            )
            done = state in ("closed", "resolved")
            values = {
                "tenant": tenant,
                "id": ids.new(),
                "number": 1001 + n,
                "draft_id": n + 1,
                "reporter_id": made.randrange(1, RESIDENTS + 1),
                "chat_id": 0,
                "state": state,
                "queue": f"grid:{grid}",
                "intent": "request",
                "item": made.choice(items),
                "grid": grid,
                "place": "{}",
                "place_text": text[:12],
                "text": text,
                "original_sealed": sealed,
                "summary": text[:40],
                "urgent": 0,
                "danger": "",
                "confidence": 0.9,
                "received_at": micros(received),
                "started_at": micros(received),
                "respond_due_at": micros(received + timedelta(hours=1)),
                "resolve_due_at": micros(received + timedelta(days=3)),
                "claimer_id": worker if state == "claimed" or done else None,
                "claimed_at": micros(received + timedelta(minutes=30)) if done else None,
                "responded_at": micros(received + timedelta(minutes=made.randrange(5, 90))) if done else None,
                "resolved_at": micros(received + timedelta(hours=made.randrange(2, 90))) if done else None,
                "closed_at": micros(received + timedelta(days=5)) if state == "closed" else None,
                "resolution": int(done),
                "reopened": 0,
                "supervised": 0,
                "parent_id": None,
                "spot_id": made.randrange(500_000),
            }
            rows.append(tuple(values.get(c, 0 if c in ("parked",) else None) for c in columns))
            terms.append((tenant, values["id"], " ".join(terms_of(f"{text}\n{text[:12]}"))))
            if state == "closed" and made.random() < 0.7:
                rated.append((tenant, values["id"], 1, 1, "yes", made.choice((3, 4, 5, 5)), "", values["closed_at"]))
        connection.executemany(f"INSERT INTO requests VALUES ({','.join('?' * len(columns))})", rows)
        connection.executemany("INSERT INTO search_texts VALUES (?, ?, ?)", terms)
        connection.executemany("INSERT INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rated)
        connection.commit()
    connection.execute("INSERT INTO ledgers VALUES (?, 1, ?)", (tenant, "0" * 64))
    connection.commit()
    connection.close()


async def measure(client: httpx.AsyncClient, name: str, paths: list[str], times: int) -> None:
    """Asks for the paths in turn and prints how long the answers took, and the processor's part of it, both sides."""
    took, busy = [], []
    for n in range(times):
        begun, own = time.perf_counter(), time.process_time()
        answer = await client.get(paths[n % len(paths)])
        took.append((time.perf_counter() - begun) * 1000)
        busy.append((time.process_time() - own) * 1000)
        assert answer.status_code == 200, (paths[n % len(paths)], answer.text[:200])
    took.sort()
    busy.sort()
    last = int(len(took) * 0.95)
    print(
        f"{name:32} p50 {statistics.median(took):8.1f}  p95 {took[last]:8.1f}  most {took[-1]:8.1f}"
        f"   processor p50 {statistics.median(busy):7.1f}  p95 {busy[last]:7.1f}",
        flush=True,
    )


def key_in(folder: Path) -> str:
    """The key that the records of a folder are sealed with, made at the first time."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "key"
    if not file.exists():
        file.write_text(new_key())
    return file.read_text()


def resident() -> float:
    """Megabytes of this process that are in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Desk:
    """The app on one database, and a browser that is signed in."""

    def __init__(self, city: City, store: Store, folder: Path) -> None:
        self.city, self.store = city, store
        self.clock = SimpleNamespace(now=lambda: datetime.now(UTC))
        inbox = SimpleNamespace(said=asyncio.Event())
        program = SimpleNamespace(city=city, store=store, clock=self.clock, inbox=inbox)
        self.office = Office(program)  # type: ignore[arg-type]
        self.channel = WebChannel(store.database, MediaStore(folder / "media"), store.sealer)
        self.app = create_app(Program(self.channel), self.channel, office=self.office)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        """Serves the app on a free port of this machine; a browser that nobody is signed in on yet."""
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(self.app, log_config=None, lifespan="off", ws="none"))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(
            base_url=address, headers={"X-Linli": "1"}, timeout=600, trust_env=False
        ) as client:
            yield client
        self.channel.hub.close()
        server.should_exit = True
        await serving

    async def sign_in(self, client: httpx.AsyncClient, role: Role, scope: str) -> None:
        """As somebody with this role."""
        now = self.clock.now()
        async with self.store.write() as tx:
            person = await people.add_person(tx, "bench", "", role.value, role.value, now)
            await roles.grant(tx, person.id, role, scope, None, now)
            link = await office.add_link(tx, person.id, now + timedelta(minutes=5))
        assert (await client.post(f"/desk/in/{link}")).status_code == 303


async def lists(desk: Desk, client: httpx.AsyncClient, times: int) -> None:
    """Lists, searches and records of whoever is signed in."""
    base = "/api/desk/records?bucket="
    grids, items = [g.id for g in desk.city.street.grids()], [i.id for i in desk.city.taxonomy.items]
    await measure(client, "list of open records", [base + b for b in ("open", "overdue", "today")], times)
    narrowed = [f"{base}all&item={items[3]}", f"{base}all&grid={grids[0]}", f"{base}all&queue=grid:{grids[1]}"]
    await measure(client, "list of all, closed, by kind", [base + "all", base + "closed", *narrowed], times)
    words = ("垃圾桶", "楼道灯", "银杏苑12幢", "电梯", "消防通道", "第4321号", "1234567", "江边花园3幢2单元楼道灯坏了")
    await measure(client, "search", [base + f"all&q={q}" for q in words], times)
    rare = ("渡口新村39幢4单元有人占着", "没有这样的话", "楼道坏了垃圾桶")
    await measure(client, "search that finds little", [base + f"all&q={q}" for q in rare], times)
    first = (await client.get(base + "all")).json()["rows"]
    await measure(client, "one record", [f"/api/desk/records/{row['number']}" for row in first], times)
    await measure(client, "counts of the tabs", ["/api/desk/counts"], times)


async def cockpit(client: httpx.AsyncClient, times: int) -> None:
    """The cockpit at once and again, the records behind it, the board, the wall of answers."""
    begun = time.perf_counter()
    assert (await client.get("/api/desk/cockpit?period=2026")).status_code == 200
    print(f"cockpit, the first look          {(time.perf_counter() - begun) * 1000:.0f} ms")
    looks = (("30d", "community"), ("2026", "grid"), ("2026Q3", "item"), ("2026-10", "department"))
    await measure(client, "cockpit", [f"/api/desk/cockpit?period={p}&by={b}" for p, b in looks], times)
    behind = ("received", "overdue", "responded_in_time", "again")
    paths = [f"/api/desk/cockpit/records?period=2026&counted={c}" for c in behind]
    await measure(client, "records behind a figure", paths, times)
    boards = [f"/api/desk/board?period={p}&by={b}" for p, b in (("2026Q3", "grid"), ("2026", "community"))]
    await measure(client, "board", boards, times)
    await measure(client, "wall of answers", ["/api/echoes", "/echo"], times)


async def live(client: httpx.AsyncClient) -> None:
    """How long after somebody's act an open cockpit hears of it and has the new figures."""
    rows = (await client.get("/api/desk/records?bucket=open&limit=200")).json()["rows"]
    row = next(row for row in rows if not row["supervised"])
    async with client.stream("GET", "/api/desk/stream") as stream:
        lines = stream.aiter_lines()
        while "event: changed" not in await anext(lines):
            pass
        begun = time.perf_counter()
        done = await client.post(
            f"/api/desk/records/{row['number']}/acts", json={"act": "supervise", "words": "请今天回复"}
        )
        assert done.status_code == 200, done.text
        acted = time.perf_counter() - begun
        while "event: changed" not in await anext(lines):
            pass
        assert (await client.get("/api/desk/cockpit")).status_code == 200
        print(
            f"an act took {acted * 1000:.0f} ms and was in the figures of others after {time.perf_counter() - begun:.1f} s"
        )


async def exports(client: httpx.AsyncClient, since: datetime) -> None:
    """The two kinds of files, read as they come: what grows is the program's."""
    for kind in ("csv", "xlsx"):
        begun, own, before, most, size = time.perf_counter(), time.process_time(), resident(), 0.0, 0
        address = f"/api/desk/export.{kind}?bucket=all&since={since.isoformat().replace('+', '%2B')}"
        watching = asyncio.create_task(_watch())
        async with client.stream("GET", address) as answer:
            async for part in answer.aiter_bytes():
                size += len(part)
        watching.cancel()
        most = await watching
        took, busy = time.perf_counter() - begun, time.process_time() - own
        print(
            f"export {kind}: {size / 1e6:.1f} MB in {took:.1f} s, {busy:.1f} s of processor; "
            f"{before:.0f} MB in memory before, at most {most:.0f}"
        )


async def _watch() -> float:
    """The most memory until it is cancelled."""
    most = resident()
    try:
        while True:
            most = max(most, resident())
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        return most


async def prepared(given: argparse.Namespace, city: City, key: str, url: str) -> Database:
    """The database with its records."""
    street = city.street
    if url:
        await make(url, given.records, key=key)
        return Database(url, street.id)
    path = given.filled or given.folder / f"desk-{given.records}.db"
    fresh = not path.exists()
    database = Database(f"sqlite:///{path}", street.id)
    await migrate.upgrade(database)
    if fresh:
        begun = time.perf_counter()
        async with Store(database, Ids(), Sealer([key])).write() as tx:
            worker = await people.add_person(tx, "bench", "", "worker", "王师傅", datetime.now(UTC))
        grids, items = [g.id for g in street.grids()], [i.id for i in city.taxonomy.items]
        fill(path, street.id, given.records, grids, items, key, worker.id)
        print(f"filled {given.records} records in {time.perf_counter() - begun:.0f} s")
    return database


async def run(given: argparse.Namespace, url: str = "") -> None:
    """Everything on one database."""
    key = given.key or key_in(given.folder)
    city = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={"web": WebChannel.capabilities})
    database = await prepared(given, city, key, url)
    desk = Desk(city, Store(database, Ids(), Sealer([key])), given.folder)
    before, begun = resident(), time.perf_counter()
    await desk.office.warm()
    print(f"columns read in {time.perf_counter() - begun:.1f} s, {resident() - before:.0f} MB", flush=True)
    async with desk.browser() as client:
        for role, scope in ((Role.GRID_WORKER, "yinxing-01"), (Role.DESK, "yinxing"), (Role.STREET, city.street.id)):
            await desk.sign_in(client, role, scope)
            print(f"as {role.value}")
            await lists(desk, client, given.times)
        await cockpit(client, given.times)
        await live(client)
        since = datetime.now(UTC) - timedelta(days=3 * 365) * (100_000 / given.records)
        await exports(client, since)
    await desk.channel.stop()
    await database.close()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--filled", type=Path, help="an SQLite file of benchmarks.records; two people are added to it")
    parser.add_argument("--key", default="", help="the sealing key of --filled")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, with fsync")
    given = parser.parse_args()
    logs.set_up(debug=False)
    if given.postgresql:
        with server() as url:
            uvloop.run(run(given, url))
    else:
        uvloop.run(run(given))


if __name__ == "__main__":
    main()
