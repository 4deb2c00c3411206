"""Names in a text: every occurrence, whatever the number of keys; spellings by ear and by slip."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import soundalike
from nlp.soundalike import Names, same_numerals, slips, sound, sound_table

WORDS = st.text(alphabet="甲乙丙丁", min_size=1, max_size=5)


@pytest.mark.parametrize("many", [0, 20_000])
@given(keys=st.lists(WORDS, max_size=12), text=st.text(alphabet="甲乙丙丁，", max_size=30))
@settings(deadline=None)
def test_finds_what_a_search_for_each_key_finds(many: int, keys: list[str], text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(soundalike, "_MANY", many)
        names = Names(keys)
    found = {(i, i + len(k)) for k in keys if len(k) > 1 for i in range(len(text)) if text.startswith(k, i)}
    assert sorted(names.find_all(text)) == sorted(found)


@pytest.mark.parametrize(
    ("one", "other"), [("苑", "院"), ("兰", "南"), ("知", "自"), ("兴", "新"), ("一", "1"), ("身", "生")]
)
def test_one_sound(one: str, other: str) -> None:
    assert sound(one) == sound(other)
    table = sound_table()
    assert one.translate(table) == other.translate(table)


@given(st.text(max_size=40))
def test_a_sound_has_the_length_of_its_text(text: str) -> None:
    assert len(text.translate(sound_table())) == len(same_numerals(text)) == len(text)


@given(WORDS)
def test_a_slip_is_never_the_name(name: str) -> None:
    assert name not in [slip for slip, _ in slips(name, {"甲": "乙", "乙": "甲"})]


def test_no_slip_cuts_the_ends_off() -> None:
    assert {"福家园", "幸福家"}.isdisjoint(slip for slip, _ in slips("幸福家园", {}))
    assert "幸福园" in [slip for slip, _ in slips("幸福家园", {})]
