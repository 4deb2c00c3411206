"""Records are found by estate and building: what may be the same matter is not looked for in a whole grid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column and fills it from the places; one index for it, and one for the places of a reporter."""
    op.add_column("requests", sa.Column("house", sa.String(length=200), nullable=True))
    said = "json_extract(place, '$.{}')" if op.get_bind().dialect.name == "sqlite" else "place ->> '{}'"
    estate, building = said.format("estate"), said.format("building")
    whole = f"substr(({estate}) || '/' || coalesce({building}, ''), 1, 200)"
    op.execute(f"UPDATE requests SET house = CASE WHEN coalesce({estate}, '') = '' THEN '' ELSE {whole} END")  # noqa: S608
    op.drop_index("ix_requests_tenant_grid_state_received_at", "requests")
    for columns in (["tenant", "grid", "house", "received_at"], ["tenant", "reporter_id", "place_text"]):
        op.create_index(op.f(f"ix_requests_{'_'.join(columns)}"), "requests", columns)
