"""When the next message of one platform account may go: the platform's limits, urgency first, one new message at a time."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from handlers.messages import Capabilities
from storage.outbox import NOTICE

AT_ONCE = 8
"""Calls under way at the same time; more makes the HTTP client slower (encode/httpx#3215)."""
AT_RISK = 1
"""New messages whose result is not stored yet: so many are sent twice when the process is killed, and no more."""
NOTICES_SHARE = 0.8
"""How much of the account's budget goes to what nobody waits for, at most: an answer always finds room."""

GROUP_WINDOW = 60.0
"""Seconds in which the messages to one group are counted."""


class Closed(Exception):
    """The program stops: the message waits for the next start."""


class Pace:
    """The limits of one platform account, by monotonic time. A pause is never shortened."""

    def __init__(self, limits: Capabilities) -> None:
        self._limits = limits
        self._pause_until = 0.0
        self._all: deque[float] = deque()
        self._last: dict[str, float] = {}
        self._group: dict[str, deque[float]] = defaultdict(deque)

    @property
    def group_limit(self) -> int:
        """Messages to one group in a minute; 0: no limit."""
        return self._limits.group_per_minute

    def pause(self, seconds: float) -> None:
        """Nothing more for so many seconds: the platform said so."""
        self._pause_until = max(self._pause_until, time.monotonic() + seconds)

    def forget_groups(self) -> None:
        """Another has sent meanwhile: what went to each group is to be found out again."""
        self._group.clear()

    def knows_group(self, chat: str) -> bool:
        """Whether every message of the last minute to this group is counted."""
        return chat in self._group

    def recall_group(self, chat: str, ages: Iterable[float]) -> None:
        """So many seconds ago messages went to this group."""
        now = time.monotonic()
        self._group[chat] = deque(sorted(now - age for age in ages))

    def began(self, chat: str) -> float:
        """When the last message to this chat began."""
        return self._last[chat]

    def arrived(self, chat: str, began: float) -> None:
        """A message to a group that began then has been taken by now: its window opens here at the latest."""
        group = self._group.get(chat, deque())
        if began in group:
            group.remove(began)
            group.append(time.monotonic())

    def wait_for(self, chat: str, *, is_group: bool, awaited: bool = True) -> float:
        """Seconds until the next message to this chat may go; taken at once when 0."""
        now = time.monotonic()
        limits, waits = self._limits, [self._pause_until - now]
        _forget(self._all, now - 1.0)
        most = limits.per_second if awaited else max(1.0, limits.per_second * NOTICES_SHARE)
        if limits.per_second and len(self._all) >= most:
            waits.append(self._all[-int(most)] + 1.0 - now)
        if limits.chat_interval:
            waits.append(self._last.get(chat, 0.0) + limits.chat_interval - now)
        group = self._group[chat] if is_group and limits.group_per_minute else None
        if group is not None:
            _forget(group, now - GROUP_WINDOW)
            if len(group) >= limits.group_per_minute:
                waits.append(group[-limits.group_per_minute] + GROUP_WINDOW - now)
        wait = max(waits)
        if wait > 0:
            return wait
        self._all.append(now)
        self._last[chat] = now
        if group is not None:
            group.append(now)
        if len(self._last) > 20_000:
            self._last = {c: at for c, at in self._last.items() if at > now - 60}
        return 0.0


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()


@dataclass(order=True)
class Turn:
    """One message that wants to go, or is on its way."""

    urgency: int
    id: int
    chat: str = field(compare=False)
    is_group: bool = field(compare=False)
    at_risk: bool = field(compare=False)
    may_go: asyncio.Future[float] = field(compare=False)
    """When it began."""


class Gate:
    """Lets the most urgent message through that the limits allow, then the oldest."""

    def __init__(self, limits: Capabilities, *, at_risk: int = AT_RISK) -> None:
        """`at_risk` 0: the platform knows a repeat, so that any number may be under way."""
        self._pace = Pace(limits)
        self._most_at_risk = at_risk
        self._waiting: list[Turn] = []
        self._under_way: list[Turn] = []
        self._later: asyncio.TimerHandle | None = None
        self._closed = False

    @asynccontextmanager
    async def turn(self, urgency: int, row_id: int, chat: str, *, is_group: bool) -> AsyncIterator[Turn]:
        """The block is this message's turn; what it sends and stores lies inside. Raises `Closed`."""
        if self._closed:
            raise Closed
        may_go = asyncio.get_running_loop().create_future()
        mine = Turn(urgency, row_id, chat, is_group, bool(self._most_at_risk), may_go)
        self._waiting.append(mine)
        self._let_through()
        try:
            began = await may_go
            yield mine
            if is_group:
                self._pace.arrived(chat, began)
        finally:
            for turns in (self._waiting, self._under_way):
                if mine in turns:
                    turns.remove(mine)
            self._let_through()

    def calm(self, turn: Turn) -> None:
        """This one only changes a message that stands already: a repeat would do no harm."""
        turn.at_risk = False
        self._let_through()

    def pause(self, seconds: float) -> None:
        """Nothing more for so many seconds."""
        self._pace.pause(seconds)

    @property
    def group_limit(self) -> int:
        """Messages to one group in a minute; 0: as many as there are."""
        return self._pace.group_limit

    def knows_group(self, chat: str) -> bool:
        """Whether what went to this group is known here."""
        return self._pace.knows_group(chat)

    def recall_group(self, chat: str, ages: Iterable[float]) -> None:
        """So many seconds ago messages went to this group, from whatever process."""
        self._pace.recall_group(chat, ages)

    def forget_groups(self) -> None:
        """The account was another's meanwhile."""
        self._pace.forget_groups()

    def close(self) -> None:
        """Whoever still waits is sent back."""
        self._closed = True
        for turn in self._waiting:
            if not turn.may_go.done():
                turn.may_go.set_exception(Closed())

    def _let_through(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        soonest: float | None = None
        for turn in sorted(self._waiting):
            if turn.may_go.done():
                continue
            if len(self._under_way) >= AT_ONCE:
                return
            if turn.at_risk and sum(t.at_risk for t in self._under_way) >= self._most_at_risk:
                continue
            wait = self._pace.wait_for(turn.chat, is_group=turn.is_group, awaited=turn.urgency < NOTICE)
            if wait:
                soonest = wait if soonest is None else min(soonest, wait)
                continue
            self._waiting.remove(turn)
            self._under_way.append(turn)
            turn.may_go.set_result(self._pace.began(turn.chat))
        if soonest is not None:
            self._later = asyncio.get_running_loop().call_later(soonest, self._let_through)
