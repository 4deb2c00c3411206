"""Old notices are found by their time: every ten minutes they were looked for in all that there are."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index."""
    op.create_index(op.f("ix_notices_tenant_sent_at"), "notices", ["tenant", "sent_at"], unique=False)


def downgrade() -> None:
    """Removes it."""
    op.drop_index(op.f("ix_notices_tenant_sent_at"), table_name="notices")
