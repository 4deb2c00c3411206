"""Sentences live in the texts: none in code, none missing, none left over, and every blank in them is filled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.texts import render
from tests.project import source

TEXTS = render.load(ZoneInfo("Asia/Shanghai"))
FILES = {key.split(".")[0] for key in TEXTS.keys}
KEY_AT = {
    "text": (0,), "say": (0,), "toast": (0,), "button": (0,), "tell": (1,), "tell_queue": (1,), "tell_reporter": (2,),
    "tell_handler": (2,), "tell_decider": (2,), "Denied": (0,),
}  # fmt: skip
"""Which argument of which function is a key."""
SETTINGS = frozenset({"rows", "slot", "media", "force_reply", "lane", "alert", "typed", "args"})
"""Arguments of those functions that are no values of a sentence."""
FILLED = {
    "tell_reporter": frozenset({"number", "item", "place"}),
    "tell_handler": frozenset({"number", "item", "place"}),
    "tell_decider": frozenset({"words", "due"}),
}
"""Values that a function adds itself."""
OPERATORS = {"bot/serve.py", "bot/cli.py", "bot/demo/fill.py"}
"""What an operator reads on a console, or names of the demonstration: no conversation."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SENTENCE = re.compile(r"[\u4e00-\u9fff]{7,}|[\u4e00-\u9fff].*[。！？，]")
_TABLE = re.compile(r"_?[A-Z][A-Z0-9_]*$")


def _code() -> list[Path]:
    return source.files("bot", "handlers")


@cache
def _constants() -> frozenset[str]:
    return frozenset(s.value for path in _code() for s in source.strings(source.tree(path)))


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    found = {p for path in _code() for p in source.patterns(source.tree(path)) if p.split("\\.")[0] in FILES}
    return tuple(re.compile(p) for p in sorted(found))


def _keyed() -> Iterator[tuple[str, str, ast.Call, str]]:
    """(file:line, key, call, function) of every call that says a known sentence."""
    for path in _code():
        for called, call in source.calls(source.tree(path)):
            for place in KEY_AT.get(called, ()):
                if len(call.args) > place:
                    for key in source.constants(call.args[place]):
                        if key.split(".")[0] in FILES and "." in key:
                            yield f"{source.name(path)}:{call.lineno}", key, call, called


def test_every_sentence_that_is_said_exists() -> None:
    missing = sorted({f"{where}: {key}" for where, key, _, _ in _keyed() if not TEXTS.has(key)})
    assert not missing


def test_every_pattern_of_keys_meets_a_sentence() -> None:
    empty = [p.pattern for p in _patterns() if not any(p.fullmatch(key) for key in TEXTS.keys)]
    assert not empty


def _is_said(key: str) -> bool:
    """Whether code names the key, or makes it of a pattern, or of another key and an ending."""
    if key in _constants() or any(p.fullmatch(key) for p in _patterns()):
        return True
    return any(key.endswith(end) and key.removesuffix(end) in _constants() for end in _endings())


@cache
def _endings() -> frozenset[str]:
    """What code appends to a key: f"{key}_alone"."""
    found = {p for path in _code() for p in source.patterns(source.tree(path))}
    return frozenset(p.removeprefix("[a-z0-9_]+") for p in found if re.fullmatch(r"\[a-z0-9_\]\+_[a-z_]+", p))


def test_every_sentence_is_said_somewhere() -> None:
    left = [k for k in sorted(TEXTS.keys) if not _is_said(k)]
    assert not left, "nobody says them: remove them from bot/texts/zh_cn"


def test_every_blank_is_filled() -> None:
    short = []
    for where, key, call, called in _keyed():
        if any(k.arg is None for k in call.keywords):
            continue  # values come as a mapping: the journeys show those
        given = {k.arg for k in call.keywords} - SETTINGS | FILLED.get(called, frozenset())
        lacking = TEXTS.fields(key) - given if TEXTS.has(key) else frozenset()
        if lacking:
            short.append(f"{where}: {key} needs {sorted(lacking)}")
    assert not short


@pytest.mark.parametrize("path", [p for p in _code() if source.name(p) not in OPERATORS], ids=source.name)
def test_no_sentence_lives_in_code(path: Path) -> None:
    """Word tables (names in capitals at the top of a module) are data; in functions only single words are."""
    for node in source.tree(path).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(t, ast.Name) and _TABLE.match(t.id) for t in targets):
            continue
        for text in source.strings(node):
            assert not _SENTENCE.search(text.value), f"{source.name(path)}:{text.lineno}: {text.value[:40]}"


def test_no_sentence_shows_an_internal_id() -> None:
    for key in TEXTS.keys:
        assert not TEXTS.fields(key) & {"id", "grid", "queue_id", "token"}, key


def test_sentences_fit_a_phone() -> None:
    long = [key for key in TEXTS.keys if len(_sentence(key)) > 220]
    assert not long


def _sentence(key: str) -> str:
    return "".join(TEXTS._sentences[key].split())


def test_every_sentence_is_chinese_or_a_sign() -> None:
    for key in TEXTS.keys:
        text = _sentence(key)
        bare = re.sub(r"\{[^}]*\}", "", text)
        assert _HAN.search(bare) or len(bare) <= 8, f"{key}: {text}"
