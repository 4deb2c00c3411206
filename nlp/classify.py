"""What a text is about: items scored from the lexicon, intents from their cues.

Deciding together with place and urgency is `reader.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from nlp.cues import Cues, Hit, totals
from nlp.learned_file import is_learned, read_model, shipped_model
from nlp.lexicon import DATA, name_entries, read_entries
from nlp.model import UNHEARD, Model, Reading
from nlp.segment import Sentence
from nlp.taxonomy import Item

LEARNED_ITEMS = DATA / "learned" / "items.tsv"
"""Learned from the example messages that come with the package, for the shipped taxonomy."""
LEARNED_INTENTS = DATA / "learned" / "intents.tsv"
INTENTS = ("request", "wish", "consult", "praise", "suggest", "progress", "smalltalk")
"""Every intent, the likeliest first."""
SHARPNESS = 0.55
"""How fast confidence grows with the lead of the best item where only hand-written entries speak."""
DOUBT = 1.6
"""Score that such a text without any evidence lends to "none of these"."""
LEAST_EVIDENCE = 0.05
SLIGHTEST = 1e-5
"""Confidence beside the best below which an item is not named."""
MOST_SHARES = 3
"""Items that are given a confidence, at most."""
MOST_EVIDENCE = 6
"""Words shown as evidence, at most."""
GIVEN_ITEMS = {"praise": ("opinion.supervise.praise",), "wish": ("wish.wish.goods", "wish.wish.service")}
"""Items that follow from the intent alone."""
FEW_LETTERS = 8
"""Letters below which a text without a hand-written entry is read with less certainty: it may be half of a thought."""
LONG = 60
"""Characters from which a text tells a story rather than asks a question."""
WHOLE = 25.0
"""Weight of an entry that is the whole message: it decides."""
TAIL = 16
"""Characters at the end of a text in which a question is looked for."""
ASKS = 0.6
"""Weight of asking words from which the kind of matter may tip the balance towards a question."""
_ASKING = re.compile(
    r"(?:[吗么呢]|[^还就才也都并又从]没有?|不|多少|几[个天号岁年点块]|哪[里儿个位天]?|怎么[办弄样]?|咋[办弄]?|谁|啥|什么)[？。，,\s]*(?:谢谢|多谢)?\$|？\$"
)
_CHOICE = re.compile(r"([在要能行好是会贵收算对用可该给管有])(?:不|没)(?:\1|可以|能|该)")

Found = Sequence[tuple[int, int, str]] | None
"""The known words of a framed text where they have been looked for already."""


class Ranking(NamedTuple):
    """What speaks for which item: `scores` by hand-written entries, best first; `powers` with what was learned.

    `signs` are the scores of items of any taxonomy, the shipped entries' included.
    Confidence is the softmax of the powers, which are in the order of `items`; `places` are theirs.
    """

    scores: tuple[tuple[str, float], ...]
    signs: tuple[tuple[str, float], ...]
    hits: tuple[Hit, ...]
    items: Sequence[str]
    places: Mapping[str, int]
    powers: Sequence[float]
    learned: Learned | None = None

    def best(self) -> str | None:
        """The likeliest item; None without evidence."""
        return self.items[self.powers.index(max(self.powers))] if self.powers else None

    def shares(self, without: Collection[str] = ()) -> tuple[tuple[str, float], ...]:
        """The three likeliest items with a confidence between 0 and 1. Without anything learned a rest is doubt."""
        powers = list(self.powers)
        for item in without:
            if item in self.places:
                powers[self.places[item]] = -math.inf
        most = max(powers, default=-math.inf)
        if most == -math.inf:
            return ()
        if not self.learned:
            most = 0.0
        raised = [math.exp(power - most) for power in powers]
        whole = sum(raised) + (0.0 if self.learned else math.exp(DOUBT * SHARPNESS))
        named = sorted(
            [at for at, share in enumerate(raised) if share > SLIGHTEST], key=raised.__getitem__, reverse=True
        )
        return tuple([(self.items[at], round(raised[at] / whole * 10_000) / 10_000) for at in named[:MOST_SHARES]])

    def evidence(self, item: str | None) -> tuple[tuple[str, float], ...]:
        """The words that speak for an item with their weights, heaviest first."""
        if item is None:
            return ()
        trust = self.learned.model.trust if self.learned else 1.0
        found = {hit.written: hit.weight * trust for hit in self.hits if hit.entry.target == item}
        for word, weight in self.learned.words_for(item) if self.learned else ():
            home = next((written for written in found if word in written), word)
            found[home] = found.get(home, 0.0) + weight
        heaviest = sorted(((word, round(weight, 2)) for word, weight in found.items()), key=lambda pair: -pair[1])
        return tuple(pair for pair in heaviest[:MOST_EVIDENCE] if pair[1] >= LEAST_EVIDENCE)


class Learned(NamedTuple):
    """A text as a learned lexicon saw it: `number` is the lexicon's place among those read together."""

    reading: Reading
    number: int

    @property
    def model(self) -> Model:
        """The lexicon."""
        return self.reading.stack.models[self.number]

    def words_for(self, target: str) -> list[tuple[str, float]]:
        """Words of the text with what they add to a target's power."""
        found = self.reading.evidence(self.number, target)
        return [(word.strip(), weight * self.model.lead) for word, weight in found if any(map(str.isalpha, word))]


class ItemCues:
    """The hand-written entries and the names of the taxonomy's items.

    Entries for items the taxonomy does not have stay: they still tell a complaint from a greeting.
    """

    def __init__(self, items: Sequence[Item], classes: Mapping[str, tuple[str, ...]], more: Path | None = None) -> None:
        paths = [*sorted((DATA / "lexicon").glob("*.tsv")), *([more] if more else [])]
        entries = {(e.word, e.target): e for e in name_entries((item.name, item.id) for item in items)}
        entries |= {(e.word, e.target): e for e in read_entries(*paths)}
        self.cues = Cues(entries.values(), classes)

    def find(self, said: Sentence, found: Found = None) -> tuple[dict[str, float], tuple[Hit, ...]]:
        """A positive score by item, and the entries found; their spans are those of the framed text."""
        hits = self.cues.match(said.framed, found, frozenset(accumulate(map(len, said.words), initial=1)))
        return {item: score for item, score in totals(hits).items() if score > 0}, tuple(hits)


class ItemScorer:
    """Scores a taxonomy's items. `lexicon` is a learned one, used instead of the shipped, or hand-written additions."""

    def __init__(self, items: Sequence[Item], classes: Mapping[str, tuple[str, ...]], lexicon: Path | None) -> None:
        learned = lexicon if lexicon and is_learned(lexicon) else None
        self.hand = ItemCues(items, classes, None if learned else lexicon)
        self._items = tuple(item.id for item in items)
        self.model = read_model(learned) if learned else shipped_model(LEARNED_ITEMS)
        self._places = {item: at for at, item in enumerate(self._items)}
        column = {target: at for at, target in enumerate(self.model.targets)}
        self._columns = [column.get(item, -1) for item in self._items]
        self._has_learned = any(item in column for item in self._items)

    def rank(self, said: Sentence, learned: Learned, found: Found = None) -> Ranking:
        """The items a text speaks for; `learned` is the text as `model` sees it, `found` its known words."""
        scores, hits = self.hand.find(said, found)
        signs = tuple(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))
        ranked = tuple([pair for pair in signs if pair[0] in self._places])
        if not self._has_learned:
            powers = [min(score, 60.0) * SHARPNESS for _, score in ranked]
            places = {item: at for at, (item, _) in enumerate(ranked)}
            return Ranking(ranked, signs, hits, list(places), places, powers)
        lead = self.model.lead
        if not scores and (letters := len(said.framed) - said.framed.count("_") - 2) < FEW_LETTERS:
            lead *= (letters + 2) / (FEW_LETTERS + 2)
        heard = [*(lead * learned.reading.scores(learned.number)).tolist(), lead * UNHEARD]
        powers = [heard[column] for column in self._columns]
        for item, score in ranked:
            powers[self._places[item]] += self.model.weigh(score)
        return Ranking(ranked, signs, hits, self._items, self._places, powers, learned)


class IntentCues:
    """The hand-written signs of an intent: cue words, the kind of matter, the form of the sentence."""

    def __init__(self, classes: Mapping[str, tuple[str, ...]]) -> None:
        self.cues = Cues(read_entries(DATA / "intents.tsv"), classes)

    def score(
        self, said: Sentence, scores_of_items: Sequence[tuple[str, float]], *, placed: bool, found: Found = None
    ) -> dict[str, float]:
        """A score for every intent; "request" leads where nothing speaks for another. Items come best first."""
        framed = said.framed
        scores = dict.fromkeys(INTENTS, 0.0)
        for hit in self.cues.match(framed, found):
            if hit.entry.target in scores:
                scores[hit.entry.target] += WHOLE if hit.span == (0, len(framed)) else hit.weight
        scores["request"] += 1.0
        scores["consult"] += 0.8 * bool(_ASKING.search(framed[-TAIL:])) + 0.7 * bool(_CHOICE.search(framed))
        told = min(1.0, LONG / len(framed))
        scores["consult"] *= told
        scores["progress"] *= told
        asks = scores["consult"] >= ASKS
        best = scores_of_items[0] if scores_of_items else ("", 0.0)
        for prefix, intent, weight in _LEANINGS:
            if best[0].startswith(prefix):
                scores[intent] += weight * min(1.0, best[1] / 3) * (1.0 if asks or intent != "consult" else 0.4)
        if not scores_of_items and not placed:
            scores["smalltalk"] += 1.2 if len(framed) <= 14 else 0.3
        return scores


class IntentScorer:
    """Scores intents by hand-written signs and by what was learned."""

    def __init__(self, classes: Mapping[str, tuple[str, ...]]) -> None:
        self.hand = IntentCues(classes)
        self.model = shipped_model(LEARNED_INTENTS)
        column = {target: at for at, target in enumerate(self.model.targets)}
        self._columns = [column.get(intent, -1) for intent in INTENTS]

    def score(
        self, said: Sentence, ranking: Ranking, learned: Learned, *, placed: bool, found: Found = None
    ) -> dict[str, float]:
        """A power for every intent; their softmax is the confidence."""
        scores = self.hand.score(said, ranking.signs, placed=placed, found=found)
        lead = self.model.lead
        heard = [*learned.reading.scores(learned.number).tolist(), UNHEARD]
        powers = zip(scores.items(), self._columns, strict=True)
        return {intent: lead * heard[column] + self.model.weigh(score) for (intent, score), column in powers}


_LEANINGS = (
    ("affairs.", "consult", 1.5),
    ("care.", "consult", 0.2),
    ("facility.supply.gas", "consult", 0.3),
    ("facility.building.retrofit", "consult", 0.4),
    ("wish.", "wish", 1.2),
    ("opinion.supervise.praise", "praise", 1.2),
    ("opinion.suggest", "suggest", 0.8),
    ("safety.", "request", 0.5),
    ("environment.", "request", 0.5),
)


def pick(scores: Mapping[str, float], order: Iterable[str] = INTENTS) -> str:
    """The intent with the highest score; the earlier one of equals."""
    return max(order, key=lambda intent: scores[intent])
