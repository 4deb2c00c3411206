"""Every statement of the journeys finds its rows by an index: nothing reads all of a table that grows.

SQLite says so itself (EXPLAIN QUERY PLAN). It plans by the figures of `storage.planner`, so that a plan is the same for
ten rows and for ten million. A search by the tenant alone is a scan too: all rows are of one tenant.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import attachments, dialogues, events, ledger, notices, outbox, partners, pictures, receipts, timers
from storage.database import Database
from storage.ids import Ids
from storage.outbox import Share
from storage.plans import Plans
from storage.seal import Sealer, new_key
from storage.tables import ALL
from storage.tx import Store
from tests.storage.conftest import NOW, Fresh
from tests.storage.test_town_on_postgresql import ALONE, JOURNEYS

FEW = frozenset(
    {"activities", "counters", "duties", "free_numbers", "leases", "ledgers", "members", "office_templates"}
    | {
        "office_views",
        "partners",
        "pauses",
        "platform_tokens",
        "point_books",
        "resources",
        "rewards",
        "roles",
        "rooms",
        "seasons",
        "settings",
    }
    | {"surveys"}
)
"""Tables with a row for a queue, a helper, a thing on offer, a number ahead: not for a record, a message or a resident."""
RARE = (
    r"(DELETE FROM|UPDATE) (attachments|dialogues|keyboards|labels|ratings|thing_waits|web_files) .*",  # forgetting a person
    r"UPDATE wishes SET season_id=.*",  # a season begins
    r"SELECT .*\sFROM wishes .*GROUP BY wishes.state",  # the figures of the wall, kept for seconds
    r"SELECT .*\sFROM (requests|whistle_parts) .*GROUP BY (requests|whistle_parts).queue",  # a week's letter, a proposal
)
"""What may read a table whole: a few times a day, or few rows are wishes. An index would be kept up on every update."""
GROWING = {table.name for table in ALL} - FEW
_STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX \w+)?(?: \((.*)\))?")
_ALIAS = re.compile(r"\b(\w+) AS (\w+)")


def scanned(database: sqlite3.Connection, sql: str) -> list[str]:
    """The growing tables of which a statement reads every row of the tenant, as SQLite puts it."""
    names = {alias: name for name, alias in _ALIAS.findall(sql)}
    plan = database.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).fetchall()
    return [detail for *_, detail in plan if (step := _STEP.match(detail)) and _is_whole(step, names, detail)]


def _is_whole(step: re.Match[str], names: dict[str, str], detail: str) -> bool:
    """An index that SQLite makes for the moment reads the table whole too."""
    kind, name, terms = step.groups()
    return names.get(name, name) in GROWING and (kind == "SCAN" or terms == "tenant=?" or "AUTOMATIC" in detail)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The SQL of every statement that is sent while the test runs."""
    found: set[str] = set()
    monkeypatch.setattr(Plans, "watch", staticmethod(lambda _statement, sql: found.add(sql)))
    return found


@pytest.fixture
def schema(template: Path) -> Iterator[sqlite3.Connection]:
    """The tables and indexes that the migrations make."""
    with closing(sqlite3.connect(f"file:{template}?mode=ro", uri=True)) as opened:
        yield opened


def is_rare(sql: str) -> bool:
    """Whether it is one of those that may, or what a step of the tests looks somebody up with."""
    return any(re.fullmatch(one, sql, re.DOTALL) for one in RARE) or (
        sql.startswith("SELECT people") and "WHERE" not in sql
    )


def check(sent: set[str], schema: sqlite3.Connection) -> None:
    asked = [sql for sql in sent if not sql.startswith("INSERT") or "SELECT" in sql]
    assert len(asked) > 10
    assert {sql: found for sql in asked if (found := scanned(schema, sql)) and not is_rare(sql)} == {}


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda j: j.__name__.removeprefix("test_"))
async def test_with_buttons(
    journey: Callable[..., Awaitable[None]], tmp_path: Path, sent: set[str], schema: sqlite3.Connection
) -> None:
    await journey(tmp_path, True)
    check(sent, schema)


@pytest.mark.parametrize("journey", ALONE, ids=lambda j: j.__name__.removeprefix("test_"))
async def test_alone(
    journey: Callable[..., Awaitable[None]], tmp_path: Path, sent: set[str], schema: sqlite3.Connection
) -> None:
    await journey(tmp_path)
    check(sent, schema)


async def test_what_is_asked_by_the_clock(fresh: Fresh, sent: set[str], schema: sqlite3.Connection) -> None:
    database = Database(fresh("sqlite"), "street")
    store = Store(database, Ids(), Sealer([new_key()]))
    mine = [Share("telegram", "1", (0,), 1), Share("web", "", (1, 2), 16)]
    async with store.write() as tx:
        await attachments.unfetched(tx, 10)
        await attachments.erased(tx, 10)
        await pictures.chosen(tx, 10)
        await partners.due(tx, NOW)
        await dialogues.forget_expired(tx, NOW)
        await notices.drop_before(tx, NOW)
        await outbox.backlog(tx)
        await outbox.waits(tx, 1)
        await outbox.holds_up(tx, 1, anew=True)
        await outbox.find_waiting(tx, "web", "", "u")
        for parts in (None, [1, 2]):
            await receipts.waiting(tx, 50, parts)
            await timers.due(tx, NOW, 50, parts)
        await receipts.unheard(tx, 10)
        await receipts.still_waiting(tx, [1, 2])
        for shares in (None, mine):
            await outbox.due(tx, NOW, 200, shares=shares)
            await outbox.due_presses(tx, NOW, 200, shares=shares)
            await outbox._due_of_many(tx, NOW, 200, [3], shares, presses=True, notices=True)
    await database.close()
    check(sent, schema)


async def test_the_ledger_is_read_on_from_where_a_page_ended(
    fresh: Fresh, sent: set[str], schema: sqlite3.Connection
) -> None:
    database = Database(fresh("sqlite"), "street")
    store = Store(database, Ids(), Sealer([new_key()]))
    async with store.write() as tx:
        for n in range(7):
            await events.add(tx, "request", n, "request.noted", NOW)
    sent.clear()
    async with store.read() as tx:
        assert [finding async for finding in ledger.verify(tx, batch=2)] == []
    await database.close()
    pages = [sql for sql in sent if "FROM events" in sql]
    assert len(pages) == 2  # the first one, and the one of all that follow
    [on] = [sql for sql in pages if "events.seq >= ?" in sql]
    plan = schema.execute(f"EXPLAIN QUERY PLAN {on}", (None,) * on.count("?")).fetchall()
    assert [detail for *_, detail in plan if "tenant=? AND seq>?" in detail]


@pytest.mark.parametrize(
    ("sql", "is_whole"),
    [
        ("SELECT id FROM requests", True),
        ("SELECT id FROM requests WHERE tenant = ? AND text = ?", True),
        ("SELECT count(*) FROM events WHERE tenant = ?", True),
        ("UPDATE outbox SET state = ? WHERE tenant = ? AND error = ?", True),
        ("SELECT r.id FROM requests AS r WHERE r.text LIKE ?", True),
        ("SELECT id FROM requests WHERE tenant = ? AND number = ?", False),
        ("SELECT id FROM roles WHERE tenant = ?", False),
        ("DELETE FROM keyboards WHERE tenant = ? AND expires_at < ?", False),
    ],
)
def test_a_scan_is_seen(sql: str, *, is_whole: bool, schema: sqlite3.Connection) -> None:
    assert bool(scanned(schema, sql)) is is_whole


def test_every_table_of_few_rows_is_one_of_ours() -> None:
    assert {table.name for table in ALL} >= FEW
