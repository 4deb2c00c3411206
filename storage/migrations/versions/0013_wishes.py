"""Wishes with several adopters, waiting lists, seasons, traits and a place on the wall; offers with stock and calendar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0009"
branch_labels = None
depends_on = None

_HELD = "('adopted', 'fulfilling', 'fulfilled')"
_SHOWN = "('published', 'adopted', 'fulfilling', 'fulfilled', 'closed')"


def upgrade() -> None:
    """Adds tables and columns; what is adopted now is an adoption of one, what the wall shows gets its place."""
    op.create_table(
        "adoptions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wish_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("shares", sa.Integer(), nullable=False),
        sa.Column("as_unit", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.Column("adopted_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_adoptions")),
    )
    op.create_index(
        op.f("ix_adoptions_tenant_person_id_state"), "adoptions", ["tenant", "person_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_adoptions_tenant_wish_id_state"), "adoptions", ["tenant", "wish_id", "state"], unique=False
    )
    op.create_table(
        "bookings",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_bookings")),
    )
    op.create_index(
        op.f("ix_bookings_tenant_resource_id_state"), "bookings", ["tenant", "resource_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_bookings_tenant_subject_subject_id_state"),
        "bookings",
        ["tenant", "subject", "subject_id", "state"],
        unique=False,
    )
    op.create_table(
        "one_time_codes",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "digest", name=op.f("pk_one_time_codes")),
    )
    op.create_index(
        op.f("ix_one_time_codes_tenant_kind_subject_id_made_by"),
        "one_time_codes",
        ["tenant", "kind", "subject_id", "made_by"],
        unique=False,
    )
    op.create_table(
        "resource_slots",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_resource_slots")),
        sa.UniqueConstraint(
            "tenant", "resource_id", "starts_at", name=op.f("uq_resource_slots_tenant_resource_id_starts_at")
        ),
    )
    op.create_index(
        op.f("ix_resource_slots_tenant_resource_id_ends_at"),
        "resource_slots",
        ["tenant", "resource_id", "ends_at"],
        unique=False,
    )
    op.create_table(
        "resources",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("draft_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("owner_label", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("skills", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_resources")),
        sa.UniqueConstraint("tenant", "draft_id", name=op.f("uq_resources_tenant_draft_id")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_resources_tenant_number")),
    )
    op.create_index(op.f("ix_resources_tenant_owner_id_id"), "resources", ["tenant", "owner_id", "id"], unique=False)
    op.create_index(op.f("ix_resources_tenant_state_id"), "resources", ["tenant", "state", "id"], unique=False)
    op.create_table(
        "seasons",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("launch_at", sa.BigInteger(), nullable=False),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("shown_at", sa.BigInteger(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_seasons")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_seasons_tenant_number")),
    )
    op.create_index(op.f("ix_seasons_tenant_state"), "seasons", ["tenant", "state"], unique=False)
    op.create_table(
        "wish_pictures",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wish_id", sa.BigInteger(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("shown", sa.String(length=80), nullable=False),
        sa.Column("faces", sa.Integer(), nullable=False),
        sa.Column("chosen_by", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_wish_pictures")),
        sa.UniqueConstraint("tenant", "attachment_id", name=op.f("uq_wish_pictures_tenant_attachment_id")),
    )
    op.create_index(op.f("ix_wish_pictures_tenant_shown"), "wish_pictures", ["tenant", "shown"], unique=False)
    op.create_index(op.f("ix_wish_pictures_tenant_state_id"), "wish_pictures", ["tenant", "state", "id"], unique=False)
    op.create_index(op.f("ix_wish_pictures_tenant_wish_id"), "wish_pictures", ["tenant", "wish_id"], unique=False)
    op.create_table(
        "wish_waits",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wish_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_wish_waits")),
    )
    op.create_index(
        op.f("ix_wish_waits_tenant_person_id_state"), "wish_waits", ["tenant", "person_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_wish_waits_tenant_wish_id_state_id"), "wish_waits", ["tenant", "wish_id", "state", "id"], unique=False
    )
    op.add_column("wishes", sa.Column("theme", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("wishes", sa.Column("size", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("wishes", sa.Column("for_whom", sa.String(length=12), nullable=False, server_default=""))
    op.add_column("wishes", sa.Column("skills", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("wishes", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column("wishes", sa.Column("cost", sa.Integer(), nullable=True))
    op.add_column("wishes", sa.Column("shares", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("wishes", sa.Column("taken", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("wishes", sa.Column("pairs", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("wishes", sa.Column("filed_by", sa.BigInteger(), nullable=True))
    op.add_column("wishes", sa.Column("consent", sa.String(length=10), nullable=False, server_default=""))
    op.add_column("wishes", sa.Column("request_id", sa.BigInteger(), nullable=True))
    op.add_column("wishes", sa.Column("season_id", sa.BigInteger(), nullable=True))
    op.add_column("wishes", sa.Column("hours", sa.Float(), nullable=True))
    op.add_column("wishes", sa.Column("kept_in", sa.BigInteger(), nullable=True))
    op.add_column("wishes", sa.Column("carried", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("wishes", sa.Column("rank", sa.BigInteger(), nullable=True))
    op.add_column("wishes", sa.Column("reserved_for", sa.BigInteger(), nullable=True))
    op.add_column("wishes", sa.Column("reserved_until", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("wishes") as batch:
        for name in ("theme", "size", "for_whom", "skills", "consent", "shares", "taken", "carried", "pairs"):
            batch.alter_column(name, server_default=None)  # the program says each of them itself
    op.create_index(op.f("ix_wishes_tenant_rank"), "wishes", ["tenant", "rank"], unique=False)
    op.create_index(op.f("ix_wishes_tenant_season_id_state"), "wishes", ["tenant", "season_id", "state"], unique=False)
    op.execute(
        "INSERT INTO adoptions (tenant, id, wish_id, person_id, chat_id, shares, as_unit, state, why, adopted_at) "  # noqa: S608
        "SELECT tenant, id, id, adopter_id, COALESCE(adopter_chat_id, chat_id), 1, "
        f"{'false' if op.get_context().dialect.name == 'postgresql' else '0'}, 'holding', '', "
        f"COALESCE(adopted_at, submitted_at) FROM wishes WHERE adopter_id IS NOT NULL AND state IN {_HELD}"
    )
    op.execute(f"UPDATE wishes SET taken = 1 WHERE adopter_id IS NOT NULL AND state IN {_HELD}")  # noqa: S608
    op.execute(f"UPDATE wishes SET rank = number WHERE published_at IS NOT NULL AND state IN {_SHOWN}")  # noqa: S608
    op.execute("UPDATE wishes SET theme = CASE WHEN item LIKE '%.goods' THEN 'goods' ELSE 'service' END")
