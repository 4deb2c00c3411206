"""Steps that the tests about wishes share: a wish on the wall, a wish adopted, how a wish stands."""

from __future__ import annotations

from storage import events, wishes
from storage.wishes import Wish
from tests.town import Town
from workflow.rights import Role

ROOM = "desk:yinxing"
WISH = "老伴腿不行了，想要个能推出去晒太阳的轮椅，旧的也行，银杏苑3幢2单元401"


def heard(town: Town, who: str) -> str:
    """Everything on a person's screen."""
    return "\n".join(text for text, _ in town.screen(who))


def last(town: Town, who: str) -> str:
    """The newest message on a person's screen."""
    return town.screen(who)[-1][0]


def told(town: Town, who: str) -> str:
    """Screen and toasts together: where a channel has no toasts they are messages."""
    return "\n".join([heard(town, who), *town.toasts(who)])


def card(town: Town) -> str:
    """The desk's newest card of a wish."""
    return [text for text, _ in town.room(ROOM) if "📍" in text][-1]


async def stored(town: Town, number: int = 1001) -> Wish:
    """The wish as it is kept."""
    async with town.store.read() as tx:
        found = await wishes.find_by_number(tx, number)
    assert found is not None
    return found


async def happened(town: Town, number: int = 1001) -> list[str]:
    """The names of everything the ledger has about a wish."""
    wish = await stored(town, number)
    async with town.store.read() as tx:
        return [e.name for e in await events.history(tx, "wish", wish.id)]


async def submitted(town: Town, who: str = "李阿姨", text: str = WISH) -> None:
    """A wish waits for the desk."""
    await town.employs("刘书记", Role.DESK, "yinxing")
    await town.says(who, text)
    await town.presses(who, "对")


async def published(town: Town, who: str = "李阿姨", text: str = WISH, number: int = 1001) -> None:
    """A wish hangs on the wall."""
    await submitted(town, who, text)
    await town.says("刘书记", f"上墙 {number}", room=ROOM)


async def kept_for(town: Town, *names: str) -> None:
    """A wish was given up again, and is kept for the first of those who waited for it."""
    await adopted(town)
    for name in names:
        await town.says(name, "认领 1001")
        await town.presses(name, "有空了叫我")
    await town.says("小王", "放弃心愿 1001")
    await town.presses("小王", "放回墙上")
    assert "轮到您了" in last(town, names[0])


async def adopted(town: Town, who: str = "小王", number: int = 1001) -> None:
    """A wish hangs on the wall and then has an adopter who left a phone number."""
    await published(town, number=number)
    await town.says(who, f"认领 {number}")
    await town.says(who, "13812345678")
