"""Bad weather: refusals by the hundred, a broadcast, repeated and mixed-up updates. Nothing lost, nothing doubled, in order."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from benchmarks.kill import Dialogue
from bot.backend import ProgramBackend
from bot.channels.base import RawUpdate
from bot.config import load_config
from bot.program import Program
from bot.web.app import create_app
from handlers.messages import Outgoing
from storage import outbox, people, receipts
from storage.people import identities
from storage.receipts import StoredReceipt
from storage.requests import requests
from tests.fakes.telegram import TelegramServer
from tests.journeys.conftest import ACCOUNT, PATIENCE, Running, TurnedClock, config_for, started
from workflow.rights import Role

QUEUE, GRID = "grid:yinxing-01", "yinxing-01"
SECRET = "a-long-secret_1"
BROADCAST = 10_000


async def play(dialogues: list[Dialogue]) -> None:
    """All residents at once."""
    await asyncio.gather(*[dialogue.play() for dialogue in dialogues])


async def check_each_has_one(program: Program, server: TelegramServer, dialogues: list[Dialogue]) -> None:
    """One record each, every answer once, and in the order of the steps."""
    async with program.store.read() as tx:
        rows = await tx.all(
            select(identities.c.user_key)
            .join(
                requests,
                (requests.c.tenant == identities.c.tenant) & (requests.c.reporter_id == identities.c.person_id),
            )
            .where(identities.c.tenant == tx.tenant)
        )
    assert Counter(row.user_key for row in rows) == Counter(str(d.person.id) for d in dialogues)
    for dialogue in dialogues:
        texts = [seen.text for seen in server.seen(dialogue.person) if seen.mine]
        assert all(count == 1 for count in Counter(texts).values()), texts
        where, done = (next(i for i, t in enumerate(texts) if part in t) for part in ("在哪", "已登记"))
        assert where < done


async def test_a_pause_is_never_shortened_though_everybody_writes(running: Running) -> None:
    """429 for 2 s, then answers for eight residents that wait: not one call before the pause is over."""
    server = running.server
    dialogues = [Dialogue(server, i) for i in range(8)]
    server.fail("sendMessage", "rate", times=1, retry_after=2)
    await play(dialogues)
    told = next(call.at for call in server.calls if call.status == 429)
    early = [c for c in server.called("sendMessage") if told < c.at < told + 2.0]
    assert not early
    await check_each_has_one(running.program, server, dialogues)


async def test_a_storm_of_429_and_500(running: Running) -> None:
    server = running.server
    dialogues = [Dialogue(server, i) for i in range(8)]
    for _ in range(3):
        server.fail("sendMessage", "rate", times=1, retry_after=1)
        server.fail("sendMessage", "error", times=2, status=500, text="Internal Server Error")
        server.fail("sendMessage", "error", times=1, status=502)
    server.fail("getUpdates", "error", times=2, status=500, text="Internal Server Error")
    await play(dialogues)
    statuses = Counter(call.status for call in server.calls if call.method == "sendMessage")
    assert statuses[429] == 3
    assert statuses[500] == 6
    assert statuses[502] == 3
    await check_each_has_one(running.program, server, dialogues)
    await until_all_is_said(running.program)


async def test_a_clock_that_goes_back_an_hour_keeps_nobody_waiting(running: Running) -> None:
    """What waits for its first try, and what was put off for some seconds, does not wait an hour."""
    server = running.server
    dialogues = [Dialogue(server, i) for i in range(8)]
    server.fail("sendMessage", "error", times=2, status=500, text="Internal Server Error")
    server.fail("sendMessage", "rate", times=1, retry_after=1)
    playing = asyncio.create_task(play(dialogues))
    try:
        await server.wait_until(lambda: any(call.status == 429 for call in server.calls))
        running.clock.turn(hours=-1)
        await asyncio.wait_for(playing, PATIENCE)
    finally:
        playing.cancel()
    told = next(call.at for call in server.calls if call.status == 429)
    assert not [c for c in server.called("sendMessage") if told < c.at < told + 1.0], "the pause is kept all the same"
    await check_each_has_one(running.program, server, dialogues)


async def test_what_a_process_with_a_clock_ahead_has_said_is_sent_all_the_same(running: Running) -> None:
    """Another machine's clock, or one that steps back a second after ours did: nobody waits until ours is as late."""
    server, ahead = running.server, running.clock.now() + timedelta(hours=1)
    person = server.person("张阿姨", started=True)
    where = {"channel": "telegram", "account": ACCOUNT, "chat": str(person.id), "thread": ""}
    async with running.program.store.write() as tx:
        chat = await people.add_chat(tx, **where, is_group=False, person_id=None, title="", now=ahead)
        said = Outgoing(text="李师傅明天上午来").model_dump(mode="json")
        await outbox.put(tx, chat_id=chat.id, body=said, lane=outbox.REPLY, now=ahead)
    await server.wait_for(person, "李师傅明天上午来")


async def test_after_a_start_on_a_clock_that_went_back_ids_still_grow(tmp_path: Path) -> None:
    """The web chat and the outbox read in the order of ids: what is said now comes after what was said before."""
    async with TelegramServer() as server:
        async with started(tmp_path, server) as one, one.program.store.write() as tx:
            hour = 3_600_000 << 22
            row = {"tenant": tx.tenant, "id": tx.ids.new() + hour, "chat_id": 1, "lane": outbox.LATER, "slot": ""}
            row |= {"body_sealed": b"", "state": outbox.SENT, "not_before": one.clock.now(), "attempts": 0}
            await tx.run(outbox.outbox.insert().values(**row, created_at=one.clock.now(), ref="", error=""))
        async with started(tmp_path, server) as other:
            assert other.program.store.ids.new() > row["id"]


async def until_all_is_said(program: Program) -> None:
    """Whatever came is handled and answered, also what was put off; nothing is given up."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        async with program.store.read() as tx:
            unheard = await receipts.count(tx, receipts.WAITING)  # first: what is handled meanwhile is in the backlog
            waiting, dead = await outbox.backlog(tx)
        assert not dead
        if not waiting and not unheard:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{unheard} updates and {waiting} messages still wait")


async def announce(program: Program, server: TelegramServer) -> None:
    """A notice to everybody: ten thousand chats."""
    body = Outgoing(text="明天上午九点到十一点，本街道停水检修。").model_dump(mode="json")
    neighbours = [server.person(f"邻居{n}", started=True) for n in range(BROADCAST)]
    given: dict[str, Any] = {"channel": "telegram", "account": ACCOUNT, "thread": "", "title": "", "is_group": False}
    now = program.clock.now()
    async with program.store.write() as tx:
        rows, chats = [], []
        sealed = tx.sealer.seal_json(body)
        for one in neighbours:
            chat = tx.ids.new()
            chats.append({"tenant": tx.tenant, "id": chat, "chat": str(one.id), "reachable": True, "seen_at": now})
            rows.append({"tenant": tx.tenant, "id": tx.ids.new(), "chat_id": chat, "lane": outbox.LATER, "slot": ""})
            rows[-1] |= {"body_sealed": sealed, "state": outbox.WAITING, "not_before": now, "attempts": 0}
            rows[-1] |= {"created_at": now, "user_key": "", "ref": "", "error": ""}
        await tx.connection.execute(people.chats.insert(), [chat | given for chat in chats])
        await tx.connection.execute(outbox.outbox.insert(), rows)


async def test_ten_thousand_notices_do_not_delay_a_claim(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a press is answered in the books, only what is under way anyway goes out before the answers; and a resident's answer goes first too."""
    server = running.server
    answered, told = [0], running.program.inbox._answered

    def noted(receipt: StoredReceipt) -> None:
        answered.append(len(notices(server)))
        told(receipt)

    monkeypatch.setattr(running.program.inbox, "_answered", noted)
    aunt, wang = server.person("李阿姨", started=True), server.person("王师傅", started=True)
    group = server.group("第一网格", [wang])
    await running.room(group, QUEUE)
    await running.employ(wang, Role.GRID_WORKER, GRID, "王师傅")
    server.text(aunt, "银杏苑三栋二单元楼道灯坏了")
    await server.wait_for(aunt, "对，就这样")
    server.press(aunt, "对，就这样")
    await server.wait_for(group, "接单")
    await announce(running.program, server)
    await server.wait_until(lambda: len(notices(server)) >= 20, describe=lambda: "no notice was sent")

    server.press(wang, "接单", group)
    await server.wait_toast(wang)
    await server.wait_for(group, "填结果")
    await server.wait_for(aunt, "王师傅")
    assert len(notices(server)) - answered[-1] < 40, "the claim waited for the broadcast"
    server.text(aunt, "银杏苑五栋门口垃圾桶满了")
    await server.wait_for(aunt, lambda seen: "对，就这样" in str(seen.buttons) and "垃圾" in seen.text)
    assert len(notices(server)) - answered[-1] < 40, "the resident waited for the broadcast"
    async with running.program.store.read() as tx:
        assert (await outbox.backlog(tx))[0] > BROADCAST // 2, "the broadcast goes on"


def notices(server: TelegramServer) -> list[Any]:
    return [c for c in server.called("sendMessage") if "停水检修" in str(c.params.get("text"))]


@asynccontextmanager
async def by_webhook(
    folder: Path, server: TelegramServer, *, url: str = "", key: str = ""
) -> AsyncIterator[tuple[Program, httpx.AsyncClient]]:
    """The program behind its real routes; the test posts the updates itself."""
    config_for(folder, server, mode="webhook", secret=SECRET)
    path = folder / "config.toml"
    more = '[web]\nbase_url = "https://linli.test"\n' + (f'[storage]\nurl = "{url}"\n' if url else "")
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    if key:
        (folder / "linli.key").write_text(f"{key}\n")
    program = await Program.build(load_config(path), clock=TurnedClock())
    app = create_app(ProgramBackend(program), program.web)
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    await program.start()
    try:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://linli.test", headers=headers) as client:
            yield program, client
    finally:
        await program.stop()


class Postman:
    """Delivers what the platform has: each update several times, with older ones, in a mixed order, some twice at once."""

    def __init__(self, server: TelegramServer, client: httpx.AsyncClient, seed: int) -> None:
        self._server = server
        self._client = client
        self._random = random.Random(seed)
        self.posted = 0

    async def run(self, done: asyncio.Event) -> None:
        while not done.is_set():
            fresh = list(self._server.queue.pending)
            old = self._random.sample(self._server.queue.sent, min(5, len(self._server.queue.sent)))
            bag = [*fresh, *fresh, *fresh, *old]
            self._random.shuffle(bag)
            answers = await asyncio.gather(*[self._client.post("/hooks/telegram", json=u) for u in bag])
            self.posted += len(bag)
            assert {a.status_code for a in answers} <= {200}
            self._server.queue.pending = [u for u in self._server.queue.pending if u not in fresh]
            await asyncio.sleep(0.02)


async def test_repeated_and_mixed_up_updates_count_once(tmp_path: Path) -> None:
    async with TelegramServer() as server, by_webhook(tmp_path, server) as (program, client):
        server.hold_updates()  # the postman delivers
        dialogues = [Dialogue(server, i) for i in range(8)]
        done = asyncio.Event()
        postman = Postman(server, client, seed=1)
        posting = asyncio.create_task(postman.run(done))
        try:
            await play(dialogues)
        finally:
            done.set()
            await posting
        await program.sender.drained()
        assert postman.posted > 3 * len(server.queue.sent), "most came more than once"
        await check_each_has_one(program, server, dialogues)
        server.assert_clean()


async def test_an_update_that_comes_late_is_handled_when_it_comes(tmp_path: Path) -> None:
    """A later number first: the earlier one is not taken for a repeat."""
    async with TelegramServer() as server, by_webhook(tmp_path, server) as (program, _):
        server.hold_updates()
        aunt, uncle = server.person("李阿姨", started=True), server.person("张叔", started=True)
        server.text(aunt, "银杏苑3幢2单元楼道灯不亮了")
        server.text(uncle, "银杏苑5幢1单元电梯坏了")
        first, second = server.queue.pending
        for raw in (second, first, second):
            await program.receive("telegram", ACCOUNT, [RawUpdate(str(raw["update_id"]), raw)])
        for person in (aunt, uncle):
            await server.wait_for(person, "对，就这样")
        server.queue.drop()
        await Running(program, server, program.clock).settled()  # type: ignore[arg-type]
        for person in (aunt, uncle):
            assert len([s for s in server.seen(person) if s.mine and "对，就这样" in str(s.buttons)]) == 1
