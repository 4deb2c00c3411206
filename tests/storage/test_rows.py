"""Rows are tuples with names, whatever the columns are called."""

from __future__ import annotations

from sqlalchemy import func, literal_column, select

from storage.rows import rows
from storage.tx import Store


def test_a_row_is_a_tuple_with_names() -> None:
    row = rows(["id", "count", "index", "two words", "class"])([7, 3, 0, "x", None])
    assert row == (7, 3, 0, "x", None)
    assert (row.id, row.count, row.index, row[3]) == (7, 3, 0, "x")
    assert row._mapping == {"id": 7, "count": 3, "index": 0, "two words": "x", "class": None}
    assert rows(["a"])(["x"]) == ("x",)
    assert not hasattr(row, "name")


def test_values_go_through_what_opens_them_and_the_others_stay() -> None:
    make = rows(["number", "word"], [None, str.upper])
    assert [make(one) for one in ((1, "a"), (2, "b"))] == [(1, "A"), (2, "B")]
    assert make((1, "a")).word == "A"


async def test_what_the_databases_name_themselves_is_found_too(store: Store) -> None:
    async with store.read() as tx:
        found = await tx.one(select(literal_column("7").label("count"), func.max(literal_column("3")).label("most")))
    assert found is not None
    assert (found.count, found.most, tuple(found)) == (7, 3, (7, 3))
