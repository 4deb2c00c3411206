"""Dialogues are stored values; buttons mean what they meant when they were shown, until they are retired."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storage import dialogues
from storage.tx import Store, Tx
from tests.storage.samples import add_chat

HOUR = timedelta(hours=1)


async def keyboard(tx: Tx, now: datetime, expires_at: datetime | None = None) -> str:
    presses = [("claim", {"id": 1}, "接单"), ("pass", {}, "不是我的")]
    return await dialogues.add_keyboard(
        tx, chat_id=7, person_id=1, presses=presses, expires_at=expires_at or now + HOUR
    )


async def test_one_open_question_for_a_person_in_a_chat(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await dialogues.save(tx, 7, 1, "report", "place", {"text": "路灯"}, now)
        await dialogues.save(tx, 7, 2, "report", "place", {}, now)
        await dialogues.save(tx, 7, 1, "report", "confirm", {"text": "路灯", "n": 2}, now + HOUR)
        found = await dialogues.find(tx, 7, 1)
        assert found == ("report", "confirm", {"text": "路灯", "n": 2}, now + HOUR)
        await dialogues.close(tx, 7, 1)
        assert await dialogues.find(tx, 7, 1) is None
        assert await dialogues.find(tx, 7, 2) is not None


@pytest.mark.parametrize("open_ones", [(), ("dialogue",), ("menu",), ("dialogue", "menu")], ids=str)
async def test_one_look_tells_what_three_tell(store: Store, now: datetime, open_ones: tuple[str, ...]) -> None:
    async with store.write() as tx:
        chat, code = await add_chat(tx, "one", now, person_id=1), await keyboard(tx, now)
        await dialogues.save(tx, chat, 2, "wish", "words", {}, now)  # somebody else's
        if "dialogue" in open_ones:
            await dialogues.save(tx, chat, 1, "report", "place", {"text": "路灯"}, now)
        if "menu" in open_ones:
            await dialogues.set_menu(tx, chat, code, now + HOUR)
    for token in ("", f"{code}.0", f"{code}.1", f"{code}.2", "no.0", "no", ".0"):
        asked: list[str] = []
        async with store.write() as tx:
            there = await dialogues.find(tx, chat, 1)
            meant = await (dialogues.find_press(tx, token) if token else dialogues.find_menu(tx, chat))
        async with store.write() as tx:
            store.database.plans.watch = lambda _, sql, asked=asked: asked.append(sql)
            assert await dialogues.find_here(tx, chat, 1, token) == there
            assert await (dialogues.find_press(tx, token) if token else dialogues.find_menu(tx, chat)) == meant
            assert len(asked) == 1
            store.database.plans.watch = None
        assert (there is not None) == ("dialogue" in open_ones)
        assert (meant is not None) == ("menu" in open_ones if not token else token in (f"{code}.0", f"{code}.1"))


async def test_closing_all_is_for_one_person(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for chat, person in ((7, 1), (8, 1), (7, 2)):
            await dialogues.save(tx, chat, person, "report", "place", {}, now)
        await dialogues.close_all(tx, 1)
        assert [await dialogues.find(tx, c, p) is None for c, p in ((7, 1), (8, 1), (7, 2))] == [True, True, False]


async def test_what_is_known_so_far_is_sealed(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await dialogues.save(tx, 7, 1, "report", "place", {"text": "13912341234"}, now)
        row = await tx.one(select(dialogues.dialogues))
        assert row is not None
        assert not any("13912341234" in str(value) for value in row)


async def test_a_button_means_what_was_shown(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        code = await keyboard(tx, now)
        press = await dialogues.find_press(tx, f"{code}.0")
        assert press == ("claim", {"id": 1}, "接单", 1, 7, now + HOUR)
        assert len(f"{code}.99".encode()) < 20


@pytest.mark.parametrize("token", ["", ".", ".0", "{code}", "{code}.2", "{code}.-1", "{code}.x", "{code}.²", "no.0"])
async def test_a_token_that_was_never_ours_means_nothing(store: Store, now: datetime, token: str) -> None:
    async with store.write() as tx:
        code = await keyboard(tx, now)
        assert await dialogues.find_press(tx, token.format(code=code)) is None


async def test_a_keyboard_past_its_time_is_known_as_such_and_forgotten_later(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        code, other = await keyboard(tx, now, expires_at=now), await keyboard(tx, now)
        press = await dialogues.find_press(tx, f"{code}.0")
        assert press is not None
        assert press.expires_at == now
        assert await dialogues.forget_expired(tx, now + timedelta(minutes=1)) == 1
        assert await dialogues.find_press(tx, f"{code}.0") is None
        assert await dialogues.find_press(tx, f"{other}.0") is not None


async def test_a_typed_number_means_the_menu_shown_last(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        first, last = await keyboard(tx, now), await keyboard(tx, now)
        await dialogues.set_menu(tx, 7, first, now + HOUR)
        await dialogues.set_menu(tx, 7, last, now + 2 * HOUR)
        assert await dialogues.find_menu(tx, 7) == (last, ["接单", "不是我的"], now + 2 * HOUR)
        assert await dialogues.find_menu(tx, 8) is None
        await dialogues.drop_menu(tx, 7, first)
        assert await dialogues.find_menu(tx, 7) is not None
        await dialogues.drop_menu(tx, 7, last)
        assert await dialogues.find_menu(tx, 7) is None
