"""Several processes on one database: leases, pauses that a platform asked for, streams of updates, passing toasts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables, the stream of each update, and the index by which awaited messages are found."""
    op.create_table(
        "leases",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("holder", sa.String(length=96), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "key", name=op.f("pk_leases")),
    )
    op.create_table(
        "pauses",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", name=op.f("pk_pauses")),
    )
    op.create_table(
        "web_toasts",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_web_toasts")),
    )
    op.add_column("receipts", sa.Column("stream", sa.Integer(), nullable=True))
    op.drop_index(op.f("ix_outbox_tenant_state_not_before"), table_name="outbox")
    op.create_index(op.f("ix_outbox_tenant_state_lane_id"), "outbox", ["tenant", "state", "lane", "id"], unique=False)
