"""Spellings by ear and by slip."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.lexicon import DATA
from nlp.soundalike import same_numerals, slips, sound_table

WORDS = st.text(alphabet="甲乙丙丁", min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("one", "other"), [("苑", "院"), ("兰", "南"), ("知", "自"), ("兴", "新"), ("一", "1"), ("身", "生")]
)
def test_one_sound(one: str, other: str) -> None:
    table = sound_table()
    assert one.translate(table) == other.translate(table)


@pytest.mark.parametrize(("one", "other"), [("苑", "府"), ("山", "川"), ("里", "路"), ("a", "b"), ("，", "。")])
def test_another_sound(one: str, other: str) -> None:
    table = sound_table()
    assert one.translate(table) != other.translate(table)


def test_every_character_sounds_as_pypinyin_says() -> None:
    importlib.import_module("handlers.office.books")  # says how much of it is loaded
    read, plain = (importlib.import_module(f"pypinyin.{name}") for name in ("constants", "contrib.tone_convert"))
    said: dict[str, list[str]] = {}
    for code, readings in read.PINYIN_DICT.items():
        if code < 0x10000:
            said.setdefault(plain.to_normal(readings.partition(",")[0]), []).append(chr(code))
    lines = [f"{syllable}\t{''.join(sorted(chars))}" for syllable, chars in sorted(said.items())]
    kept = (DATA / "sounds.tsv").read_text(encoding="utf-8").splitlines()
    assert [line for line in kept if not line.startswith("#")] == lines, "write these lines to nlp/data/sounds.tsv"


@given(st.text(max_size=40))
def test_a_sound_has_the_length_of_its_text(text: str) -> None:
    assert len(text.translate(sound_table())) == len(same_numerals(text)) == len(text)


@given(WORDS)
def test_a_slip_is_never_the_name(name: str) -> None:
    assert name not in [slip for slip, _ in slips(name, {"甲": "乙", "乙": "甲"})]


def test_no_slip_cuts_the_ends_off() -> None:
    assert {"福家园", "幸福家"}.isdisjoint(slip for slip, _ in slips("幸福家园", {}))
    assert "幸福园" in [slip for slip, _ in slips("幸福家园", {})]


def test_a_kind_of_place_and_one_character_are_no_slip_of_a_name() -> None:
    assert {"翠小区", "竹小区"}.isdisjoint(slip for slip, _ in slips("翠竹小区", {}, 2))
    assert {"翠区", "翠竹区"} & {slip for slip, _ in slips("翠竹小区", {}, 2)} == {"翠竹区"}
    assert "翠园小区" in [slip for slip, _ in slips("翠竹园小区", {}, 3)]
