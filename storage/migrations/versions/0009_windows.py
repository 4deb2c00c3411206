"""Platforms that count: windows, agreements, notices, answers on request, tokens, uploads, place codes, one-use tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
    _people()
    _account()
    op.create_table(
        "tickets",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name=op.f("pk_tickets")),
    )


def _whose() -> list[sa.Column[str]]:
    return [
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
    ]


def _people() -> None:
    op.create_table(
        "windows",
        *_whose(),
        sa.Column("user_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", "user_key", "kind", name=op.f("pk_windows")),
    )
    op.create_table(
        "agreements",
        *_whose(),
        sa.Column("user_key", sa.String(length=64), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", "user_key", "template", name=op.f("pk_agreements")),
    )
    op.create_table(
        "notices",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_notices")),
    )
    columns = ["tenant", "channel", "account", "ref"]
    op.create_index(op.f("ix_notices_tenant_channel_account_ref"), "notices", columns, unique=False)
    op.create_index(op.f("ix_notices_tenant_chat_id"), "notices", ["tenant", "chat_id"], unique=False)


def _account() -> None:
    op.create_table(
        "passive_answers",
        *_whose(),
        sa.Column("external_id", sa.String(length=160), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", "external_id", name=op.f("pk_passive_answers")),
    )
    op.create_table(
        "platform_tokens",
        *_whose(),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("forced_at", sa.BigInteger(), nullable=True),
        sa.Column("forced", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", name=op.f("pk_platform_tokens")),
    )
    op.create_table(
        "uploads",
        *_whose(),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", "ref", name=op.f("pk_uploads")),
    )
    op.create_table(
        "scene_codes",
        *_whose(),
        sa.Column("scene", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", "scene", name=op.f("pk_scene_codes")),
    )
