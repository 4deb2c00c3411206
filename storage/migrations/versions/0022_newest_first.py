"""Lists are read newest first from an index alone; whether a record is parked is said by the program, by no default."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0015"
branch_labels = None
depends_on = None


NEWEST_OF = ("queue", "grid", "item")


def upgrade() -> None:
    """Makes the indexes anew, with the id at the end; takes the default away, for which SQLite makes the table anew."""
    for column in NEWEST_OF:
        op.drop_index(f"ix_requests_tenant_{column}_received_at", "requests")
    with op.batch_alter_table("requests") as batch:
        batch.alter_column("parked", server_default=None)
    for column in (*NEWEST_OF, "state"):
        name = f"ix_requests_tenant_{column}_received_at_id"
        op.create_index(op.f(name), "requests", ["tenant", column, "received_at", "id"])
