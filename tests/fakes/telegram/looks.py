"""What a test sees and waits for: screens as people see them, toasts, calls of the bot, violations."""

# ruff: noqa: ASYNC109 - waits are written for tests, which say how long

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.fakes.telegram.comings import Chat, as_id
from tests.fakes.telegram.updates import UpdateQueue
from tests.fakes.telegram.world import Seen, Toast, World

PATIENCE = 120.0
"""Seconds after which what a test waits for is taken for lost."""


class Call(NamedTuple):
    """One call of the bot: method, decoded parameters, HTTP status and error text (empty when it went well).

    `at` is the monotonic time at which it was answered.
    """

    method: str
    params: dict[str, Any]
    status: int
    error: str
    at: float = 0.0


class Looks:
    """Looks at a server; waits raise AssertionError with what there was instead."""

    world: World
    queue: UpdateQueue
    calls: list[Call]
    violations: list[str]
    _changed: asyncio.Event

    def seen(self, chat: Chat) -> list[Seen]:
        """The messages of a chat as a person sees them now, oldest first."""
        return self.world.seen(as_id(chat))

    def last(self, chat: Chat) -> Seen:
        """The newest message of the bot in a chat."""
        return [each for each in self.seen(chat) if each.mine][-1]

    def toasts(self, who: Chat | None = None) -> list[Toast]:
        return [each for each in self.world.toasts if who is None or each.person == as_id(who)]

    def called(self, method: str) -> list[Call]:
        return [each for each in self.calls if each.method == method]

    async def wait_for(self, chat: Chat, predicate: Callable[[Seen], bool] | str, timeout: float = PATIENCE) -> Seen:
        """The newest message of the bot in `chat` that fits (text or button contains it, for a string)."""

        def find() -> Seen | None:
            fits = predicate if callable(predicate) else (lambda seen: seen.has(predicate))
            return next((each for each in reversed(self.seen(chat)) if each.mine and fits(each)), None)

        found: Seen = await self.wait_until(find, timeout, lambda: f"no such message; there are {self.seen(chat)}")
        return found

    async def wait_toast(self, who: Chat, part: str = "", timeout: float = PATIENCE) -> Toast:
        def find() -> Toast | None:
            return next((each for each in reversed(self.toasts(who)) if part in each.text), None)

        found: Toast = await self.wait_until(find, timeout, lambda: f"no such toast; there are {self.toasts(who)}")
        return found

    async def wait_call(self, method: str, count: int = 1, timeout: float = PATIENCE) -> Call:
        """The last of at least `count` calls of a method."""

        def find() -> Call | None:
            return self.called(method)[-1] if len(self.called(method)) >= count else None

        found: Call = await self.wait_until(
            find, timeout, lambda: f"{method} was called {len(self.called(method))} times"
        )
        return found

    async def wait_until(
        self, find: Callable[[], Any], timeout: float = PATIENCE, describe: Callable[[], str] = lambda: "nothing came"
    ) -> Any:
        """What `find` gives as soon as it gives something; AssertionError after `timeout` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not (found := find()):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise AssertionError(describe())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.5))
        return found

    async def wait_confirmed(self, timeout: float = PATIENCE) -> None:
        """Waits until the bot has confirmed every update."""
        await self.wait_until(lambda: not self.queue.pending, timeout, lambda: f"pending: {self.queue.pending}")

    def assert_clean(self) -> None:
        """Fails when the bot made a call a correct bot never makes."""
        assert not self.violations, "\n".join(self.violations)
