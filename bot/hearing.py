"""Voice messages become text before they are handled, by an engine of the operator's choice: docs/hearing.md.

The sound itself is kept and passed on whatever comes of this; what cannot be understood in time is handled as a voice.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import structlog

from bot.channels.base import BadUpdate, Channel
from bot.config import HearingSection
from bot.media import SUFFIXES
from handlers.messages import Incoming
from storage import receipts
from storage.receipts import StoredReceipt
from storage.tx import Store

log = structlog.get_logger()

HEARD = "linli_heard"
"""Under which name a stored update carries the text of its voice message."""
LONGEST = 2_000
"""Characters of a recognised text that are kept."""
MOST_BYTES = 10 * 1024 * 1024
LOOK = 1.0
"""Seconds after which the store is looked at though nothing came in here."""
AT_ONCE = 2
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class NotHeard(Exception):
    """The engine gave no text. The message says why, without what was said."""


class Engine(Protocol):
    """Turns sound into text."""

    async def hear(self, sound: bytes, mime: str) -> str:
        """The words, empty when there are none. Raises `NotHeard`."""
        ...


class CommandEngine:
    """A program of this machine: `{file}` among its arguments is the sound, what it prints is the text."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self._command = tuple(command)
        self._seconds = seconds

    async def hear(self, sound: bytes, mime: str) -> str:
        """The words. The file is gone when this returns."""
        with tempfile.TemporaryDirectory(prefix="linli-voice-") as folder:
            path = Path(folder) / f"voice{SUFFIXES.get(mime, '.bin')}"
            await asyncio.to_thread(path.write_bytes, sound)
            return await self._run([part.replace("{file}", str(path)) for part in self._command])

    async def _run(self, command: Sequence[str]) -> str:
        try:
            running = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise NotHeard(f"{command[0]} cannot be run: {error.strerror}") from None
        try:
            out, _ = await asyncio.wait_for(running.communicate(), self._seconds)
        except TimeoutError:
            raise NotHeard(f"{command[0]} took more than {self._seconds:g} s") from None
        finally:
            if running.returncode is None:
                with suppress(ProcessLookupError):
                    running.kill()
                await running.wait()
        if running.returncode:
            raise NotHeard(f"{command[0]} ended with {running.returncode}")
        return out.decode("utf-8", "replace").strip()


class HttpEngine:
    """A service: POST with the sound as body and its type, answered by JSON {"text": "…"}."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._trust_env = urlsplit(url).hostname not in LOOPBACK

    async def hear(self, sound: bytes, mime: str) -> str:
        """The words."""
        try:
            async with httpx.AsyncClient(timeout=self._seconds, trust_env=self._trust_env) as http:
                answer = await http.post(self._url, content=sound, headers={"content-type": mime})
            told = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError) as error:
            raise NotHeard(f"the service did not answer: {type(error).__name__}") from None
        text = told.get("text") if isinstance(told, dict) else None
        if not isinstance(text, str):
            raise NotHeard(f"the service answered {answer.status_code} without a text")
        return text.strip()


def engine_of(section: HearingSection) -> Engine | None:
    """The configured engine, if any."""
    if section.command:
        return CommandEngine(section.command, section.seconds)
    return HttpEngine(section.url, section.seconds) if section.url else None


def is_wordless_voice(incoming: Incoming) -> bool:
    """Whether there is something to hear and nothing to read."""
    return not incoming.text.strip() and any(media.kind == "voice" for media in incoming.media)


def with_words(raw: dict[str, Any], found: list[Incoming]) -> list[Incoming]:
    """The messages of a stored update, its voice with the words that were heard."""
    heard = str(raw.get(HEARD, ""))
    if not heard:
        return found
    return [one.model_copy(update={"text": heard}) if is_wordless_voice(one) else one for one in found]


class Ears:
    """Hears what was stored to be heard, and hands it on to be handled. One instance a process."""

    def __init__(self, store: Store, channels: dict[tuple[str, str], Channel], engine: Engine) -> None:
        self._store = store
        self._channels = channels
        self._engine = engine
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins; what was left from before is heard first."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name="ears")

    async def stop(self) -> None:
        """Ends after the messages under way."""
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                async with self._store.read() as tx:
                    waiting = await receipts.unheard(tx, AT_ONCE)
                await asyncio.gather(*[self._hear(one) for one in waiting])
            except Exception:
                log.exception("hearing.stalled")
                waiting = []
            if not waiting:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), LOOK)

    async def _hear(self, receipt: StoredReceipt) -> None:
        try:
            text = await self._words(receipt)
        except (NotHeard, OSError, BadUpdate, KeyError) as error:
            said = str(error) if isinstance(error, NotHeard) else type(error).__name__
            log.warning("hearing.not_heard", channel=receipt.channel, detail=said[:120])
            text = ""
        raw = {**receipt.raw, HEARD: text[:LONGEST]} if text else receipt.raw
        await self._store.run(lambda tx: receipts.set_heard(tx, receipt.id, raw))

    async def _words(self, receipt: StoredReceipt) -> str:
        channel = self._channels[receipt.channel, receipt.account]
        voices = [m for one in channel.parse(receipt.raw) for m in one.media if m.kind == "voice"]
        if not voices:
            return ""
        sound, mime = await channel.fetch(voices[0].ref)
        if not sound or len(sound) > MOST_BYTES:
            raise NotHeard("the sound is empty or too long")
        return await self._engine.hear(sound, voices[0].mime or mime)
