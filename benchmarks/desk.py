"""The web desk with many records: lists, search, cockpit and export, each through the HTTP API of the real app, in process.

    python -m benchmarks.desk --records 1000000 --folder /var/tmp/desk

The first run fills an SQLite file in the folder; later runs use it again. Prints p50 and p95 of each in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sqlite3
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx

from bot.catalogue import SHIPPED_STREET, build_city
from bot.channels.webchat.channel import WebChannel
from bot.media import MediaStore
from bot.office import Office
from bot.web.app import create_app
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


def fill(path: Path, tenant: str, count: int, grids: list[str], items: list[str], key: str) -> None:
    """Writes records as they are after three years, without their events: what the pages read."""
    made = random.Random(1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    now = datetime.now(UTC)
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
                "reporter_id": made.randrange(200_000),
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
                "claimer_id": 1 if state == "claimed" or done else None,
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
    """Asks for the paths in turn and prints how long the answers took."""
    took = []
    for n in range(times):
        begun = time.perf_counter()
        answer = await client.get(paths[n % len(paths)])
        took.append((time.perf_counter() - begun) * 1000)
        assert answer.status_code == 200, (paths[n % len(paths)], answer.text[:200])
    took.sort()
    print(
        f"{name:32} p50 {statistics.median(took):8.1f}  p95 {took[int(len(took) * 0.95)]:8.1f}  most {took[-1]:8.1f}",
        flush=True,
    )


def key_in(folder: Path) -> str:
    """The key that the records of a folder are sealed with, made at the first time."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "key"
    if not file.exists():
        file.write_text(new_key())
    return file.read_text()


async def run(folder: Path, count: int, times: int) -> None:
    path = folder / f"desk-{count}.db"
    key = key_in(folder)
    city = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={"web": WebChannel.capabilities})
    grids, items = [g.id for g in city.street.grids()], [i.id for i in city.taxonomy.items]
    fresh = not path.exists()
    database = Database(f"sqlite:///{path}", city.street.id)
    await migrate.upgrade(database)
    if fresh:
        begun = time.perf_counter()
        fill(path, city.street.id, count, grids, items, key)
        print(f"filled {count} records in {time.perf_counter() - begun:.0f} s")
    store = Store(database, Ids(), Sealer([key]))
    clock = SimpleNamespace(now=lambda: datetime.now(UTC))
    inbox = SimpleNamespace(said=asyncio.Event())
    channel = WebChannel(database, MediaStore(folder / "media"), store.sealer)
    desk = Office(SimpleNamespace(city=city, store=store, clock=clock, inbox=inbox))  # type: ignore[arg-type]
    app = create_app(Program(channel), channel, office=desk)
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers={"X-Linli": "1"}, timeout=600
    ) as client:
        for role, scope in ((Role.STREET, city.street.id), (Role.DESK, "yinxing")):
            async with store.write() as tx:
                person = await people.add_person(tx, "bench", "", role.value, role.value, clock.now())
                await roles.grant(tx, person.id, role, scope, None, clock.now())
                link = await office.add_link(tx, person.id, clock.now() + timedelta(minutes=5))
            assert (await client.post(f"/desk/in/{link}")).status_code == 303
            print(f"as {role.value}")
            base = "/api/desk/records?bucket="
            await measure(client, "list of open records", [base + b for b in ("open", "overdue", "today")], times)
            await measure(
                client,
                "list of all, closed, by kind",
                [base + "all", base + "closed", f"{base}all&item={items[3]}", f"{base}all&grid={grids[0]}"],
                times,
            )
            await measure(
                client,
                "search",
                [base + f"all&q={q}" for q in ("垃圾桶", "银杏苑12幢", "电梯", "消防通道", "第4321号", "1234567")],
                times,
            )
            await measure(client, "counts of the tabs", ["/api/desk/counts"], times)
        begun = time.perf_counter()
        assert (await client.get("/api/desk/cockpit")).status_code == 200
        print(f"cockpit, first of a process      {(time.perf_counter() - begun) * 1000:.0f} ms")
        await measure(
            client,
            "cockpit",
            [
                f"/api/desk/cockpit?period={p}&by={b}"
                for p, b in (("30d", "community"), ("2026", "grid"), ("2026Q3", "item"))
            ],
            times,
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for kind in ("xlsx", "csv"):
            begun = time.perf_counter()
            since = (datetime.now(UTC) - timedelta(days=3 * 365 * 110_000 / count)).isoformat().replace("+", "%2B")
            answer = await client.get(f"/api/desk/export.{kind}?bucket=all&since={since}")
            print(f"export {kind}: {len(answer.content) / 1e6:.1f} MB in {time.perf_counter() - begun:.1f} s")
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"memory: {before / 1024:.0f} MB before the exports, {after / 1024:.0f} MB at most (the answers are held by this program)"
        )
    await channel.stop()
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--times", type=int, default=40)
    given = parser.parse_args()
    asyncio.run(run(given.folder, given.records, given.times))


if __name__ == "__main__":
    main()
