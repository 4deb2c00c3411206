"""`linli outbox`: the dead letters shown without what they say and to whom, and sent again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.audit import opened
from bot.config import Config, ConfigError
from bot.program import sealing_keys
from storage import letters
from storage.ids import Ids
from storage.letters import Letter
from storage.seal import Sealer
from storage.tx import Store

Say = Callable[[str], None]
_REASON = 60
_NOT_PLAIN = re.compile(r"[^ -~]+|\d{5,}|\S*[@/\\:]\S+")
"""What a platform's own words should not hold, and might: names, numbers, addresses, tokens."""


async def show(config: Config, chat_id: int | None, say: Say) -> None:
    """One line a dead letter, oldest first: its id, chat, kind of chat, age, tries, reason."""
    now = datetime.now(UTC)
    async with opened(config) as database, Store(database, Ids(), Sealer(sealing_keys(config))).read() as tx:
        found = await letters.dead(tx, chat_id=chat_id)
    for letter in found:
        say(_line(letter, now))
    say(f"{len(found) or 'no'} dead letter{'' if len(found) == 1 else 's'}")


async def retry(config: Config, chat_id: int | None, letter_id: int | None, say: Say, *, everything: bool) -> None:
    """Puts dead letters back into the queue. Raises ConfigError when it was not said which, or there is none."""
    if (chat_id is not None) + (letter_id is not None) + everything != 1:
        raise ConfigError("say which: --chat NUMBER, --id NUMBER or --all")
    async with opened(config) as database:
        store = Store(database, Ids(), Sealer(sealing_keys(config)))
        count = await store.run(lambda tx: letters.revive(tx, datetime.now(UTC), chat_id=chat_id, letter_id=letter_id))
    if not count:
        raise ConfigError("no such dead letter, or its words were erased; `linli outbox list` shows what there is")
    say(f"{count} sent again")


def _line(letter: Letter, now: datetime) -> str:
    kind = f"{letter.channel} {'group' if letter.is_group else 'private'}"
    erased = " (words erased)" if letter.is_erased else ""
    return (
        f"{letter.id}\tchat {letter.chat_id}\t{kind}\t{_age(now - letter.created_at)}\t"
        f"{letter.attempts} tries\t{plain(letter.error)}{erased}"
    )


def plain(reason: str) -> str:
    """A platform's reason without anything in it that may name somebody."""
    return _NOT_PLAIN.sub("…", reason)[:_REASON] or "no reason given"


def _age(span: timedelta) -> str:
    hours = int(span.total_seconds()) // 3600
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h" if hours else f"{int(span.total_seconds()) // 60} min"
