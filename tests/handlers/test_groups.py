"""Groups: binding, the bot coming and going, supergroups, topics, members who leave, private chats shut and opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers import groups
from handlers.messages import Address, Incoming
from handlers.turn import Turn
from storage import events, outbox, people
from storage.people import Chat
from tests.handlers.staff_steps import DESK, GRID, ROOM, filed, heard, person, room_text, stored
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def room_chat(town: Town, queue: str = ROOM) -> Chat:
    """The group of a queue."""
    async with town.store.read() as tx:
        return (await people.rooms_of(tx, [queue]))[0]


async def happens(town: Town, kind: Any, chat: Chat, user: str = "", **more: Any) -> None:
    """The platform reports a change of membership; it goes the way of every message."""
    address = Address(
        channel=chat.channel,
        account=chat.account,
        user=user,
        chat=chat.chat,
        thread=chat.thread,
        is_group=chat.is_group,
    )
    incoming = Incoming(id=f"{kind}-{chat.id}-{user}-{more}", kind=kind, at=town.now, address=address, **more)
    await town.hears(incoming)


async def user_key(town: Town, name: str) -> str:
    """What the platform calls a person."""
    async with town.store.read() as tx:
        return (await people.identities_of(tx, (await person(tx, name)).id))[0][2]


@BOTH
async def test_bound_by_whoever_may_and_open_cards_appear(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.employs("赵网格长", Role.GRID_CHIEF, GRID)
        await town.says("赵网格长", "绑定", room="新群")
        await town.presses("赵网格长", "银杏社区第一网格" if buttons else "绑定 银杏社区第一网格", room="新群")
        assert "1001" in room_text(town, "新群")
        await town.says("王师傅", "接单 1001", room="新群")
        assert (await stored(town)).state is State.CLAIMED
        assert "王师傅" in room_text(town, "新群")


@pytest.mark.parametrize(
    ("role", "scope", "asked", "may"),
    [
        (Role.GRID_CHIEF, GRID, "银杏社区第一网格", True),
        (Role.DESK, "yinxing", "银杏社区第一网格", True),
        (Role.DESK, "yinxing", "银杏社区工作台", True),
        (Role.STREET, "linjiang", "燃气", True),
        (Role.GRID_WORKER, GRID, "银杏社区第一网格", False),
        (Role.GRID_CHIEF, GRID, "银杏社区第二网格", False),
        (Role.DESK, "dukou", "银杏社区第一网格", False),
        (Role.DEPT_STAFF, "gas", "燃气", False),
        (None, "", "银杏社区第一网格", False),
    ],
)
async def test_who_may_bind(tmp_path: Path, role: Role | None, scope: str, asked: str, may: bool) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        if role is not None:
            await town.employs("来人", role, scope)
        await town.says("来人", f"绑定 {asked}", room="新群")
        assert ("好了" in room_text(town, "新群")) is may


async def test_a_button_binds_only_for_those_who_may(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("赵网格长", Role.GRID_CHIEF, GRID)
        await town.says("赵网格长", "绑定", room="新群")
        await town.presses("路人", "银杏社区第一网格", room="新群")
        assert "好了" not in room_text(town, "新群")


async def test_added_to_a_group_it_greets_and_offers_binding(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        known = await room_chat(town)
        async with town.store.write() as tx:
            fresh = await people.add_chat(
                tx,
                channel=known.channel,
                account=known.account,
                chat="brand-new",
                thread="",
                is_group=True,
                person_id=None,
                title="",
                now=town.now,
            )
        await happens(town, "join", fresh)
        said = [text for text, _ in town.room("brand-new")]
        assert any("绑定" in text for text in said)


async def test_removed_the_desk_is_told_once_a_day_and_it_may_come_back(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        chat = await room_chat(town)
        await happens(town, "leave", chat)
        assert not (await room_chat(town)).reachable
        assert room_text(town, DESK).count("没有能用的群") == 1
        async with town.store.write() as tx:
            turn = Turn(town.city, tx, town.now)
            await groups.room_lost(turn, chat)
        await town.deliver()
        assert room_text(town, DESK).count("没有能用的群") == 1
        await happens(town, "join", chat)
        assert (await room_chat(town)).reachable
        assert "我回来了" in room_text(town)


async def test_a_second_group_keeps_the_desk_quiet(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.employs("赵网格长", Role.GRID_CHIEF, GRID)
        first = await room_chat(town)
        await town.says("赵网格长", "绑定 银杏社区第一网格", room="新群")
        await happens(town, "leave", first)
        assert "没有能用的群" not in room_text(town, DESK)


async def test_the_street_s_people_are_told_when_no_desk_has_a_group(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        desk = await room_chat(town, "desk")
        await happens(town, "leave", desk)
        assert "没有能用的群" in heard(town, "街道老陈")


async def test_a_supergroup_keeps_its_room_and_its_waiting_messages(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        chat = await room_chat(town)
        async with town.store.write() as tx:
            row = await outbox.put(tx, chat_id=chat.id, body={"text": "等着的话"}, lane=outbox.NOTICE, now=town.now)
            await outbox.bury(tx, row, "migrated")
        await happens(town, "migrate", chat, new_chat="-100777")
        moved = await room_chat(town)
        assert (moved.id, moved.chat, moved.reachable) == (chat.id, "-100777", True)
        assert "等着的话" in room_text(town, "-100777")
        async with town.store.read() as tx:
            assert await people.queues_of_chat(tx, moved.id) == [ROOM]


async def test_a_message_from_the_new_id_may_come_first(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        chat = await room_chat(town)
        async with town.store.write() as tx:
            await people.add_chat(
                tx,
                channel=chat.channel,
                account=chat.account,
                chat="-100777",
                thread="",
                is_group=True,
                person_id=None,
                title="",
                now=town.now,
            )
        await happens(town, "migrate", chat, new_chat="-100777")
        assert (await room_chat(town)).id == chat.id
        async with town.store.read() as tx:
            assert [c.id for c in await people.chats_with_platform_id(tx, chat.channel, chat.account, "-100777")] == [
                chat.id
            ]


async def test_a_forum_topic_is_a_room_of_its_own(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        chat = await room_chat(town)
        async with town.store.write() as tx:
            for other in await people.rooms_of(tx, ["grid:yinxing-02"]):
                await people.unbind_chat(tx, other.id)
            topic = await people.add_chat(
                tx,
                channel=chat.channel,
                account=chat.account,
                chat=chat.chat,
                thread="7",
                is_group=True,
                person_id=None,
                title="",
                now=town.now,
            )
            await people.bind_room(tx, "grid:yinxing-02", topic.id, None, town.now)
        await happens(town, "leave", chat)
        async with town.store.read() as tx:
            assert not (await people.get_chat(tx, topic.id)).reachable
        assert room_text(town, DESK).count("没有能用的群") == 2


@BOTH
async def test_a_worker_leaves_and_the_desk_may_end_the_role(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await happens(town, "leave", await room_chat(town), user=await user_key(town, "王师傅"))
        assert "王师傅 退出了银杏社区第一网格" in room_text(town, DESK)
        await town.presses("小刘", "取消身份", room=DESK)
        assert "确定取消" not in str(town.room(DESK))
        await town.presses("刘书记", "取消身份", room=DESK)
        await town.presses("刘书记", "确定取消", room=DESK)
        assert (await stored(town)).state is State.QUEUED


async def test_a_resident_leaving_is_nobody_s_business(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        before = room_text(town, DESK)
        await happens(town, "leave", await room_chat(town), user=await user_key(town, "李阿姨"))
        assert room_text(town, DESK) == before


async def test_a_shut_private_chat_opens_again(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        async with town.store.read() as tx:
            resident = await person(tx, "李阿姨")
            chat = await people.find_private_chat(tx, resident.id)
        assert chat is not None
        key = await user_key(town, "李阿姨")
        await happens(town, "blocked", chat, user=key)
        async with town.store.read() as tx:
            assert not (await people.get_chat(tx, chat.id)).reachable
        async with town.store.write() as tx:
            row = await outbox.put(tx, chat_id=chat.id, body={"text": "x"}, lane=2, now=town.now)
            await outbox.bury(tx, row, "blocked")
        await happens(town, "join", chat, user=key)
        async with town.store.read() as tx:
            assert (await people.get_chat(tx, chat.id)).reachable
            assert (await outbox.backlog(tx))[1] == 0


async def test_unbinding_is_recorded(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        chat = await room_chat(town)
        await town.says("王师傅", "解绑", room=ROOM)
        assert (await room_chat(town)).id == chat.id
        await town.says("刘书记", "解绑", room=ROOM)
        async with town.store.read() as tx:
            assert await people.rooms_of(tx, [ROOM]) == []
            assert [e.name for e in await events.history(tx, "room", chat.id)] == ["room.unbound"]


async def test_wishes_that_wait_at_a_desk_are_drawn_in_its_new_room(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says("李阿姨", "想给老伴要个轮椅，银杏苑")
        await town.presses("李阿姨", "对")
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", "绑定 银杏社区工作台", room="新群")
        if not any("轮椅" in text for text, _ in town.room("新群")):
            await town.presses("刘书记", "银杏社区工作台", room="新群")
        assert any("轮椅" in text for text, _ in town.room("新群"))
