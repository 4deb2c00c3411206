"""Every role, every act that is typed in a chat, every scope of a record: refused and written down, or not, by the table of rights."""

from __future__ import annotations

from collections.abc import Mapping

from handlers import dispatch
from handlers.messages import Address, Incoming
from handlers.office.acts import ACTS
from storage import requests
from tests.office.desk import GRID, LAMP, DeskTown
from tests.office.test_matrix import HOLDERS, QUEUES
from workflow.rights import Grant, Role, may_act

TYPED: Mapping[str, str] = {
    "claim": "接单 {number}",
    "note": "进度 {number} 明天去看",
    "resolve": "办结 {number} 修好了",
    "release": "放回 {number}",
    "return": "退回 {number} 不归我们",
    "transfer": "转给 {number}",
    "contact": "联系方式 {number}",
    "kind": "改类 {number} 垃圾清运",
    "place": "改址 {number} 银杏苑3幢",
    "dispatch": "改派 {number} 给 城管",
    "refuse": "不予受理 {number} 不归街道",
    "ask_place": "问地点 {number}",
    "merge": "并案 {number} 到 {other}",
    "split": "拆开 {number}",
    "whistle": "吹哨 {number} 城管 请一起看",
    "ask_extension": "延期 {number} 3天 等配件",
    "pause": "暂停 {number} 3天 等配件",
    "park": "挂账 {number} 30天 等立项",
    "resume": "恢复 {number}",
    "supervise": "督办 {number} 今天回复",
    "dispute": "争议 {number} 不归我们",
}
"""The acts of the page that have words in the chat. The others are buttons: granting, ruling, telling apart, the public wall."""
BUTTONS_ONLY = {"grant", "decline", "rule", "differ", "publish", "unpublish"}


class Undone(Exception):
    """What was tried is taken back."""


def test_every_act_of_the_page_is_here() -> None:
    assert set(TYPED) | BUTTONS_ONLY == set(ACTS)


async def refused(desk: DeskTown, name: str, words: str) -> list[str]:
    """Which acts the ledger would say were refused when these words are said; nothing is kept."""
    town = desk.town
    found: list[str] = []
    try:
        async with town.store.write() as tx:
            chat = Address(channel="test", user=name, chat=name, is_group=False)
            said = Incoming(id="m", kind="text", at=town.now, address=chat, name=name, message_ref="r", text=words)
            await dispatch.handle(town.city, tx, said, town.now)
            found = [row["data"]["act"] for row in (*tx.written, *tx.pending) if row["name"] == "person.refused"]
            raise Undone
    except Undone:
        return found


async def test_the_chat_refuses_exactly_what_the_table_does_not_give(desk: DeskTown) -> None:
    number = await desk.filed(LAMP)
    other = await desk.filed("银杏苑3幢2单元楼道灯不亮了", by="赵大爷")
    org, differing = desk.town.city.org, []
    for role, scope in HOLDERS.items():
        await desk.town.employs(role.value, role, scope)
        for queue in QUEUES:
            async with desk.town.store.write() as tx:
                for one in (number, other):
                    await requests.change(tx, (await desk.record(one)).id, queue=queue)
            for name, words in TYPED.items():
                said = await refused(desk, role.value, words.format(number=number, other=other))
                allowed = may_act([Grant(role, scope)], ACTS[name].right, queue, org)
                if bool(said) is allowed:
                    differing.append((role.value, queue, name, said))
    assert differing == []


async def test_a_card_that_was_forwarded_does_nothing_for_whoever_may_not(desk: DeskTown) -> None:
    """Every button of every card that lies in a room, pressed there and elsewhere by people without a right to it."""
    town = desk.town
    number, vague = await desk.filed(LAMP), await desk.at_desk()
    await town.employs("王师傅", Role.GRID_WORKER, GRID)
    await town.presses("王师傅", "接单", room=f"grid:{GRID}")
    strangers = {
        "渡口王": (Role.GRID_WORKER, "dukou-01"),
        "评议员": (Role.ASSESSOR, "yinxing"),
        "党员": (Role.MEMBER, "yinxing"),
    }
    for name, (role, scope) in strangers.items():
        await town.employs(name, role, scope)
    before = [await desk.record(one) for one in (number, vague)]
    steps = [await desk.steps(one) for one in (number, vague)]
    pressed = 0
    for room in (f"grid:{GRID}", "desk:yinxing", "desk"):
        tokens = {token for shown in town.messages(room) for _, token in shown.keys}
        for token in tokens:
            for name in (*strangers, "路人"):
                for where in (room, "dept:urban", ""):
                    await town.press_token(name, token, room=where)
                    pressed += 1
    assert pressed >= 40
    assert [await desk.record(one) for one in (number, vague)] == before
    assert [await desk.steps(one) for one in (number, vague)] == steps
    for name in strangers:
        tried = [e.data["act"] for e in await desk.history(name) if e.name == "person.refused"]
        assert len(tried) >= 10, name
