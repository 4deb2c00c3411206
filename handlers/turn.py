"""One turn: everything a handler may see and do while it answers one message, one press or one due moment.

All of it happens inside one transaction: what is said goes to the outbox of the same commit as what is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.city import City
from handlers.messages import About, Button, Incoming, Key, Outgoing
from storage import dialogues, outbox, people, roles
from storage.dialogues import Dialogue
from storage.people import Chat, Person
from storage.tx import Tx
from workflow.rights import Grant, may_act

KEYBOARD_LIFE = timedelta(days=30)
LAID_LATER = 8
"""Messages that have time which one turn lays where that is possible: to many they are queued, so that it stays short."""
RESUMED = frozenset({"report", "wish"})
"""Conversations taken up again when a question that came in between is settled: nothing half-told is lost."""
_ASIDE = "aside"
Rows = Sequence[Sequence[Button]]


class NotForYou(Exception):
    """The person has no right to this act here. The dispatcher tells them kindly and nothing changes."""


class Denied(Exception):
    """An act that cannot be done now. `key` and `values` say why in the texts; nothing has changed.

    Chats say it to the presser, the web desk answers with it.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass
class Turn:
    """`person` and `chat` are who acts and where; both are None when only time has passed."""

    city: City
    tx: Tx
    now: datetime
    chat: Chat | None = None
    person: Person | None = None
    incoming: Incoming | None = None
    dialogue: Dialogue | None = None
    attached: list[int] = field(default_factory=list)  # attachments of this message, of no subject yet
    toasted: bool = False
    _later: int = 0
    _grants: dict[int, list[Grant]] = field(default_factory=dict)

    # ---------------------------------------------------------------- who and where

    @property
    def me(self) -> Person:
        """The acting person. Raises RuntimeError in a turn of time."""
        if self.person is None:
            raise RuntimeError("nobody acts in this turn")
        return self.person

    @property
    def here(self) -> Chat:
        """The chat the turn happens in. Raises RuntimeError in a turn of time."""
        if self.chat is None:
            raise RuntimeError("this turn happens in no chat")
        return self.chat

    async def grants(self, person_id: int | None = None) -> list[Grant]:
        """The roles of a person, by default of the acting one."""
        who = self.me.id if person_id is None else person_id
        if who not in self._grants:
            self._grants[who] = await roles.grants_of(self.tx, who)
        return self._grants[who]

    async def may(self, act: str, queue: str) -> bool:
        """Whether the acting person holds a role for this act in this queue."""
        return may_act(await self.grants(), act, queue, self.city.org)

    async def check_may(self, act: str, queue: str) -> None:
        """Raises `NotForYou` unless the acting person holds a role for this act in this queue, whatever the chat."""
        if not may_act(await self.grants(), act, queue, self.city.org):
            raise NotForYou(act)

    # ---------------------------------------------------------------- words

    def text(self, key: str, /, **values: Any) -> str:
        """A sentence from the texts."""
        return self.city.texts.text(key, self.now, **values)

    def button(
        self, key: str, action: str, args: dict[str, Any] | None = None, *, typed: str = "", **values: Any
    ) -> Button:
        """A button whose label is a text."""
        return Button(self.text(key, **values), action, args or {}, typed)

    # ---------------------------------------------------------------- saying

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
        """Says a text in this chat; its buttons are for the acting person only (in a group: for whoever has the right)."""
        owner = None if self.here.is_group else self.me.id
        await self.send(
            self.here,
            self.text(key, **values),
            rows=rows,
            slot=slot,
            media=media,
            owner=owner,
            lane=lane,
            force_reply=force_reply,
        )

    async def toast(self, key: str, /, *, alert: bool = False, **values: Any) -> None:
        """Answers the presser alone where the channel can; else says it here, after what was said before."""
        text = self.text(key, **values)
        incoming = self.incoming
        if incoming is not None and incoming.callback and self.city.channels[self.here.channel].toasts:
            self.toasted = True
            out = Outgoing(text=text, callback=incoming.callback, alert=alert)
            await self.put(self.here, out, lane=outbox.PRESS, user_key=incoming.address.user)
            return
        await self.send(self.here, text, lane=outbox.REPLY)

    async def tell(
        self,
        person_id: int,
        key: str,
        /,
        *,
        rows: Rows = (),
        slot: str = "",
        media: Sequence[int] = (),
        lane: int | None = None,
        about: About | None = None,
        **values: Any,
    ) -> bool:
        """Says a text to a person in their private chat. False when there is no such chat or it is shut.

        It goes in the lane of an answer to whoever acts, and of a notice to others, unless a lane is given.
        """
        if lane is None:
            lane = outbox.REPLY if self.person is not None and self.person.id == person_id else outbox.NOTICE
        text, chats = self.text(key, **values), await self.chats_of(person_id)
        for chat in chats:
            await self.send(chat, text, rows=rows, slot=slot, media=media, owner=person_id, lane=lane, about=about)
        return any(chat.reachable for chat in chats)

    async def chats_of(self, person_id: int) -> list[Chat]:
        """Where to write to a person: the chat used last; where that one only keeps what is said until they come back,

        the last one that calls them as well.
        """
        found = await people.private_chats(self.tx, person_id)
        if not found or not self.city.channels[found[0].channel].keeps:
            return found[:1]
        calling = [chat for chat in found if chat.reachable and not self.city.channels[chat.channel].keeps]
        return [*calling[:1], found[0]]

    async def tell_queue(
        self, queue: str, key: str, /, *, rows: Rows = (), slot: str = "", media: Sequence[int] = (), **values: Any
    ) -> bool:
        """Says a text in every room of a queue; with no reachable room, to its desk. False when nobody could be told."""
        rooms = [r for r in await people.rooms_of(self.tx, [queue]) if r.reachable]
        desk = self.city.org.desk_of(queue)
        if not rooms and desk != queue:
            return await self.tell_queue(desk, key, rows=rows, slot=slot, media=media, **values)
        for room in rooms:
            await self.send(room, self.text(key, **values), rows=rows, slot=slot, media=media, lane=outbox.NOTICE)
        return bool(rooms)

    async def send(
        self,
        chat: Chat,
        text: str,
        *,
        rows: Rows = (),
        slot: str = "",
        media: Sequence[int] = (),
        owner: int | None = None,
        lane: int = outbox.NOTICE,
        force_reply: bool = False,
        about: About | None = None,
    ) -> None:
        """Queues a message for a chat, its buttons written in the way the channel can show them."""
        keys: tuple[tuple[Key, ...], ...] = ()
        bare, code = text, ""
        most = self.city.channels[chat.channel].label_bytes
        rows = [[b._replace(label=_fitting(b.label, most)) for b in row] for row in rows]
        buttons = [b for row in rows for b in row]
        if buttons:
            code = await dialogues.add_keyboard(
                self.tx,
                chat_id=chat.id,
                person_id=owner,
                presses=[(b.action, b.args, b.label) for b in buttons],
                expires_at=self.now + KEYBOARD_LIFE,
            )
            abilities = self.city.channels[chat.channel]
            if abilities.group_buttons if chat.is_group else abilities.buttons:
                keys = _keys(rows, code)
            else:
                text = f"{text}\n\n{self._menu(chat, buttons)}"
            if owner is not None or (not keys and not _all_typed(chat, buttons)):
                await dialogues.set_menu(self.tx, chat.id, code, self.now + KEYBOARD_LIFE)
        out = Outgoing(
            text=text,
            keys=keys,
            media=tuple(str(m) for m in media),
            slot=slot,
            force_reply=force_reply,
            bare=bare if bare != text else "",
            menu=code if bare != text else "",
            about=about,
        )
        await self.put(chat, out, lane=lane)

    def _menu(self, chat: Chat, buttons: Sequence[Button]) -> str:
        """The buttons as lines: typed commands in a group where all have one, else a numbered menu."""
        if _all_typed(chat, buttons):
            return self.text("menu.typed", choices=" / ".join(b.typed for b in buttons))
        lines = [self.text("menu.line", number=i, label=b.label) for i, b in enumerate(buttons, 1)]
        return "\n".join([*lines, self.text("menu.hint")])

    async def put(self, chat: Chat, out: Outgoing, *, lane: int, user_key: str = "") -> None:
        """Says it as it is; `user_key` is whom a toast is for."""
        shelf = self.city.shelves.get(chat.channel)
        self._later += lane >= outbox.LATER
        few = lane < outbox.LATER or self._later <= LAID_LATER
        if shelf is not None and few and await shelf.lay(self.tx, chat, out, self.now):
            return
        await outbox.put(
            self.tx,
            chat_id=chat.id,
            body=out.model_dump(mode="json"),
            lane=lane,
            now=self.now,
            slot=out.slot,
            user_key=user_key,
            not_before=self.now + self._held_for(chat, lane),
        )

    def _held_for(self, chat: Chat, lane: int) -> timedelta:
        """An answer waits as long as it may still ride on the platform's own request."""
        answers = self.incoming is not None and self.chat is not None and chat.id == self.chat.id
        seconds = self.city.channels[chat.channel].answers_for if answers and lane <= outbox.REPLY else 0.0
        return timedelta(seconds=seconds)

    # ---------------------------------------------------------------- the open question

    async def ask(self, flow: str, step: str, data: dict[str, Any] | None = None) -> None:
        """The next words of this person in this chat answer this question; an unfinished report or wish waits under it."""
        kept = {k: v for k, v in (data or {}).items() if k != _ASIDE}
        aside = self._aside(flow, kept)
        if aside:
            kept[_ASIDE] = aside
        await self._open(flow, step, kept)

    def _aside(self, flow: str, data: dict[str, Any]) -> dict[str, Any] | None:
        """What the new question interrupts, or what the open question has interrupted already."""
        before = self.dialogue
        if before is None:
            return None
        if before.flow in RESUMED and (flow != before.flow or before.data.get("id") != data.get("id")):
            return {"flow": before.flow, "step": before.step, "data": before.data}
        return before.data.get(_ASIDE)

    async def _open(self, flow: str, step: str, data: dict[str, Any]) -> None:
        self.dialogue = Dialogue(flow, step, data, self.now)
        await dialogues.save(self.tx, self.here.id, self.me.id, flow, step, data, self.now)

    async def resume(self, flow: str) -> None:
        """A button of what waits under the open question was pressed: it is the open one again, the other is left."""
        aside = self.dialogue.data.get(_ASIDE) if self.dialogue and self.dialogue.flow != flow else None
        if aside and aside["flow"] == flow:
            await self._open(flow, aside["step"], aside["data"])

    async def done(self) -> None:
        """The question is settled; what waited under it is open again, else nothing is."""
        aside = self.dialogue.data.get(_ASIDE) if self.dialogue else None
        if aside:
            await self._open(aside["flow"], aside["step"], aside["data"])
            return
        self.dialogue = None
        await dialogues.close(self.tx, self.here.id, self.me.id)


def _all_typed(chat: Chat, buttons: Sequence[Button]) -> bool:
    """Whether a group is shown commands to type; then a bare number there means nothing."""
    return chat.is_group and all(b.typed for b in buttons)


def _fitting(label: str, most: int) -> str:
    """A label within the bytes that a channel shows: names of places and people may be long."""
    if len(label.encode()) <= most:
        return label
    return f"{label.encode()[: most - len('…'.encode())].decode('utf-8', 'ignore')}…"


def _keys(rows: Rows, code: str) -> tuple[tuple[Key, ...], ...]:
    """The buttons as the channel shows them, numbered through all rows."""
    index = 0
    result: list[tuple[Key, ...]] = []
    for row in rows:
        keys: list[Key] = []
        for button in row:
            keys.append(Key(label=button.label, token=f"{code}.{index}", typed=button.typed))
            index += 1
        result.append(tuple(keys))
    return tuple(result)
