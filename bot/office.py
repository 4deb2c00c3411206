"""The program as the web desk sees it: seats, and work done in a turn of whoever sits there. Rules are the handlers'."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.program import Program
from bot.together import Together
from handlers.office import acts, signin, turning
from handlers.office.acts import Outcome
from handlers.office.order import Order
from handlers.office.signin import Seat
from handlers.office.turning import OfficeTurn
from storage import events, office
from storage.database import Unavailable
from storage.facts import Facts, Halted
from storage.tx import Tx

log = structlog.get_logger()
Result = TypeVar("Result")
Work = Callable[[OfficeTurn], Awaitable[Result]]
LOOK_AGAIN = 0.5
"""Seconds that everybody who follows the ledger from this process shares one look at it."""
RESTS = 4.0
"""How many times as long as reading a part of the columns took everybody else is left alone after it, unless somebody asks."""


class Office:
    """Opens transactions for people at the web desk. One instance a process."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.city = program.city
        self.store = program.store
        self._facts = Facts()
        self._together = Together(program.store)
        self._reading = asyncio.Lock()
        self._closed = asyncio.Event()
        self._newest = (0, float("-inf"))

    def now(self) -> datetime:
        """The program's time."""
        return self._program.clock.now()

    # ---------------------------------------------------------------- seats

    async def enter(self, token: str) -> str | None:
        """The secret of a new session for a link that was not used before; None for every other."""

        async def work(tx: Tx) -> str | None:
            now = self._program.clock.now()
            person_id = await office.use_link(tx, token, now)
            if person_id is None:
                return None
            return await signin.enter(await turning.open_turn(self.city, tx, person_id, now))

        return await self.store.run(work)

    async def seat(self, secret: str) -> Seat | None:
        """Who sits behind a secret now; None when the session has ended."""
        now = self._program.clock.now()
        async with self.store.read() as tx:
            found = await signin.find_seat(tx, secret, now, self.city.org)
        if found is None:
            return None
        if found[1]:
            await self.store.run(lambda tx: office.touch_session(tx, secret, now))
        return found[0]

    async def leave(self, seat: Seat, secret: str) -> None:
        """Ends the session."""
        await self.change(seat, lambda turn: signin.leave(turn, secret))

    # ---------------------------------------------------------------- work

    async def look(self, seat: Seat, work: Work[Result]) -> Result:
        """Work that changes nothing; when it refuses or discloses something, it is done again where that is written down."""
        async with self.store.read() as tx:
            turn = OfficeTurn(self.city, tx, self._program.clock.now(), person=seat.person, chat=turning.NOWHERE)
            result = await work(turn)
            if not tx.pending:
                return result
        return await self.change(seat, work)

    async def change(self, seat: Seat, work: Work[Result]) -> Result:
        """Work in a transaction of its own; what it says to others goes out as soon as it is saved."""

        async def run(tx: Tx) -> Result:
            turn = await turning.open_turn(self.city, tx, seat.person.id, self._program.clock.now())
            return await work(turn)

        return await self.store.run(run)

    async def run(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """Work of nobody at the desk, such as another system's; what it says to people goes out when it is saved."""
        return await self.store.run(work)

    async def run_together(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """`run` for much short work: what waits at the same time shares one transaction."""
        return await self._together.run(work)

    async def act(self, seat: Seat, number: int, order: Order) -> Outcome:
        """One order about one record."""
        return await self.change(seat, lambda turn: acts.perform(turn, number, order))

    # ---------------------------------------------------------------- figures

    async def counted(self, work: Callable[[Facts, datetime], Result]) -> Result:
        """Figures of this moment: the columns are brought up to date first, and counted beside the event loop."""
        async with self._reading:
            await self.store.study(self._facts.refresh)
            return await asyncio.to_thread(work, self._facts, self.now())

    @property
    def is_warm(self) -> bool:
        """Whether figures can be had without reading everything first."""
        return self._facts.is_read

    async def warm(self) -> None:
        """Reads the columns in before anybody asks: the first look after a start need not wait for it. A little at a
        time, because the threads of a process get in each other's way; whoever asks meanwhile reads the rest at once.
        """
        begun = time.monotonic()
        try:
            while not self.is_warm:
                part = time.monotonic()
                async with self._reading:
                    await self.store.study(self._facts.read_some)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), RESTS * (time.monotonic() - part))
        except (Halted, Unavailable, SQLAlchemyError) as error:  # whoever looks at the cockpit reads them in then
            log.warning("office.not_warm", why=type(error).__name__)
            return
        log.info("office.warm", records=self._facts.size, seconds=round(time.monotonic() - begun, 1))

    def close(self) -> None:
        """Gives up what is being read in."""
        self._facts.halted = True
        self._closed.set()

    async def newest(self) -> int:
        """Where the ledger stands: it moves whenever anything happens. However many ask, it is looked up twice a second."""
        seq, looked_at = self._newest
        if (now := time.monotonic()) - looked_at >= LOOK_AGAIN:
            async with self.store.read() as tx:
                seq = await events.last_seq(tx)
            self._newest = (seq, now)
        return seq
