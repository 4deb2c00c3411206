"""How long a pause was asked for: a clock that went back makes none longer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A pause that runs already has no length; its end alone counts."""
    op.add_column("pauses", sa.Column("lasts", sa.BigInteger(), nullable=True))
