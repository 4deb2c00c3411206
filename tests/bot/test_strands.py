"""What waits for a strand: handed over while it is certain that it is all there is, and in the order of arrival."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.strands import MOST_KEPT, Strand
from storage.receipts import StoredReceipt

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)


def stored(*ids: int) -> list[StoredReceipt]:
    return [StoredReceipt(n, "web", "", str(n), NOW, {}, 0) for n in ids]


def test_only_a_look_that_found_all_makes_it_certain() -> None:
    strand = Strand(0, 1, keeps=True)
    strand.keep(stored(1))
    assert strand.take(50) is None
    strand.looked(stored(1, 2), 2)
    assert strand.take(50) is None
    strand.looked(stored(1), 2)
    assert strand.take(50) == []
    strand.keep(stored(2, 3, 4))
    assert strand.take(2) == stored(2, 3)
    assert strand.take(2) == stored(4)
    assert strand.take(2) == []


def test_what_a_look_has_found_before_it_was_handed_over_comes_once() -> None:
    strand = Strand(0, 1, keeps=True)
    strand.looked(stored(1, 2, 3), 50)
    strand.keep(stored(2, 3, 4))
    assert strand.take(50) == stored(4)


def test_after_a_failure_the_database_is_asked() -> None:
    strand = Strand(0, 1, keeps=True)
    strand.looked([], 50)
    strand.keep(stored(1))
    strand.ask_again()
    strand.keep(stored(2))
    assert strand.take(50) is None
    strand.looked(stored(1, 2), 50)
    assert strand.take(50) == []


def test_of_too_many_only_the_database_knows() -> None:
    strand = Strand(0, 1, keeps=True)
    strand.looked([], 50)
    strand.keep(stored(*range(1, MOST_KEPT + 2)))
    assert strand.take(50) is None


def test_beside_others_nothing_is_certain() -> None:
    strand = Strand(0, 3)
    strand.looked([], 50)
    strand.keep(stored(1))
    assert strand.take(50) is None
