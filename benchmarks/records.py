"""Makes many consistent records fast: people, requests of three years, their events in one valid chain, the counters.

    python -m benchmarks.records --url sqlite:////data/big.db --records 1000000 [--open 2000] [--key KEY]

The newest are open, all others closed; each has the events that its state says, and `linli audit verify` finds the
chain whole. As many stand open however many there are: a street keeps up with its work.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, Protocol

import asyncpg

from bot.catalogue import SHIPPED_STREET, build_city
from storage import migrate
from storage.chain import START, micros
from storage.database import Database
from storage.requests import house_of
from storage.seal import Sealer, new_key
from storage.search import terms_of

YEARS = 3
PEOPLE = 100_000
"""Residents that the records are of, each with several."""
CHUNK = 2_000
_MINUTE, _DAY = 60_000_000, 86_400_000_000
_ITEMS = ("facility.building.corridor", "environment.garbage.overflow", "facility.public.lamp")
_PLACES = {"银杏苑": "yinxing-01", "金色家园": "yinxing-03", "纺织新村": "yinxing-04"}

REQUEST = [
    "tenant",
    "id",
    "number",
    "draft_id",
    "reporter_id",
    "chat_id",
    "state",
    "queue",
    "intent",
    "item",
    "grid",
    "place",
    "place_text",
    "text",
    "original_sealed",
    "summary",
    "urgent",
    "danger",
    "confidence",
    "received_at",
    "started_at",
    "respond_due_at",
    "resolve_due_at",
    "claimer_id",
    "claimed_at",
    "responded_at",
    "resolved_at",
    "closed_at",
    "resolution",
    "reopened",
    "supervised",
    "spot_id",
    "contact_queue",
    "contact_id",
    "parked",
    "house",
]
EVENT = [
    "tenant",
    "id",
    "subject",
    "subject_id",
    "name",
    "at",
    "actor_id",
    "origin",
    "target",
    "data",
    "seq",
    "previous",
    "hash",
]
PERSON = ["tenant", "id", "created_at"]
IDENTITY = ["tenant", "channel", "account", "user_key", "person_id"]
CHAT = [
    "tenant",
    "id",
    "channel",
    "account",
    "chat",
    "thread",
    "is_group",
    "person_id",
    "title",
    "reachable",
    "seen_at",
]
SEARCHED = ["tenant", "request_id", "terms"]


class Sink(Protocol):
    """Takes rows into a database."""

    async def put(self, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None: ...

    async def close(self) -> None: ...


class SqliteSink:
    """One connection, durable at the end only: this is no measurement of writing."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-400000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")

    async def put(self, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)

    async def close(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("ANALYZE")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()


class PostgresSink:
    """COPY, in one transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def put(self, table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        await self._connection.copy_records_to_table(table, columns=columns, records=rows)

    async def close(self) -> None:
        await self._connection.execute("ANALYZE")
        await self._connection.close()


class Maker:
    """Records one after the other, with one chain through all of them."""

    def __init__(self, tenant: str, records: int, open_ones: int, key: str, first: int, seq: int, last: str) -> None:
        self.tenant = tenant
        self.records = records
        self.open_ones = open_ones
        self.number = first
        self.seq, self.last = seq, last
        self._ids = iter(range(1 << 22, 1 << 62, 7))  # older than every id that the program makes
        self._sealed = Sealer([key]).seal_json(["楼道灯坏了好几天，晚上下楼看不见", "3 幢"])
        self._places = [
            (
                json.dumps({"text": f"{estate} {n} 幢 1 单元", "grid": grid, "estate": estate, "building": str(n)}),
                f"{estate} {n} 幢 1 单元",
                grid,
                house_of({"estate": estate, "building": str(n)}),
            )
            for estate, grid in _PLACES.items()
            for n in range(1, 13)
        ]
        self._now = micros(datetime.now(UTC))
        self._step = int(timedelta(days=365 * YEARS) / timedelta(microseconds=1)) // max(records, 1)
        self.people: list[tuple[int, int]] = []
        self._terms: dict[str, str] = {}

    def residents(self) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]]:
        """Rows of a person, an identity and a private chat."""
        at = self._now - 400 * _DAY
        for n in range(min(PEOPLE, max(self.records // 5, 1))):
            person, chat = next(self._ids), next(self._ids)
            self.people.append((person, chat))
            user = f"past{n}"
            identity = (self.tenant, "web", "", user, person)
            where = (self.tenant, chat, "web", "", user, "", False, person, "", True, at)
            yield (self.tenant, person, at), identity, where

    def requests(self) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
        """A request's row and its events'."""
        for n in range(self.records):
            at = self._now - (self.records - n) * self._step
            yield self._request(n, at, is_open=n >= self.records - self.open_ones)

    def _request(self, n: int, at: int, *, is_open: bool) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
        request, draft, spot = next(self._ids), next(self._ids), next(self._ids)
        reporter, chat = self.people[n * 7919 % len(self.people)]
        worker = self.people[n % 50][0]
        place, place_text, grid, house = self._places[n % len(self._places)]
        item, queue, number = _ITEMS[n % len(_ITEMS)], f"grid:{grid}", self.number
        self.number += 1
        claimed, resolved, closed = (at + self._step // 5 * step for step in (1, 2, 3))  # the chain is in order of time
        due = (at + 60 * _MINUTE, at + 3 * _DAY)
        done = (None,) * 5 if is_open else (worker, claimed, claimed, resolved, closed)
        row = (
            *(self.tenant, request, number, draft, reporter, chat, "queued" if is_open else "closed", queue, "request"),
            *(item, grid, place, place_text, "楼道灯坏了好几天，晚上下楼看不见", self._sealed, "楼道灯坏了好几天"),
            *(False, "", 0.9, at, at, *due, *done, 0 if is_open else 1, 0, False, spot),
            *(None if is_open else queue, None if is_open else worker, False, house),
        )
        facts = (
            f'{{"closed_at":null,"grid":"{grid}","item":"{item}","queue":"{queue}","received_at":{at},"reopened":0,'
            f'"reporter_id":{reporter},"resolution":0,"resolve_due_at":{due[1]},"resolved_at":null,'
            f'"respond_due_at":{due[0]},"responded_at":null,"spot_id":{spot},"started_at":{at},"supervised":false}}'
        )
        told = f'{{"confidence":0.9,"number":{number},"set":{facts},"urgent":false}}'
        steps: list[tuple[str, int, int | None, str, str, str]] = [
            ("request.received", at, reporter, "", "received", told),
            ("request.queued", at, None, "received", "queued", f'{{"queue":"{queue}"}}'),
        ]
        if not is_open:
            taken = f'{{"queue":"{queue}","set":{{"responded_at":{claimed}}}}}'
            result = f'{{"as":"claimer","photos":0,"set":{{"resolution":1,"resolved_at":{resolved}}}}}'
            ended = f'{{"resolution":1,"set":{{"closed_at":{closed}}},"solved":null,"stars":null}}'
            steps += [
                ("request.claimed", claimed, worker, "queued", "claimed", taken),
                ("request.resolved", resolved, worker, "claimed", "resolved", result),
                ("request.expired", closed, None, "resolved", "closed", ended),
            ]
        return row, [self._event(request, *step) for step in steps]

    def searched(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the full-text search knows of a request's row."""
        words = f"{row[REQUEST.index('text')]}\n{row[REQUEST.index('place_text')]}"
        return (row[0], row[1], self._terms.setdefault(words, " ".join(terms_of(words))))

    def _event(
        self, request: int, name: str, at: int, actor: int | None, origin: str, target: str, data: str
    ) -> tuple[Any, ...]:
        """As `storage.chain` hashes it, written out: that is what most of the time goes into."""
        self.seq += 1
        event, seq, previous, tenant = next(self._ids), self.seq, self.last, self.tenant
        who = "null" if actor is None else actor
        self.last = sha256(
            f'["{tenant}",{seq},{event},"request",{request},"{name}",{at},{who},"{origin}","{target}",{data},'
            f'"{previous}"]'.encode()
        ).hexdigest()
        return (*(tenant, event, "request", request, name, at, actor, origin, target, data, seq, previous, self.last),)


async def make(url: str, records: int, *, open_ones: int = 2_000, key: str = "") -> None:
    """Fills a database, new or migrated, that holds no requests yet."""
    street = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={}).street.id
    database = Database(url, street)
    try:
        await migrate.upgrade(database)
    finally:
        await database.close()
    if database.is_sqlite:
        sink: Sink = SqliteSink(database.url.database or "")
    else:
        sink = PostgresSink(await asyncpg.connect(url))
    maker = Maker(street, records, open_ones, key or new_key(), 1001, 0, START)
    await _fill(sink, maker)
    await sink.put("counters", ["tenant", "name", "value"], [(street, "record", maker.number - 1)])
    await sink.put("ledgers", ["tenant", "seq", "hash"], [(street, maker.seq, maker.last)])
    await sink.close()


async def _fill(sink: Sink, maker: Maker) -> None:
    people = maker.residents()
    while some := list(islice(people, CHUNK)):
        for table, columns, at in (("people", PERSON, 0), ("identities", IDENTITY, 1), ("chats", CHAT, 2)):
            await sink.put(table, columns, [rows[at] for rows in some])
    requests = maker.requests()
    while made := list(islice(requests, CHUNK)):
        await sink.put("requests", REQUEST, [row for row, _ in made])
        await sink.put("search_texts", SEARCHED, [maker.searched(row) for row, _ in made])
        await sink.put("events", EVENT, [event for _, events in made for event in events])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=2_000)
    parser.add_argument("--key", default="", help="the sealing key of the program that will read them")
    given = parser.parse_args()
    began, own = time.monotonic(), time.process_time()
    asyncio.run(make(given.url, given.records, open_ones=given.open, key=given.key))
    print(
        f"{given.records} records in {time.monotonic() - began:.0f} s ({time.process_time() - own:.0f} s of processor)"
    )


if __name__ == "__main__":
    main()
