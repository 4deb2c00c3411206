"""What a text is about: items scored from the lexicon, intents from their cues.

Deciding together with place and urgency is `reader.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.cues import Cues, Hit, totals
from nlp.lexicon import DATA, name_entries, read_entries
from nlp.taxonomy import Item

INTENTS = ("request", "wish", "consult", "praise", "suggest", "progress", "smalltalk")
"""Every intent, the likeliest first."""
SHARPNESS = 0.55
"""How fast confidence grows with the lead of the best item: chosen so that it matches the share of right answers."""
DOUBT = 1.6
"""Score that a text without any evidence lends to "none of these"."""
GIVEN_ITEMS = {"praise": ("opinion.supervise.praise",), "wish": ("wish.wish.goods", "wish.wish.service")}
"""Items that follow from the intent alone."""
LONG = 60
"""Characters from which a text tells a story rather than asks a question."""
ASKS = 0.6
"""Weight of asking words from which the kind of matter may tip the balance towards a question."""
_ASKING = re.compile(
    r"(?:[吗么呢]|[^还就才也都并又从]没有?|不|多少|几[个天号岁年点块]|哪[里儿个位天]?|怎么[办弄样]?|咋[办弄]?|谁|啥|什么)[？。，,\s]*(?:谢谢|多谢)?\$|？\$"
)
_CHOICE = re.compile(r"([在要能行好是会贵收算对用可该给管有])(?:不|没)(?:\1|可以|能|该)")
_FINAL = re.compile(r"[。！!~…\s.，,]+$")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Items by score, best first, and what decided."""

    scores: tuple[tuple[str, float], ...]
    hits: tuple[Hit, ...]

    def best(self) -> str | None:
        """The item with the highest score; None without evidence."""
        return self.scores[0][0] if self.scores else None

    def shares(self, among: Collection[str] | None = None) -> tuple[tuple[str, float], ...]:
        """Items with a confidence between 0 and 1, best first; the rest of 1 is doubt."""
        scores = [(i, s) for i, s in self.scores if among is None or i in among]
        powers = [(item, math.exp(min(score, 60.0) * SHARPNESS)) for item, score in scores]
        whole = sum(power for _, power in powers) + math.exp(DOUBT * SHARPNESS)
        return tuple((item, round(power / whole, 4)) for item, power in powers)

    def evidence(self, item: str | None) -> tuple[tuple[str, float], ...]:
        """The words that speak for an item with their weights, heaviest first."""
        found = [(hit.written, round(hit.weight, 2)) for hit in self.hits if hit.entry.target == item]
        return tuple(sorted(found, key=lambda f: -f[1]))


class ItemScorer:
    """Scores a taxonomy's items. Entries for items the taxonomy does not have are left out; its names always count."""

    def __init__(self, items: Sequence[Item], classes: Mapping[str, tuple[str, ...]], lexicon: Path | None) -> None:
        known = {item.id for item in items}
        paths = [*sorted((DATA / "lexicon").glob("*.tsv")), *([lexicon] if lexicon else [])]
        entries = {(e.word, e.target): e for e in name_entries((item.name, item.id) for item in items)}
        entries |= {(e.word, e.target): e for e in read_entries(*paths) if e.target in known}
        self._cues = Cues(entries.values(), classes)

    def rank(self, text: str, breaks: Collection[int] = ()) -> Ranking:
        """The items the text speaks for."""
        hits = self._cues.match(text, breaks)
        scores = {item: score for item, score in totals(hits).items() if score > 0}
        ranked = sorted(scores.items(), key=lambda s: (-s[1], s[0]))
        return Ranking(tuple(ranked), tuple(hits))


class IntentScorer:
    """Scores intents from cue words, the kind of matter, and the form of the sentence."""

    def __init__(self, classes: Mapping[str, tuple[str, ...]]) -> None:
        self._cues = Cues(read_entries(DATA / "intents.tsv"), classes)

    def score(self, text: str, ranking: Ranking, *, placed: bool) -> dict[str, float]:
        """A score for every intent; "request" leads where nothing speaks for another."""
        framed = f"^{_FINAL.sub('', text.strip())}$".replace("?", "？")
        scores = dict.fromkeys(INTENTS, 0.0)
        for target, weight in totals(self._cues.match(framed)).items():
            if target in scores:
                scores[target] += weight
        scores["request"] += 1.0
        scores["consult"] += 0.8 * bool(_ASKING.search(framed)) + 0.7 * bool(_CHOICE.search(framed))
        told = min(1.0, LONG / len(framed))
        scores["consult"] *= told
        scores["progress"] *= told
        asks = scores["consult"] >= ASKS
        best = ranking.scores[0] if ranking.scores else ("", 0.0)
        for prefix, intent, weight in _LEANINGS:
            if best[0].startswith(prefix):
                scores[intent] += weight * min(1.0, best[1] / 3) * (1.0 if asks or intent != "consult" else 0.4)
        if not ranking.scores and not placed:
            scores["smalltalk"] += 1.2 if len(framed) <= 14 else 0.3
        return scores


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
