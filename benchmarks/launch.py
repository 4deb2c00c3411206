"""The launch of a season over HTTP: a thousand people want three hundred wishes in the same minute.

python -m benchmarks.launch [--people 1000] [--wishes 300] [--within 60]. Checks that no wish has more adopters than it needs,
that whoever lost was told in the answer to their own message, and that nothing went wrong; prints how long answers took.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.stage import STREET, Stage
from bot.config import load_config
from bot.program import sealing_keys
from storage import wishes
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store
from workflow.rights import Role

WON, LATE = ("交给您了", "算您一份"), ("晚了一步", "您手上已有", "已经不在墙上")


async def hang(stage: Stage, count: int) -> list[int]:
    """So many wishes on the wall, each with its events; every tenth needs three adopters. Their numbers."""
    config = load_config(stage.config)
    database = Database(config.storage.url, STREET)
    store, now = Store(database, Ids(), Sealer(sealing_keys(config))), datetime.now(UTC)
    numbers = []
    async with store.write() as tx:
        for n in range(count):
            wish, _ = await wishes.submit(
                tx,
                draft_id=n + 1,
                wisher_id=1,
                chat_id=1,
                item="wish.wish.goods",
                queue="desk:yinxing",
                community="yinxing",
                grid="yinxing-01",
                place_text="银杏苑",
                text=f"第{n}个小心愿",
                original={"text": f"第{n}个小心愿", "place": "银杏苑"},
                now=now,
                traits=wishes.Traits("goods", shares=3 if n % 10 == 0 else 1),
            )
            await wishes.move(tx, wish, "wish.published", now, actor_id=1, published_at=now)
            numbers.append(wish.number)
    await database.close()
    return numbers


class Crowd:
    """Everybody who wants a wish."""

    def __init__(self, stage: Stage, within: float) -> None:
        self._stage = stage
        self._within = within
        self.took: list[float] = []
        self.won = self.late = 0
        self.strange: list[str] = []
        self.busy_before = 0.0

    async def enter(self, client: httpx.AsyncClient, link: str) -> str:
        """Signs in; the cookie."""
        answer = await client.get(f"/login/{link}", follow_redirects=False)
        return str(answer.headers["set-cookie"].partition(";")[0])

    async def want(self, client: httpx.AsyncClient, cookie: str, name: str, number: int, after: float) -> None:
        """One person writes one line, and reads the answer."""
        await asyncio.sleep(after)
        headers = {"X-Linli": "1", "Cookie": cookie}
        body = {"text": f"认领 {number} 1份", "client_id": f"want-{name}"}
        began = time.monotonic()
        answer = await client.post("/api/chat/messages", params={"wait": "1"}, json=body, headers=headers)
        self.took.append(time.monotonic() - began)
        said = "".join(post["text"] for post in answer.json().get("posts", []) if post["bot"])
        won, late = any(w in said for w in WON), any(w in said for w in LATE)
        self.won += won
        self.late += late
        if won == late or answer.status_code >= 300:
            self.strange.append(f"{answer.status_code} {said[:80]!r}")

    async def come(self, links: dict[str, str], numbers: list[int]) -> None:
        """All of them, at random moments of the same span, to random wishes."""
        dice = random.Random(5)
        limits = httpx.Limits(max_connections=400)
        async with httpx.AsyncClient(base_url=self._stage.url, timeout=600, trust_env=False, limits=limits) as client:
            cookies = {}
            for name, link in links.items():
                cookies[name] = await self.enter(client, link)
            client.cookies.clear()
            self.busy_before = self._stage.cpu()
            await asyncio.gather(
                *(
                    self.want(client, cookie, name, dice.choice(numbers), dice.random() * self._within)
                    for name, cookie in cookies.items()
                )
            )


async def run(people: int, count: int, within: float, folder: Path) -> bool:
    """Whether everything was as it should be."""
    async with Stage(folder) as stage:
        names = [f"person{i:04}" for i in range(people)]
        links = await stage.prepare(dict.fromkeys(names, (Role.MEMBER, "yinxing")), "web", "")
        numbers = await hang(stage, count)
        await stage.start()
        crowd = Crowd(stage, within)
        await crowd.come(links, numbers)
        busy = (stage.cpu() - crowd.busy_before) * 1000 / people
        over = stage.rows("SELECT number, taken, shares FROM wishes WHERE taken > shares")
        parts = stage.rows("SELECT COALESCE(SUM(shares), 0) FROM adoptions WHERE state = 'holding'")[0][0]
        took = sorted(crowd.took)
        p50, p99 = (took[int(len(took) * q)] for q in (0.50, 0.99))
        print(f"{people} people, {count} wishes, within {within:.0f} s: {crowd.won} adopted, {crowd.late} were late")
        print(f"answers: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, longest {took[-1] * 1000:.0f} ms")
        print(f"processor: {busy:.1f} ms a person")
        print(
            f"wishes with too many adopters: {len(over)}; parts given: {parts}; unclear answers: {len(crowd.strange)}"
        )
        print(*crowd.strange[:5], *stage.errors()[:5], sep="\n")
        return not over and not crowd.strange and parts == crowd.won and not stage.errors()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--wishes", type=int, default=300)
    parser.add_argument("--within", type=float, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-launch-") as folder:
        raise SystemExit(0 if asyncio.run(run(asked.people, asked.wishes, asked.within, Path(folder))) else 1)


if __name__ == "__main__":
    main()
