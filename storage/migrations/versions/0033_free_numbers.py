"""Record numbers that are made ahead, so that on PostgreSQL filings do not wait for each other's commit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table, empty: the first filing makes the first numbers."""
    op.create_table(
        "free_numbers",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number", name=op.f("pk_free_numbers")),
    )
