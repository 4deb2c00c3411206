"""Words of a matter that somebody hit by their sound: "电剃" for 电梯, "井该" for 井盖. Puts the word they mean in their place.

People who write by pinyin or speak to their phone pick the wrong character; the text then says nothing, or something
else. Only what no dictionary has is put right, and only where one known word sounds like it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nlp.lexicon import DATA
from nlp.segment import Sentence, cut
from nlp.soundalike import sound_table

MOST = 40
"""Characters of a text that is put right. A longer one says its matter in more than one word."""
LONGEST = 4
"""Characters of a word that is looked for; the shortest has two."""
_EVERYWHERE = frozenset("了着的得地不我你他就想上下在一个没还老那哪谁打人到说要能是有只先开")
"""Characters that stand beside any other: none is a slip, and a word with one of them sounds like too much."""
_COMPOUND = DATA / "compounds.txt"
_NATURAL = DATA / "no_slips.txt"


class Respeller:
    """Knows how the words of the matters sound."""

    def __init__(self, words: Iterable[str]) -> None:
        self._table = sound_table()
        self._natural = _listed(_NATURAL)
        self._meant: dict[str, list[str]] = {}
        known = {word for word in words if 2 <= len(word) <= LONGEST and _is_word(word)}
        for word in sorted(known | _listed(_COMPOUND)):
            self._meant.setdefault(word.translate(self._table), []).append(word)

    def mend(self, said: Sentence) -> str:
        """The text with the words that are meant; of the same length."""
        text = said.text
        if len(text) > MOST:
            return text
        for start, word in self.slips(said):
            text = text[:start] + word + text[start + len(word) :]
        return text

    def slips(self, said: Sentence) -> list[tuple[int, str]]:
        """Where a known word is meant, and which; no two overlap, longer ones first."""
        text, ends = said.text, said.ends()
        starts = [end - len(word) for end, word in zip(ends, said.words, strict=True)]
        sound, meant = text.translate(self._table), self._meant
        spans = [(a, b) for at, a in enumerate(starts) for b in ends[at + 1 : at + LONGEST] if sound[a:b] in meant]
        if not spans:
            return []
        alone = {start for start, end in zip(starts, ends, strict=True) if end - start == 1}
        found, taken = list[tuple[int, str]](), set[int]()
        for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
            span = range(start, end)
            if taken.isdisjoint(span) and (slip := self._slip(text[start:end], sound[start:end])):
                at, word = slip
                if start + at in alone:
                    found.append((start, word))
                    taken.update(span)
        return found

    def _slip(self, written: str, sound: str) -> tuple[int, str] | None:
        """The word that is meant and the place of its one wrong character; None when it is none, or could be several."""
        if written in self._natural or written in self._meant[sound]:
            return None
        near = [(word, _differing(word, written)) for word in self._meant[sound]]
        slips = [(places[0], word) for word, places in near if len(places) == 1]
        if len(slips) != 1:
            return None
        char = written[slips[0][0]]
        return None if char in _EVERYWHERE or not _is_han(char) else slips[0]


def _listed(path: Path) -> frozenset[str]:
    """The words of a file, parted by blanks; a line that begins with # is a remark."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _differing(word: str, written: str) -> list[int]:
    return [at for at, (meant, hit) in enumerate(zip(word, written, strict=True)) if meant != hit]


def _is_word(text: str) -> bool:
    return _is_han(text) and _EVERYWHERE.isdisjoint(text) and cut(text) == [text]


def _is_han(text: str) -> bool:
    return all("\u4e00" <= char <= "\u9fff" for char in text)
