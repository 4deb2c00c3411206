"""Short work that waits at the same time shares one transaction: its commit and its move of the ledger are paid once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from storage.database import Unavailable
from storage.tx import Store, Tx

Result = TypeVar("Result")
Work = Callable[[Tx], Awaitable[Any]]
MOST = 8
"""Pieces of work in one transaction: on PostgreSQL others wait for the row of numbers until it ends."""


class _Waiting(NamedTuple):
    work: Work
    told: asyncio.Future[Any]


class Together:
    """Runs work one after the other, as much as waits in one transaction. What fails, fails alone. One a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """As `Store.run`: saved when this returns, or not at all. The work may be run again from its beginning."""
        told: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(work, told))
        if self._running is None:
            self._running = asyncio.create_task(self._run_all(), name="together")
        return await told

    async def _run_all(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._run([one for one in some if not one.told.done()])  # who has gone away wants nothing
        finally:
            self._running = None

    async def _run(self, some: list[_Waiting]) -> None:
        async def work(tx: Tx) -> list[Any]:
            found = []
            for one in some:
                tx.forget()
                found.append(await one.work(tx))
            return found

        try:
            found = await self._store.run(work)
        except Exception as error:
            if len(some) > 1 and not isinstance(error, Unavailable):
                for one in some:
                    await self._run([one])
                return
            for one in some:
                if not one.told.done():
                    one.told.set_exception(error)
        else:
            for one, result in zip(some, found, strict=True):
                if not one.told.done():
                    one.told.set_result(result)
