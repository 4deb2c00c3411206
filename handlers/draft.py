"""A report that is not filed yet: everything the resident has said about it so far. Kept sealed in the dialogue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from handlers import triage
from handlers.turn import Turn
from nlp.address import Place
from nlp.mask import mask
from nlp.reader import Findings

SCAN_LIFE = timedelta(hours=2)
"""So long after a scanned code its place is taken for where the person is."""
MAX_PLACE = 60
"""Characters of a place in words that no map knows."""
MAX_WORDS = 40
"""Messages that one draft takes; what comes after is kept as its last part."""


class Draft(BaseModel):
    """`item` and `place` are set when a person chose them; the machine's own reading is made anew each time."""

    model_config = ConfigDict(extra="ignore")

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
    words_asked: bool = False
    geo: dict[str, Any] = {}
    parts: list[str] = []  # further matters of the same message, to be filed after this one
    intent: str = ""
    shown: int = 0  # the open record that is offered as the same matter
    timers: list[int] = []  # what goes off when nobody confirms it
    apart: list[int] = []  # open records that the resident said are another matter

    @property
    def text(self) -> str:
        """All that was said, in order."""
        return "\n".join(w for w in self.words if w)

    def add(self, turn: Turn, text: str) -> None:
        """Takes what this message says and shows."""
        incoming = turn.incoming
        if text and text not in self.words:
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
            named = turn.city.places.find(incoming.geo.label) if incoming.geo.label else None
            if named is not None and named.grid:
                self.place = triage.whole(named)

    def replace(self, ref: str, text: str) -> bool:
        """Takes an edited message in the place of what it said before. False when it is not of this draft."""
        if not ref or ref not in self.refs:
            return False
        self.words[self.refs.index(ref)] = text
        return True

    def call_place(self, words: str) -> None:
        """Keeps a place in the resident's own words, for a person to find it; no map knows it."""
        self.place = {"text": mask(words)[:MAX_PLACE]}


def begun(turn: Turn, text: str) -> Draft:
    """A draft that has taken this message, at the place whose code was scanned just before."""
    draft = new(turn)
    dialogue = turn.dialogue
    if dialogue is not None and dialogue.flow == "scanned" and turn.now - dialogue.updated_at <= SCAN_LIFE:
        draft.place = dict(dialogue.data["place"])
    draft.add(turn, text)
    return draft


def new(turn: Turn) -> Draft:
    """An empty draft with an id of its own."""
    return Draft(id=turn.tx.ids.new())


def read(turn: Turn, draft: Draft) -> Findings:
    """The machine's reading of the whole draft."""
    home = turn.me.home_place or {}
    return turn.city.read(draft.text, home=home.get("text"))


def place_of(draft: Draft, findings: Findings) -> Place:
    """Where it is: what a person chose, else what the text says."""
    return triage.restored(draft.place) if draft.place else findings.place


def with_point(draft: Draft) -> str:
    """All that was said, and the point on the map that was sent with it."""
    if not draft.geo:
        return draft.text
    return f"{draft.text} {draft.geo['label']} {draft.geo['lat']:.5f},{draft.geo['lon']:.5f}".strip()


def sealed(turn: Turn, text: str) -> str:
    """Words that a button carries: sealed, because what buttons mean is stored as it is."""
    return turn.tx.sealer.seal(text).decode() if text else ""


def unsealed(turn: Turn, words: str) -> str:
    """What `sealed` sealed."""
    return turn.tx.sealer.open(words.encode()) if words else ""
