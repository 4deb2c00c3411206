"""One key for posts: SQLite had a unique constraint that says what the primary key says; PostgreSQL never made it."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drops the second key where it is."""
    if op.get_context().dialect.name == "sqlite":
        with op.batch_alter_table("posts") as batch:
            batch.drop_constraint(op.f("uq_posts_tenant_chat_id_slot"), type_="unique")
