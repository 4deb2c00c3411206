"""What is read ahead for a batch says what reading it then would say, whatever has been changed in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import delete, update

from storage import dialogues, linking, people
from storage.erasure import erase_person
from storage.tx import Store, Tx
from tests.storage.samples import add_chat

HOUR = timedelta(hours=1)


class Scene(NamedTuple):
    """Two people with a private chat each, an open question, and a menu; the keyboard's code."""

    one: int
    other: int
    chat: int
    code: str
    now: datetime


async def _set(tx: Tx, now: datetime) -> Scene:
    one = await people.add_person(tx, "web", "", "u1", "王", now)
    other = await people.add_person(tx, "web", "", "u2", "李", now)
    chat = await add_chat(tx, "u1", now, person_id=one.id)
    theirs = await add_chat(tx, "u2", now, person_id=other.id)
    code = ""
    for person, where in ((one, chat), (other, theirs)):
        presses = [("claim", {"id": person.id}, "接单")]
        code = await dialogues.add_keyboard(
            tx, chat_id=where, person_id=person.id, presses=presses, expires_at=now + HOUR
        )
        await dialogues.set_menu(tx, where, code, now + HOUR)
        await dialogues.save(tx, where, person.id, "report", "place", {"text": "灯"}, now)
    return Scene(one.id, other.id, chat, code, now)


async def _nothing(_tx: Tx, _scene: Scene) -> None:
    pass


async def _renamed(tx: Tx, scene: Scene) -> None:
    await people.set_name(tx, scene.one, "赵")


async def _elsewhere(tx: Tx, scene: Scene) -> None:
    """Another account has the identity now."""
    await tx.run(delete(people.identities).where(people.identities.c.user_key == "u1"))
    await people.add_identity(tx, "web", "", "u1", scene.other)


async def _erased(tx: Tx, scene: Scene) -> None:
    await erase_person(tx, scene.one, "")
    await people.erase(tx, scene.one, scene.now)


async def _linked(tx: Tx, scene: Scene) -> None:
    await linking.link(tx, scene.other, scene.one, scene.now)


async def _blocked(tx: Tx, scene: Scene) -> None:
    await people.set_reachable(tx, scene.chat, False)


async def _moved(tx: Tx, scene: Scene) -> None:
    await people.own_chat(tx, scene.chat, scene.other)


async def _more(tx: Tx, scene: Scene) -> None:
    """A chat that was used later."""
    await add_chat(tx, "phone", scene.now + HOUR, person_id=scene.one)


async def _asked(tx: Tx, scene: Scene) -> None:
    await dialogues.save(tx, scene.chat, scene.one, "rate", "stars", {"id": 3}, scene.now)


async def _closed(tx: Tx, scene: Scene) -> None:
    await dialogues.close(tx, scene.chat, scene.one)


async def _all_closed(tx: Tx, scene: Scene) -> None:
    await dialogues.close_all(tx, scene.one)


async def _shown(tx: Tx, scene: Scene) -> None:
    presses: list[tuple[str, dict[str, Any], str]] = [("pass", {}, "不是我的")]
    code = await dialogues.add_keyboard(
        tx, chat_id=scene.chat, person_id=scene.one, presses=presses, expires_at=scene.now + HOUR
    )
    await dialogues.set_menu(tx, scene.chat, code, scene.now + HOUR)


async def _dropped(tx: Tx, scene: Scene) -> None:
    await dialogues.drop_menu(tx, scene.chat, scene.code)


async def _by_hand(tx: Tx, scene: Scene) -> None:
    keyboards = dialogues.keyboards
    await tx.run(update(keyboards).where(keyboards.c.tenant == tx.tenant).values(expires_at=scene.now - HOUR))


async def _used_up(tx: Tx, scene: Scene) -> None:
    """The same person is the next one too."""
    await _answers(tx, scene)
    await _asked(tx, scene)


async def _answers(tx: Tx, scene: Scene) -> list[Any]:
    """What the first steps of each of two people's updates read."""
    found: list[Any] = []
    for user, token in (("u1", ""), ("u2", f"{scene.code}.0")):
        tx.forget()
        person = await people.find_by_identity(tx, "web", "", user, lock=True)
        found.append(person)
        if person is None:
            continue
        chat = await people.enter_chat(tx, "web", "", user, "", scene.now + HOUR / 2, person_id=person.id)
        found += [chat, await people.private_chats(tx, person.id), await people.get_person(tx, person.id)]
        if chat is not None:
            found.append(await dialogues.find_here(tx, chat.id, person.id, token))
            found.append(await (dialogues.find_press(tx, token) if token else dialogues.find_menu(tx, chat.id)))
    return found


CHANGES = [_nothing, _renamed, _elsewhere, _erased, _linked, _blocked, _moved, _more, _asked, _closed, _all_closed]
CHANGES += [_shown, _dropped, _by_hand, _used_up]


async def _look_ahead(tx: Tx, scene: Scene) -> None:
    met = await people.meet(tx, [("web", "", "u1"), ("web", "", "u2"), ("web", "", "nobody")])
    assert [[chat.chat for chat in met["web", "", user]] for user in ("u1", "u2")] == [["u1"], ["u2"]]
    chats = [(chat.id, chat.person_id or 0) for user in ("u1", "u2") for chat in met["web", "", user]]
    tokens = ["", f"{scene.code}.0"]
    await dialogues.read_ahead(tx, [(*chat, token) for chat, token in zip(chats, tokens, strict=True)])


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
async def test_what_was_read_ahead_is_what_stands_there(
    store: Store, now: datetime, change: Callable[[Tx, Scene], Awaitable[None]]
) -> None:
    async with store.write() as tx:
        scene = await _set(tx, now)
    async with store.write() as tx:
        await _look_ahead(tx, scene)
        await change(tx, scene)
        await tx.lock(people.people, scene.one)
        found = await _answers(tx, scene)
        tx.known.clear()
        assert found == await _answers(tx, scene)
    assert len(found) > 6


async def test_what_was_read_ahead_is_not_asked_for(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        scene = await _set(tx, now)
        for user in ("u1", "u2"):  # they are there just now
            person = await people.find_by_identity(tx, "web", "", user)
            assert person is not None
            await people.enter_chat(tx, "web", "", user, "", now + HOUR / 2, person_id=person.id)
    asked: list[str] = []
    async with store.write() as tx:
        await _look_ahead(tx, scene)
        store.database.plans.watch = lambda _, sql: asked.append(sql)
        assert len(await _answers(tx, scene)) == 12
        store.database.plans.watch = None
    assert asked == []
