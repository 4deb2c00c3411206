"""Plays the neighbours through the web chat, exactly as their browsers would, and makes sign-in links for them."""

from __future__ import annotations

import asyncio
import re
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bot.backend import ProgramBackend
from bot.channels.base import RawUpdate
from bot.channels.webchat.shapes import WebUpdate, private_chat, room_chat
from bot.program import Program
from storage import counters, office, people, roles
from storage.tx import Tx
from storage.webchat import Post
from workflow.rights import Role

log = structlog.get_logger()

STORY = Path(__file__).parent / "neighbours.toml"
LINK_LIFE = timedelta(days=30)
DOOR_LIFE = timedelta(days=1)
_FILLED = "demo.filled"
_NUMBER = re.compile(r"\{(\d+)\}")


@dataclass
class Demo:
    """The story and the people in it. People are web users named after the order they appear in."""

    program: Program
    backend: ProgramBackend
    count: int = 0
    patience: float = 5.0
    """Seconds in which a card has reached its room."""

    async def fill(self) -> None:
        """Plays the story once; a second start finds it already there."""
        story = tomllib.loads(STORY.read_text(encoding="utf-8"))
        now = self.program.clock.now()
        async with self.program.store.write() as tx:
            done = await counters.find_setting(tx, _FILLED)
            for staff in story["staff"]:
                person_id = await self._person(tx, staff["name"])
                await roles.grant(tx, person_id, Role(staff["role"]), staff["scope"], None, now)
            for step in story["steps"]:
                await self._person(tx, step["who"])
        if done:
            return
        for step in story["steps"]:
            await self._play(step)
        async with self.program.store.write() as tx:
            await counters.set_setting(tx, _FILLED, "yes")

    async def link(self, name: str, path: str) -> str:
        """An address that signs a browser in as this neighbour and opens a page."""
        until = self.program.clock.now() + LINK_LIFE
        async with self.program.store.write() as tx:
            token = await roles.add_login_link(tx, _user(name), until)
        return f"/login/{token}?next={path}"

    async def door(self, name: str, goal: str) -> str:
        """An address that opens the web desk or the cockpit for this neighbour, once."""
        until = self.program.clock.now() + DOOR_LIFE
        async with self.program.store.write() as tx:
            token = await office.add_link(tx, await self._person(tx, name), until)
        return f"/desk/in/{token}?to={goal}"

    async def _person(self, tx: Tx, name: str) -> int:
        user, now = _user(name), self.program.clock.now()
        found = await people.find_by_identity(tx, "web", "", user)
        if found is not None:
            return found.id
        person = await people.add_person(tx, "web", "", user, name, now)
        await people.add_chat(
            tx,
            channel="web",
            account="",
            chat=user,
            thread="",
            is_group=False,
            person_id=person.id,
            title="",
            now=now,
        )
        return person.id

    async def _play(self, step: dict[str, Any]) -> None:
        self.count += 1
        room, user = step.get("room", ""), _user(step["who"])
        chat = room_chat(room) if room else private_chat(user)
        values: dict[str, Any] = {
            "user": user,
            "client_id": f"demo-{self.count}",
            "at": datetime.now(UTC),
            "queue": room,
            "name": step["who"],
        }
        if "say" in step:
            text = _NUMBER.sub(lambda m: str(counters.FIRST + int(m.group(1)) - 1), step["say"])
            post = Post(
                chat=chat, direction="in", author=user, name=step["who"], text=text, client_id=values["client_id"]
            )
            kept = await self.program.web.posts.add(post)
            update = WebUpdate(kind="message", post=str(kept.id), text=text, **values)
        else:
            found = await self._button(chat, step["press"])
            if found is None:
                log.warning("demo.no_button", step=self.count, label=step["press"])
                return
            update = WebUpdate(kind="press", post=str(found[0]), token=found[1], **values)
        await self.backend.receive(RawUpdate(update.id, update.raw()), wait=True)

    async def _button(self, chat: str, label: str) -> tuple[int, str] | None:
        """The newest button with this label; a card may reach its room a moment after the resident's answer."""
        until = time.monotonic() + self.patience
        while (found := await self._find_button(chat, label)) is None and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        return found

    async def _find_button(self, chat: str, label: str) -> tuple[int, str] | None:
        posts = await self.program.web.posts.page(chat, before=2**62, limit=20)
        for post in sorted(posts, key=lambda p: -p.id):
            for row in post.keys:
                for key in row:
                    if label in key["label"]:
                        return post.id, key["token"]
        return None


def _user(name: str) -> str:
    """The web user of a neighbour of the demonstration; nobody else can get such a name."""
    return f"demo-{name.encode().hex()}"
