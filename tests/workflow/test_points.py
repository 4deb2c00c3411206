"""Points by rules: random lives against the plainest count, and the promises of the rules one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue import load_points
from tests.workflow.points_model import PEOPLE, TZ, Plain, life, rulebook
from workflow.points import ISSUE, SHOP, Books, Deed, Kind, PointsError, parse_points

AT = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
SHIPPED = load_points(None)


def deed(seq: int, name: str, *, actor: int | None = 1, of: int = 7, hours: float = 0, **data: Any) -> Deed:
    return Deed(seq, seq, name.split(".")[0], of, name, AT + timedelta(minutes=seq), actor, data)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 80))
def test_random_lives_agree_with_the_model(seed: int, length: int) -> None:
    books, plain = Books(rulebook(), TZ), Plain()
    for one in life(seed, length):
        books.enter(one)
        plain.see(one)
        assert {p: books.balance(p) for p in PEOPLE} == {p: plain.balance(p) for p in PEOPLE}, one
        assert sum(books.balances.values()) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 60), st.integers(1, 59))
def test_books_that_are_put_down_and_taken_up_again_go_on_alike(seed: int, length: int, cut: int) -> None:
    deeds, whole = life(seed, length), Books(rulebook(), TZ)
    expected = [m for d in deeds for m in whole.enter(d)]
    first, second = Books(rulebook(), TZ), Books(rulebook(), TZ)
    made = [m for d in deeds[:cut] for m in first.enter(d)]
    second.load(made)
    assert made + [m for d in deeds[cut:] for m in second.enter(d)] == expected
    assert dict(second.balances) == dict(whole.balances)


def test_every_move_names_its_event_and_two_accounts() -> None:
    books = Books(SHIPPED, TZ)
    (move,) = books.enter(deed(5, "wish.adopted", shares=1))
    assert (move.seq, move.source, move.target, move.points, move.kind) == (5, ISSUE, "p:1", 2, Kind.GIVE)
    assert (move.rule, move.version, move.matter) == ("wish_adopt", "2026-1", "wish:7")


def test_giving_up_takes_back_what_adopting_brought_and_no_more() -> None:
    books = Books(SHIPPED, TZ)
    books.enter(deed(1, "wish.adopted"))
    books.enter(deed(2, "wish.given_up"))
    assert books.balance(1) == 0
    assert books.enter(deed(3, "wish.given_up")) == []


def test_a_part_handed_over_moves_its_points() -> None:
    books = Books(SHIPPED, TZ)
    books.enter(deed(1, "wish.joined"))
    books.enter(deed(2, "wish.handed", to=2))
    assert (books.balance(1), books.balance(2)) == (0, 2)


def test_hours_count_for_everybody_up_to_their_cap() -> None:
    books = Books(SHIPPED, TZ)
    books.enter(Deed(1, 1, "wish", 7, "wish.fulfilled", AT, 1, {"people": [1, 2], "hours": 30}))
    assert (books.balance(1), books.balance(2)) == (26, 26)
    books.enter(deed(2, "wish.disputed", actor=9))
    assert (books.balance(1), books.balance(2)) == (0, 0)


def test_the_day_is_the_local_day() -> None:
    books = Books(SHIPPED, TZ)
    late = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)  # 23:30
    for n in range(4):
        books.enter(Deed(n, n, "wish", n, "wish.adopted", late, 1, {}))
    assert books.balance(1) == 6
    books.enter(Deed(9, 9, "wish", 9, "wish.adopted", late + timedelta(hours=1), 1, {}))
    assert books.balance(1) == 8


def test_trying_again_gains_nothing_over_the_cap() -> None:
    books = Books(SHIPPED, TZ)
    for n in range(20):
        books.enter(deed(2 * n, "wish.adopted"))
        books.enter(deed(2 * n + 1, "wish.given_up"))
    books.enter(deed(99, "wish.adopted"))
    assert books.balance(1) == 0


def test_the_same_offer_for_two_needs_is_two_matters() -> None:
    books = Books(SHIPPED, TZ)
    for need in (1, 2, 2):
        books.enter(deed(need, "resource.done", owner=5, subject="wish", subject_id=need))
    assert books.balance(5) == 8


def test_corrections_and_spending_are_entries_of_their_own() -> None:
    books = Books(SHIPPED, TZ)
    books.enter(deed(1, "points.corrected", person=3, points=5))
    books.enter(deed(2, "points.spent", person=3, points=4))
    books.enter(deed(3, "points.corrected", person=3, points=-2))
    assert (books.balance(3), books.balances[SHOP], books.balances[ISSUE]) == (-1, 4, -3)
    books.enter(deed(4, "points.refunded", person=3, points=4))
    assert (books.balance(3), books.balances[SHOP]) == (3, 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"versions": [{"id": "a", "from": "2026-01-01", "rules": []}]}, "rules"),
        ({"versions": [{"id": "a", "from": "some day", "rules": []}]}, "from"),
        ({"version": []}, "version"),
    ],
)
def test_rules_that_cannot_be_used_are_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(PointsError, match=says):
        parse_points(change)


def test_versions_follow_one_another_and_ids_are_single() -> None:
    rule = {"id": "a", "name": "甲", "points": 1, "give": [{"event": "wish.adopted"}]}
    one = {"id": "1", "from": "2026-02-01", "rules": [rule]}
    with pytest.raises(PointsError, match="later day"):
        parse_points({"versions": [one, one]})
    with pytest.raises(PointsError, match="twice"):
        parse_points({"versions": [one | {"rules": [rule, rule]}]})
    with pytest.raises(PointsError, match="above 0"):
        parse_points({"versions": [one | {"rules": [rule | {"points": 0}]}]})
