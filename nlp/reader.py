"""One text in, all findings out: intent, item, place, danger, summary.

The only door other packages need besides places and masking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nlp.address import NOWHERE, Place, PlaceBook
from nlp.classify import GIVEN_ITEMS, Found, IntentScorer, ItemScorer, Learned, Ranking, pick
from nlp.commands import Commands, is_prelude, wants_silence
from nlp.cues import CueSets, totals
from nlp.exclamations import without_exclamations
from nlp.lexicon import name_parts, read_classes
from nlp.model import Reading, Stack, stack_of
from nlp.respell import Respeller
from nlp.segment import Sentence, sentence
from nlp.street import Street
from nlp.summary import is_announced, split_matters, summarize, without_opening
from nlp.supplements import announcement
from nlp.taxonomy import Item
from nlp.text import plain
from nlp.urgency import Alarm, AlarmReader

__all__ = ["Findings", "Item", "Reader"]

MAX_READ = 2_000
"""Characters that are read; what a longer text says after them is not classified."""
SURE_OF_MATTER = 4.0
"""Score from which a clause counts as a matter of its own."""
SURE_OF_PART, SURE_IF_ANNOUNCED = 0.9, 0.75
"""Confidence with which each part, read by itself, must be what its words speak of."""
TELLING = 130
"""Characters from which a text is one story told at length, not a list of matters."""
STORY = 80
"""Characters from which a story may drown the danger it comes to."""
ENDING, STRETCH = 120, 40
"""Characters of a story's end that are read again for danger, and those of one stretch of it."""
PIECEMEAL = 2.0
"""Doubt in a danger that only one stretch of a story tells."""
SHORT = 14
"""Characters up to which a text without any known word counts as nonsense."""
HARDLY = 0.15
"""Confidence below which an item is not meant at all."""
AMISS = 3.0
"""Power by which "request" leads "smalltalk" where a few words clearly tell of something amiss."""
LEAST_AFTER_CALL = 3
"""Letters after a call that are a matter by themselves."""
_CALL = re.compile(
    r"(?:(?:喂+|请问|社区的?|网格员|师傅|同志)?(?:在吗|在不在|有人在?吗|有没有人在?吗)|(?:喂+|哈喽|hello|hi|嗨|亲|人呢|有没有人)(?=[\s，,。!！?？~、啊呀哈])|你好|您好)"
    r"(?:[\s，,。!！?？~、啊呀哈]|你好|您好|在吗|在不在|有人在?吗)*",
    re.IGNORECASE,
)
_NO_ALARM = Alarm(urgent=False, danger=None, confidence=0.0, words=())
NAME = 3
"""Characters of the shortest name, or part of a name, of a kind that is taken at its word when nothing else is said."""
_INTENT_OF = (
    ("affairs.", "consult"),
    ("opinion.supervise.praise", "praise"),
    ("opinion.suggest", "suggest"),
    ("wish.", "wish"),
)
"""What somebody wants who says no more than the name of a kind; of all others they report it."""
NO_ITEM = frozenset({"progress", "smalltalk"})
"""Intents that carry no item."""


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
    wants_person: bool
    menu: str | None
    shown: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    ranking: Ranking | None = field(default=None, repr=False, compare=False)
    evident: str | None = None

    @property
    def evidence(self) -> tuple[tuple[str, float], ...]:
        """The words that speak for the item the text was first taken for, with their weights, heaviest first."""
        return self.ranking.evidence(self.evident) if self.ranking else ()

    @property
    def summary(self) -> str:
        """The text made short; see `summarize`."""
        return _summary(self.shown, self.spans) if self.shown else ""


_summary = lru_cache(maxsize=200)(summarize)
"""It is asked for whenever a report is shown, and when it is filed."""


class _Words(NamedTuple):
    """What the words of a taxonomy say, whatever the street."""

    items: ItemScorer
    intents: IntentScorer
    alarms: AlarmReader
    cues: CueSets
    stack: Stack
    respeller: Respeller


def _words(items: tuple[Item, ...], lexicon: Path | None = None) -> _Words:
    classes = read_classes()
    of_items, of_intents, of_alarms = ItemScorer(items, classes, lexicon), IntentScorer(classes), AlarmReader(classes)
    cues = CueSets(of_items.hand.cues, of_intents.hand.cues, of_alarms.hand.cues)
    stack = stack_of(of_items.model, of_intents.model, of_alarms.model)
    heard = Respeller({word for one in (of_items, of_intents, of_alarms) for word in one.hand.cues.words})
    return _Words(of_items, of_intents, of_alarms, cues, stack, heard)


_shipped_words = lru_cache(maxsize=2)(_words)
"""As `_words`, for the files of the package, which do not change while the program runs: streets share them."""


class Reader:
    """Reads residents' messages for one street and one taxonomy. Built once, keeps no state between texts."""

    def __init__(self, items: Sequence[Item], street: Street, lexicon: Path | None = None) -> None:
        self.items = {item.id: item for item in items}
        words = _words(tuple(items), lexicon) if lexicon else _shipped_words(tuple(items))
        self._items, self._intents, self._alarms, self._cues, self._stack, self._respeller = words
        self._commands = Commands()
        self._named = _names(items)
        self._given = {intent: [item for item in given if item in self.items] for intent, given in GIVEN_ITEMS.items()}
        self.places = PlaceBook(
            street
        )  # last: among its leavings the rest would lie scattered, and be read more slowly

    def read(self, text: str, *, home: str | None = None) -> Findings:
        """The findings of a text. Never raises for any text; the same text gives the same findings."""
        shown = plain(text).strip()[:MAX_READ]
        if not _tells(shown):
            return _NOTHING
        place, spans = self.places.locate(shown, home=home)
        said = self._words_meant(sentence(_without_opening(_blank(shown, spans))))
        of_items, of_intents, of_alarms = self._cues.find(said.framed)
        reading = self._stack.read(said)
        ranking, calm = self._rank(said, reading, of_items)
        is_silence = wants_silence(shown)
        alarm = _NO_ALARM if is_silence else self._alarms.read(said, reading.scores(2), of_alarms)
        menu = self._commands.find_menu(shown)
        scores = self._intents.score(said, ranking, Learned(reading, 1), placed=bool(spans), found=of_intents)
        matters = self._matters(shown, ranking)
        if matters and not alarm.urgent:
            alarm = self._loudest(matters)
        if len(said.text) > STORY and not alarm.urgent:
            alarm = self._ending(said)
        intent = "request" if alarm.urgent else pick(scores)
        if _CALL.fullmatch(shown) or is_silence or (is_prelude(shown) and not alarm.urgent):
            intent = "smalltalk"
        if intent == "request" and not (spans or alarm.urgent) and _says_nothing(ranking, calm, scores):
            intent = "smalltalk"
        item, shares = self._item(intent, ranking) if _tells(calm) else (None, ())
        if named := self._named.get(_bare(said.text)):
            item, shares = named, ((named, 1.0),)
            intent = next((meant for prefix, meant in _INTENT_OF if named.startswith(prefix)), "request")
        return Findings(
            intent=intent,
            item=item,
            alternatives=shares[:3],
            confidence=shares[0][1] if shares and item else 0.0,
            urgent=alarm.urgent,
            danger=alarm.danger,
            place=place,
            topic=self._topic(ranking) if _tells(calm) else None,
            matters=matters if intent in ("request", "consult") and not alarm.urgent else (),
            wants_person=self._commands.wants_person(shown),
            menu=menu,
            shown=shown,
            spans=spans,
            ranking=ranking,
            evident=item,
        )

    def _words_meant(self, said: Sentence) -> Sentence:
        """The sentence with what was hit by its sound put right."""
        meant = self._respeller.mend(said)
        return said if meant == said.text else sentence(meant)

    def _rank(self, said: Sentence, reading: Reading, found: Found) -> tuple[Ranking, str]:
        """What a text is about, and what of it tells that: exclamations do not."""
        calm = without_exclamations(said.text)
        if calm == said.text:
            return self._items.rank(said, Learned(reading, 0), found), calm
        matter = sentence(calm)
        return self._items.rank(matter, Learned(self._stack.read(matter), 0)), calm

    def _loudest(self, matters: Sequence[str]) -> Alarm:
        """The alarm of the matter that is most alarming by itself: beside a calm one its words are drowned."""
        alarms = [self._alarm(_blank(matter, self.places.locate(matter)[1])) for matter in matters]
        return max(alarms, key=lambda alarm: alarm.confidence)

    def _ending(self, said: Sentence) -> Alarm:
        """The alarm of the most alarming stretch towards the end, where people come to the point."""
        text = said.text[-ENDING:]
        starts = range(0, max(1, len(text) - STRETCH // 2), STRETCH // 2)
        alarms = [self._alarm(text[start : start + STRETCH], doubt=PIECEMEAL) for start in starts]
        return max(alarms, key=lambda alarm: alarm.confidence)

    def _alarm(self, text: str, *, doubt: float = 0.0) -> Alarm:
        """The alarm of a piece of a text by itself."""
        said = sentence(text)
        return self._alarms.read(said, self._stack.read(said).scores(2), self._cues.find(said.framed)[2], doubt=doubt)

    def _item(self, intent: str, ranking: Ranking) -> tuple[str | None, tuple[tuple[str, float], ...]]:
        if intent in NO_ITEM:
            return None, ranking.shares()
        if given := self._given.get(intent):
            shares = ranking.shares(self.items.keys() - set(given)) or ((given[0], 0.6),)
            missing = tuple((item, 0.1) for item in given if item not in dict(shares))
            return shares[0][0], (*shares, *missing)
        shares = ranking.shares(_BY_INTENT) or ranking.shares()
        return (shares[0][0] if shares else None), shares

    def _topic(self, ranking: Ranking) -> str | None:
        concrete = (item for item, _ in ranking.scores if not item.startswith(("opinion.", "wish.")))
        return next(concrete, None) or ranking.best()

    def _matters(self, text: str, ranking: Ranking) -> tuple[str, ...]:
        if not 12 <= len(text) <= TELLING or not _may_be_several(ranking):
            return ()

        def item_within(start: int, end: int) -> tuple[str | None, float]:
            inside = totals(hit for hit in ranking.hits if start < hit.span[0] and hit.span[1] <= end + 1)
            return max(inside.items(), key=lambda pair: (pair[1], pair[0])) if inside else (None, 0.0)

        parts = split_matters(text, item_within, SURE_OF_MATTER)
        said: set[str] = set()
        for part in parts:
            item = self._meant(part)
            if item is None or item in said:
                return ()
            said.add(item)
        return tuple(map(without_opening, parts))

    def _meant(self, part: str) -> str | None:
        """The item that a part of a text surely asks for, read by itself."""
        _, spans = self.places.locate(part)
        said = sentence(_blank(part, spans))
        of_items, of_intents, _ = self._cues.find(said.framed)
        reading = self._stack.read(said)
        ranking, _ = self._rank(said, reading, of_items)
        intent = pick(self._intents.score(said, ranking, Learned(reading, 1), placed=bool(spans), found=of_intents))
        item, shares = self._item(intent, ranking)
        sure = SURE_IF_ANNOUNCED if is_announced(part) else SURE_OF_PART
        return item if intent in ("request", "consult") and shares and shares[0][1] >= sure else None


def _may_be_several(ranking: Ranking) -> bool:
    """Whether enough speaks for two items at all, wherever it stands."""
    said = totals(hit for hit in ranking.hits if hit.weight > 0)
    first, second = [*sorted(said.values(), reverse=True)[:2], 0.0, 0.0][:2]
    return first >= SURE_OF_MATTER and second >= SURE_OF_MATTER / 2


def _names(items: Sequence[Item]) -> dict[str, str]:
    """The item of each name, and of each part of a name, that only one has."""
    found: dict[str, set[str]] = {}
    for name, item in [*((i.name, i.id) for i in items), *name_parts((i.name, i.id) for i in items)]:
        found.setdefault(_bare(name), set()).add(item)
    return {name: has.pop() for name, has in found.items() if len(has) == 1 and len(name) >= NAME}


def _bare(said: str) -> str:
    """The letters and digits of a text from which the place was taken."""
    return "".join(filter(str.isalnum, said)).lower()


def _tells(said: str) -> bool:
    """Whether a letter is left of a text."""
    return any(map(str.isalnum, said))


def _says_nothing(ranking: Ranking, said: str, intents: Mapping[str, float]) -> bool:
    """Whether a few characters speak for no item at all, nor clearly of something amiss."""
    if not _tells(said):
        return True
    if ranking.signs or len(said) > SHORT or intents["request"] - intents["smalltalk"] > AMISS:
        return False
    shares = ranking.shares()
    return not shares or shares[0][1] < HARDLY


_BY_INTENT = frozenset(item for items in GIVEN_ITEMS.values() for item in items)
_NOTHING = Findings("smalltalk", None, (), 0.0, False, None, NOWHERE, None, (), False, None)


def _without_opening(text: str) -> str:
    """The text with what comes before the matter blanked: "在吗" asks nothing, and "补充一下" wants nothing filled up."""
    found = _CALL.match(text) or announcement(text)
    if found is None or sum(map(str.isalnum, text[found.end() :])) < LEAST_AFTER_CALL:
        return text
    return "，" * found.end() + text[found.end() :]


def _blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with place names blanked, so that the name of a market is no evidence for a stall."""
    for start, end in spans:
        text = f"{text[:start]}{'_' * (end - start)}{text[end:]}"
    return text
