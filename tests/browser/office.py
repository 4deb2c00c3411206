"""The whole program on a free port, in a thread of its own, with staff who sign in at its web desk."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import uvicorn

from bot.backend import ProgramBackend
from bot.catalogue import SHIPPED_STREET
from bot.config import load_config
from bot.office import Office
from bot.program import Program
from bot.web.app import create_app
from handlers import draft as drafts
from handlers import filing
from handlers.turn import Turn
from storage import office, people, roles, whistles
from storage.people import Person
from storage.tx import Tx
from tests.serving import KEEP_ALIVE, begun
from workflow.rights import Role
from workflow.whistle import Kind, Proof

T = TypeVar("T")


class DeskServer:
    """Serves the real program on SQLite. `run` executes a coroutine in its loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: Future[Program] = Future()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._guarded()), daemon=True)

    def __enter__(self) -> DeskServer:
        self._thread.start()
        self.program = self._ready.result(120)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(120)
        assert not self._thread.is_alive(), "the server did not stop"

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(120)

    async def _guarded(self) -> None:
        try:
            await self._serve()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        path = self._folder / "config.toml"
        path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n[web]\nbase_url = "{self.url}"\n', encoding="utf-8")
        program = await Program.build(load_config(path))
        await program.start()
        app = create_app(ProgramBackend(program), program.web, office=Office(program))
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_keep_alive=KEEP_ALIVE)
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = await begun(server, self._socket)
        self._ready.set_result(program)
        await self._stopping.wait()
        await program.web.stop()
        server.should_exit = True
        await serving
        await program.stop()

    # ---------------------------------------------------------------- people and records

    def door(self, name: str, role: Role, scope: str) -> str:
        """The path of a fresh sign-in link for this person, who has the role from now on."""

        async def work(tx: Tx) -> str:
            person = await self._person(tx, name)
            await roles.grant(tx, person.id, role, scope, None, self.program.clock.now())
            return await office.add_link(tx, person.id, self.program.clock.now() + timedelta(minutes=10))

        return f"/desk/in/{self.run(self.program.store.run(work))}"

    def files(self, text: str, by: str, *, to_desk: bool = False) -> int:
        """Files a record as a chat would; its number."""

        async def work(tx: Tx) -> int:
            person = await self._person(tx, by)
            chat = await people.find_private_chat(tx, person.id)
            turn = Turn(self.program.city, tx, self.program.clock.now(), chat=chat, person=person)
            draft = drafts.new(turn)
            draft.words.append(text)
            filed, _ = await filing.file(turn, draft, drafts.read(turn, draft), to_desk=to_desk, intent="request")
            return filed.number

        return self.run(self.program.store.run(work))

    def whistles(self, lead: str, helper: str) -> None:
        """The street has whistled for two departments; the lead came, and the street gave it four stars."""

        async def work(tx: Tx) -> None:
            now = self.program.clock.now()
            due = {queue: now + timedelta(hours=2) for queue in (lead, helper)}
            made = await whistles.add(
                tx,
                tx.ids.new(),
                kind=Kind.ALONE,
                proof=Proof.NONE,
                caller="desk",
                former="desk",
                words="",
                blown_by=1,
                now=now,
                due=due,
                lead=lead,
            )
            first, *_ = await whistles.parts_of(tx, made.id)
            await whistles.arrive(tx, first.id, 1, now)
            await whistles.end(tx, made.id, "resolved", now)
            await whistles.assess(tx, made.id, lead, of_caller=False, person_id=1, stars=4, words="", now=now)

        self.run(self.program.store.run(work))

    async def _person(self, tx: Tx, name: str) -> Person:
        user, now = f"t{name.encode().hex()}", self.program.clock.now()
        found = await people.find_by_identity(tx, "web", "", user)
        if found is None:
            found = await people.add_person(tx, "web", "", user, name, now)
            await people.add_chat(
                tx,
                channel="web",
                account="",
                chat=user,
                thread="",
                is_group=False,
                person_id=found.id,
                title="",
                now=now,
            )
        return found
