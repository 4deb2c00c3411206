"""Names in a text: every occurrence by writing and by sound, whatever the number of names and the characters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import names
from nlp.names import Names
from nlp.soundalike import same_numerals, sound_table

LETTERS = "甲家丙一1a𠮷😀\ud83d\ude00\uffff"
"""Two that sound alike, a numeral with its digit, characters beyond the basic plane, halves of one, the last code."""
WORDS = st.text(alphabet=LETTERS, min_size=1, max_size=5)


def _occurring(keys: list[str], text: str) -> list[tuple[int, int, str]]:
    return sorted(
        (i, i + len(k), k) for k in set(keys) if len(k) > 1 for i in range(len(text)) if text.startswith(k, i)
    )


@pytest.mark.parametrize("many", [0, 20_000])
@given(words=st.lists(WORDS, max_size=12), text=st.text(alphabet=LETTERS + "，", max_size=30))
@settings(deadline=None)
def test_finds_what_a_search_for_each_name_finds(many: int, words: list[str], text: str) -> None:
    spelt = [same_numerals(word) for word in words]
    heard = [word.translate(sound_table()) for word in words]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "_MANY", many)
        known = Names(dict(zip(spelt, spelt, strict=True)), dict(zip(heard, heard, strict=True)))
    by_writing, by_sound = known.find_all(text)
    assert sorted(by_writing) == _occurring(spelt, same_numerals(text))
    assert sorted(by_sound) == _occurring(heard, text.translate(sound_table()))


def test_no_name_and_no_text() -> None:
    assert Names({}, {}).find_all("路灯坏了") == ([], [])
    assert Names({"翠竹苑": 1}, {}).find_all("") == ([], [])
