"""People who have the same matter: supporters and their ratings, pairs told apart, and what photos look like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, one new column without a value in old rows, and the indexes that find what is near."""
    op.add_column("attachments", sa.Column("likeness", sa.String(length=16), nullable=True))
    op.create_index(
        op.f("ix_requests_tenant_grid_received_at"), "requests", ["tenant", "grid", "received_at"], unique=False
    )
    op.create_index(op.f("ix_requests_tenant_parent_id"), "requests", ["tenant", "parent_id"], unique=False)
    op.create_table(
        "distinctions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "first_id", "second_id", name=op.f("pk_distinctions")),
    )
    op.create_index(op.f("ix_distinctions_tenant_second_id"), "distinctions", ["tenant", "second_id"], unique=False)
    op.create_table(
        "supporter_ratings",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("solved", sa.String(length=8), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "request_id", "resolution", "person_id", name=op.f("pk_supporter_ratings")),
    )
    op.create_index(
        op.f("ix_supporter_ratings_tenant_person_id"), "supporter_ratings", ["tenant", "person_id"], unique=False
    )
    op.create_table(
        "supporters",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("original_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "request_id", "person_id", name=op.f("pk_supporters")),
    )
    op.create_index(
        op.f("ix_supporters_tenant_person_id_request_id"),
        "supporters",
        ["tenant", "person_id", "request_id"],
        unique=False,
    )
