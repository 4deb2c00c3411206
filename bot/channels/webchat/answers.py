"""What the program has just said to whoever waits for it in this process: it need not be read from the database again.

It is known only where the update was handled here and all that was said in its chat was written with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from storage.webchat import Post

MOST = 200
"""Posts of one answer; of more only the first are asked for, and the database says which."""


class Awaited:
    """One update that somebody waits for, and what was said in its chat since."""

    def __init__(self, update: str, chat: str) -> None:
        self.update = update
        self.chat = chat
        self.is_handled = False
        self.is_whole = True
        self._said: dict[int, Post] = {}

    def add(self, posts: Iterable[Post]) -> None:
        """Posts as they stand now; of one that is there already, only the later version."""
        self._said.update({post.id: post for post in posts})

    def posts(self, since: int) -> list[Post] | None:
        """What was written or changed after the cursor, in that order; None when the database has to be asked."""
        if not (self.is_handled and self.is_whole) or len(self._said) > MOST:
            return None
        return sorted([post for post in self._said.values() if post.changed > since], key=lambda post: post.changed)


class Answers:
    """The updates of this process that somebody waits for."""

    def __init__(self) -> None:
        self._by_chat: dict[str, list[Awaited]] = {}

    @contextmanager
    def awaited(self, update: str, chat: str) -> Iterator[Awaited]:
        """Hears what is said in the chat while the block lasts."""
        one = Awaited(update, chat)
        self._by_chat.setdefault(chat, []).append(one)
        try:
            yield one
        finally:
            left = self._by_chat[chat]
            left.remove(one)
            if not left:
                del self._by_chat[chat]

    def said(self, chat: str, posts: Iterable[Post], handled: frozenset[str]) -> None:
        """A transaction that handled these updates has written these posts, and nothing for the chat waits elsewhere."""
        for one in self._by_chat.get(chat, ()):
            one.add(posts)
            one.is_handled |= one.update in handled

    def spoil(self, chat: str) -> None:
        """Something else was or will be written there: whoever waits now has to read it."""
        for one in self._by_chat.get(chat, ()):
            one.is_whole = False

    def knows(self, update: str, chat: str) -> bool:
        """Whether all that was said to an update is known to everybody who waits for it."""
        mine = [one for one in self._by_chat.get(chat, ()) if one.update == update]
        return bool(mine) and all(one.is_handled and one.is_whole for one in mine)
