"""争议派单: returned, sent on, disputed, ruled; each with its limit; a record and its resident are never without anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage import people
from tests.handlers.resident_steps import DESK, ROOM, WHO, filed, ledger, record
from tests.handlers.test_climbing import staffed
from tests.handlers.test_clocks import said
from tests.town import Town
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])
URBAN = "dept:urban"


async def disputed(town: Town) -> None:
    """The grid returned it, the desk sent it to a department, which does not want it either."""
    await staffed(town)
    await town.employs("街道小孙", Role.STREET, "linjiang")
    await filed(town)
    await town.says("王师傅", "退回 1001 灯杆是城管的", room=ROOM)
    await town.says("刘书记", "改类 1001 占道经营", room=DESK)
    await town.says("城管老赵", "退回 1001 灯杆在小区里面，归物业和网格", room=URBAN)


@BOTH
async def test_the_second_return_is_a_dispute_and_the_ruling_stands(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await disputed(town)
        assert (await record(town)).queue == URBAN  # it stays where it is until the ruling
        asked = town.room("desk")[-1][0]
        assert "派单争议" in asked
        assert "灯杆在小区里面" in asked
        assert "灯杆是城管的" in asked
        await town.presses("街道老陈", "第一网格", room="desk")
        ruled = await record(town)
        assert ruled.queue == ROOM
        assert said(town, ROOM, "裁定由银杏社区第一网格办") == 1
        assert said(town, URBAN, "裁定由银杏社区第一网格办") == 1
        await town.says("王师傅", "退回 1001 还是不归我们", room=ROOM)
        assert (await record(town)).queue == ROOM
        assert "已经裁定由你们办" in "\n".join([*town.toasts("王师傅"), *(t for t, _ in town.room(ROOM))])
        names = [e.name for e in await ledger(town)]
        assert names.count("request.disputed") == names.count("request.ruled") == 1


async def test_it_may_be_ruled_to_stay(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await disputed(town)
        await town.presses("街道老陈", "还是由他们办", room="desk")
        assert (await record(town)).queue == URBAN
        await town.says("城管老赵", "退回 1001 不归我们", room=URBAN)
        assert (await record(town)).queue == URBAN


async def test_a_desk_may_not_rule_nor_whoever_sent_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await disputed(town)
        await town.presses("刘书记", "还是由他们办", room="desk")
        assert "权限" in town.toasts("刘书记")[-1]
        await town.presses("街道老陈", "别的单位", room="desk")
        await town.presses("街道老陈", "住建", room="desk")
        assert (await record(town)).queue == "dept:housing"


async def test_whoever_sent_it_does_not_rule(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await town.employs("街道小孙", Role.STREET, "linjiang")
        await filed(town)
        await town.says("王师傅", "退回 1001 灯杆是城管的", room=ROOM)
        await town.says("街道老陈", "改类 1001 占道经营", room="desk")
        await town.says("城管老赵", "退回 1001 不归我们", room=URBAN)
        await town.presses("街道老陈", "还是由他们办", room="desk")
        assert "另一位同事" in town.toasts("街道老陈")[-1]
        await town.presses("街道小孙", "还是由他们办", room="desk")
        assert "request.ruled" in [e.name for e in await ledger(town)]


async def test_each_step_has_its_own_limit(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("王师傅", "退回 1001 灯杆是城管的", room=ROOM)
        await town.passes(hours=2, minutes=1)
        assert said(town, "desk", "退回来的单要重新安排") == 1  # the community has not sent it on
        await town.says("刘书记", "改类 1001 占道经营", room=DESK)
        await town.says("城管老赵", "退回 1001 不归我们", room=URBAN)
        await town.passes(hours=24)
        assert said(town, "desk", "派单争议要裁定") == 1
        await town.passes(days=1)
        assert said(town, "街道老陈", "派单争议要裁定") == 1


async def test_too_late_to_return(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.passes(hours=26)
        await town.says("王师傅", "退回 1001 不归我们", room=ROOM)
        assert (await record(town)).queue == ROOM
        assert said(town, ROOM, "超过一个工作日") == 1


@BOTH
async def test_the_first_receiver_stays_the_contact_until_somebody_else_accepts(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await staffed(town)
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        wang = (await record(town)).contact_id
        assert wang is not None
        await town.says("王师傅", "退回 1001 到现场看是城管的", room=ROOM)
        await town.says("刘书记", "改类 1001 占道经营", room=DESK)
        waiting = await record(town)
        assert (waiting.queue, waiting.contact_id, waiting.contact_queue) == (URBAN, wang, ROOM)
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        assert "由银杏社区第一网格的王师傅对您负责" in town.last(WHO)
        await town.says("城管老赵", "接单 1001", room=URBAN)
        taken = await record(town)
        assert (taken.contact_id, taken.contact_queue) == (taken.claimer_id, URBAN)


async def leaves(town: Town, person_id: int) -> None:
    """A grid worker's role ends, and begins anew: nothing is theirs any more."""
    async with town.store.read() as tx:
        name = (await people.get_person(tx, person_id)).name
    await town.says("街道老陈", "取消身份")
    for label in ("网格员", name, "确定取消"):
        await town.presses("街道老陈", label)
    await town.employs(name, Role.GRID_WORKER, "yinxing-01")


STEPS = ["接单", "放回", "退回", "改类", "争议", "暂停", "裁定", "办结", "转给", "离职"]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(STEPS), min_size=4, max_size=9))
@example(["接单", "暂停", "转给", "退回", "改类", "争议", "裁定"])
@example(["接单", "办结", "改类", "离职"])
@example(["退回", "改类", "接单", "放回", "争议", "裁定", "接单"])
@example(["接单", "离职", "接单", "退回", "改类", "接单"])
async def test_a_record_is_never_without_an_owner(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    """Whatever staff do, in any order: one queue holds it, and somebody (a person or a unit) answers to the resident."""
    async with Town.open(tmp_path_factory.mktemp("town")) as town:
        await staffed(town)
        await town.employs("街道小孙", Role.STREET, "linjiang")
        for name in ("王师傅", "小刘"):
            await town.employs(name, Role.GRID_WORKER, "yinxing-01")
        await filed(town)
        kinds = ["占道经营", "楼道灯"]
        for step in steps:
            before = await record(town)
            worker = "城管老赵" if before.queue == URBAN else "王师傅"
            match step:
                case "放回" | "退回" | "争议" | "办结":
                    await town.says(worker, f"{step} 1001 不归我们", room=before.queue)
                case "接单" | "暂停":
                    await town.says(worker, f"{step} 1001", room=before.queue)
                    if step == "暂停" and "等天气" in str(town.room(before.queue)[-1:]):
                        await town.presses(worker, "等天气", room=before.queue)
                        await town.presses(worker, "3 天", room=before.queue)
                case "改类":
                    await town.says("刘书记", f"改类 1001 {kinds[0]}", room=DESK)
                    kinds.reverse()
                case "转给":
                    await town.says(worker, "转给 1001 小刘", room=before.queue)
                case "裁定":
                    labels = [x for _, row in town.room("desk") for x in row]
                    if "还是由他们办" in labels:
                        await town.presses("街道小孙", "还是由他们办", room="desk")
                case "离职" if before.claimer_id is not None and before.queue == ROOM:
                    await leaves(town, before.claimer_id)
            await town.passes(minutes=20)
            after = await record(town)
            assert town.city.org.has_queue(after.queue)
            assert after.contact_queue
            assert town.city.org.has_queue(after.contact_queue)
            if after.contact_id is None:
                assert before.contact_id is None or step == "离职"
            elif after.contact_id != before.contact_id:  # only whoever has accepted it takes over
                assert after.contact_id == after.claimer_id
                assert after.contact_queue == after.queue
            elif after.queue != before.queue:
                assert after.contact_queue == before.contact_queue
