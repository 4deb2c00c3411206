"""Clocks, petitions and whistles: who is the contact, what a record waits for, what is asked, joint efforts, surveys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns and tables. Of older records the claimer and the queue are the contact."""
    op.add_column("requests", sa.Column("contact_queue", sa.String(length=80), nullable=True))
    op.add_column("requests", sa.Column("contact_id", sa.BigInteger(), nullable=True))
    op.add_column("requests", sa.Column("waits_until", sa.BigInteger(), nullable=True))
    op.add_column("requests", sa.Column("parked", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("requests") as batch:
        batch.alter_column("parked", server_default=None)  # the program says it itself
    op.execute(sa.text("UPDATE requests SET contact_queue = queue, contact_id = claimer_id WHERE tenant = tenant"))
    op.create_index(
        op.f("ix_requests_tenant_contact_id_state"), "requests", ["tenant", "contact_id", "state"], unique=False
    )
    _waits()
    _petitions()
    _whistles()
    _surveys()


def _key(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in names]


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(length=64), nullable=False)


def _waits() -> None:
    op.create_table(
        "waits",
        _tenant(),
        *_key("id"),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_waits")),
    )
    op.create_index(op.f("ix_waits_tenant_request_id"), "waits", ["tenant", "request_id"], unique=False)


def _petitions() -> None:
    op.create_table(
        "petitions",
        _tenant(),
        *_key("id"),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_petitions")),
    )
    op.create_index(op.f("ix_petitions_tenant_request_id"), "petitions", ["tenant", "request_id"], unique=False)
    op.create_index(
        op.f("ix_petitions_tenant_queue_outcome_due_at"),
        "petitions",
        ["tenant", "queue", "outcome", "due_at"],
        unique=False,
    )


def _whistles() -> None:
    op.create_table(
        "whistles",
        _tenant(),
        *_key("id"),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("proof", sa.String(length=8), nullable=False),
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("former", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("blown_by", sa.BigInteger(), nullable=False),
        sa.Column("blown_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_whistles")),
    )
    op.create_index(op.f("ix_whistles_tenant_request_id"), "whistles", ["tenant", "request_id"], unique=False)
    op.create_index(
        op.f("ix_whistles_tenant_outcome_blown_at"), "whistles", ["tenant", "outcome", "blown_at"], unique=False
    )
    op.create_table(
        "whistle_parts",
        _tenant(),
        *_key("id"),
        sa.Column("whistle_id", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.BigInteger(), nullable=True),
        sa.Column("arrived_by", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("waived", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_whistle_parts")),
    )
    op.create_index(op.f("ix_whistle_parts_tenant_whistle_id"), "whistle_parts", ["tenant", "whistle_id"], unique=False)
    op.create_index(
        op.f("ix_whistle_parts_tenant_queue_due_at"), "whistle_parts", ["tenant", "queue", "due_at"], unique=False
    )
    op.create_table(
        "whistle_assessments",
        _tenant(),
        *_key("whistle_id"),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("of_caller", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "whistle_id", "queue", "of_caller", name=op.f("pk_whistle_assessments")),
    )


def _surveys() -> None:
    op.create_table(
        "surveys",
        _tenant(),
        *_key("id"),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("per_community", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_surveys")),
    )
    op.create_index(op.f("ix_surveys_tenant_number"), "surveys", ["tenant", "number"], unique=False)
    op.create_table(
        "survey_ballots",
        _tenant(),
        *_key("survey_id", "person_id"),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "survey_id", "person_id", name=op.f("pk_survey_ballots")),
    )
    op.create_index(op.f("ix_survey_ballots_tenant_person_id"), "survey_ballots", ["tenant", "person_id"], unique=False)
