"""JSON in columns and under seals: what the standard library would read is what we read, whatever is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.jsontext import read, written

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_what_is_written_is_read_again_by_us_and_by_the_standard_library(value: object) -> None:
    assert read(written(value)) == value
    assert json.loads(written(value)) == value


@given(_VALUES)
def test_what_the_standard_library_wrote_is_read(value: object) -> None:
    assert read(json.dumps(value)) == json.loads(json.dumps(value))


def test_keys_become_words_as_the_standard_library_makes_them() -> None:
    value = {7: "a", True: "b", None: "c", 2.5: "d"}
    assert read(written(value)) == json.loads(json.dumps(value))


def test_what_json_does_not_have_is_refused() -> None:
    for value in (datetime(2026, 1, 1, tzinfo=UTC), object(), {1, 2}, b"bytes"):
        with pytest.raises(TypeError):
            written(value)
