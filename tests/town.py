"""A whole town in one process, without any platform: people, rooms, a clock that can be turned, screens that can be read.

Everything between `handlers.dispatch` and the database is the real thing; only the channel is a list of screens.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from sqlalchemy import create_engine

from bot.catalogue import SHIPPED_STREET, build_city
from handlers import dispatch, ticks
from handlers.city import City
from handlers.messages import Address, Capabilities, Geo, Incoming, Media, Outgoing
from handlers.turn import Turn
from storage import outbox, people, roles, timers
from storage.database import Database
from storage.ids import Ids
from storage.people import Person
from storage.schema import metadata
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from workflow.rights import Role

MONDAY_MORNING = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # 10:00 in Linjiang
WITH_BUTTONS = Capabilities()
WITHOUT_BUTTONS = Capabilities(buttons=False, group_buttons=False, toasts=False)
_TYPED = re.compile(r"可以回复：(.+)")
_LINE = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


@dataclass
class Shown:
    """One message on a screen."""

    text: str
    keys: list[tuple[str, str]]  # (label, token)
    slot: str
    media: tuple[str, ...]
    ref: str

    @property
    def labels(self) -> list[str]:
        return [label for label, _ in self.keys]


@dataclass
class Town:
    """People are known by their names; rooms by their queues."""

    city: City
    store: Store
    now: datetime = MONDAY_MORNING
    buttons: bool = True
    url: ClassVar[str] = ""
    """Where a town is opened that says nothing else."""
    _count: int = 0
    _screens: dict[str, list[Shown]] = field(default_factory=dict)
    _toasts: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, tmp_path: Path, *, buttons: bool = True, city: City | None = None, url: str = ""
    ) -> AsyncIterator[Town]:
        """In an SQLite file of its own, or in a migrated database that is given."""
        url = url or cls.url
        able = WITH_BUTTONS if buttons else WITHOUT_BUTTONS
        built = replace(city or _linjiang(), channels={"test": able})
        file = tmp_path / "town.db"
        if not url:
            tmp_path.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
            file.write_bytes(_empty())
        database = Database(url or f"sqlite:///{file}", built.street.id)
        town = cls(built, Store(database, Ids(), Sealer([new_key()])), buttons=buttons)
        async with town.store.write() as tx:
            for queue in built.org.queues():
                chat = await people.add_chat(
                    tx,
                    channel="test",
                    account="",
                    chat=queue,
                    thread="",
                    is_group=True,
                    person_id=None,
                    title=built.org.name_of(queue),
                    now=town.now,
                )
                await people.bind_room(tx, queue, chat.id, None, town.now)
        try:
            yield town
        finally:
            await database.close()

    # ------------------------------------------------------------ doing

    async def says(
        self,
        name: str,
        text: str = "",
        *,
        media: int = 0,
        kind: str = "photo",
        album: str = "",
        geo: tuple[float, float] | None = None,
        room: str = "",
        chat: str = "private",
        ref: str = "",
    ) -> None:
        files = tuple(Media(kind=kind, ref=f"f{self._count}-{i}", mime="image/jpeg", album=album) for i in range(media))
        what = "text" if text and not media else ("media" if media else "place" if geo else "text")
        point = Geo(lat=geo[0], lon=geo[1]) if geo else None
        await self.hears(self._incoming(what, name, room, text=text, media=files, geo=point, message_ref=ref))

    async def edits(self, name: str, ref: str, text: str) -> None:
        await self.hears(self._incoming("edit", name, "", text=text, message_ref=ref))

    async def scans(self, name: str, scene: str) -> None:
        await self.hears(self._incoming("scan", name, "", scene=scene))

    async def presses(self, name: str, label: str, *, room: str = "") -> None:
        """Presses the newest button whose label is, else contains, these words; without buttons types its number."""
        screen = self._screens.get(room or name, [])
        if not self.buttons:
            await self.says(name, _typed_for(screen, label), room=room)
            return
        for exact in (True, False):
            for shown in reversed(screen):
                for text, token in shown.keys:
                    if text == label if exact else label in text:
                        await self.press_token(name, token, room=room, ref=shown.ref)
                        return
        raise AssertionError(f"no button {label!r} for {name} in {[s.labels for s in screen[-3:]]}")

    async def press_token(self, name: str, token: str, *, room: str = "", ref: str = "") -> None:
        self._count += 1
        await self.hears(self._incoming("press", name, room, token=token, callback=f"cb{self._count}", message_ref=ref))

    async def member(self, kind: str, name: str = "", *, room: str = "", new_chat: str = "") -> None:
        """join, leave, migrate or blocked; with no name it is the program itself."""
        await self.hears(self._incoming(kind, name, room, new_chat=new_chat))

    async def hears(self, incoming: Incoming) -> None:
        async with self.store.write() as tx:
            await dispatch.handle(self.city, tx, incoming, self.now)
        await self.deliver()

    async def acts(self, name: str, act: Callable[[Turn], Awaitable[Any]]) -> None:
        """Runs a use-case as this person in their private chat."""
        async with self.store.write() as tx:
            person = await self._person(tx, name)
            chat = await people.find_private_chat(tx, person.id)
            await act(Turn(self.city, tx, self.now, chat=chat, person=person))
        await self.deliver()

    async def passes(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        """Time passes; whatever falls due on the way happens at its moment."""
        until = self.now + timedelta(days=days, hours=hours, minutes=minutes)
        while True:
            async with self.store.write() as tx:
                due = await timers.due(tx, until, 1)
                if not due:
                    break
                self.now = max(self.now, due[0].due_at)
                await ticks.fire(self.city, tx, due[0], self.now)
            await self.deliver()
        self.now = until

    async def employs(self, name: str, role: Role, scope: str) -> None:
        async with self.store.write() as tx:
            person = await self._person(tx, name)
            await roles.grant(tx, person.id, role, scope, None, self.now)

    async def _person(self, tx: Tx, name: str) -> Person:
        found = await people.find_by_identity(tx, "test", "", name)
        if found is None:
            found = await people.add_person(tx, "test", "", name, name, self.now)
            await people.add_chat(
                tx,
                channel="test",
                account="",
                chat=name,
                thread="",
                is_group=False,
                person_id=found.id,
                title="",
                now=self.now,
            )
        return found

    def _incoming(self, kind: str, name: str, room: str, **values: Any) -> Incoming:
        self._count += 1
        address = Address(channel="test", user=name, chat=room or name, is_group=bool(room))
        values.setdefault("message_ref", "")
        values["message_ref"] = values["message_ref"] or f"m{self._count}"
        return Incoming(id=str(self._count), kind=kind, at=self.now, address=address, name=name, **values)

    async def deliver(self) -> None:
        """Everything said reaches its screen."""
        async with self.store.write() as tx:
            while rows := await outbox.due(tx, self.now, 500):
                for row in rows:
                    out = Outgoing.model_validate(row.body)
                    if out.callback:
                        if out.text:
                            self._toasts.setdefault(row.user_key, []).append(out.text)
                        await outbox.mark_sent(tx, row.id, row.chat_id, "", "", self.now)
                        continue
                    ref = await outbox.find_post(tx, row.chat_id, row.slot) if row.slot else ""
                    ref = self._show(row.chat, out, ref)
                    await outbox.mark_sent(tx, row.id, row.chat_id, row.slot, ref, self.now)

    def _show(self, chat: str, out: Outgoing, ref: str) -> str:
        screen = self._screens.setdefault(chat, [])
        keys = [(k.label, k.token) for r in out.keys for k in r]
        for shown in screen:
            if ref and shown.ref == ref:
                shown.text, shown.keys = out.text, keys
                return ref
        self._count += 1
        screen.append(Shown(out.text, keys, out.slot, out.media, f"p{self._count}"))
        return screen[-1].ref

    # ------------------------------------------------------------ looking

    def messages(self, who: str) -> list[Shown]:
        return self._screens.get(who, [])

    def screen(self, name: str) -> list[tuple[str, list[str]]]:
        """(text, labels) of every message in a private chat, oldest first."""
        return [(s.text, s.labels) for s in self.messages(name)]

    def room(self, queue: str) -> list[tuple[str, list[str]]]:
        return self.screen(queue)

    def last(self, who: str) -> str:
        screen = self.messages(who)
        return screen[-1].text if screen else ""

    def toasts(self, name: str) -> list[str]:
        return self._toasts.get(name, [])


@cache
def _empty() -> bytes:
    """An SQLite file with every table and nothing in them, made once: making them takes longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        engine = create_engine(f"sqlite:///{file}")
        metadata.create_all(engine)
        engine.dispose()
        return file.read_bytes()


@cache
def _linjiang() -> City:
    """The shipped street, read once: it never changes."""
    return build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={})


def _typed_for(screen: list[Shown], label: str) -> str:
    """What a person without buttons types: the number before the label, or the command the message suggests."""
    for shown in reversed(screen):
        for number, text in _LINE.findall(shown.text):
            if label in text:
                return str(number)
        for choices in _TYPED.findall(shown.text):
            for choice in choices.split(" / "):
                if choice.startswith(label):
                    return str(choice)
    raise AssertionError(f"nothing to type for {label!r} in {[s.text for s in screen[-2:]]}")
