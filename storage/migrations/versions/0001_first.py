"""The first schema: receipts, people, dialogues, outbox, requests, wishes, the ledger, and the web chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every table and index, then the triggers that keep the ledger as it was written."""
    _tables()
    _protect_ledger()


def _protect_ledger() -> None:
    """Events are never changed or removed; a distributed table takes no triggers and relies on rights instead."""
    dialect = op.get_context().dialect.name
    if dialect == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
                "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
            )
    elif dialect == "postgresql":
        op.execute(
            "CREATE FUNCTION events_are_final() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'events are never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER events_final BEFORE UPDATE OR DELETE ON events "
            "FOR EACH ROW EXECUTE FUNCTION events_are_final()"
        )


def _tables() -> None:
    op.create_table(
        "attachments",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("mime", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("stored", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_tenant_stored"), "attachments", ["tenant", "stored"], unique=False)
    op.create_index(
        op.f("ix_attachments_tenant_subject_subject_id"),
        "attachments",
        ["tenant", "subject", "subject_id"],
        unique=False,
    )
    op.create_table(
        "chats",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("chat", sa.String(length=96), nullable=False),
        sa.Column("thread", sa.String(length=32), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_chats")),
        sa.UniqueConstraint(
            "tenant", "channel", "account", "chat", "thread", name=op.f("uq_chats_tenant_channel_account_chat_thread")
        ),
    )
    op.create_index(op.f("ix_chats_tenant_person_id"), "chats", ["tenant", "person_id"], unique=False)
    op.create_table(
        "counters",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_counters")),
    )
    op.create_table(
        "dialogues",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "chat_id", "person_id", name=op.f("pk_dialogues")),
    )
    op.create_table(
        "events",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_tenant_name_at"), "events", ["tenant", "name", "at"], unique=False)
    op.create_index(
        op.f("ix_events_tenant_subject_subject_id_id"),
        "events",
        ["tenant", "subject", "subject_id", "id"],
        unique=False,
    )
    op.create_table(
        "identities",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("user_key", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "channel", "account", "user_key", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_tenant_person_id"), "identities", ["tenant", "person_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("tenant", "digest", name=op.f("uq_invitations_tenant_digest")),
    )
    op.create_table(
        "keyboards",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("presses", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", name=op.f("pk_keyboards")),
    )
    op.create_index(op.f("ix_keyboards_tenant_expires_at"), "keyboards", ["tenant", "expires_at"], unique=False)
    op.create_table(
        "labels",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("item_before", sa.String(length=80), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("grid_before", sa.String(length=64), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_labels")),
    )
    op.create_index(op.f("ix_labels_tenant_at"), "labels", ["tenant", "at"], unique=False)
    op.create_table(
        "login_links",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_key", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name=op.f("pk_login_links")),
    )
    op.create_table(
        "menus",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "chat_id", name=op.f("pk_menus")),
    )
    op.create_table(
        "outbox",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_key", sa.String(length=64), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=80), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_outbox")),
    )
    op.create_index(
        op.f("ix_outbox_tenant_state_chat_id_id"), "outbox", ["tenant", "state", "chat_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_outbox_tenant_state_not_before"), "outbox", ["tenant", "state", "not_before"], unique=False
    )
    op.create_table(
        "people",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_digest", sa.String(length=64), nullable=True),
        sa.Column("last_place", sa.JSON(), nullable=True),
        sa.Column("home_place", sa.JSON(), nullable=True),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_tenant_phone_digest"), "people", ["tenant", "phone_digest"], unique=False)
    op.create_table(
        "posts",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.String(length=80), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "chat_id", "slot", name=op.f("pk_posts")),
        sa.UniqueConstraint("tenant", "chat_id", "slot", name=op.f("uq_posts_tenant_chat_id_slot")),
    )
    op.create_index(op.f("ix_posts_tenant_slot"), "posts", ["tenant", "slot"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("solved", sa.String(length=8), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "request_id", "resolution", name=op.f("pk_ratings")),
    )
    op.create_index(op.f("ix_ratings_tenant_at"), "ratings", ["tenant", "at"], unique=False)
    op.create_table(
        "receipts",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=160), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("raw_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_receipts")),
        sa.UniqueConstraint(
            "tenant", "channel", "account", "external_id", name=op.f("uq_receipts_tenant_channel_account_external_id")
        ),
    )
    op.create_index(op.f("ix_receipts_tenant_state_id"), "receipts", ["tenant", "state", "id"], unique=False)
    op.create_table(
        "requests",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("draft_id", sa.BigInteger(), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("intent", sa.String(length=16), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("place_text", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("original_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("danger", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("respond_due_at", sa.BigInteger(), nullable=False),
        sa.Column("resolve_due_at", sa.BigInteger(), nullable=False),
        sa.Column("claimer_id", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("responded_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("resolution", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("supervised", sa.Boolean(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_requests")),
        sa.UniqueConstraint("tenant", "draft_id", name=op.f("uq_requests_tenant_draft_id")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_requests_tenant_number")),
    )
    op.create_index(
        op.f("ix_requests_tenant_claimer_id_state"), "requests", ["tenant", "claimer_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_requests_tenant_queue_state_id"), "requests", ["tenant", "queue", "state", "id"], unique=False
    )
    op.create_index(
        op.f("ix_requests_tenant_reporter_id_id"), "requests", ["tenant", "reporter_id", "id"], unique=False
    )
    op.create_table(
        "roles",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_roles")),
    )
    op.create_index(op.f("ix_roles_tenant_person_id"), "roles", ["tenant", "person_id"], unique=False)
    op.create_index(op.f("ix_roles_tenant_role_scope"), "roles", ["tenant", "role", "scope"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("bound_by", sa.BigInteger(), nullable=True),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "queue", "chat_id", name=op.f("pk_rooms")),
    )
    op.create_index(op.f("ix_rooms_tenant_chat_id"), "rooms", ["tenant", "chat_id"], unique=False)
    op.create_table(
        "settings",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_settings")),
    )
    op.create_table(
        "timers",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_timers")),
    )
    op.create_index(op.f("ix_timers_tenant_state_due_at"), "timers", ["tenant", "state", "due_at"], unique=False)
    op.create_index(
        op.f("ix_timers_tenant_subject_subject_id_state"),
        "timers",
        ["tenant", "subject", "subject_id", "state"],
        unique=False,
    )
    op.create_table(
        "web_files",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("mime", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "ref", "chat", name=op.f("pk_web_files")),
    )
    op.create_table(
        "web_posts",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("geo", sa.JSON(), nullable=False),
        sa.Column("reply_to", sa.String(length=20), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("pressed", sa.String(length=120), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_web_posts")),
        sa.UniqueConstraint("tenant", "author", "client_id", name=op.f("uq_web_posts_tenant_author_client_id")),
    )
    op.create_index(op.f("ix_web_posts_tenant_changed"), "web_posts", ["tenant", "changed"], unique=False)
    op.create_index(op.f("ix_web_posts_tenant_chat_changed"), "web_posts", ["tenant", "chat", "changed"], unique=False)
    op.create_index(op.f("ix_web_posts_tenant_chat_id"), "web_posts", ["tenant", "chat", "id"], unique=False)
    op.create_table(
        "web_sessions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "secret_hash", name=op.f("pk_web_sessions")),
    )
    op.create_index(op.f("ix_web_sessions_tenant_user"), "web_sessions", ["tenant", "user"], unique=False)
    op.create_table(
        "wishes",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("draft_id", sa.BigInteger(), nullable=False),
        sa.Column("wisher_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("place_text", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("original_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("adopter_id", sa.BigInteger(), nullable=True),
        sa.Column("adopter_chat_id", sa.BigInteger(), nullable=True),
        sa.Column("adopted_at", sa.BigInteger(), nullable=True),
        sa.Column("sign_at", sa.BigInteger(), nullable=True),
        sa.Column("fulfilled_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("phone_shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_wishes")),
        sa.UniqueConstraint("tenant", "draft_id", name=op.f("uq_wishes_tenant_draft_id")),
        sa.UniqueConstraint("tenant", "number", name=op.f("uq_wishes_tenant_number")),
    )
    op.create_index(
        op.f("ix_wishes_tenant_adopter_id_state"), "wishes", ["tenant", "adopter_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_wishes_tenant_state_published_at"), "wishes", ["tenant", "state", "published_at"], unique=False
    )
    op.create_index(op.f("ix_wishes_tenant_wisher_id_id"), "wishes", ["tenant", "wisher_id", "id"], unique=False)
