"""What belongs to a record is asked once, and nothing is missed for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage import around, attachments, events, people, petitions, requests, snaps, supporters, waits, whistles
from storage.requests import Request
from storage.tx import Store, Tx
from tests.storage.samples import add_chat, add_request
from workflow.petitions import Petition
from workflow.whistle import Kind, Proof

HOUR = timedelta(hours=1)


async def _file(tx: Tx, request: Request, now: datetime, subject: str) -> None:
    told: dict[str, Any] = {"channel": "web", "account": "", "ref": "f", "kind": "photo", "mime": "", "size": 1}
    made = await attachments.add(tx, person_id=1, chat_id=2, duration=0, now=now, **told)
    await attachments.attach(tx, [made], subject, request.id)


async def _photo(tx: Tx, request: Request, now: datetime) -> None:
    await _file(tx, request, now, "request")


async def _result(tx: Tx, request: Request, now: datetime) -> None:
    await _file(tx, request, now, "result")


async def _supporter(tx: Tx, request: Request, now: datetime) -> None:
    await supporters.join(tx, request.id, 5, "也不亮", "也不亮", now)


async def _merged(tx: Tx, request: Request, now: datetime) -> None:
    other = await add_request(tx, now, reporter_id=6)
    await requests.move(tx, other, "request.merged", now, actor_id=9, parent_id=request.id)


async def _petition(tx: Tx, request: Request, now: datetime) -> None:
    asked: dict[str, Any] = {"queue": "desk", "person_id": 9, "words": "", "data": {}, "now": now, "due_at": now + HOUR}
    await petitions.add(tx, request.id, Petition.RETURN, **asked)


async def _whistle(tx: Tx, request: Request, now: datetime) -> None:
    blown: dict[str, Any] = {"caller": "desk", "former": "grid:g1", "words": "", "blown_by": 9, "now": now}
    parts: dict[str, Any] = {"due": {"dept:water": now + HOUR}, "lead": "dept:water"}
    await whistles.add(tx, request.id, kind=next(iter(Kind)), proof=next(iter(Proof)), **blown, **parts)


async def _snap(tx: Tx, request: Request, now: datetime) -> None:
    await snaps.add(tx, request.id, 1, now)


async def _likened(tx: Tx, request: Request, now: datetime) -> None:
    await events.add(tx, "request", request.id, "request.likened", now, data={"other": 1})


_SNAP = 6
"""The place of a snap in `_all`: it is settled once."""


async def _all(tx: Tx, request: Request, now: datetime) -> list[bool]:
    """What there is: files, results, company, petitions of both kinds of question, a whistle, a snap, a likeness."""
    return [
        bool(await attachments.of(tx, "request", request.id)),
        bool(await attachments.of(tx, "result", request.id)),
        bool(await supporters.followers(tx, request)),
        bool(await petitions.of(tx, request.id)),
        await petitions.find_open(tx, request.id, Petition.RETURN) is not None,
        await whistles.find_latest(tx, request.id) is not None,
        await snaps.settle(tx, request.id, now, useful=True, by=9) is not None,
        await events.find_latest(tx, "request", request.id, "request.likened") is not None,
    ]


ADDED: list[tuple[Callable[[Tx, Request, datetime], Awaitable[None]], set[int]]] = [
    (_photo, {0}),
    (_result, {1}),
    (_supporter, {2}),
    (_merged, {2}),
    (_petition, {3, 4}),
    (_whistle, {5}),
    (_snap, {6}),
    (_likened, {7}),
]


async def test_of_a_bare_record_nothing_more_is_asked(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
    sent: list[str] = []
    async with store.write() as tx:
        store.database.plans.watch = lambda _, sql: sent.append(sql)
        await around.look(tx, request.id)
        assert not any(await _all(tx, request, now))
        assert len(sent) == 1
        request = await requests.move(tx, request, "request.claimed", now, actor_id=9, claimer_id=9)
        sent.clear()
        assert not any(await _all(tx, request, now))
        assert not sent
        store.database.plans.watch = None


@pytest.mark.parametrize(("add", "found"), ADDED)
async def test_what_there_is_is_found(
    store: Store, now: datetime, add: Callable[[Tx, Request, datetime], Awaitable[None]], found: set[int]
) -> None:
    async with store.write() as tx:
        request, other = await add_request(tx, now), await add_request(tx, now)
        await add(tx, request, now)
    async with store.write() as tx:
        await around.look(tx, other.id)
        assert not any(await _all(tx, other, now))
        await around.look(tx, request.id)
        assert {at for at, there in enumerate(await _all(tx, request, now)) if there} == found


@pytest.mark.parametrize(("add", "found"), ADDED)
async def test_what_comes_after_the_look_is_found(
    store: Store, now: datetime, add: Callable[[Tx, Request, datetime], Awaitable[None]], found: set[int]
) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        await around.look(tx, request.id)
        await add(tx, request, now)
        assert {at for at, there in enumerate(await _all(tx, request, now)) if there} == found


@pytest.mark.parametrize(("add", "found"), ADDED)
async def test_a_record_is_read_with_what_belongs_to_it(
    store: Store, now: datetime, add: Callable[[Tx, Request, datetime], Awaitable[None]], found: set[int]
) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
    async with store.write() as tx:
        assert await around.find_by_number(tx, request.number) == request
        await add(tx, request, now)
        assert {at for at, there in enumerate(await _all(tx, request, now)) if there} == found
    async with store.write() as tx:
        assert await around.get(tx, request.id) == await requests.get(tx, request.id)
        assert {at for at, there in enumerate(await _all(tx, request, now)) if there} == found - {_SNAP}
    async with store.read() as tx:
        assert await around.find_by_number(tx, 9) is None
        with pytest.raises(LookupError):
            await around.get(tx, 9)


async def test_what_is_foreseen_is_asked_once_and_changes_are_seen(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王", now)
        chat = await add_chat(tx, "one", now, person_id=person.id)
        first, second = [await add_request(tx, now, reporter_id=person.id) for _ in range(2)]
        await _photo(tx, second, now)
    sent: list[str] = []
    async with store.write() as tx:
        assert {one.id for one in await around.foresee(tx, [first.id, second.id])} == {first.id, second.id}
        await people.foresee(tx, [person.id], [person.id, 7])
        await events.foresee_latest(tx, "request", [first.id, second.id], "request.queued")
        tx.forget()
        store.database.plans.watch = lambda _, sql: sent.append(sql)
        for request in (first, second):
            assert await requests.get(tx, request.id) == request
            await around.look(tx, request.id)
            assert await supporters.followers(tx, request) == []
            queued = await events.find_latest(tx, "request", request.id, "request.queued")
            assert queued is not None
        assert await people.get_person(tx, person.id) == person
        assert [one.id for one in await people.private_chats(tx, person.id)] == [chat]
        assert await people.private_chats(tx, 7) == []
        assert bool(sent) != store.database.is_sqlite  # elsewhere others may have changed it meanwhile
        store.database.plans.watch = None
        assert len(await attachments.of(tx, "request", second.id)) == 1
        moved = await requests.move(tx, first, "request.claimed", now, actor_id=9, claimer_id=9)
        tx.forget()
        assert await requests.get(tx, first.id) == moved
        await people.set_name(tx, person.id, "李")
        assert (await people.get_person(tx, person.id)).name == "李"


async def test_what_a_record_waits_for_ends_when_it_was_to_at_the_latest(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        first, second = await add_request(tx, now), await add_request(tx, now)
        for request in (first, second):
            told: dict[str, Any] = {
                "reason": "part",
                "words": "",
                "person_id": 9,
                "now": now,
                "until_at": now + 2 * HOUR,
            }
            await waits.begin(tx, request.id, parked=False, **told)
    async with store.write() as tx:
        waits.end(tx, first.id, now + HOUR)
        waits.end(tx, second.id, now + 3 * HOUR)
        assert await waits.find_open(tx, first.id) is None
    async with store.write() as tx:
        waits.end(tx, first.id, now + 9 * HOUR)
    async with store.read() as tx:
        ends = [(await waits.of(tx, request.id, now))[0].ended_at for request in (first, second)]
    assert ends == [now + HOUR, now + 2 * HOUR]
