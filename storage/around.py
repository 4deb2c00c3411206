"""What belongs to a record, asked in one look: most records have little but their words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, exists, select

from storage import attachments, events, petitions, snaps, supporters, whistles
from storage.plans import ME, form, form_with
from storage.requests import Request, columns, learn, read, requests
from storage.rows import Row
from storage.tx import Tx

_LIKENED = "request.likened"


def _there(request_id: Any) -> list[Any]:
    """Whether there is any of each."""
    file, event, child = attachments.attachments.c, events.events.c, requests.alias().c
    under = (child.tenant == ME, child.parent_id == request_id)
    joined = (supporters.supporters.c.tenant == ME, supporters.supporters.c.request_id == request_id)
    about = (event.tenant == ME, event.subject == "request", event.subject_id == request_id)
    asked, blown, snap = petitions.petitions.c, whistles.whistles.c, snaps.snaps.c
    of_it = (file.tenant == ME, file.subject_id == request_id)
    return [
        exists().where(*of_it, file.subject == "request").label("files"),
        exists().where(*of_it, file.subject == "result").label("results"),
        (exists().where(*joined) | exists().where(*under)).label("company"),
        exists().where(asked.tenant == ME, asked.request_id == request_id).label("petitions"),
        exists().where(blown.tenant == ME, blown.request_id == request_id).label("whistles"),
        exists().where(snap.tenant == ME, snap.id == request_id).label("snap"),
        exists().where(*about, event.name == _LIKENED).label("likened"),
    ]


@form
def _one(request_id: Any) -> Select[Any]:
    return select(*_there(request_id))


@form_with("request_ids")
def _some(request_ids: Any) -> Select[Any]:
    found = select(*columns(), *_there(requests.c.id)).where(requests.c.tenant == ME)
    return found.where(requests.c.id.in_(request_ids))


async def look(tx: Tx, request_id: int) -> None:
    """What is not there need not be asked for any more in this piece of work.

    Where other processes write, what must not be missed (`petitions`, `whistles`) is added under the lock of the record:
    look after it was moved or locked.
    """
    there = await tx.recall(_one(request_id=request_id), lambda rows: rows[0])
    if there is not None:
        _learn(tx, request_id, there)


async def foresee(tx: Tx, request_ids: Collection[int]) -> list[Request]:
    """`requests.get` and `look` of many records, for all pieces of work in this transaction. Only on SQLite, where
    nobody else changes anything meanwhile."""
    found = []
    for row in await tx.all(_some(request_ids=list(request_ids))):
        request = read(row[: len(Request._fields)])
        learn(tx, request)
        tx.learn(_one(request_id=request.id), None, lasting=True)
        _learn(tx, request.id, row)
        found.append(request)
    return found


def _learn(tx: Tx, request_id: int, there: Row) -> None:
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
