"""Whether a text tells of a danger to life or safety now, and which.

Cue words are weighed against words that calm: past, mended, supposed, figurative.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nlp.cues import Cues, totals
from nlp.learned_file import shipped_model
from nlp.lexicon import DATA, read_entries
from nlp.model import Floats
from nlp.segment import Sentence

DANGERS = (
    "gas", "fire", "electric", "trapped", "collapse", "injury", "violence", "suicide", "drowning", "missing", "other",
)  # fmt: skip
"""The dangers there is advice for; the first of equals is taken."""
URGENT = 0.3
"""Confidence from which a text is urgent: a missed danger costs more than a needless alarm."""
FEW_LETTERS, UNSAID = 8, 0.4
"""A text of fewer letters without a word of danger may be the answer to a question: doubt for each letter it lacks."""
HINT = 0.5
"""Weight up to which the words name no danger by themselves, as "刚才"."""
MOST_HAND, LEAST_HAND = 8.0, -4.0
"""Bounds of the hand-written weight, so that many words for the same thing do not drown the rest."""
OUTRIGHT = 6.0
"""Weight from which an entry says a danger to life outright: such a text is urgent unless a calming word stands in it."""
SPOKEN, TOLD = 20.0, 8.0
"""What such an entry adds to the power, whatever the other words are like; and in a text long enough for a story."""
LONG = 80
"""Characters from which a text may tell such a thing of others, or of once."""
CALM = "calm"
"""The target of words that speak against a present danger; their weights are subtracted."""
LEARNED_URGENCY = DATA / "learned" / "urgency.tsv"


@dataclass(frozen=True, slots=True)
class Alarm:
    """The verdict: `danger` is None unless urgent; `words` decided it."""

    urgent: bool
    danger: str | None
    confidence: float
    words: tuple[str, ...]


class Signs(NamedTuple):
    """The weight left after the calming words, the danger named most or "other", the words, and whether one is outright."""

    weight: float
    danger: str
    words: tuple[str, ...]
    outright: bool


class AlarmCues:
    """The hand-written danger words."""

    def __init__(self, classes: Mapping[str, tuple[str, ...]]) -> None:
        self.cues = Cues(read_entries(DATA / "urgency.tsv"), classes)

    def find(self, said: Sentence, found: Sequence[tuple[int, int, str]] | None = None) -> Signs:
        """What the words say."""
        hits = self.cues.match(said.framed, found)
        scores = totals(hits)
        calm = scores.pop(CALM, 0.0)
        weight = max(LEAST_HAND, min(sum(scores.values()), MOST_HAND) - calm)
        danger = max(DANGERS, key=lambda d: scores.get(d, 0.0)) if scores else "other"
        words = tuple(h.written for h in sorted(hits, key=lambda h: -h.weight) if h.entry.target != CALM)
        outright = not calm and any(hit.entry.weight >= OUTRIGHT for hit in hits)
        return Signs(weight, danger, words, outright)


class AlarmReader:
    """Weighs the danger words together with what was learned."""

    def __init__(self, classes: Mapping[str, tuple[str, ...]]) -> None:
        self.hand = AlarmCues(classes)
        self.model = shipped_model(LEARNED_URGENCY)
        self._urgent, self._calm = (self.model.targets.index(target) for target in ("urgent", CALM))

    def read(
        self,
        said: Sentence,
        learned: Floats,
        found: Sequence[tuple[int, int, str]] | None = None,
        *,
        doubt: float = 0.0,
    ) -> Alarm:
        """The verdict on a text; `learned` are the scores of `model`, `found` its known words. Never raises.

        `doubt` is taken from its power where the text is only a piece of what was said.
        """
        weight, danger, words, outright = self.hand.find(said, found)
        lead = learned.item(self._urgent) - learned.item(self._calm)
        if weight <= HINT and (letters := len(said.framed) - 2) < FEW_LETTERS:
            doubt += (FEW_LETTERS - letters) * UNSAID
        power = self.model.lead * lead + self.model.weigh(weight) - doubt
        if outright:
            power += SPOKEN if len(said.framed) <= LONG else TOLD
        confidence = 1.0 / (1.0 + math.exp(-power)) if power > -700 else 0.0
        if confidence < URGENT:
            return Alarm(False, None, confidence, ())
        return Alarm(True, danger, confidence, words)
