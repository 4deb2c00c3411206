"""The wall with ten thousand wishes, asked over HTTP by many at once: python -m benchmarks.wall. Prints p50, p95 and p99."""

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
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.wishes import place_on_wall, wishes
from workflow.wish_rules import THEMES

STATES = ("published", "published", "adopted", "fulfilling", "fulfilled", "closed")
COMMUNITIES = ("yinxing", "dukou")


async def fill(stage: Stage, count: int) -> None:
    """Wishes as a few seasons leave them: rows only, no events."""
    config = load_config(stage.config)
    database = Database(config.storage.url, STREET)
    ids, sealer, now = Ids(), Sealer(sealing_keys(config)), datetime.now(UTC)
    sealed = sealer.seal_json({"text": "想要一辆轮椅", "place": "银杏苑3幢"})
    dice = random.Random(3)
    rows = []
    for number in range(2_001, 2_001 + count):
        state = dice.choice(STATES)
        carried = 1 if dice.random() < 0.05 else 0
        rows.append(
            {
                **{
                    "tenant": STREET,
                    "id": ids.new(),
                    "number": number,
                    "draft_id": number,
                    "wisher_id": 1,
                    "chat_id": 2,
                },
                **{"state": state, "item": "wish.wish.goods", "queue": "desk:yinxing", "grid": "yinxing-01"},
                **{"community": dice.choice(COMMUNITIES), "place_text": "银杏苑", "original_sealed": sealed},
                **{"text": f"第{number}个小心愿，盼一位热心邻居来帮一把", "submitted_at": now, "published_at": now},
                **{"phone_shared": False, "theme": dice.choice(THEMES), "size": "", "for_whom": "", "skills": ",hair,"},
                **{"cost": dice.choice([None, 0, 100, 300]), "shares": 1, "taken": int(state != "published")},
                **{"pairs": False, "consent": "", "carried": carried, "rank": place_on_wall(number, carried)},
            }
        )
    async with database.write() as connection:
        for start in range(0, len(rows), 1_000):
            await connection.execute(wishes.insert(), rows[start : start + 1_000])
    await database.close()


async def ask(url: str, requests: int, at_once: int) -> list[float]:
    """Seconds of each answer, over the pages people open."""
    paths = ["/wall", "/wall?theme=repair", "/wall?community=dukou&open=1", "/wall?most=100", "/wall?before=9000"]
    paths += ["/api/wishes?limit=30", "/wall/screen", "/wall/tree", "/api/wall", "/wish/5000"]
    took: list[float] = []
    waiting = iter([paths[n % len(paths)] for n in range(requests)])
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:

        async def visitor() -> None:
            for path in waiting:
                began = time.monotonic()
                answer = await client.get(path)
                took.append(time.monotonic() - began)
                assert answer.status_code == 200, (path, answer.status_code)

        await asyncio.gather(*(visitor() for _ in range(at_once)))
    return sorted(took)


async def run(count: int, requests: int, at_once: int) -> None:
    """Fills, starts, asks, prints."""
    with tempfile.TemporaryDirectory(prefix="linli-wall-") as folder:
        await _run(Path(folder), count, requests, at_once)


async def _run(folder: Path, count: int, requests: int, at_once: int) -> None:
    async with Stage(folder) as stage:
        await stage.prepare({}, "web", "")
        await fill(stage, count)
        await stage.start()
        await ask(stage.url, 20, 1)
        for crowd in (1, at_once):
            busy = stage.cpu()
            took = await ask(stage.url, requests, crowd)
            p50, p95, p99 = (took[int(len(took) * q)] * 1000 for q in (0.50, 0.95, 0.99))
            cost = (stage.cpu() - busy) * 1000 / requests
            line = f"p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f} ms; {cost:.0f} ms of processor each"
            print(f"{count} wishes, {requests} pages, {crowd} at a time: {line}")


def main() -> None:
    """Prints a line for one visitor and one for several at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wishes", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--at-once", type=int, default=4)
    asked = parser.parse_args()
    asyncio.run(run(asked.wishes, asked.requests, asked.at_once))


if __name__ == "__main__":
    main()
