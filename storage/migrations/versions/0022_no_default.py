"""Whether a record is parked is said by the program for every row: the default that older rows were given goes."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Takes the default away; on SQLite the table is made anew for it."""
    with op.batch_alter_table("requests") as batch:
        batch.alter_column("parked", server_default=None)
