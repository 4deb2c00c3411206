"""Moments come back as they went in; ids grow and never repeat; seals open only with a key."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from storage.ids import Ids
from storage.schema import Moment
from storage.seal import SealBroken, Sealer, new_key

DIALECT = sqlite.dialect()
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
FIRST, LAST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")
MOMENTS = st.datetimes(FIRST, LAST, timezones=ZONES)


@given(MOMENTS, MOMENTS)
def test_a_moment_comes_back_in_utc_and_sorts_like_time(one: datetime, other: datetime) -> None:
    moment = Moment()
    kept, kept_other = moment.process_bind_param(one, DIALECT), moment.process_bind_param(other, DIALECT)
    assert kept is not None
    assert kept_other is not None
    back = moment.process_result_value(kept, DIALECT)
    assert back == one
    assert back is not None
    assert back.tzinfo is UTC
    assert (kept < kept_other) == (one < other)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        Moment().process_bind_param(FIRST, DIALECT)


def test_no_moment_is_no_moment() -> None:
    assert Moment().process_bind_param(None, DIALECT) is None
    assert Moment().process_result_value(None, DIALECT) is None


@given(st.lists(st.integers(-5_000, 5_000), min_size=1, max_size=300), st.integers(0, 5_000))
def test_ids_grow_whatever_the_clock_does(jumps_ms: list[int], burst: int) -> None:
    clock = iter([])
    at = 1_900_000_000_000_000_000

    def now_ns() -> int:
        nonlocal at
        at += next(clock, 0) * 1_000_000
        return at

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", now_ns)
        clock = iter(jumps_ms)
        ids = Ids()
        made = [ids.new() for _ in range(len(jumps_ms) + burst)]
    assert all(a < b for a, b in pairwise(made))
    assert made[0] > 0
    assert made[-1] < 2**63


def test_a_process_goes_on_after_the_newest_id_though_the_clock_went_back() -> None:
    before = [Ids(1023).new() for _ in range(3)][-1]
    with pytest.MonkeyPatch.context() as patch:
        earlier = time.time_ns() - 3_600 * 10**9
        patch.setattr(time, "time_ns", lambda: earlier)
        ids = Ids(0)
        ids.go_on_after(before)
        assert before < ids.new() < ids.new()


def test_processes_with_different_numbers_never_make_the_same_id() -> None:
    makers = [Ids(node) for node in range(8)]
    made = [maker.new() for _ in range(5_000) for maker in makers]
    assert len(set(made)) == len(made)


def test_ids_last_until_2090() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: int(datetime(2090, 1, 1, tzinfo=UTC).timestamp()) * 10**9)
        assert Ids(1023).new() < 2**63


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    sealer = Sealer([new_key()])
    assert sealer.open(sealer.seal(text)) == text


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        Sealer([new_key()]).open(Sealer([new_key()]).seal("13912341234"))


def test_a_former_key_still_opens() -> None:
    old, new = new_key(), new_key()
    assert Sealer([new, old]).open_json(Sealer([old]).seal_json({"电话": "139"})) == {"电话": "139"}


def test_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Sealer([])
