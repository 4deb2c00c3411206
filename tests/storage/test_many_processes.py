"""Two that serve and two that work on one PostgreSQL, over real HTTP; who polls and who sends is killed in the middle.

One crowd for all: to start it is what takes time. Large runs of each: `benchmarks.many`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.crowd import Crowd
from benchmarks.kill import STEPS, Dialogue, _repeats
from benchmarks.many import QUEUE, Patient, _card_is_gone
from tests.fakes.telegram import TOKEN, TelegramServer
from tests.fakes.telegram.looks import PATIENCE
from tests.storage.conftest import Fresh
from workflow.rights import Role

ACCOUNT = TOKEN.partition(":")[0]
WORKERS, RESIDENTS, FOLLOW_UPS = 6, 5, 40


async def claim_at_once(crowd: Crowd, links: dict[str, str]) -> None:
    """Everybody presses the same card at the same moment, half through each process: one wins, each presser is answered."""
    serving = crowd.running[:2]
    async with AsyncExitStack() as held:
        screens = [
            await held.enter_async_context(await Patient.open(serving[n % 2].url, link=link, queue=QUEUE))
            for n, link in enumerate(links.values())
        ]
        resident = await held.enter_async_context(await Patient.open(serving[0].url))
        await resident.say("银杏苑3幢2单元楼道灯不亮了")
        await resident.press_token(*await resident.find("对，就这样"))
        token = await screens[-1].find("接单")
        await asyncio.gather(*[screen.press_token(*token) for screen in screens])
        await _card_is_gone(screens[-1])
    assert await crowd.rows("SELECT count(*) FROM events WHERE name = 'request.claimed'") == [(1,)]


async def until_all_are_asked(crowd: Crowd) -> Counter[str]:
    """Who was asked how often, when nothing waits any more."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        timers = await crowd.rows("SELECT 1 FROM timers WHERE name = 'rate.ask' AND state = 'waiting' LIMIT 1")
        if not timers and not await crowd.rows("SELECT 1 FROM outbox WHERE state = 'waiting' LIMIT 1"):
            break
        await asyncio.sleep(0.05)
    asked = "SELECT chat, count(*) FROM web_posts WHERE direction = 'out' AND chat ~ '^u:w[0-9]{7}$' GROUP BY chat"
    return Counter(dict(await crowd.rows(asked)))


async def test_four_processes_are_one_program(tmp_path: Path, fresh: Fresh) -> None:
    async with (
        TelegramServer() as server,
        Crowd(tmp_path, fresh("postgresql"), telegram_base=server.base_url, token=TOKEN) as crowd,
    ):
        names = [f"grid{i:03}" for i in range(WORKERS)]
        links = await crowd.prepare(dict.fromkeys(names, (Role.GRID_WORKER, "yinxing-01")))
        await crowd.start("serve", "serve", "worker", "worker")
        await claim_at_once(crowd, links)

        await crowd.fill_follow_ups(FOLLOW_UPS, datetime.now(UTC))
        dialogues = [Dialogue(server, i) for i in range(RESIDENTS)]
        playing = asyncio.gather(*[d.play() for d in dialogues])
        await server.wait_until(lambda: any(d.reached for d in dialogues))
        polls = await crowd.holder("poll", f"telegram/{ACCOUNT}")
        await crowd.kill(polls)
        await crowd.kill(await crowd.holder("send", f"telegram/{ACCOUNT}/0"))
        assert (await crowd.holder("poll", f"telegram/{ACCOUNT}")) is not polls, "the other one asks for updates now"
        await playing

        asked = await until_all_are_asked(crowd)
        assert asked == Counter({f"u:w{n:07}": 1 for n in range(FOLLOW_UPS)})
        held = await crowd.rows(
            "SELECT i.user_key, count(*) FROM requests r JOIN identities i "
            "ON i.tenant = r.tenant AND i.person_id = r.reporter_id WHERE i.channel = 'telegram' GROUP BY 1"
        )
        assert dict(held) == {str(d.person.id): 1 for d in dialogues}
        assert all(d.reached == STEPS for d in dialogues)
        assert sum(_repeats(server, d) for d in dialogues) <= 2, "at most one for each that was killed"
        assert await crowd.rows("SELECT state FROM receipts WHERE state <> 'done'") == []
        assert not server.violations
