"""Steps that the tests of the resident side share: what is on the screen, what is kept, a record that has a result."""

from __future__ import annotations

from storage import attachments, events, people, requests, timers
from storage.events import Event
from storage.people import Person
from storage.requests import Request
from storage.timers import Timer
from tests.town import Town
from workflow.rights import Role

WHO = "李阿姨"
LAMP = "银杏苑三栋二单元楼道灯坏了好几天"
GRID = "yinxing-01"
ROOM = f"grid:{GRID}"
DESK = "desk:yinxing"


async def number(town: Town, wanted: int = 1001) -> Request | None:
    """The record with this number, if there is one."""
    async with town.store.read() as tx:
        return await requests.find_by_number(tx, wanted)


async def record(town: Town, wanted: int = 1001) -> Request:
    """The record with this number."""
    found = await number(town, wanted)
    assert found is not None, town.screen(WHO)[-2:]
    return found


async def how_many(town: Town) -> int:
    """How many records there are."""
    count = 0
    while await number(town, 1001 + count) is not None:
        count += 1
    return count


async def original(town: Town, wanted: int = 1001) -> str:
    """The words of a record as they were said."""
    request = await record(town, wanted)
    async with town.store.read() as tx:
        return (await requests.get_original(tx, request.id)).text


async def files(town: Town, wanted: int = 1001, subject: str = "request") -> int:
    """How many files belong to a record."""
    request = await record(town, wanted)
    async with town.store.read() as tx:
        return len(await attachments.of(tx, subject, request.id))


async def ledger(town: Town, wanted: int = 1001) -> list[Event]:
    """What happened to a record."""
    request = await record(town, wanted)
    async with town.store.read() as tx:
        return await events.history(tx, "request", request.id)


async def waiting(town: Town, wanted: int = 1001) -> list[Timer]:
    """What still falls due for a record."""
    request = await record(town, wanted)
    async with town.store.read() as tx:
        return await timers.waiting_for(tx, "request", request.id)


async def person(town: Town, name: str = WHO) -> Person:
    """Who writes from this account."""
    async with town.store.read() as tx:
        found = await people.find_by_identity(tx, "test", "", name)
    assert found is not None
    return found


async def filed(town: Town, text: str = LAMP, who: str = WHO) -> Request:
    """A clear sentence with a place, confirmed by one press."""
    before = await how_many(town)
    await town.says(who, text)
    await town.presses(who, "对，就这样")
    return await record(town, 1001 + before)


async def resolved(town: Town, text: str = LAMP) -> Request:
    """王师傅 has taken the record and given a result."""
    request = await filed(town, text)
    await town.employs("王师傅", Role.GRID_WORKER, GRID)
    await done_again(town, request.number)
    return await record(town, request.number)


async def done_again(town: Town, wanted: int = 1001, words: str = "换了灯泡") -> None:
    """The worker claims it and gives a result."""
    await town.says("王师傅", f"接单 {wanted}", room=ROOM)
    await town.says("王师傅", f"办结 {wanted} {words}", room=ROOM)


def screen_text(town: Town, who: str = WHO) -> str:
    """Everything somebody has been shown, toasts included."""
    return "\n".join([*(text for text, _ in town.screen(who)), *town.toasts(who)])


def labels(town: Town, who: str = WHO) -> list[str]:
    """The choices under the newest message, as buttons or as numbered lines."""
    text, keys = town.screen(who)[-1]
    return keys or [line.split(". ", 1)[1] for line in text.splitlines() if line[:1].isdigit() and ". " in line]
