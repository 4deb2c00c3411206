"""One text in, all findings out: intent, item, place, danger, summary.

The only door other packages need besides places and masking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.address import NOWHERE, Place, PlaceBook
from nlp.classify import GIVEN_ITEMS, IntentScorer, ItemScorer, Ranking, pick
from nlp.commands import Commands
from nlp.lexicon import read_classes
from nlp.segment import Segmenter
from nlp.street import Street
from nlp.summary import split_matters, summarize
from nlp.taxonomy import Item
from nlp.text import plain
from nlp.urgency import AlarmReader

__all__ = ["Findings", "Item", "Reader"]

MAX_READ = 2_000
"""Characters that are read; what a longer text says after them is not classified."""
SURE_OF_MATTER = 4.0
"""Score from which a sentence counts as a matter of its own."""
TELLING = 130
"""Characters from which a text is one story told at length, not a list of matters."""
NO_ITEM = frozenset({"progress", "smalltalk"})
"""Intents that carry no item."""
SUGGESTED = "opinion.suggest.community"
CONCRETE = 4.5
"""Score from which a suggestion is about a concrete repair rather than the community at large."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one text says. `topic` is the best item whatever the intent; `danger` is None unless `urgent`."""

    intent: str
    item: str | None
    alternatives: tuple[tuple[str, float], ...]
    confidence: float
    urgent: bool
    danger: str | None
    place: Place
    topic: str | None
    matters: tuple[str, ...]
    evidence: tuple[tuple[str, float], ...]
    summary: str
    wants_person: bool
    menu: str | None


class Reader:
    """Reads residents' messages for one street and one taxonomy. Built once, keeps no state between texts."""

    def __init__(self, items: Sequence[Item], street: Street, lexicon: Path | None = None) -> None:
        classes = read_classes()
        self.items = {item.id: item for item in items}
        self.places = PlaceBook(street)
        self._items = ItemScorer(items, classes, lexicon)
        self._intents = IntentScorer(classes)
        self._alarms = AlarmReader(classes)
        self._commands = Commands()
        self._segmenter = Segmenter(self.places.names())

    def read(self, text: str, *, home: str | None = None) -> Findings:
        """The findings of a text. Never raises for any text; the same text gives the same findings."""
        shown = plain(text)[:MAX_READ]
        if not any(char.isalnum() for char in shown):
            return _NOTHING
        place, spans = self.places.locate(shown, home=home)
        bare = _blank(shown, spans).lower()
        ranking = self._items.rank(bare, self._segmenter.breaks(bare))
        alarm = self._alarms.read(bare)
        menu = self._commands.find_menu(shown)
        scores = self._intents.score(bare, ranking, placed=bool(spans))
        intent = "request" if alarm.urgent else pick(scores)
        item, shares = self._item(intent, ranking)
        return Findings(
            intent=intent,
            item=item,
            alternatives=shares[:3],
            confidence=shares[0][1] if shares and item else 0.0,
            urgent=alarm.urgent,
            danger=alarm.danger,
            place=place,
            topic=self._topic(ranking),
            matters=self._matters(shown) if intent in ("request", "consult") and not alarm.urgent else (),
            evidence=ranking.evidence(item),
            summary=summarize(shown, spans),
            wants_person=self._commands.wants_person(shown),
            menu=menu,
        )

    def _item(self, intent: str, ranking: Ranking) -> tuple[str | None, tuple[tuple[str, float], ...]]:
        if intent in NO_ITEM:
            return None, ranking.shares()
        given = [item for item in GIVEN_ITEMS.get(intent, ()) if item in self.items]
        if given:
            shares = ranking.shares(given) or ((given[0], 0.6),)
            missing = tuple((item, 0.1) for item in given if item not in dict(shares))
            return shares[0][0], (*shares, *missing)
        plain_items = [i for i in self.items if intent == "suggest" or i not in _BY_INTENT]
        shares = ranking.shares(plain_items) or ranking.shares()
        if intent == "suggest" and SUGGESTED in self.items and (not shares or ranking.scores[0][1] < CONCRETE):
            rest = tuple(share for share in shares if share[0] != SUGGESTED)
            return SUGGESTED, ((SUGGESTED, 0.6), *((item, round(share * 0.4, 4)) for item, share in rest))
        return (shares[0][0] if shares else None), shares

    def _topic(self, ranking: Ranking) -> str | None:
        concrete = [item for item, _ in ranking.scores if not item.startswith(("opinion.", "wish."))]
        return concrete[0] if concrete else ranking.best()

    def _matters(self, text: str) -> tuple[str, ...]:
        if not 12 <= len(text) <= TELLING:
            return ()
        return split_matters(text, self._sure_item, SURE_OF_MATTER)

    def _sure_item(self, piece: str) -> tuple[str | None, float]:
        scores = self._items.rank(piece.lower()).scores
        return scores[0] if scores else (None, 0.0)


_BY_INTENT = frozenset(item for items in GIVEN_ITEMS.values() for item in items)
_NOTHING = Findings("smalltalk", None, (), 0.0, False, None, NOWHERE, None, (), (), "", False, None)


def _blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with place names blanked, so that the name of a market is no evidence for a stall."""
    chars = list(text)
    for start, end in spans:
        chars[start:end] = "_" * (end - start)
    return "".join(chars)
