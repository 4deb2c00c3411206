"""The newest id of a tenant: a process that starts goes on after it, also when the clock went back meanwhile."""

from __future__ import annotations

from sqlalchemy import func, select

from storage.outbox import outbox
from storage.receipts import receipts
from storage.tx import Tx
from storage.webchat import web_posts

_GROWING = (receipts.c.id, outbox.c.id, web_posts.c.changed)
"""What is read in the order of its ids, each with an index that ends at the newest."""


async def newest_id(tx: Tx) -> int:
    """The greatest id that orders anything; 0 when there is nothing yet."""
    found = [await tx.one(select(func.max(column)).where(column.table.c.tenant == tx.tenant)) for column in _GROWING]
    return max(int(row[0] or 0) if row else 0 for row in found)
