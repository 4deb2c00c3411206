"""What every channel offers the program: parse a raw update, send a message, fetch a file, run.

Adapters translate and do nothing else: the receipt is stored before `parse` is called, and order, pacing and retries
are the sender's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from handlers.messages import Address, Capabilities, Incoming, MediaKind, Outgoing, Receipt, Refused
from storage.tx import Tx


class RawUpdate(NamedTuple):
    """One platform update as it came. `id` is unique per channel and account; `raw` is JSON."""

    id: str
    raw: dict[str, Any]


Receive = Callable[[Sequence[RawUpdate]], Awaitable[None]]
"""Stores raw updates. Returns only after they are durable; the platform may be acknowledged then. Repeats are ignored."""


Beside = Callable[[Tx], Awaitable[bool]]
"""What is written together with an update of our own. False: it was there before, and the update is not stored now.

It must not fail for what is in it: other updates are stored by the same transaction.
"""


class OutFile(NamedTuple):
    """A file to send: our copy of the bytes, and the platform's own handle when this account has one."""

    kind: MediaKind
    path: Path | None
    mime: str
    ref: str


class Passive(NamedTuple):
    """An answer that rides on the platform's own request: its content, how many messages are in it, what is left of the

    last one. Empty content: the request is answered with nothing, and the messages go out as usual.
    """

    content: str
    taken: int
    rest: Outgoing | None = None


class BadUpdate(ValueError):
    """The update cannot be read. Its receipt is kept and shown to the operator."""


class Channel(Protocol):
    """One account on one platform."""

    name: str
    account: str
    capabilities: Capabilities

    def parse(self, raw: dict[str, Any]) -> list[Incoming]:
        """The update as neutral messages; empty when it concerns nobody. Raises `BadUpdate`."""
        ...

    async def send(
        self, address: Address, out: Outgoing, *, files: Sequence[OutFile] = (), post: str = ""
    ) -> Receipt | Refused:
        """Sends, or changes the earlier message `post` in place. Never raises for what the platform says."""
        ...

    async def fetch(self, ref: str) -> tuple[bytes, str]:
        """The bytes and media type behind a `Media.ref`. Raises OSError when the platform has it no more."""
        ...

    async def start(self, receive: Receive) -> None:
        """Begins to receive. Returns when running."""
        ...

    async def stop(self) -> None:
        """Stops receiving; what was handed to `receive` is finished first."""
        ...


@runtime_checkable
class KnowsRepeats(Protocol):
    """A channel that knows a message it has been given before."""

    async def send_once(
        self, key: str, address: Address, out: Outgoing, *, files: Sequence[OutFile] = ()
    ) -> Receipt | Refused:
        """Sends a new message; the same key again is the same message and is shown once."""
        ...


@runtime_checkable
class KeepsBooks(Protocol):
    """A channel whose updates change something of its own: windows, agreements, what became of a notice."""

    async def keep(self, tx: Tx, raw: dict[str, Any], now: datetime) -> None:
        """Written in the transaction that handles the update, so once."""
        ...


@runtime_checkable
class AnswersOnRequest(Protocol):
    """A channel whose platform takes the answer to an update as the answer to its own request."""

    name: str
    account: str

    def compose(self, raw: dict[str, Any], outs: Sequence[Outgoing]) -> Passive:
        """The answer to an update out of the first messages for its chat."""
        ...
