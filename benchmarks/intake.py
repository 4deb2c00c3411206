"""New records over HTTP, triage included: reports and confirmations by callers that do nothing else.

    python -m benchmarks.intake [--records-made 400] [--callers 8] [--way rest] [--peers]

In the chat each record is two updates, and is answered before the next; over REST (Open311) it is one request.
With --peers the same client then creates as many records over REST in Roundup and in django-helpdesk, on the same
machine, one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.neighbours import matter
from benchmarks.peers.running import PEERS, running
from benchmarks.street import Street, opened, options
from benchmarks.wire import Wire
from bot import partnering
from bot.config import load_config

ITEM = "facility.road.streetlight"
"""What partners report."""


async def run(folder: Path, given: argparse.Namespace) -> None:
    """Prints the figures, those of the peers after ours."""
    ours = await own(folder, given)
    for peer in PEERS if given.peers else ():
        async with running(peer, folder, 0) as one:
            theirs = await one.intake(given.made, given.callers)
        print(f"{peer.name}: {theirs:.1f}/s; linli has {ours / theirs:.2f} times as many")


async def own(folder: Path, given: argparse.Namespace) -> float:
    """Records a second of the program itself."""
    async with opened(folder, given, residents=given.callers) as street:
        register = street.register if given.way == "chat" else await rest(street, given.callers)
        waiting = iter(range(given.made))

        async def some() -> None:
            for index in waiting:
                await register(index)

        await register(given.made)  # what is made once, is made
        done, cpu, began = street.tally.done, street.stage.cpu(), time.perf_counter()
        await asyncio.gather(*[some() for _ in range(given.callers)])
        seconds, used = time.perf_counter() - began, street.stage.cpu() - cpu
        tally, count = street.tally, street.tally.done - done
        each = used / max(count, 1) * 1000
        print(f"linli: {count} records in {seconds:.1f} s: {count / seconds:.1f}/s, {each:.1f} ms of processor")
        for error in tally.errors[:5]:
            print("  ", error)
        return count / seconds


async def rest(street: Street, callers: int) -> Callable[[int], Awaitable[None]]:
    """Files a record in one request, as another system does it (Open311)."""
    said: list[str] = []
    await partnering.add(load_config(street.stage.config), "benchmark", "", said.append)
    key = said[0].removeprefix("key: ")
    wires: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(callers):
        wires.put_nowait(await Wire.open(street.stage.port))

    async def register(index: int) -> None:
        words = {"service_code": ITEM, "description": matter(index), "api_key": key}
        wire = await wires.get()
        try:
            await wire.ask("POST", "/open311/v2/requests.json", urlencode(words).encode())
            street.tally.done += 1
        except (RuntimeError, OSError) as error:
            street.tally.errors.append(f"{type(error).__name__}: {error}"[:300])
        finally:
            wires.put_nowait(wire)

    return register


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records-made", dest="made", type=int, default=400)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--way", choices=("chat", "rest"), default="chat")
    parser.add_argument(
        "--peers", action="store_true", help="beside Roundup and django-helpdesk, installed when needed"
    )
    given = options(parser).parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-intake-", dir=given.folder) as folder:
        asyncio.run(run(Path(folder), given))


if __name__ == "__main__":
    main()
