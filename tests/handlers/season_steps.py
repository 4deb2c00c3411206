"""Steps that tests and benchmarks of seasons share: opening one, and a whole one from opening to the public report."""

from __future__ import annotations

from handlers import wall_page
from storage import people, wishes
from storage.wishes import Traits, Wish
from tests.handlers.wish_steps import ROOM, last
from tests.town import Town
from workflow.rights import Role

THEMES = ("goods", "company", "repair", "learning")


async def opened(
    town: Town, launch: str = "11月20日上午10点", closes: str = "11月30日", title: str = "暖冬心愿季"
) -> None:
    """The street opens a season in its own chat."""
    await town.employs("街道老周", Role.STREET, "linjiang")
    await town.says("街道老周", "心愿季")
    await town.presses("街道老周", "筹备新一季")
    await town.says("街道老周", title)
    await town.says("街道老周", launch)
    await town.says("街道老周", closes)
    assert title in last(town, "街道老周")
    await town.presses("街道老周", "对，开始征集")


async def _file(town: Town, count: int) -> list[Wish]:
    """Wishes that wait for the desk, of forty people who can be told."""
    filed = []
    for i in range(40):
        await town.says(f"居民{i}", "帮助")
    async with town.store.write() as tx:
        for n in range(count):
            who = await people.find_by_identity(tx, "test", "", f"居民{n % 40}")
            assert who is not None
            chat = await people.find_private_chat(tx, who.id)
            assert chat is not None
            wish, _ = await wishes.submit(
                tx,
                draft_id=n + 1,
                wisher_id=who.id,
                chat_id=chat.id,
                item="wish.wish.goods" if n % 4 == 0 else "wish.wish.service",
                queue=ROOM,
                community="yinxing",
                grid="yinxing-01",
                place_text="银杏苑",
                text=f"第{n}个小心愿，盼一位热心邻居",
                original={"text": f"第{n}个小心愿", "place": "银杏苑3幢"},
                now=town.now,
                traits=Traits(THEMES[n % 4], shares=2 if n % 25 == 0 else 1),
            )
            filed.append(wish)
    return filed


async def season_of(town: Town, many: int, helpers: int) -> None:
    """The whole season with so many wishes and adopters; every tenth wish finds nobody, every ninth adopter falls silent."""
    await town.employs("刘书记", Role.DESK, "yinxing")
    await opened(town)
    filed = await _file(town, many)
    for wish in filed:
        await town.says("刘书记", f"上墙 {wish.number}", room=ROOM)
    await town.passes(days=4)
    names = [f"帮手{i}" for i in range(helpers)]
    for name in names:
        await town.employs(name, Role.UNIT if name.endswith("7") else Role.MEMBER, "yinxing")
    wanted = [w for i, w in enumerate(filed) if i % 10 != 9]
    turn = 0
    for wish in wanted:
        for _ in range(2 if wish.shares == 2 else 1):
            await town.says(names[turn % helpers], f"认领 {wish.number} 1份")
            turn += 1
    async with town.store.read() as tx:
        counted = await wishes.counted(tx)
        adopted = {w.number: w for w in [await wishes.get(tx, w.id) for w in wanted]}
    assert counted == {"adopted": len(wanted), "published": many - len(wanted)}
    finished = [w for i, w in enumerate(wanted) if i % 9 != 8]
    for wish in finished:
        async with town.store.read() as tx:
            lead = await people.identities_of(tx, adopted[wish.number].adopter_id or 0)
        await town.says(lead[0][2], f"心愿完成 {wish.number} 办好了，用了一个小时", media=1)
    await town.passes(days=1)
    for wish in finished[::2]:
        async with town.store.read() as tx:
            who = await people.identities_of(tx, wish.wisher_id)
        await town.says(who[0][2], f"心愿 {wish.number}")
        await town.presses(who[0][2], "收到了")
    await town.passes(days=20)
    left = many - len(finished)
    assert any(f"还有 {left} 个没人认领" in text for text, _ in town.room(ROOM))
    await town.presses("刘书记", "都留到下一季", room=ROOM)
    await town.presses("街道老周", "公布报告", room="desk")
    async with town.store.read() as tx:
        report = await wall_page.report(tx, 1)
    assert report is not None
    figures = report.figures
    assert (figures["published"], figures["fulfilled"], figures["thanked"]) == (many, len(finished), len(finished))
    assert figures["adopted"] == len(finished)
    assert figures["hours"] == len(finished)
    assert sum(both[0] for both in dict(figures["themes"]).values()) == many  # type: ignore[call-overload]
