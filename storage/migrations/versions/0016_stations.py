"""Stations, the things they lend, loans, damage, and who waits for something."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "damages",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("aside", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_damages")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_damages_tenant_number")),
    )
    op.create_index(op.f("ix_damages_tenant_person_id_id"), "damages", ["tenant", "person_id", "id"], unique=False)
    op.create_index(
        op.f("ix_damages_tenant_station_id_state"), "damages", ["tenant", "station_id", "state"], unique=False
    )
    op.create_table(
        "loans",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("extended", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_loans")),
    )
    op.create_index(op.f("ix_loans_tenant_person_id_state"), "loans", ["tenant", "person_id", "state"], unique=False)
    op.create_index(
        op.f("ix_loans_tenant_station_id_state_due_at"),
        "loans",
        ["tenant", "station_id", "state", "due_at"],
        unique=False,
    )
    op.create_index(op.f("ix_loans_tenant_thing_id_state"), "loans", ["tenant", "thing_id", "state"], unique=False)
    op.create_table(
        "stations",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("hours", sa.String(length=60), nullable=False),
        sa.Column("place_text", sa.String(length=80), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_stations")),
        sa.UniqueConstraint("tenant", "code", name=op.f("uq_stations_tenant_code")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_stations_tenant_number")),
    )
    op.create_index(op.f("ix_stations_tenant_state_id"), "stations", ["tenant", "state", "id"], unique=False)
    op.create_table(
        "thing_waits",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_thing_waits")),
        sa.UniqueConstraint("tenant", "thing_id", "person_id", name=op.f("uq_thing_waits_tenant_thing_id_person_id")),
    )
    op.create_table(
        "things",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("lent", sa.Integer(), nullable=False),
        sa.Column("aside", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_things")),
        sa.UniqueConstraint("tenant", "code", name=op.f("uq_things_tenant_code")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_things_tenant_number")),
    )
    op.create_index(op.f("ix_things_tenant_station_id_open"), "things", ["tenant", "station_id", "open"], unique=False)
