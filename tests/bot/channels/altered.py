"""Good messages with one place changed: what a parser must survive, deep enough to get past its first check."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything that lies in it, by keys and indexes."""
    if above:
        yield above
    within = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in within:
        yield from places(value[key], (*above, key))


@st.composite
def altered(draw: st.DrawFn, good: Sequence[dict[str, Any]], values: st.SearchStrategy[Any]) -> dict[str, Any]:
    """One of them; one thing in it is another or is left out."""
    made = copy.deepcopy(draw(st.sampled_from(good)))
    *above, last = draw(st.sampled_from(list(places(made))))
    at: Any = made
    for key in above:
        at = at[key]
    if draw(st.booleans()):
        at[last] = draw(values)
    else:
        del at[last]
    return made
