"""Open event streams of this process: whom to wake when a chat changes, and toasts for one person's screens.

Nothing here is stored. Changes made by another process are noticed by the channel's poll of the table.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Toast(NamedTuple):
    """A line shown for a moment, or until dismissed when `alert`. `press` is the client id of the answered press."""

    text: str
    alert: bool = False
    press: str = ""


class Listener:
    """One open stream. Wait for `news`, then read the chat and take the toasts."""

    def __init__(self, chat: str, user: str) -> None:
        self.chat = chat
        self.user = user
        self.news = asyncio.Event()
        self._toasts: list[Toast] = []

    def add(self, toast: Toast) -> None:
        """Keeps a toast for this screen."""
        self._toasts.append(toast)
        self.news.set()

    def take_toasts(self) -> list[Toast]:
        """The toasts since the last call."""
        toasts, self._toasts = self._toasts, []
        return toasts


class Hub:
    """The open streams of this process."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._open_by: defaultdict[str, int] = defaultdict(int)
        self.closed = False

    @contextmanager
    def listen(self, chat: str, user: str) -> Iterator[Listener]:
        """A stream that is open while the block lasts."""
        listener = Listener(chat, user)
        self._listeners[chat].add(listener)
        self._open_by[user] += 1
        try:
            yield listener
        finally:
            self._listeners[chat].discard(listener)
            if not self._listeners[chat]:
                del self._listeners[chat]
            self._open_by[user] -= 1
            if not self._open_by[user]:
                del self._open_by[user]

    def count_open(self, user: str) -> int:
        """How many streams a person has open in this process."""
        return self._open_by.get(user, 0)

    def wake(self, chats: Iterable[str]) -> None:
        """Tells the streams of these chats that there is something to read."""
        for chat in chats:
            for listener in self._listeners.get(chat, ()):
                listener.news.set()

    def toast(self, chat: str, user: str, toast: Toast) -> bool:
        """Shows a toast on the person's open screens of one chat. False: no screen of this process is open."""
        shown = [listener for listener in self._listeners.get(chat, ()) if listener.user == user]
        for listener in shown:
            listener.add(toast)
        return bool(shown)

    def listened(self) -> bool:
        """Whether any stream is open."""
        return bool(self._listeners)

    def close(self) -> None:
        """Ends every open stream."""
        self.closed = True
        self.wake(list(self._listeners))
