"""A slice of `benchmarks.clock`: random clocks by the rules and by walking every minute; and a wrong rule is found out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import clock as oracle
from workflow.clock import resolve_due


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**9))
def test_the_clock_equals_walking_minute_by_minute(seed: int) -> None:
    assert oracle.compare(250, seed, each=250) == []


def test_a_wrong_clock_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets_pauses(*args: Any, **kwargs: Any) -> Any:
        return resolve_due(*args, **{**kwargs, "pauses": ()})

    def off_by_a_minute(*args: Any, **kwargs: Any) -> Any:
        return resolve_due(*args, **kwargs) + timedelta(minutes=1)

    for wrong in (forgets_pauses, off_by_a_minute):
        monkeypatch.setattr(oracle, "resolve_due", wrong)
        assert oracle.compare(150, 1, each=150)
