"""Rows as they come back: tuples whose values also have the names of their columns.

A class for each list of names: a value found by its name costs a tenth of what the library's rows take for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

Process = Callable[[Any], Any]


class Row(tuple[Any, ...]):
    """One row. `row.name` is the value of a column."""

    __slots__ = ()
    _names: ClassVar[tuple[str, ...]] = ()

    @property
    def _mapping(self) -> dict[str, Any]:
        """The values by their names; of two columns with one name, the last."""
        return dict(zip(self._names, self, strict=True))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


Made = Callable[[Sequence[Any]], Row]
"""One row of the driver as a `Row` with names."""


@cache
def _kind(names: tuple[str, ...]) -> type[Row]:
    """The class of the rows with these names."""
    found = {name: property(itemgetter(place)) for place, name in enumerate(names)}
    return type("Row", (Row,), {**found, "__slots__": (), "_names": names})


def rows(names: Sequence[str], processors: Sequence[Process | None] = ()) -> Made:
    """Rows with these names, each value through its processor."""
    new: Made = partial(tuple.__new__, _kind(tuple(names)))
    opened = [(place, process) for place, process in enumerate(processors) if process is not None]
    if not opened:
        return new

    def make(values: Sequence[Any]) -> Row:
        found = list(values)
        for place, process in opened:
            found[place] = process(found[place])
        return new(found)

    return make
