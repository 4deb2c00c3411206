"""What belongs to a record, asked in one look: most records have little but their words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, select

from storage import attachments, events, petitions, snaps, supporters, whistles
from storage.plans import ME, form
from storage.requests import requests
from storage.tx import Tx

_LIKENED = "request.likened"


@form
def _there(request_id: Any) -> Select[Any]:
    file, event = attachments.attachments.c, events.events.c
    under = (requests.c.tenant == ME, requests.c.parent_id == request_id)
    joined = (supporters.supporters.c.tenant == ME, supporters.supporters.c.request_id == request_id)
    about = (event.tenant == ME, event.subject == "request", event.subject_id == request_id)
    asked, blown, snap = petitions.petitions.c, whistles.whistles.c, snaps.snaps.c
    of_it = (file.tenant == ME, file.subject_id == request_id)
    return select(
        exists().where(*of_it, file.subject == "request").label("files"),
        exists().where(*of_it, file.subject == "result").label("results"),
        (exists().where(*joined) | exists().where(*under)).label("company"),
        exists().where(asked.tenant == ME, asked.request_id == request_id).label("petitions"),
        exists().where(blown.tenant == ME, blown.request_id == request_id).label("whistles"),
        exists().where(snap.tenant == ME, snap.id == request_id).label("snap"),
        exists().where(*about, event.name == _LIKENED).label("likened"),
    )


async def look(tx: Tx, request_id: int) -> None:
    """What is not there need not be asked for any more in this piece of work.

    Where other processes write, what must not be missed (`petitions`, `whistles`) is added under the lock of the record:
    look after it was moved or locked.
    """
    there = await tx.one(_there(request_id=request_id))
    if there is None:
        return
    for subject, has_files in (("request", there.files), ("result", there.results)):
        if not has_files:
            attachments.learn_none(tx, subject, request_id)
    if not there.company:
        supporters.learn_none(tx, request_id)
    if not there.petitions:
        petitions.learn_none(tx, request_id)
    if not there.whistles:
        whistles.learn_none(tx, request_id)
    if not there.snap:
        snaps.learn_none(tx, request_id)
    if not there.likened:
        events.learn_none(tx, "request", request_id, _LIKENED)
