"""Simultaneous claims over HTTP: exactly one winner each round.

python -m benchmarks.claims [--rounds 200] [--workers 50]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.drivers import PATIENCE, WebScreen
from benchmarks.stage import Stage
from workflow.rights import Role

QUEUE = "grid:yinxing-01"


async def run(rounds: int, workers: int, folder: Path) -> bool:
    """Every round: one new record, one press of everybody at the same moment."""
    async with AsyncExitStack() as held:
        stage = await held.enter_async_context(Stage(folder))
        names = [f"worker{i:03}" for i in range(workers)]
        links = await stage.prepare(dict.fromkeys(names, (Role.GRID_WORKER, "yinxing-01")), "web", "")
        await stage.start()
        screens = [
            await held.enter_async_context(await WebScreen.open(stage.url, link=links[name], queue=QUEUE))
            for name in names
        ]
        resident = await held.enter_async_context(await WebScreen.open(stage.url))
        bad, began = 0, time.monotonic()
        for number in range(rounds):
            bad += not await _one_wins(stage, resident, screens, number)
        seconds = time.monotonic() - began
        print(f"{rounds} rounds of {workers} claims at once: {rounds - bad} with exactly one winner, {bad} without")
        print(f"{rounds * workers / seconds:.0f} claims a second, the resident's part included")
        return not bad and not stage.errors()


async def _one_wins(stage: Stage, resident: WebScreen, screens: list[WebScreen], number: int) -> bool:
    """Whether exactly one of all who press at once has the new record."""
    await resident.say(f"银杏苑{1 + number % 12}幢{1 + number // 12}单元楼道灯不亮了")
    await resident.press("对，就这样")
    token = await _card(screens[0])
    await asyncio.gather(*[screen.press_token(*token) for screen in screens])
    winners = stage.rows(
        "SELECT count(*) FROM events e JOIN requests r ON r.tenant = e.tenant AND r.id = e.subject_id "
        "WHERE e.name = 'request.claimed' AND r.number = (SELECT max(number) FROM requests)"
    )[0][0]
    return winners == 1


async def _card(screen: WebScreen) -> tuple[str, str]:
    """The newest card's claim button; it may reach the room a moment after the resident's answer."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        shown = await screen.shown()
        if shown and "接单" in shown[-1].labels:
            found = await screen.button("接单")
            if found is not None and found[0] == shown[-1].ref:
                return found
        await asyncio.sleep(0.05)
    raise RuntimeError("no card to claim")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--workers", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-claims-") as folder:
        raise SystemExit(0 if asyncio.run(run(given.rounds, given.workers, Path(folder))) else 1)


if __name__ == "__main__":
    main()
