"""Makes the books anew from the ledger and compares them with what is stored: numbers, states, ratings, appeals, figures.

Lines are for an operator's console. Whether the ledger itself is sound is `storage.ledger`'s to say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from storage import appeals, audit, counters, figures, ledger, requests
from storage.appeals import Appeal
from storage.chain import micros
from storage.tx import Tx
from workflow.indicators import Counts, indicators
from workflow.replay import Account, Books, Protest, Step

_COUNTER = counters.RECORD
"""Requests and wishes share one row of numbers: this counter stands at the highest."""


async def rebuild(tx: Tx, tell: Callable[[int], None] = lambda _: None) -> Books:
    """The books as the events tell them. `tell` hears how many are read. Raises ValueError for an unreadable event."""
    books, seen = Books(), 0
    async for page in ledger.told(tx):
        for seq, _, *told in page:
            if not isinstance(told[-1], dict):
                raise ValueError(f"event {seq} cannot be read: run linli audit verify")
            books.read(Step(*told))
        seen += len(page)
        tell(seen)
    return books


async def differences(tx: Tx, books: Books, now: datetime) -> AsyncIterator[str]:
    """One line for each thing that is stored otherwise than the events say."""
    kept, told = await audit.find_counter(tx, _COUNTER), await _counted(tx, books)
    if kept != told:
        yield f"counter {_COUNTER}: {kept} is kept, {told} by the events"
    given = await audit.rated(tx)
    for kind, accounts in (("request", books.requests), ("wish", books.wishes)):
        seen = set()
        async for record in audit.records(tx, kind):
            seen.add(record["id"])
            for what in _compared(record, accounts.get(record["id"]), given.get(record["id"], {})):
                yield f"{kind} {record['number']}: {what}"
        for missing in sorted(accounts.keys() - seen):
            yield f"{kind} {accounts[missing].number}: the events tell of it, it is not kept"
    for line in _appealed(await appeals.every(tx), books.appeals):
        yield line
    async for line in _figures(tx, books, now):
        yield line


async def write_counters(tx: Tx, books: Books) -> list[str]:
    """Sets the counters to what the events say; one line for each that stood otherwise."""
    kept, told = await audit.find_counter(tx, _COUNTER), await _counted(tx, books)
    if told is None or kept == told:
        return []
    await audit.set_counter(tx, _COUNTER, told)
    return [f"counter {_COUNTER}: {kept} was kept, {told} by the events"]


async def _counted(tx: Tx, books: Books) -> int | None:
    """Where the counter has to stand: at the highest number that anything has, or that is still free."""
    return max(books.last_number() or 0, await counters.highest_free(tx)) or None


def _compared(
    record: Mapping[str, Any], account: Account | None, given: Mapping[tuple[int, int], list[Any]]
) -> list[str]:
    if account is None:
        return ["no event tells of it"]
    found = []
    for name, value in record.items():
        if name != "id":
            told = getattr(account if name in ("number", "state") else account.facts, name)
            found += [f"{name} is kept as {value}, {told} by the events"] if value != told else []
    if given != account.ratings:
        found.append(f"ratings are kept as {_listed(given)}, {_listed(account.ratings)} by the events")
    return found


def _appealed(kept: Iterable[Appeal], told: Mapping[int, Protest]) -> Iterator[str]:
    """An appeal decides what a ranking leaves out: whose it is, and how it was ruled, has to be in the ledger."""
    seen = set()
    for one in kept:
        seen.add(one.id)
        account = told.get(one.id)
        if account is None:
            yield f"appeal {one.id}: no event tells of it"
            continue
        if (one.period, one.upheld) != (account.period, account.upheld):
            yield (
                f"appeal {one.id}: {one.period}, upheld {one.upheld} is kept, "
                f"{account.period}, upheld {account.upheld} by the events"
            )
        if account.names_it and one.request_id != account.request_id:
            yield f"appeal {one.id}: it is kept as about {one.request_id}, about {account.request_id} by the events"
    for missing in sorted(told.keys() - seen):
        yield f"appeal {missing}: the events tell of it, it is not kept"


def _listed(rated: Mapping[tuple[int, int], list[Any]]) -> str:
    """Result, answer and stars of each rating, without the people who gave them."""
    return ", ".join(f"{r}/{solved}/{stars}" for (r, _), (solved, stars) in sorted(rated.items())) or "none"


async def _figures(tx: Tx, books: Books, now: datetime) -> AsyncIterator[str]:
    """The cockpit's figures, of each queue that has had a record."""
    at = micros(now)
    kept, told = await figures.counts_by_scope(tx, now), books.counts_by_scope(at)
    late, late_told = await requests.overdue_by_queue(tx, now), books.overdue_by_queue(at)
    for queue in sorted({*kept, *told, *late, *late_told}):
        one = _named(kept.get(queue, Counts()), late.get(queue, 0))
        other = _named(told.get(queue, Counts()), late_told.get(queue, 0))
        for name, value in one.items():
            if value != other[name]:
                yield f"figures of {queue}: {name} is {value}, {other[name]} by the events"


def _named(counts: Counts, overdue: int) -> dict[str, Any]:
    """What was counted and every indicator made of it, by name."""
    numbers = {name: value for name, value in vars(counts).items() if name != "handling_minutes"}
    return {**numbers, **{i.name: i.value for i in indicators(counts)}, "overdue": overdue}
