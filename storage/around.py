"""What belongs to a record, asked in one look: most records have little but their words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, exists, select

from storage import attachments, events, petitions, snaps, supporters, whistles
from storage import requests as records
from storage.plans import ME, form, form_with
from storage.requests import Request, columns, requests
from storage.rows import Row
from storage.tx import Tx

_LIKENED = "request.likened"


def _there(request_id: Any, tenant: Any = ME) -> list[Any]:
    """Whether there is any of each; beside a record the tenant is the record's."""
    file, event, child = attachments.attachments.c, events.events.c, requests.alias().c
    under = (child.tenant == tenant, child.parent_id == request_id)
    joined = (supporters.supporters.c.tenant == tenant, supporters.supporters.c.request_id == request_id)
    about = (event.tenant == tenant, event.subject == "request", event.subject_id == request_id)
    asked, blown, snap = petitions.petitions.c, whistles.whistles.c, snaps.snaps.c
    of_it = (file.tenant == tenant, file.subject_id == request_id)
    return [
        exists().where(*of_it, file.subject == "request").label("files"),
        exists().where(*of_it, file.subject == "result").label("results"),
        (exists().where(*joined) | exists().where(*under)).label("company"),
        exists().where(asked.tenant == tenant, asked.request_id == request_id).label("petitions"),
        exists().where(blown.tenant == tenant, blown.request_id == request_id).label("whistles"),
        exists().where(snap.tenant == tenant, snap.id == request_id).label("snap"),
        exists().where(*about, event.name == _LIKENED).label("likened"),
    ]


@form
def _one(request_id: Any) -> Select[Any]:
    return select(*_there(request_id))


_WITH_IT = select(*columns(), *_there(requests.c.id, requests.c.tenant)).where(requests.c.tenant == ME)
_OTHERS = (attachments.attachments, supporters.supporters, petitions.petitions, whistles.whistles, snaps.snaps)
"""Tables of what belongs to a record. A merged one makes itself known (`supporters.learn_none`), and so does an event."""


@form_with("request_ids")
def _some(request_ids: Any) -> Select[Any]:
    return _WITH_IT.where(requests.c.id.in_(request_ids))


@form
def _by_id(request_id: Any) -> Select[Any]:
    return _WITH_IT.where(requests.c.id == request_id)


@form
def _by_number(number: Any) -> Select[Any]:
    return _WITH_IT.where(requests.c.number == number)


async def get(tx: Tx, request_id: int) -> Request:
    """`requests.get`, and where nobody else writes meanwhile `look` in the same question."""
    if tx.connection.dialect.name != "sqlite":
        return await records.get(tx, request_id)
    row = await tx.one(_by_id(request_id=request_id))
    if row is None:
        raise LookupError(f"no request {request_id}")
    return _known(tx, row)


async def find_by_number(tx: Tx, number: int) -> Request | None:
    """`requests.find_by_number` in the same way."""
    if tx.connection.dialect.name != "sqlite":
        return await records.find_by_number(tx, number)
    row = await tx.one(_by_number(number=number))
    return None if row is None else _known(tx, row)


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
    found = [_known(tx, row) for row in await tx.all(_some(request_ids=list(request_ids)))]
    for request in found:
        records.learn(tx, request)
    return found


def _known(tx: Tx, row: Row) -> Request:
    """The record of a row with what belongs to it."""
    request = records.read(row[: len(Request._fields)])
    tx.learn(_one(request_id=request.id), None, of=_OTHERS, lasting=True)
    _learn(tx, request.id, row)
    return request


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
