"""Drives every message of a file through a channel over HTTP, against the whole program in a process of its own.

    python -m benchmarks.drive --channel web --messages FILE.jsonl [--limit N] [--only-intake]

Each message has its own resident, who answers the few questions; scripted people claim, resolve, publish, adopt and
rate. The table says where each message ended; the exit code is 1 when one was lost or anything failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles

from benchmarks.drivers import Screen, Shown, TelegramScreen, WebScreen
from benchmarks.stage import Stage, all_queues
from tests.fakes.telegram import TOKEN, TelegramServer
from workflow.rights import Role

AT_ONCE = 4
MOST_ANSWERS = 7
_FIRST = ("不是同一件", "对，就这样", "分开登记", "对", "说不清，交给社区", "交给社区", "就是实物", "都出来了")
_STOP = ("请人给我回电", "请社区的人看看", "撤回心愿")
"""Buttons under answers that need no further step."""
MOST_RATED = 10
"""Records of one resident that are rated, at most."""
_LISTS = ("您报过的事", "您还没有报过事")
"""How the answer to "my records" begins."""
_WAITING = "待评价"
"""What a list says of a record that has a result and no rating."""
_UNSAID = """
    SELECT 1 FROM outbox o JOIN chats c ON c.tenant = o.tenant AND c.id = o.chat_id
    WHERE o.state = 'waiting' AND c.chat = ? AND o.not_before <= ? LIMIT 1
"""


class Result:
    """What became of one message."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = "lost"
        self.answer = ""
        self.ms = 0.0
        self.error = ""


async def resident(screen: Screen, result: Result) -> None:
    """Says it, answers what is asked with the first sensible button, and reads the end."""
    began = time.perf_counter()
    await screen.say(result.text)
    result.ms = (time.perf_counter() - began) * 1000
    pressed: set[str] = set()
    for _ in range(MOST_ANSWERS):
        shown = await screen.shown()
        if not shown:
            break
        label = _choice(shown[-1], pressed)
        if not label:
            break
        pressed.add(f"{shown[-1].ref}:{label}")
        await screen.press(label)
    shown = await screen.shown()
    result.answer = shown[-1].text if shown else ""


def _choice(last: Shown, pressed: set[str]) -> str:
    """The button a willing resident presses next; empty when the matter is settled."""
    open_ = [label for label in last.labels if f"{last.ref}:{label}" not in pressed]
    if not open_ or any(label in _STOP for label in open_):
        return ""
    for label in _FIRST:
        if label in open_:
            return label
    return open_[0]


async def in_parallel(work: list[Callable[[], Awaitable[None]]], at_once: int, name: str) -> None:
    """Runs jobs a few at a time, with a line of progress when a person is watching."""
    queue = list(reversed(work))
    done = 0

    async def runner() -> None:
        nonlocal done
        while queue:
            await queue.pop()()
            done += 1
            if sys.stderr.isatty() and done % 20 == 0:
                print(f"\r{name}: {done}/{len(work)}", end="", file=sys.stderr)

    await asyncio.gather(*[runner() for _ in range(at_once)])


async def run_residents(results: list[Result], opener: Callable[[int], Awaitable[Screen]]) -> list[Screen]:
    """Every message by its own resident."""
    screens: list[Screen | None] = [None] * len(results)

    async def one(index: int) -> None:
        try:
            screen = await opener(index)
            screens[index] = screen
            await resident(screen, results[index])
        except (RuntimeError, OSError, LookupError, AssertionError) as error:
            results[index].error = f"{type(error).__name__}: {error}"[:200]

    await in_parallel([lambda i=i: one(i) for i in range(len(results))], AT_ONCE, "residents")  # type: ignore[misc]
    return [s for s in screens if s is not None]


async def work_off(stage: Stage, rooms: dict[str, Screen]) -> None:
    """Claims and resolves everything that waits, queue by queue, by typed commands, with words and a photo."""

    async def one(queue: str, screen: Screen) -> None:
        for number, state in stage.rows(
            "SELECT number, state FROM requests WHERE queue = ? AND state IN ('queued', 'claimed') ORDER BY id", queue
        ):
            if state == "queued":
                await screen.say(f"接单 {number}")
            await screen.say(f"办结 {number} 已经处理好了", photo=True)

    await asyncio.gather(*[one(queue, screen) for queue, screen in rooms.items()])


async def grant_wishes(stage: Stage, rooms: dict[str, Screen], helper: Screen) -> None:
    """Publishes every wish, adopts and fulfils it; the wisher's thanks come with the ratings."""
    for number, queue in stage.rows("SELECT number, queue FROM wishes WHERE state = 'submitted' ORDER BY id"):
        await rooms[str(queue)].say(f"上墙 {number}")
    for (number,) in stage.rows("SELECT number FROM wishes WHERE state = 'published' ORDER BY id"):
        await helper.say(f"认领 {number}")
        await helper.say(f"心愿完成 {number} 送到了", photo=True)


async def rate_all(screens: list[Screen]) -> None:
    """Every resident thanks for a wish, and rates each record that waits for it."""

    async def one(screen: Screen) -> None:
        for shown in reversed(await screen.shown()):
            thanks = next((label for label in shown.labels if "收到" in label), "")
            if thanks:
                await screen.press(thanks)
                break
        for _ in range(MOST_RATED):
            old = set(await screen.shown())
            await screen.say("我的诉求")
            listed = await _awaited(screen, old, lambda shown: shown.text.startswith(_LISTS))
            label = _to_rate(listed) if listed else ""
            if not label or not await _rate(screen, label):
                return

    await in_parallel([lambda s=s: one(s) for s in screens], AT_ONCE, "ratings")  # type: ignore[misc]


def _to_rate(listed: Shown) -> str:
    """The button of the first record in a list that still waits for its rating."""
    waiting = {line[:4] for line in listed.text.splitlines() if _WAITING in line}
    return next((label for label in listed.labels if label[:4] in waiting), "")


async def _rate(screen: Screen, record: str) -> bool:
    """Opens a record and answers both questions, wherever among other messages they stand."""
    old = set(await screen.shown())
    await screen.press(record)
    for label in ("评一评", "好了", "5★"):
        if await _awaited(screen, old, lambda shown, label=label: label in shown.labels) is None:  # type: ignore[misc]
            return False
        old = set(await screen.shown())
        await screen.press(label)
    return True


async def _awaited(screen: Screen, old: set[Shown], fits: Callable[[Shown], bool], tries: int = 600) -> Shown | None:
    """The newest message that fits and is not one of the `old`, whatever else is said meanwhile."""
    for _ in range(tries):
        for shown in reversed(await screen.shown()):
            if shown not in old and fits(shown):
                return shown
        await asyncio.sleep(0.05)
    return None


def account(stage: Stage, results: list[Result], owners: list[str]) -> Counter[str]:
    """Where each message ended, by its resident's records, wishes, or the answer on the screen."""
    query = """
        SELECT i.user_key, r.state, r.queue FROM identities i JOIN {table} r ON r.{who} = i.person_id
        WHERE i.tenant = r.tenant
    """
    ends: dict[str, list[str]] = {}
    for user, state, queue in stage.rows(query.format(table="requests", who="reporter_id")):
        where = "desk " if str(queue).startswith("desk") and state == "queued" else ""
        ends.setdefault(str(user), []).append(f"record {where}{state}")
    for user, state, _ in stage.rows(query.format(table="wishes", who="wisher_id").replace("r.queue", "''")):
        ends.setdefault(str(user), []).append(f"wish {state}")
    for result, owner in zip(results, owners, strict=True):
        if result.error:
            result.end = "error"
        elif owner in ends:
            result.end = sorted(ends[owner])[0]
        elif result.answer:
            result.end = "answered"
    return Counter(result.end for result in results)


def table(stage: Stage, results: list[Result], counts: Counter[str], seconds: float) -> bool:
    """Prints the figures; whether everything went well."""
    print(f"\n{'end':28}{'messages':>9}")
    for end, count in counts.most_common():
        print(f"{end:28}{count:9}")
    receipts = dict(stage.rows("SELECT state, count(*) FROM receipts GROUP BY state"))
    outbox = dict(stage.rows("SELECT state, count(*) FROM outbox GROUP BY state"))
    times = [r.ms for r in results if r.ms]
    cuts = quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    print(f"\nupdates {receipts}, messages sent {outbox}")
    print(f"first answer: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms; {seconds:.0f} s in all, {AT_ONCE} at once")
    errors = stage.errors()
    for line in errors[:5]:
        print(f"log: {line[:300]}")
    for result in [r for r in results if r.end in ("lost", "error")][:10]:
        print(f"{result.end}: {result.text[:60]!r} {result.error}")
    unfinished = sum(int(str(n)) for state, n in receipts.items() if state != "done")
    good = not (counts["lost"] or counts["error"] or errors or unfinished or outbox.get("dead"))
    print("ok" if good else "NOT ok", f"- lost {counts['lost']}, errors {counts['error']}, unhandled {unfinished}")
    return good


async def drive_web(texts: list[str], folder: Path, *, only_intake: bool) -> bool:
    """Every text by a browser of its own."""
    async with AsyncExitStack() as held:
        stage = await held.enter_async_context(Stage(folder))
        staff = {f"worker-{q.replace(':', '-')}": grant for q, grant in all_queues().items()}
        links = await stage.prepare({**staff, "helper": (Role.MEMBER, "yinxing")}, "web", "")
        await stage.start()
        began = time.monotonic()
        results = [Result(text) for text in texts]
        owners = [""] * len(texts)

        async def browser(link: str = "", queue: str = "") -> WebScreen:
            return await held.enter_async_context(await WebScreen.open(stage.url, link=link, queue=queue))

        async def opener(index: int) -> Screen:
            screen = await browser()
            owners[index] = await screen.who()
            return screen

        screens = await run_residents(results, opener)
        if not only_intake:
            rooms: dict[str, Screen] = {
                queue: await browser(links[f"worker-{queue.replace(':', '-')}"], queue) for queue in all_queues()
            }
            await finish(stage, rooms, await browser(links["helper"]), screens)
        return table(stage, results, account(stage, results, owners), time.monotonic() - began)


async def drive_telegram(texts: list[str], folder: Path, *, only_intake: bool) -> bool:
    """Every text by a phone of its own."""
    async with TelegramServer() as server, Stage(folder, telegram_base=server.base_url, token=TOKEN) as stage:
        workers = {queue: server.person(f"工{index}", started=True) for index, queue in enumerate(all_queues())}
        helper = server.person("帮手", started=True)
        groups = {queue: server.group(queue, [who], bot="administrator") for queue, who in workers.items()}
        staff = {str(workers[queue].id): grant for queue, grant in all_queues().items()}
        await stage.prepare(
            {**staff, str(helper.id): (Role.MEMBER, "yinxing")},
            "telegram",
            TOKEN.partition(":")[0],
            {queue: str(group.id) for queue, group in groups.items()},
        )
        await stage.start()
        began = time.monotonic()
        results = [Result(text) for text in texts]
        residents = [server.person(f"居民{index}", started=True) for index in range(len(texts))]

        def is_silent(chat: str) -> bool:
            return not stage.rows(_UNSAID, chat, time.time_ns() // 1000)

        async def opener(index: int) -> Screen:
            return TelegramScreen(server, residents[index], is_silent=is_silent)

        screens = await run_residents(results, opener)
        if not only_intake:
            rooms: dict[str, Screen] = {
                queue: TelegramScreen(server, workers[queue], groups[queue].id, is_silent) for queue in workers
            }
            await finish(stage, rooms, TelegramScreen(server, helper, is_silent=is_silent), screens)
        owners = [str(r.id) for r in residents]
        good = table(stage, results, account(stage, results, owners), time.monotonic() - began)
        for violation in server.violations[:5]:
            print(f"Bot API violation: {violation}")
        return good and not server.violations


async def finish(stage: Stage, rooms: dict[str, Screen], helper: Screen, screens: list[Screen]) -> None:
    """The work of everybody but the residents, and then the residents' ratings."""
    await work_off(stage, rooms)
    await grant_wishes(stage, rooms, helper)
    await rate_all(screens)
    count = stage.rows("SELECT count(*) FROM requests WHERE state = 'resolved'")[0][0]
    print(f"\nresolved records left without a rating: {count}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channel", choices=["web", "telegram"], required=True)
    parser.add_argument("--messages", type=Path, required=True, help='JSON lines with a "text"')
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--only-intake", action="store_true", help="the residents' side only")
    parser.add_argument("--keep", type=Path, help="keep the data in this folder")
    given = parser.parse_args()
    texts = [json.loads(line)["text"] for line in given.messages.read_text(encoding="utf-8").splitlines() if line]
    texts = texts[: given.limit] if given.limit else texts
    drive = drive_web if given.channel == "web" else drive_telegram
    with tempfile.TemporaryDirectory(prefix="linli-drive-") as folder:
        where = given.keep or Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        good = asyncio.run(drive(texts, where, only_intake=given.only_intake))
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
