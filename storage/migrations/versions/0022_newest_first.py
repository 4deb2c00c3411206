"""Lists are read newest first from an index alone: each that begins with a queue, grid, kind or state ends with time and id."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0016"
branch_labels = None
depends_on = None
BEFORE = ("queue", "grid", "item")


def upgrade() -> None:
    """Makes the indexes anew with the id at the end, and one more."""
    for column in BEFORE:
        op.drop_index(f"ix_requests_tenant_{column}_received_at", "requests")
    for column in (*BEFORE, "state"):
        columns = ["tenant", column, "received_at", "id"]
        op.create_index(op.f(f"ix_requests_tenant_{column}_received_at_id"), "requests", columns)
