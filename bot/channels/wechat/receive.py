"""Opening a callback: signature, key, receiver; and what an update changes in the channel's own books.

What the updates mean is in shapes.py; storing them is the caller's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.callbacks import CallbackError, Crypt, Fault, Fields, Query
from bot.channels.base import BadUpdate, RawUpdate
from bot.channels.wechat.shapes import (
    CLICKED,
    FOLLOWED,
    NAME,
    choices,
    moment_of,
    parse_update,
    person_of,
    reports,
    update_id,
)
from storage import notices, windows
from storage.tx import Tx
from storage.windows import Who

# https://developers.weixin.qq.com/doc/service/guide/product/kf/intro.html
MESSAGE = ("message", timedelta(hours=48), 5)
CLICK = ("click", timedelta(minutes=1), 3)
SOONER = timedelta(seconds=5)
"""A window is not used in its last seconds."""


def open_update(crypt: Crypt, query: Query, body: bytes, now: datetime, *, original_id: str, account: str) -> RawUpdate:
    """The update of one callback. Raises `CallbackError`, also for what cannot be read or is meant for another account."""
    envelope, fields = crypt.open_xml(query, body, now)
    for inside in (envelope, fields):
        if original_id and inside.get("ToUserName", original_id) != original_id:
            raise CallbackError(Fault.RECEIVER)
    try:
        update = RawUpdate(update_id(fields), fields)
        parse_update(fields, account)
    except BadUpdate as error:
        raise CallbackError(Fault.BODY, str(error)) from error
    return update


async def keep_books(tx: Tx, fields: Fields, account: str, now: datetime, lasting: frozenset[str]) -> None:
    """Windows that open, notices agreed to or taken back, notices that arrived. Once for each update."""
    who = Who(NAME, account, person_of(fields))
    opened = _opens(fields)
    if opened is not None:
        kind, life, count = opened
        at = min(moment_of(fields), now)
        await windows.open_window(tx, who, kind, at, at + life - SOONER, count)
    if fields.get("Event") == "unsubscribe":
        await windows.shut(tx, who)
    for choice in choices(fields):
        if choice.accepted:
            await windows.agree(tx, who, choice.template, now, lasting=choice.template in lasting)
        else:
            await windows.disagree(tx, who, choice.template, now)
    for report in reports(fields):
        if report.delivered:
            await notices.take(tx, NAME, account, report.ref)
        elif report.refused and report.template:
            await windows.disagree(tx, who, report.template, now)


def _opens(fields: Fields) -> tuple[str, timedelta, int] | None:
    """Which window the update opens. A tap in a menu message is a click, although it comes as a text."""
    event = fields.get("Event", "")
    if fields.get("MsgType") != "event":
        return CLICK if fields.get("bizmsgmenuid") else MESSAGE
    return CLICK if event in FOLLOWED | CLICKED else None
