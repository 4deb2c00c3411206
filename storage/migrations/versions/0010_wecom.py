"""The one-use codes with which sent cards are changed; handles of files that are long addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; a handle of a file may be an address with a key."""
    op.create_table(
        "update_codes",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("card", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("got_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "account", "card", "digest", name=op.f("pk_update_codes")),
    )
    op.create_index(op.f("ix_update_codes_tenant_expires_at"), "update_codes", ["tenant", "expires_at"], unique=False)
    with op.batch_alter_table("attachments") as batch:
        batch.alter_column("ref", type_=sa.String(length=2000), existing_type=sa.String(length=255), nullable=False)
