"""What the running program last found out about platforms' callbacks and connections, kept so that `linli doctor` can tell it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from storage import counters
from storage.tx import Store, Tx

log = structlog.get_logger()

CALLBACK, BOT, WECHAT = "wecom.callback", "wecom.bot", "wechat.callback"
FINE = ""
_AGAIN, _SELDOM = timedelta(minutes=10), timedelta(seconds=10)
"""The same finding is written down again after so long, and faults at most so often: anybody may be knocking all day."""


class Note(NamedTuple):
    """What was found, empty when all was well, and when."""

    said: str
    at: datetime


class Notes:
    """Keeps one note a subject. A database that is away is no reason to fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: dict[str, Note] = {}

    async def keep(self, subject: str, said: str) -> None:
        """Notes what was found, when it is something new or the last note is old. That all is well is never passed over."""
        now, last = datetime.now(UTC), self._last.get(subject)
        if last is not None:
            age = now - last.at
            if age < _AGAIN if last.said == said else said != FINE and age < _SELDOM:
                return
        self._last[subject] = Note(said, now)
        value = json.dumps({"said": said[:200], "at": now.isoformat()}, ensure_ascii=False)
        try:
            await self._store.run(lambda tx: counters.set_setting(tx, subject, value))
        except SQLAlchemyError:
            log.warning("wecom.note_not_kept", subject=subject)


async def find(tx: Tx, subject: str) -> Note | None:
    """The last note; None when nothing has happened yet."""
    kept = await counters.find_setting(tx, subject)
    if kept is None:
        return None
    told = json.loads(kept)
    return Note(told["said"], datetime.fromisoformat(told["at"]))
