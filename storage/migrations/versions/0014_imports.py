"""Rows that were taken in are known again; a proposal for the street file is kept; what came again is found by its place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table and the column."""
    op.create_table(
        "imported_rows",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "digest", name=op.f("pk_imported_rows")),
    )
    op.add_column("imports", sa.Column("proposal", sa.Text(), nullable=True))
    columns = ["tenant", "spot_id", "item", "received_at"]
    op.create_index("ix_requests_tenant_spot_id_item_received_at", "requests", columns)


def downgrade() -> None:
    """Removes them."""
    op.drop_index("ix_requests_tenant_spot_id_item_received_at", "requests")
    op.drop_column("imports", "proposal")
    op.drop_table("imported_rows")
