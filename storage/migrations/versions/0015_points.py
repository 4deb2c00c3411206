"""Points, appeals and rewards; registrations, activities, posts and snaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables; the books of points fill themselves from the ledger."""
    op.create_table(
        "activities",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_activities")),
        sa.UniqueConstraint("tenant", "code", name=op.f("uq_activities_tenant_code")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_activities_tenant_number")),
    )
    op.create_index(
        op.f("ix_activities_tenant_state_starts_at"), "activities", ["tenant", "state", "starts_at"], unique=False
    )
    op.create_table(
        "activity_people",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("hours", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_activity_people")),
        sa.UniqueConstraint(
            "tenant", "activity_id", "person_id", name=op.f("uq_activity_people_tenant_activity_id_person_id")
        ),
    )
    op.create_index(
        op.f("ix_activity_people_tenant_person_id_state"),
        "activity_people",
        ["tenant", "person_id", "state"],
        unique=False,
    )
    op.create_table(
        "duties",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_duties")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_duties_tenant_number")),
    )
    op.create_index(op.f("ix_duties_tenant_open_id"), "duties", ["tenant", "open", "id"], unique=False)
    op.create_table(
        "duty_holds",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_duty_holds")),
    )
    op.create_index(
        op.f("ix_duty_holds_tenant_duty_id_state"), "duty_holds", ["tenant", "duty_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_duty_holds_tenant_person_id_state"), "duty_holds", ["tenant", "person_id", "state"], unique=False
    )
    op.create_table(
        "duty_services",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_duty_services")),
    )
    op.create_index(
        op.f("ix_duty_services_tenant_person_id_at"), "duty_services", ["tenant", "person_id", "at"], unique=False
    )
    op.create_table(
        "members",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("branch", sa.String(length=40), nullable=False),
        sa.Column("skills", sa.String(length=120), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_members")),
    )
    op.create_index(
        op.f("ix_members_tenant_person_id_state"), "members", ["tenant", "person_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_members_tenant_state_community"), "members", ["tenant", "state", "community"], unique=False
    )
    op.create_table(
        "point_appeals",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ruled_by", sa.BigInteger(), nullable=True),
        sa.Column("ruled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_point_appeals")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_point_appeals_tenant_number")),
    )
    op.create_index(
        op.f("ix_point_appeals_tenant_person_id_id"), "point_appeals", ["tenant", "person_id", "id"], unique=False
    )
    op.create_table(
        "point_books",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_point_books")),
    )
    op.create_table(
        "point_hidden",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", name=op.f("pk_point_hidden")),
    )
    op.create_table(
        "point_moves",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("target", sa.String(length=24), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("matter", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_point_moves")),
        sa.UniqueConstraint("tenant", "event_id", "leg", name=op.f("uq_point_moves_tenant_event_id_leg")),
    )
    op.create_index(op.f("ix_point_moves_tenant_at"), "point_moves", ["tenant", "at"], unique=False)
    op.create_index(op.f("ix_point_moves_tenant_matter"), "point_moves", ["tenant", "matter"], unique=False)
    op.create_index(
        op.f("ix_point_moves_tenant_person_id_id"), "point_moves", ["tenant", "person_id", "id"], unique=False
    )
    op.create_table(
        "reward_orders",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_reward_orders")),
    )
    op.create_index(
        op.f("ix_reward_orders_tenant_person_id_state"), "reward_orders", ["tenant", "person_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_reward_orders_tenant_reward_id_person_id"),
        "reward_orders",
        ["tenant", "reward_id", "person_id"],
        unique=False,
    )
    op.create_table(
        "rewards",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("per_person", sa.Integer(), nullable=True),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_rewards")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_rewards_tenant_number")),
    )
    op.create_index(op.f("ix_rewards_tenant_open_cost"), "rewards", ["tenant", "open", "cost"], unique=False)
    op.create_table(
        "snaps",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_snaps")),
    )
    op.create_index(op.f("ix_snaps_tenant_person_id_state"), "snaps", ["tenant", "person_id", "state"], unique=False)
