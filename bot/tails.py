"""Once after an upgrade: whoever gave a phone number before it could be asked by its last digits is found by them too."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from storage import counters, people
from storage.database import Unavailable
from storage.tx import Store, Tx

log = structlog.get_logger()
SETTING = "people.tails"
"""Kept once everybody is done; every number that is given later comes with its digits."""
BATCH = 200
"""People of one transaction: each number is opened and sealed digits are made of it."""
PAUSE = 0.05
"""Seconds between two transactions: messages go first."""


async def fill(store: Store, pause: float = PAUSE) -> int:
    """Gives everybody who lacks it the digest of their last digits; how many batches. Begun anew, it goes on where it is.

    Several processes may do it at once. When the database is away it is left for the next start.
    """
    batches, after = 0, 0
    try:
        async with store.read() as tx:
            if await counters.find_setting(tx, SETTING) is not None:
                return 0
        while True:
            last = await store.run(partial(_batch, after=after))
            if last is None:
                break
            after, batches = last, batches + 1
            await asyncio.sleep(pause)
    except (Unavailable, SQLAlchemyError) as error:
        log.warning("tails.later", why=type(error).__name__)
        return batches
    if batches:
        log.info("tails.filled", batches=batches)
    return batches


async def _batch(tx: Tx, after: int) -> int | None:
    last = await people.fill_tails(tx, after, BATCH)
    if last is None:
        await counters.set_setting(tx, SETTING, "done")
    return last
