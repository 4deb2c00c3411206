"""Word boundaries by jieba, with the street's own names in a tokenizer of our own. Nothing else uses jieba."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import jieba

jieba.setLogLevel(logging.ERROR)
_FREQUENCY = 20_000


class Segmenter:
    """A tokenizer that keeps the given words whole. Safe to share: cutting keeps no state."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._tokenizer = jieba.Tokenizer()
        self._tokenizer.initialize()
        for word in words:
            self._tokenizer.add_word(word, freq=_FREQUENCY)

    def breaks(self, text: str) -> frozenset[int]:
        """Offsets where a word begins or the text ends."""
        at = 0
        found = [0]
        for word in self._tokenizer.cut(text, HMM=False):
            at += len(word)
            found.append(at)
        return frozenset(found)
