"""A report that is not filed yet: everything the resident has said about it so far. Kept sealed in the dialogue."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from handlers import triage
from handlers.turn import Turn
from nlp.address import Place
from nlp.reader import Findings

MAX_WORDS = 40
"""Messages that one draft takes; what comes after is kept as its last part."""


class Draft(BaseModel):
    """`item` and `place` are set when a person chose them; the machine's own reading is made anew each time."""

    model_config = ConfigDict(extra="forbid")

    id: int
    words: list[str] = []
    refs: list[str] = []  # platform ids of the messages, in the order of `words`
    media: list[int] = []
    album: str = ""
    item: str = ""
    kind_asked: bool = False
    place: dict[str, Any] = {}
    place_asked: int = 0
    place_skipped: bool = False
    geo: dict[str, Any] = {}
    parts: list[str] = []  # further matters of the same message, to be filed after this one
    intent: str = ""

    @property
    def text(self) -> str:
        """All that was said, in order."""
        return "\n".join(w for w in self.words if w)

    def add(self, turn: Turn, text: str) -> None:
        """Takes what this message says and shows."""
        incoming = turn.incoming
        if text:
            if len(self.words) >= MAX_WORDS:
                self.words[-1] = f"{self.words[-1]}\n{text}"
            else:
                self.words.append(text)
                self.refs.append(incoming.message_ref if incoming else "")
        self.media += [m for m in turn.attached if m not in self.media]
        if incoming is not None and incoming.media:
            self.album = incoming.media[-1].album
        if incoming is not None and incoming.geo is not None:
            self.geo = incoming.geo.model_dump()

    def replace(self, ref: str, text: str) -> bool:
        """Takes an edited message in the place of what it said before. False when it is not of this draft."""
        if not ref or ref not in self.refs:
            return False
        self.words[self.refs.index(ref)] = text
        return True


def new(turn: Turn) -> Draft:
    """An empty draft with an id of its own."""
    return Draft(id=turn.tx.ids.new())


def read(turn: Turn, draft: Draft) -> Findings:
    """The machine's reading of the whole draft."""
    home = turn.me.home_place or {}
    return turn.city.reader.read(draft.text, home=home.get("text") or None)


def place_of(draft: Draft, findings: Findings) -> Place:
    """Where it is: what a person chose, else what the text says."""
    return triage.restored(draft.place) if draft.place else findings.place
