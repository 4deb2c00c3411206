"""工作台: a link in the private chat that signs one browser in, once. Sessions end by the clock, by leaving, and with the role.

Every link, entry and exit is in the ledger. The cookie that carries a session is the web side's.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from handlers.turn import Turn
from storage import events, office, people, roles
from storage.people import Person
from storage.tx import Tx
from workflow.queues import Org
from workflow.rights import Grant, may_anywhere

LINK_FOR = timedelta(minutes=10)
SESSION_FOR = timedelta(hours=12)
"""One working day: tomorrow a new link."""
IDLE_FOR = timedelta(hours=2)
"""A browser that was left alone so long is signed out."""
_SEEN_EVERY = timedelta(minutes=1)


class Seat(NamedTuple):
    """Somebody at the web desk, with the roles they hold now."""

    person: Person
    grants: list[Grant]


def may_sit(grants: list[Grant], org: Org) -> bool:
    """Whether there is anything on the web desk for somebody with these roles."""
    return may_anywhere(grants, "view_room", org)


async def send_link(turn: Turn, _match: re.Match[str] | None = None) -> None:
    """Sends the link to the acting person's private chat; in a group nothing that signs anybody in is said."""
    if not may_sit(await turn.grants(), turn.city.org):
        await turn.toast("office.not_staff")
        return
    token = await office.add_link(turn.tx, turn.me.id, turn.now + LINK_FOR)
    await note(turn, "person.office_link")
    link = address_of(turn.city.manners.office_base, token)
    told = await turn.tell(turn.me.id, "office.link", link=link, minutes=LINK_FOR // timedelta(minutes=1))
    if turn.here.is_group:
        await turn.toast("office.link_private" if told else "claim.write_first", alert=not told)


def address_of(base: str, token: str) -> str:
    """What the link opens."""
    return f"{base}/desk/in/{token}"


async def enter(turn: Turn) -> str:
    """Opens a session for the acting person, who has just used their link; its secret."""
    secret = await office.open_session(turn.tx, turn.me.id, turn.now, turn.now + SESSION_FOR)
    await note(turn, "person.office_entered")
    return secret


async def leave(turn: Turn, secret: str) -> None:
    """Ends this session."""
    if await office.end_session(turn.tx, secret, turn.now) is not None:
        await note(turn, "person.office_left")


async def leave_all(turn: Turn, _match: re.Match[str]) -> None:
    """退出工作台: ends every session of the acting person, for whoever has left a browser open somewhere."""
    ended = await office.end_sessions(turn.tx, turn.me.id, turn.now)
    if ended:
        await note(turn, "person.office_left", sessions=ended)
    await turn.toast("office.left_all" if ended else "office.left_none")


async def note(turn: Turn, event: str, **data: Any) -> None:
    """Writes what the acting person did at the web desk into their history."""
    await events.add(turn.tx, "person", turn.me.id, event, turn.now, actor_id=turn.me.id, data=data)


async def find_seat(tx: Tx, secret: str, now: datetime, org: Org) -> tuple[Seat, bool] | None:
    """Who sits behind a session's secret, and whether it is time to note that they are there.

    None when the session has ended, was left alone too long, or its owner has no role any more.
    """
    session = await office.find_session(tx, secret, now)
    if session is None or now - session.seen_at > IDLE_FOR:
        return None
    grants = await roles.grants_of(tx, session.person_id)
    if not may_sit(grants, org):
        return None
    return Seat(await people.get_person(tx, session.person_id), grants), now - session.seen_at > _SEEN_EVERY


COMMANDS = [
    (re.compile(r"工作台|网页工作台|/desk"), send_link),
    (re.compile(r"退出工作台"), leave_all),
]
