"""What is open in a grid is found without reading what was closed there."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index."""
    columns = ["tenant", "grid", "state", "received_at"]
    op.create_index("ix_requests_tenant_grid_state_received_at", "requests", columns)


def downgrade() -> None:
    """Removes it."""
    op.drop_index("ix_requests_tenant_grid_state_received_at", "requests")
