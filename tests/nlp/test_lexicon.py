"""The shipped keyword files: readable, complete for the default taxonomy, every example shows its word."""

from __future__ import annotations

import pytest

from nlp.classify import INTENTS
from nlp.cues import Cues
from nlp.lexicon import DATA, Entry, LexiconError, read_entries
from nlp.urgency import CALM, DANGERS
from tests.nlp.conftest import taxonomy_items

PATHS = sorted((DATA / "lexicon").glob("*.tsv"))


def test_every_item_has_words() -> None:
    counts = {item.id: 0 for item in taxonomy_items()}
    for entry in read_entries(*PATHS):
        counts[entry.target] += 1
    assert min(counts.values()) >= 30


def test_no_entry_twice() -> None:
    for paths in (PATHS, [DATA / "intents.tsv"], [DATA / "urgency.tsv"]):
        keys = [(e.word, e.target) for e in read_entries(*paths)]
        assert len(keys) == len(set(keys))


def test_targets_exist() -> None:
    assert {e.target for e in read_entries(DATA / "intents.tsv")} == set(INTENTS)
    assert {e.target for e in read_entries(DATA / "urgency.tsv")} == {*DANGERS, CALM}


def test_examples_show_plain_words() -> None:
    wrong = [
        e.word
        for e in read_entries(*PATHS)
        if len(e.parts) == 1 and "{" not in e.word and e.word not in e.example.lower()
    ]
    assert wrong == []


def test_a_combination_needs_both_parts_near() -> None:
    cues = Cues([Entry("外墙+漏", "leak", 2.0)], {})
    assert [hit.written for hit in cues.match("外墙又漏了")] == ["外墙…漏"]
    assert cues.match("外墙" + "很好看" * 10 + "漏") == []
    assert cues.match("漏了") == []


def test_a_class_must_exist() -> None:
    with pytest.raises(LexiconError, match="nowhere"):
        Cues([Entry("灯+{nowhere}", "lamp", 1.0)], {})


def test_across_two_words_counts_less() -> None:
    entries = [e for e in read_entries(*PATHS) if e.word == "停水"]
    cues = Cues(entries, {})
    whole = cues.match("今天停水", breaks={0, 2, 4})
    across = cues.match("快停水果车", breaks={0, 1, 2, 4, 5})
    assert across[0].weight < whole[0].weight
