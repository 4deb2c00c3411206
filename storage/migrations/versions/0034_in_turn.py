"""Answers to typed words that wait in the lane of presses: they overtook what was said before in their chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Moves them behind it. Only an answer on somebody's own screen names whom it is for."""
    waits = "tenant = tenant AND state = 'waiting' AND lane = 0 AND user_key = ''"
    op.execute(sa.text(f"UPDATE outbox SET lane = 1 WHERE {waits}"))  # noqa: S608
