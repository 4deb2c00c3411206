"""kill -9 in the middle of a run: nothing lost, nothing doubled, every dialogue goes on.

    python -m benchmarks.kill [--updates 2000] [--kills 100]

Residents on Telegram report in three steps (the matter, the place, the confirmation) while the program is killed and
started again and again. A resident who has got no answer waits; nobody says anything twice. At the end every resident
must hold exactly one record.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.stage import Stage
from tests.fakes.telegram import TOKEN, TelegramServer

STEPS = 3
AT_ONCE = 12
ANSWER_WITHIN = 90.0
"""Seconds a resident waits for an answer before the run counts it as lost; several kills may lie between."""
MATTERS = ("电梯坏了，老人下不了楼", "楼道灯不亮", "垃圾桶满了没人收", "下水道堵了往外冒")


class Dialogue:
    """One resident's three steps."""

    def __init__(self, server: TelegramServer, index: int) -> None:
        self.server = server
        self.index = index
        self.person = server.person(f"居民{index}", started=True)
        self.reached = 0

    async def play(self) -> None:
        """Each step waits for the answer to the one before."""
        self.server.text(self.person, MATTERS[self.index % len(MATTERS)])
        await self._answer("在哪")
        self.reached = 1
        self.server.text(self.person, f"金色家园{1 + self.index % 30}幢")
        await self._answer("对，就这样")
        self.reached = 2
        self.server.press(self.person, "对，就这样")
        await self._answer("已登记")
        self.reached = 3

    async def _answer(self, part: str) -> None:
        await self.server.wait_for(self.person, part, timeout=ANSWER_WITHIN)


class Killer:
    """Kills and starts until the number is reached, or until told to stop. `done` counts."""

    def __init__(self, stage: Stage, kills: int) -> None:
        self.stage = stage
        self.kills = kills
        self.done = 0
        self.running = True

    async def run(self) -> None:
        while self.done < self.kills and self.running:
            await asyncio.sleep(random.uniform(0.05, 0.8))
            await self.stage.kill()
            await self.stage.start()
            self.done += 1

    def allowed(self, dialogues: int) -> int:
        """How many dialogues may have begun: spread over the kills, so that each kill hits some in the middle."""
        if self.done >= self.kills:
            return dialogues
        share = -(-dialogues // max(self.kills, 1))
        return dialogues * self.done // max(self.kills, 1) + min(AT_ONCE, share)


async def run(updates: int, kills: int, folder: Path) -> bool:
    """The whole run; whether nothing was lost or doubled."""
    async with TelegramServer() as server, Stage(folder, telegram_base=server.base_url, token=TOKEN) as stage:
        await stage.prepare({}, "telegram", TOKEN.partition(":")[0])
        await stage.start()
        dialogues = [Dialogue(server, i) for i in range(-(-updates // STEPS))]
        began = time.monotonic()
        killer = Killer(stage, kills)
        killing = asyncio.create_task(killer.run())
        try:
            await _play(dialogues, killer)
            await killing
        finally:
            killer.running = False
            await killing
        await asyncio.sleep(2)
        return report(stage, server, dialogues, killer.done, time.monotonic() - began)


async def _play(dialogues: list[Dialogue], killer: Killer) -> None:
    """All dialogues, a few at once, in step with the kills."""
    waiting = iter(dialogues)

    async def residents() -> None:
        for dialogue in waiting:
            while dialogue.index >= killer.allowed(len(dialogues)):  # noqa: ASYNC110 - the pace follows the kills
                await asyncio.sleep(0.02)
            try:
                await dialogue.play()
            except (AssertionError, LookupError) as error:
                print(f"resident {dialogue.index} stopped after step {dialogue.reached}: {str(error)[:200]}")

    await asyncio.gather(*[residents() for _ in range(AT_ONCE)])


def report(stage: Stage, server: TelegramServer, dialogues: list[Dialogue], killed: int, seconds: float) -> bool:
    """Prints the figures."""
    held: Counter[Any] = Counter(
        user
        for (user,) in stage.rows(
            "SELECT i.user_key FROM requests r JOIN identities i ON i.tenant = r.tenant AND i.person_id = r.reporter_id"
        )
    )
    wanted = {str(d.person.id) for d in dialogues}
    lost = [d for d in dialogues if not held[str(d.person.id)]]
    doubled = [user for user, count in held.items() if count > 1]
    unfinished = [d for d in dialogues if d.reached < STEPS]
    unhandled = stage.rows("SELECT count(*) FROM receipts WHERE state <> 'done'")[0][0]
    repeated = sum(_repeats(server, d) for d in dialogues)
    print(f"updates {STEPS * len(dialogues)}, kills {killed}, {seconds:.0f} s")
    print(f"lost {len(lost)}, doubled {len(doubled)}, dialogues broken {len(unfinished)}, unhandled {unhandled}")
    print(f"messages sent twice (the at-least-once window) {repeated}; at most 1 a kill is expected")
    good = not (lost or doubled or unfinished or unhandled or set(held) - wanted or server.violations)
    for violation in server.violations[:5]:
        print(f"Bot API violation: {violation}")
    print("ok" if good else "NOT ok")
    return good


def _repeats(server: TelegramServer, dialogue: Dialogue) -> int:
    """Messages of the program that stand twice in one private chat."""
    texts = Counter(seen.text for seen in server.seen(dialogue.person) if seen.mine)
    return sum(count - 1 for count in texts.values())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-kill-") as folder:
        raise SystemExit(0 if asyncio.run(run(given.updates, given.kills, Path(folder))) else 1)


if __name__ == "__main__":
    main()
