"""Erasing a person: their words, places and files, in every table that holds them. The ledger has none of these."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.attachments import attachments
from storage.labels import labels
from storage.requests import ratings, requests
from storage.tx import Tx
from storage.wishes import wishes


async def erase_person(tx: Tx, person_id: int, words: str) -> None:
    """Replaces what the person said by `words` and drops their files; counts, states and events stay as they are."""
    own = (requests.c.tenant == tx.tenant) & (requests.c.reporter_id == person_id)
    ids = [r.id for r in await tx.all(select(requests.c.id).where(own))]
    await tx.run(
        update(requests)
        .where(own)
        .values(text=words, summary=words, original_sealed=tx.sealer.seal_json([words, ""]), place={}, place_text="")
    )
    if ids:
        await tx.run(
            update(labels).where(labels.c.tenant == tx.tenant, labels.c.request_id.in_(ids)).values(text=words)
        )
    await tx.run(
        update(ratings).where(ratings.c.tenant == tx.tenant, ratings.c.person_id == person_id).values(words="")
    )
    await tx.run(
        update(wishes)
        .where(wishes.c.tenant == tx.tenant, wishes.c.wisher_id == person_id)
        .values(text=words, original_sealed=tx.sealer.seal_json({"text": words, "place": ""}))
    )
    await tx.run(
        update(attachments)
        .where(attachments.c.tenant == tx.tenant, attachments.c.person_id == person_id)
        .values(ref="", stored="!")
    )
