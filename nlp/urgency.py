"""Whether a text tells of a danger to life or safety now, and which.

Cue words are weighed against words that calm: past, mended, supposed, figurative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nlp.cues import Cues, totals
from nlp.lexicon import DATA, read_entries

DANGERS = (
    "gas", "fire", "electric", "trapped", "collapse", "injury", "violence", "suicide", "drowning", "missing", "other",
)  # fmt: skip
"""The dangers there is advice for; the first of equals is taken."""
THRESHOLD = 3.0
"""Weight of danger left after the calming words from which a text is urgent."""
LOUDEST = 6.0
"""Weight of danger that many words for the same thing can reach, so that they do not drown the calming ones."""
CALM = "calm"
"""The target of words that speak against a present danger; their weights are subtracted."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """The verdict: `danger` is None unless urgent; `words` decided it."""

    urgent: bool
    danger: str | None
    weight: float
    words: tuple[str, ...]


class AlarmReader:
    """The danger cues, read once."""

    def __init__(self, classes: Mapping[str, tuple[str, ...]]) -> None:
        self._cues = Cues(read_entries(DATA / "urgency.tsv"), classes)

    def read(self, text: str) -> Alarm:
        """Weighs the cues of a text. Promises to be deterministic and never to raise."""
        hits = self._cues.match(f"^{text.strip()}$")
        scores = totals(hits)
        calm = scores.pop(CALM, 0.0)
        weight = min(sum(scores.values()), LOUDEST) - calm
        if not scores or weight < THRESHOLD:
            return Alarm(False, None, weight, ())
        named = {danger: score for danger, score in scores.items() if danger in DANGERS}
        danger = max(DANGERS, key=lambda d: named.get(d, 0.0))
        words = tuple(h.written for h in sorted(hits, key=lambda h: -h.weight) if h.entry.target != CALM)
        return Alarm(True, danger if named else "other", weight, words)
