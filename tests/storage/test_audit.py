"""The books made anew from the ledger are the books that are kept, whatever a town has been through."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from handlers import audit
from storage import events, ledger
from storage.audit import find_counter
from storage.counters import counters
from storage.requests import ratings, requests
from storage.wishes import wishes
from tests.handlers.staff_steps import filed
from tests.town import Town
from workflow.rights import Role

RESIDENTS = ("李阿姨", "张伯", "小陈")
WORKERS = ("王师傅", "小刘")
SAID = (
    "银杏苑三栋二单元楼道灯坏了好几天，我妈晚上不敢下楼，我电话13912341234",
    "银杏苑3幢2单元楼道灯不亮了，我是陈建国",
    "老伴腿不行了，想要个能推出去晒太阳的轮椅，旧的也行，银杏苑3幢2单元401",
    "老问题又来了，说了好几回都没人理，烦死了",
    "电梯里关了人，快来",
    "翠湖苑5号楼垃圾没人收",
    "没有",
    "解决了",
    "还行吧，四星",
    "撤回",
)
TYPED = (
    "接单 {}",
    "接单 {}",
    "办结 {} 换了灯泡，跟陈建国13912341234说好了",
    "进度 {} 明天来",
    "退回 {} 不归我们",
    "放弃 {}",
)
AT_DESK = ("上墙 {}", "拆 {}", "并 {} 到 1001", "不办 {} 不归街道管")
ROOMS = {"grid:yinxing-01": "王师傅", "desk:yinxing": "刘书记", "desk": "街道老陈"}
NUMBERS = (1001, 1001, 1002, 1003)
PERSONAL = re.compile(r"[\u4e00-\u9fff]|\d{7,}")
"""What data must not hold: anybody's words or names are Chinese here, and a phone number is long."""


async def differences(town: Town) -> list[str]:
    async with town.store.read() as tx:
        return [line async for line in audit.differences(tx, await audit.rebuild(tx), town.now)]


async def tampered(town: Town, *statements: Any) -> list[str]:
    async with town.store.write() as tx:
        for statement in statements:
            assert await tx.run(statement)
    return await differences(town)


@asynccontextmanager
async def staffed(folder: Path) -> AsyncIterator[Town]:
    async with Town.open(folder) as town:
        for name in WORKERS:
            await town.employs(name, Role.GRID_WORKER, "yinxing-01")
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.employs("街道老陈", Role.STREET, "linjiang")
        yield town


async def wander(town: Town, chance: random.Random) -> None:
    """One thing that might happen: something said, any button pressed by anybody who sees it, or time."""
    way = chance.choice(("say", "press", "press", "press", "work", "work", "desk", "time"))
    if way == "say":
        await town.says(chance.choice(RESIDENTS), chance.choice(SAID))
    elif way == "work":
        words = chance.choice(TYPED).format(chance.choice(NUMBERS))
        await town.says(chance.choice(WORKERS), words, room="grid:yinxing-01")
    elif way == "desk":
        words = chance.choice(AT_DESK).format(chance.choice(NUMBERS))
        await town.says("刘书记", words, room="desk:yinxing")
    elif way == "time":
        await town.passes(hours=chance.choice((1, 3, 3, 30, 100)))
    else:
        where = chance.choice([*RESIDENTS, *RESIDENTS, *WORKERS, *ROOMS])
        who = ROOMS.get(where, where)
        keys = [(k, s.ref) for s in town.messages(where)[-4:] for k in s.keys]
        if keys:
            (_, token), ref = chance.choice(keys)
            await town.press_token(who, token, room="" if who == where else where, ref=ref)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


async def test_the_books_bear_the_traits_of_a_wish(tmp_path: Path) -> None:
    """Also as they were once noted: under the name of what figures are counted from, and without values."""
    async with staffed(tmp_path) as town:
        await town.says("张伯", SAID[2])
        await town.presses("张伯", "对")
        await town.says("刘书记", "心愿设置 1001 3人 200元", room="desk:yinxing")
        async with town.store.write() as tx:
            noted = [e for e in await tx.all(select(events.events)) if e.name == "wish.arranged"]
            assert [e.data for e in noted] == [{"traits": ["cost", "shares", "size"]}]
            old = {"set": ["theme"]}
            await events.add(tx, "wish", noted[0].subject_id, "wish.arranged", town.now, data=old)
        assert await differences(town) == []


async def test_after_any_walk_the_books_are_the_same(tmp_path: Path) -> None:
    happened: set[str] = set()
    for seed in (0, 1, 2, 3, 4, 5, 7):
        chance = random.Random(seed)
        async with staffed(tmp_path / str(seed)) as town:
            await filed(town)
            await town.says("张伯", SAID[2])
            await town.presses("张伯", "对")
            for _ in range(80):
                await wander(town, chance)
            assert await differences(town) == []
            async with town.store.read() as tx:
                assert [f async for f in ledger.verify(tx) if not f.is_warning] == []
                rows = await tx.all(select(events.events))
            personal = {(r.name, s) for r in rows for s in strings(r.data) if PERSONAL.search(s)}
            assert personal == set()
            happened |= {r.name for r in rows}
    assert happened >= {"request.claimed", "request.resolved", "request.answered", "request.returned", "wish.submitted"}
    assert len(happened) >= 15, sorted(happened)


async def whole_life(town: Town) -> None:
    """Reported, claimed, resolved with words, rated, and erased by the reporter."""
    await filed(town)
    for words in ("接单 1001", "办结 1001 换了灯泡，跟陈建国13912341234说好了"):
        await town.says("王师傅", words, room="grid:yinxing-01")
    await town.passes(hours=3)
    for label in ("好了", "5★"):
        await town.presses("李阿姨", label)


async def test_erasing_a_person_leaves_the_chain_and_the_figures(tmp_path: Path) -> None:
    async with staffed(tmp_path) as town:
        await whole_life(town)
        async with town.store.read() as tx:
            said = await tx.all(select(events.remarks.c.words))
            before = await ledger.head(tx)
        assert any("换了灯泡" in r.words for r in said)
        assert not any("13912341234" in r.words for r in said)
        await town.says("李阿姨", "删除我的信息")
        await town.presses("李阿姨", "确定删除")
        assert await differences(town) == []
        async with town.store.read() as tx:
            assert await tx.all(select(events.remarks.c.words)) == []
            assert [f async for f in ledger.verify(tx, anchor=before)] == []
            (last,) = await tx.all(select(events.events.c.name).order_by(events.events.c.seq.desc()).limit(1))
        assert last.name == "person.erased"


async def test_whatever_was_changed_in_the_books_is_named(tmp_path: Path) -> None:
    async with staffed(tmp_path) as town:
        await whole_life(town)
        assert await differences(town) == []
        (line,) = await tampered(town, update(counters).values(value=1007))
        assert line == "counter record: 1007 is kept, 1001 by the events"
        found = await tampered(town, update(requests).values(state="queued"), update(counters).values(value=1001))
        assert "request 1001: state is kept as queued, closed by the events" in found
        assert any(line.startswith("figures of grid:yinxing-01: solved is 0, 1") for line in found)
        found = await tampered(town, update(ratings).values(stars=1), update(requests).values(state="closed"))
        assert "request 1001: ratings are kept as 1/yes/1, 1/yes/5 by the events" in found
        found = await tampered(town, update(ratings).values(stars=5), update(requests).values(queue="desk:yinxing"))
        assert "request 1001: queue is kept as desk:yinxing, grid:yinxing-01 by the events" in found
        assert {line.split(":")[0] for line in found if "received" in line} == {"figures of grid", "figures of desk"}
        found = await tampered(town, delete(requests))
        assert "request 1001: the events tell of it, it is not kept" in found


async def test_a_record_that_no_event_tells_of_is_named(tmp_path: Path) -> None:
    async with staffed(tmp_path) as town:
        await town.says("李阿姨", SAID[2])
        await town.presses("李阿姨", "对")
        assert await differences(town) == []
        found = await tampered(town, update(wishes).values(id=wishes.c.id + 1))
        assert found == ["wish 1001: no event tells of it", "wish 1001: the events tell of it, it is not kept"]


async def test_the_counter_is_written_anew(tmp_path: Path) -> None:
    async with staffed(tmp_path) as town:
        await filed(town)
        await tampered(town, update(counters).values(value=5))
        async with town.store.write() as tx:
            books = await audit.rebuild(tx)
            assert await audit.write_counters(tx, books) == ["counter record: 5 was kept, 1001 by the events"]
            assert await audit.write_counters(tx, books) == []
            assert await find_counter(tx, "record") == 1001
        assert await differences(town) == []
