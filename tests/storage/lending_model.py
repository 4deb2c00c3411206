"""Lending written out plainly: sets and numbers in memory, to compare storage with. No database here."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflow.lending import EXTENSIONS, MOST_IN_HAND


@dataclass
class Shelf:
    """One kind of thing: who has one, how many are set aside, who waits, in order."""

    stock: int
    out: dict[int, int] = field(default_factory=dict)  # person -> how often extended
    aside: int = 0
    waiting: list[int] = field(default_factory=list)
    open: bool = True

    @property
    def free(self) -> int:
        return self.stock - len(self.out) - self.aside


@dataclass
class Model:
    """Every shelf of a station."""

    shelves: dict[int, Shelf] = field(default_factory=dict)

    def borrow(self, key: int, person: int) -> str:
        """Empty when it is lent, else why not."""
        shelf = self.shelves[key]
        if person in shelf.out:
            return "has"
        if sum(person in other.out for other in self.shelves.values()) >= MOST_IN_HAND:
            return "limit"
        if not shelf.open:
            return "closed"
        if shelf.free < 1:
            return "out"
        shelf.out[person] = 0
        if person in shelf.waiting:
            shelf.waiting.remove(person)
        return ""

    def extend(self, key: int, person: int) -> bool:
        shelf = self.shelves[key]
        if person not in shelf.out or shelf.out[person] >= EXTENSIONS or shelf.waiting:
            return False
        shelf.out[person] += 1
        return True

    def end(self, key: int, person: int, *, lost: bool) -> bool:
        shelf = self.shelves[key]
        if person not in shelf.out:
            return False
        del shelf.out[person]
        shelf.stock -= lost
        return True

    def set_aside(self, key: int, *, returned: bool) -> bool:
        shelf = self.shelves[key]
        fits = returned and shelf.free > 0
        shelf.aside += fits
        return fits

    def settle(self, key: int, *, aside: bool, mended: bool) -> None:
        shelf = self.shelves[key]
        if aside:
            shelf.aside -= 1
            shelf.stock -= not mended
        elif not mended and shelf.free > 0:
            shelf.stock -= 1

    def count(self, key: int, stock: int) -> bool:
        shelf = self.shelves[key]
        if stock < len(shelf.out) + shelf.aside:
            return False
        shelf.stock = stock
        return True
