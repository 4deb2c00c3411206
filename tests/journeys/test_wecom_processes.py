"""One `linli serve` and two `linli worker`: the group bot's connection is held by one of them, and goes on when it is killed."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.nursery import Grown, Nursery
from bot.catalogue import SHIPPED_STREET, load_street
from storage import people, roles
from storage.database import Database
from storage.ids import Ids
from storage.leases import leases
from storage.seal import Sealer
from storage.tx import Store
from tests.fakes.wechat import AES_KEY, APP_ID, ORIGINAL_ID, TOKEN, WeChatServer
from tests.fakes.wechat import SECRET as WECHAT_SECRET
from tests.fakes.wecom import CORP, Member, WecomServer
from tests.journeys.wecom import GRID, section
from tests.storage.conftest import Fresh, cluster, fresh, template  # noqa: F401
from workflow.rights import Role

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
WITHIN = 120.0
IN_TIME = 4.0
"""Seconds in which a press is surely answered in time for its card to be changed; the program gives itself 4.5."""


class Crew:
    """The processes of a street, forked from one that has read everything, so that they start at once."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self._folder, self._nursery = folder, nursery
        self._all: list[Grown] = []

    async def starts(self, what: str) -> Grown:
        config, log = self._folder / "config.toml", self._folder / f"{what}.log"
        self._all.append(await self._nursery.start([what, "--config", str(config)], {}, log))
        return self._all[-1]

    async def address(self) -> str:
        """Where the pages are, as `linli serve` says it."""
        for _ in range(1200):
            with suppress(FileNotFoundError):
                if found := re.search(r"http://127\.0\.0\.1:\d+", (self._folder / "serve.log").read_text("utf-8")):
                    return found[0]
            await asyncio.sleep(0.1)
        raise AssertionError("linli serve has not started")

    async def end(self) -> None:
        for one in reversed(self._all):
            one.send_signal(signal.SIGTERM)
        for one in self._all:
            await asyncio.wait_for(one.wait(), WITHIN)


def configure(folder: Path, url: str, wechat: WeChatServer, wecom: WecomServer) -> None:
    (folder / "config.toml").write_text(
        f'[street]\nfile = "{SHIPPED_STREET}"\n[storage]\nurl = "{url}"\n[privacy]\nkeys = ["{KEY}"]\n[web]\nport = 0\n'
        f'[wechat]\napp_id = "{APP_ID}"\napp_secret = "{WECHAT_SECRET}"\ntoken = "{TOKEN}"\naes_key = "{AES_KEY}"\n'
        f'original_id = "{ORIGINAL_ID}"\nbase_url = "{wechat.base_url}"\n{section(wecom)}',
        encoding="utf-8",
    )


@asynccontextmanager
async def books(url: str) -> AsyncIterator[Store]:
    """The processes' database, to give roles and to see who holds what."""
    database = Database(url, load_street(SHIPPED_STREET).id)
    try:
        yield Store(database, Ids(), Sealer([KEY]))
    finally:
        await database.close()


async def employ(store: Store, member: Member, role: Role) -> None:
    now = datetime.now(UTC)
    async with store.write() as tx:
        person = await people.add_person(tx, "wecom", CORP, member.id, member.name, now)
        await roles.grant(tx, person.id, role, GRID, None, now)


async def holder_of(store: Store) -> int:
    """The number of the process that sends for the company, and so holds the bot's connection."""
    async with store.read() as tx:
        key = f"wecom/{CORP}/0"
        row = await tx.one(select(leases.c.holder).where(leases.c.tenant == tx.tenant, leases.c.key == key))
    assert row is not None
    return int(row.holder.split(":")[1])


async def shared_out(store: Store) -> None:
    """Returns when the two workers have divided what is to be sent: until then the account may still change hands."""
    for _ in range(1200):
        async with store.read() as tx:
            mine = (leases.c.tenant == tx.tenant, leases.c.kind == "send")
            held = await tx.all(
                select(leases.c.holder, func.count().label("keys")).where(*mine).group_by(leases.c.holder)
            )
        if len(held) == 2 and abs(held[0].keys - held[1].keys) <= 1:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the work is not divided")


async def test_the_bot_is_one_processs_and_another_takes_over(
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with WeChatServer() as wechat, WecomServer() as wecom, Nursery() as nursery:
        url, crew = fresh("postgresql"), Crew(tmp_path, nursery)
        configure(tmp_path, url, wechat, wecom)
        wang, liu = wecom.member("wang", "王师傅"), wecom.member("liu", "小刘")
        async with books(url) as store:
            await employ(store, wang, Role.GRID_CHIEF)
            await employ(store, liu, Role.GRID_WORKER)
            await crew.starts("serve")
            workers = [await crew.starts("worker") for _ in range(2)]
            wechat.pusher.url = f"{await crew.address()}/hooks/wechat"
            await shared_out(store)
            await wecom.wait_until(lambda: wecom.bot.live, lambda: "no bot is connected", WITHIN * 2)
            group = wecom.group("第一网格", [wang, liu])
            wecom.say(wang, "绑定 第一网格", group)
            await wecom.wait_for(group, "谁方便谁按", WITHIN)

            aunt = wechat.person("李阿姨")
            await wechat.text(aunt, "银杏苑三栋二单元楼道灯坏了")
            await wechat.wait_for(aunt, "1. ", WITHIN)
            await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
            card = await wecom.wait_for(group, "1001", WITHIN)
            pressed_at = time.monotonic()
            wecom.press(liu, "接单", group)
            claimed = await wecom.wait_for(group, "填结果", WITHIN)
            in_time = time.monotonic() - pressed_at < IN_TIME  # else the platform wants another card
            assert claimed.task == card.task or not in_time, "the press came back to the process that holds the bot"
            await wechat.wait_for(aunt, "接了", WITHIN)

            held = await holder_of(store)
            victim = next(one for one in workers if one.pid == held)
            before = wecom.bot.connected
            victim.kill()
            await victim.wait()
            await wecom.wait_until(
                lambda: wecom.bot.live and wecom.bot.connected > before, lambda: "nobody has taken over", WITHIN
            )
            assert await holder_of(store) == next(one.pid for one in workers if one is not victim)
            wecom.say(liu, "进度 1001 去买灯泡了", group)
            await wechat.wait_for(aunt, "去买灯泡了", WITHIN)
            assert wecom.bot.replaced == 0, "nobody fought for the connection"
            await crew.end()
        wecom.assert_clean()
        wechat.assert_clean()
