"""Journeys on Telegram over the real HTTP of the local Bot API server, the clock turned by hand."""

from __future__ import annotations

from pathlib import Path

from storage import people
from tests.fakes.telegram import TelegramServer
from tests.journeys.conftest import ACCOUNT, Running, TurnedClock, started
from workflow.rights import Role

QUEUE, GRID = "grid:yinxing-01", "yinxing-01"


async def test_from_one_sentence_to_the_stars(running: Running) -> None:
    """报事、两人抢单、进展、办结、两小时后评价。"""
    server = running.server
    aunt, wang, liu = (server.person(name, started=True) for name in ("李阿姨", "王师傅", "小刘"))
    group = server.group("第一网格", [wang, liu])
    await running.room(group, QUEUE)
    for worker, name in ((wang, "王师傅"), (liu, "小刘")):
        await running.employ(worker, Role.GRID_WORKER, GRID, name)
        server.start(worker)
        await server.wait_for(worker, "邻里")

    server.photo(aunt, caption="银杏苑三栋二单元楼道灯坏了，13900001234")
    await server.wait_for(aunt, "对，就这样")
    server.press(aunt, "对，就这样")
    await server.wait_for(aunt, "已登记，单号 1001")
    card = await server.wait_for(group, "接单")
    assert "13900001234" not in card.text
    assert "139****1234" in card.text

    server.press(wang, "接单", group)
    server.press(liu, "接单", group)
    await server.wait_for(group, "填结果")
    winners = [name for name in ("王师傅", "小刘") if any(name in s.text for s in server.seen(group))]
    assert len(winners) == 1
    loser = liu if winners == ["王师傅"] else wang
    winner = wang if loser is liu else liu
    assert winners[0] in (await server.wait_toast(loser)).text

    server.press(winner, "联系方式", group)
    assert "13900001234" in (await server.wait_for(winner, "13900001234")).text
    assert all("13900001234" not in seen.text for seen in server.seen(group))

    server.press(winner, "填结果", group)
    asked = await server.wait_for(group, lambda seen: seen.force_reply)
    server.photo(winner, group, caption="灯泡换好了", reply_to=asked.id)
    await server.wait_for(aunt, "灯泡换好了")

    running.clock.turn(hours=2, minutes=5)
    await server.wait_for(aunt, "没好")
    server.press(aunt, "好了")
    await server.wait_for(aunt, "5★")
    server.press(aunt, "5★")
    await server.wait_for(group, "已销号")


async def test_not_solved_goes_back_to_work(running: Running) -> None:
    """没好，就重办。"""
    server = running.server
    aunt, wang = server.person("李阿姨", started=True), server.person("王师傅", started=True)
    group = server.group("第一网格", [wang], bot="administrator")
    await running.room(group, QUEUE)
    await running.employ(wang, Role.GRID_WORKER, GRID, "王师傅")
    server.text(aunt, "银杏苑3幢2单元楼道灯不亮了")
    await server.wait_for(aunt, "对，就这样")
    server.text(aunt, "对")
    await server.wait_for(group, "接单")
    server.text(wang, "接单 1001", group)
    await server.wait_for(group, "填结果")
    server.text(wang, "办结 1001 换了灯泡", group)
    await server.wait_for(aunt, "换了灯泡")
    running.clock.turn(hours=3)
    await server.wait_for(aunt, "没好")
    server.press(aunt, "没好")
    await server.wait_for(aunt, "那不算完")
    again = await server.wait_for(group, "返工")
    assert ["接单", "退回", "详情"] in again.buttons


async def test_a_group_that_became_a_supergroup_keeps_its_queue(running: Running) -> None:
    server = running.server
    aunt, wang = server.person("李阿姨", started=True), server.person("王师傅", started=True)
    group = server.group("第一网格", [wang], kind="group")
    await running.room(group, QUEUE)
    await running.employ(wang, Role.GRID_WORKER, GRID, "王师傅")
    server.migrate(group, wang)
    await running.settled()
    server.text(aunt, "银杏苑3幢2单元楼道灯不亮了")
    await server.wait_for(aunt, "对，就这样")
    server.press(aunt, "对，就这样")
    new = next(g for g in server.world.groups.values() if g.kind == "supergroup")
    await server.wait_for(new, "接单")


async def test_a_forum_topic_is_a_room(running: Running) -> None:
    server = running.server
    aunt, wang = server.person("李阿姨", started=True), server.person("王师傅", started=True)
    forum = server.group("银杏社区", [wang], forum=True)
    topic = server.topic(forum, "第一网格")
    thread = topic if isinstance(topic, int) else topic.id
    await running.room(forum, QUEUE, str(thread))
    await running.employ(wang, Role.GRID_WORKER, GRID, "王师傅")
    server.text(aunt, "银杏苑3幢2单元楼道灯不亮了")
    await server.wait_for(aunt, "对，就这样")
    server.press(aunt, "对，就这样")
    card = await server.wait_for(forum, "接单")
    assert card.thread == thread
    server.press(wang, "接单", forum)
    assert (await server.wait_for(forum, "填结果")).thread == thread


async def test_a_repeated_update_changes_nothing(running: Running) -> None:
    server = running.server
    aunt = server.person("李阿姨", started=True)
    server.text(aunt, "银杏苑3幢2单元楼道灯不亮了")
    await server.wait_for(aunt, "对，就这样")
    server.press(aunt, "对，就这样")
    await server.wait_for(aunt, "已登记")
    await running.settled()
    said = len([s for s in server.seen(aunt) if s.mine])
    for update in list(server.queue.sent):
        server.repeat(update if isinstance(update, int) else update["update_id"])
    server.text(aunt, "谢谢")
    await server.wait_until(lambda: len([s for s in server.seen(aunt) if s.mine]) == said + 1)
    assert len([s for s in server.seen(aunt) if "已登记" in s.text]) == 1


async def test_a_message_while_the_program_is_down_is_answered_after_the_start(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with TelegramServer() as server:
        aunt = server.person("李阿姨", started=True)
        async with started(tmp_path, server, clock):
            server.text(aunt, "银杏苑3幢2单元楼道灯不亮了")
            await server.wait_for(aunt, "对，就这样")
        server.press(aunt, "对，就这样")
        async with started(tmp_path, server, clock):
            await server.wait_for(aunt, "已登记，单号 1001")


async def test_whoever_blocked_the_bot_is_marked_and_written_to_again_after_return(running: Running) -> None:
    server, program = running.server, running.program
    aunt = server.person("李阿姨", started=True)
    server.text(aunt, "你好")
    await server.wait_until(lambda: [s for s in server.seen(aunt) if s.mine])
    server.block(aunt)

    async def reachable() -> bool:
        async with program.store.read() as tx:
            chat = await people.find_chat(tx, "telegram", ACCOUNT, str(aunt.id))
            return bool(chat and chat.reachable)

    await running.settled()
    assert not await reachable()
    server.unblock(aunt)
    server.text(aunt, "我的诉求")
    await server.wait_for(aunt, "还没有报过")
    assert await reachable()


async def test_a_pause_that_telegram_asks_for_is_kept(running: Running) -> None:
    server = running.server
    aunt = server.person("李阿姨", started=True)
    server.fail("sendMessage", "rate", times=1, retry_after=1)
    server.text(aunt, "你好")
    await server.wait_until(lambda: [s for s in server.seen(aunt) if s.mine])
    calls = [c for c in server.calls if c.method == "sendMessage"]
    assert [c.status for c in calls] == [429, 200]
    assert calls[1].at - calls[0].at >= 1.0
