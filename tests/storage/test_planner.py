"""SQLite asks the index that fits, whether there are ten records or a million, and whoever has counted them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from storage import migrate, planner, tables
from storage.database import Database

FEW = {
    "SELECT id FROM requests WHERE tenant = 's' AND parent_id IN (1, 2) ORDER BY id": "tenant_parent_id",
    "SELECT id FROM requests WHERE tenant = 's' AND reporter_id = 1 ORDER BY id DESC LIMIT 5": "tenant_reporter_id_id",
    "SELECT id FROM requests WHERE tenant = 's' AND item = 'a' ORDER BY received_at DESC, id DESC LIMIT 50": (
        "tenant_item_received_at_id"
    ),
    "SELECT id FROM requests WHERE tenant = 's' AND state = 'refused' ORDER BY received_at DESC, id DESC LIMIT 50": (
        "tenant_state_received_at_id"
    ),
    "SELECT id FROM requests WHERE tenant = 's' ORDER BY received_at DESC, id DESC LIMIT 50": "tenant_received_at_id",
}


@pytest.fixture
def kind() -> str:
    return "sqlite"


async def plan(database: Database, question: str) -> str:
    """The indexes that are asked, as SQLite explains it."""
    async with database.read() as connection:
        return " ".join(row.detail for row in (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}")))


@pytest.mark.parametrize(("question", "index"), FEW.items(), ids=FEW.values())
async def test_the_index_that_fits_is_asked(database: Database, question: str, index: str) -> None:
    assert f"ix_requests_{index} " in await plan(database, question)


async def test_statistics_that_mislead_are_put_right_at_the_next_start(database: Database) -> None:
    question, index = next(iter(FEW.items()))
    row = "SELECT 's', value, value, value, 1, 1, 'closed', '', '', '', '', '{}', '', '', '', '', 0, '', 0, 1, 1, 1, 1"
    columns = (
        "tenant, id, number, draft_id, reporter_id, chat_id, state, queue, intent, item, grid, place, place_text, text, "
        "original_sealed, summary, urgent, danger, confidence, received_at, started_at, respond_due_at, resolve_due_at"
    )
    async with database.write() as connection:
        await connection.execute(
            text(
                "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 500) "
                f"INSERT INTO requests ({columns}, resolution, reopened, supervised, parked) {row}, 0, 0, 0, 0 FROM n"
            )
        )
        await connection.execute(text("ANALYZE"))
    assert f"ix_requests_{index} " not in await plan(
        database, question
    )  # nothing has a parent: it looks like no choice
    await migrate.upgrade(database)
    await database.close()
    started = Database(database.url.render_as_string(hide_password=False), "s")
    assert f"ix_requests_{index} " in await plan(started, question)
    async with started.write() as connection:
        assert not await connection.run_sync(planner.tell, tables.metadata)
    await started.close()


async def test_every_index_has_its_sizes(database: Database) -> None:
    async with database.read() as connection:
        named = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN (SELECT tbl FROM sqlite_stat1)"
        indexes = {row.name for row in await connection.exec_driver_sql(named)}
        stats = {row.idx: row.stat for row in await connection.exec_driver_sql("SELECT * FROM sqlite_stat1")}
    assert indexes == set(stats)
    assert len({index for index in stats if index.startswith("ix_")}) > 50
    for stat in stats.values():
        sizes = [int(size) for size in stat.split()]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] == planner.ROWS
