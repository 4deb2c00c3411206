"""Every event that the code writes is in the tables of the workflow, and the tables promise none that is never written."""

from __future__ import annotations

import ast
from zoneinfo import ZoneInfo

import pytest

from bot.texts import render
from storage import activities, articles, duties, loans, members, resources, rewards, snaps, stations
from tests.project import source
from tests.project.test_texts import KEY_AT
from workflow import points, season, states, wish
from workflow.states import State
from workflow.wish import WishState

TEXTS = render.load(ZoneInfo("Asia/Shanghai")).keys
NOT_YET = {
    "wish.drafted": "a wish is written when it is submitted; a draft is an open question",
}
"""In the tables of the rules, and written by nothing so far: why."""
OTHERS = {"person", "room", "role"}
"""Subjects of the ledger that have no life of their own in the workflow."""


def _written() -> dict[str, set[str]]:
    """event -> files that write it."""
    found: dict[str, set[str]] = {}
    for path in source.files("handlers", "storage", "bot"):
        for called, call in source.calls(source.tree(path)):
            if called not in ("add", "move", "redirect", "_move"):
                continue
            for argument in [*call.args, *(k.value for k in call.keywords if k.arg == "event")]:
                for text in source.constants(argument):
                    if (
                        text.split(".")[0]
                        in {
                            "request",
                            "wish",
                            "season",
                            "resource",
                            "points",
                            "reward",
                            "member",
                            "activity",
                            "duty",
                            "snap",
                            "station",
                            "thing",
                            "loan",
                            "damage",
                            "article",
                            *OTHERS,
                        }
                        and text.count(".") == 1
                    ):
                        found.setdefault(text, set()).add(source.name(path))
    return found


def _mentioned() -> set[str]:
    """Every string of the code that is not the key of a sentence: some events share their names with sentences."""
    found: set[str] = set()
    for path in source.files("handlers", "storage"):
        tree = source.tree(path)
        said = {
            id(node)
            for called, call in source.calls(tree)
            for place in KEY_AT.get(called, ())
            if len(call.args) > place
            for node in ast.walk(call.args[place])
        }
        found |= {s.value for s in source.strings(tree) if id(s) not in said}
    return found


def test_every_event_written_is_in_the_tables() -> None:
    known = states.EVENTS | wish.EVENTS | season.EVENTS | resources.EVENTS | points.EVENTS | rewards.EVENTS
    known |= members.EVENTS | activities.EVENTS | duties.EVENTS | snaps.EVENTS
    known |= stations.EVENTS | loans.EVENTS | articles.EVENTS
    unknown = {e: where for e, where in _written().items() if e.split(".")[0] not in OTHERS and e not in known}
    assert not unknown, f"add them to NOTES or TRANSITIONS in workflow/: {unknown}"


def test_every_event_of_the_tables_is_written_somewhere() -> None:
    never = (states.EVENTS | wish.EVENTS | season.EVENTS) - _mentioned() - set(NOT_YET)
    assert not never, f"nothing writes {sorted(never)}: remove them or say in NOT_YET why"


def test_what_is_called_not_yet_is_not_yet() -> None:
    written = set(_written())
    assert len(written) > 100, "the writers are found at all"
    assert not set(NOT_YET) & written


@pytest.mark.parametrize("state", [*State])
def test_every_state_of_a_request_has_words(state: State) -> None:
    assert f"state.{state.value}" in TEXTS


@pytest.mark.parametrize("state", [s for s in WishState if s is not WishState.DRAFT])
def test_every_state_of_a_wish_has_words(state: WishState) -> None:
    assert any(key.endswith(f"state_{state.value}") for key in TEXTS)


def test_every_state_named_in_code_exists() -> None:
    """A state written as a plain word must be one: `request.state == "queued"` with a slip never matches."""
    known = {s.value for s in (*State, *WishState)}
    for path in source.files("handlers", "storage", "bot"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith((".state", ".c.state")):
                for side in node.comparators:
                    parts = side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]
                    words = [w for part in parts for w in source.constants(part)]
                    assert set(words) <= known, f"{source.name(path)}:{node.lineno}: {words}"
