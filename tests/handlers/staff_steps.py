"""Steps that the tests of the staff side share: a record in a grid's room, how it stands, what somebody heard."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import draft as drafts
from handlers import filing
from handlers.turn import Turn
from storage import events, people, requests
from storage.events import Event
from storage.people import Person
from storage.requests import Request
from storage.tx import Tx
from tests.town import Town
from workflow.rights import Role

GRID = "yinxing-01"
ROOM = f"grid:{GRID}"
DESK = "desk:yinxing"
LAMP = "银杏苑三栋二单元楼道灯坏了好几天，我妈晚上不敢下楼，我电话13912341234"
VAGUE = "老问题又来了，说了好几回都没人理，烦死了"


def heard(town: Town, who: str) -> str:
    """Everything on a person's screen and every toast they got."""
    return "\n".join([*(text for text, _ in town.screen(who)), *town.toasts(who)])


def room_text(town: Town, room: str = ROOM) -> str:
    """Everything in a room, as it stands now."""
    return "\n".join(text for text, _ in town.room(room))


def told(town: Town, who: str, room: str = ROOM) -> str:
    """What somebody can have read: screen, toasts, and the room where a channel has no toasts."""
    return f"{heard(town, who)}\n{room_text(town, room)}"


async def stored(town: Town, number: int = 1001) -> Request:
    """The record as it is kept."""
    async with town.store.read() as tx:
        found = await requests.find_by_number(tx, number)
    assert found is not None
    return found


async def ledger(town: Town, number: int = 1001) -> list[Event]:
    """Everything the ledger has about a record."""
    request = await stored(town, number)
    async with town.store.read() as tx:
        return await events.history(tx, "request", request.id)


async def names_of(town: Town, number: int = 1001) -> list[str]:
    """The names of what happened to a record."""
    return [e.name for e in await ledger(town, number)]


async def claimer(town: Town, number: int = 1001) -> str:
    """The name of whoever holds the record; empty for nobody."""
    request = await stored(town, number)
    if request.claimer_id is None:
        return ""
    async with town.store.read() as tx:
        return (await people.get_person(tx, request.claimer_id)).name


async def filed(
    town: Town, text: str = LAMP, who: str = "李阿姨", staff: Sequence[str] = ("王师傅", "小刘")
) -> Request:
    """Workers, a chief and a desk are there, and a resident's report waits in a queue."""
    for name in staff:
        await town.employs(name, Role.GRID_WORKER, GRID)
    await town.employs("刘书记", Role.DESK, "yinxing")
    await town.employs("街道老陈", Role.STREET, "linjiang")
    await town.says(who, text)
    for _ in range(4):
        labels = [label for _, row in town.screen(who)[-1:] for label in row]
        if await _is_filed(town):
            break
        choice = next((c for c in ("对，就这样", "对", "说不准", "不清楚") if any(c in x for x in labels)), "对")
        await town.presses(who, choice)
    return await stored(town)


async def _is_filed(town: Town) -> bool:
    async with town.store.read() as tx:
        return await requests.find_by_number(tx, 1001) is not None


async def person(tx: Tx, name: str) -> Person:
    """Who is called this."""
    rows = await tx.all(people.people.select())
    found = [await people.get_person(tx, row.id) for row in rows]
    return next(p for p in found if p.name == name)


async def at_desk(town: Town, text: str = VAGUE, who: str = "李阿姨") -> Request:
    """A record that nobody could place waits at the street's desk."""
    for name in ("王师傅", "小刘"):
        await town.employs(name, Role.GRID_WORKER, GRID)
    await town.employs("刘书记", Role.DESK, "yinxing")
    await town.employs("街道老陈", Role.STREET, "linjiang")
    await town.says(who, "帮助")
    async with town.store.write() as tx:
        resident = await person(tx, who)
        chat = await people.find_private_chat(tx, resident.id)
        turn = Turn(town.city, tx, town.now, chat=chat, person=resident)
        draft = drafts.new(turn)
        draft.words.append(text)
        await filing.file(turn, draft, drafts.read(turn, draft), to_desk=True, intent="request")
    await town.deliver()
    return await stored(town)
