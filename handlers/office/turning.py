"""A turn on the web desk: whatever would be said to the acting person in chat is collected as the answer of the page.

Everybody else hears of it in their chats, as always; rights, moves and events are those of the handlers that are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handlers.city import City
from handlers.turn import Rows, Turn
from storage import outbox, people
from storage.people import Chat
from storage.tx import Tx

NOWHERE = Chat(0, "", "", "", "", False, None, "", False)
"""Where somebody is who has no private chat with us: nothing is sent there."""


@dataclass
class OfficeTurn(Turn):
    """`said` is what the page shows; `shown` are details that only the acting person gets."""

    said: list[str] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)

    async def say(
        self,
        key: str,
        /,
        *,
        rows: Rows = (),
        slot: str = "",
        media: Sequence[int] = (),
        force_reply: bool = False,
        lane: int = outbox.REPLY,
        **values: Any,
    ) -> None:
        """Collects the sentence; buttons and files stand on the page already."""
        self.said.append(self.text(key, **values))

    async def toast(self, key: str, /, *, alert: bool = False, **values: Any) -> None:
        """Collects the sentence."""
        self.said.append(self.text(key, **values))

    async def ask(self, flow: str, step: str, data: dict[str, Any] | None = None) -> None:
        """A page asks by its forms: no question is left open in a chat."""

    async def resume(self, flow: str) -> None:
        """Nothing waits here."""

    async def done(self) -> None:
        """Nothing is open here."""


async def open_turn(city: City, tx: Tx, person_id: int, now: datetime) -> OfficeTurn:
    """A turn of this person. Raises LookupError for an unknown one."""
    person = await people.get_person(tx, person_id)
    chat = await people.find_private_chat(tx, person_id)
    return OfficeTurn(city, tx, now, chat=chat or NOWHERE, person=person)
