"""The web desk: sign-in, templates, views; full-text search; other systems; the answers' wall; appeals; imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from storage.search import POSTGRESQL, SQLITE, terms_of

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None
BATCH = 2_000


def upgrade() -> None:
    """Adds the tables and indexes, and indexes the words of the records that are there."""
    op.create_table(
        "appeals",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("ruled_by", sa.BigInteger(), nullable=True),
        sa.Column("ruled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_appeals")),
    )
    op.create_index(op.f("ix_appeals_tenant_period"), "appeals", ["tenant", "period"], unique=False)
    op.create_table(
        "echoes",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_down_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "request_id", name=op.f("pk_echoes")),
    )
    op.create_index(op.f("ix_echoes_tenant_published_at"), "echoes", ["tenant", "published_at"], unique=False)
    op.create_table(
        "imports",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_imports")),
        sa.UniqueConstraint("tenant", "kind", "digest", name=op.f("uq_imports_tenant_kind_digest")),
    )
    op.create_table(
        "office_links",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "digest", name=op.f("pk_office_links")),
    )
    op.create_index(op.f("ix_office_links_tenant_person_id"), "office_links", ["tenant", "person_id"], unique=False)
    op.create_table(
        "office_sessions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "digest", name=op.f("pk_office_sessions")),
    )
    op.create_index(
        op.f("ix_office_sessions_tenant_person_id"), "office_sessions", ["tenant", "person_id"], unique=False
    )
    op.create_table(
        "office_templates",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("desk", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_office_templates")),
    )
    op.create_index(op.f("ix_office_templates_tenant_desk"), "office_templates", ["tenant", "desk"], unique=False)
    op.create_index(
        op.f("ix_office_templates_tenant_owner_id"), "office_templates", ["tenant", "owner_id"], unique=False
    )
    op.create_table(
        "office_views",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_office_views")),
    )
    op.create_index(op.f("ix_office_views_tenant_owner_id"), "office_views", ["tenant", "owner_id"], unique=False)
    op.create_table(
        "origins",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(length=96), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "request_id", name=op.f("pk_origins")),
        sa.UniqueConstraint(
            "tenant", "partner_id", "external_id", name=op.f("uq_origins_tenant_partner_id_external_id")
        ),
    )
    op.create_table(
        "partner_calls",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "partner_id", "nonce", name=op.f("pk_partner_calls")),
    )
    op.create_index(op.f("ix_partner_calls_tenant_at"), "partner_calls", ["tenant", "at"], unique=False)
    op.create_table(
        "partners",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_partners")),
        sa.UniqueConstraint("tenant", "name", name=op.f("uq_partners_tenant_name")),
    )
    op.create_index(op.f("ix_partners_tenant_key_digest"), "partners", ["tenant", "key_digest"], unique=False)
    op.create_table(
        "search_texts",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "request_id", name=op.f("pk_search_texts")),
    )
    op.add_column("people", sa.Column("tail_digest", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_people_tenant_tail_digest"), "people", ["tenant", "tail_digest"], unique=False)
    op.create_index(
        op.f("ix_requests_tenant_item_received_at"), "requests", ["tenant", "item", "received_at"], unique=False
    )
    op.create_index(
        op.f("ix_requests_tenant_queue_received_at"), "requests", ["tenant", "queue", "received_at"], unique=False
    )
    op.create_index(
        op.f("ix_requests_tenant_received_at_id"), "requests", ["tenant", "received_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_requests_tenant_state_resolve_due_at"), "requests", ["tenant", "state", "resolve_due_at"], unique=False
    )

    connection = op.get_bind()
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    _index(connection)


def _index(connection: sa.Connection) -> None:
    """The words of every record, a batch at a time."""
    records = sa.table("requests", *map(sa.column, ("tenant", "id", "text", "place_text")))
    kept = sa.table("search_texts", *map(sa.column, ("tenant", "request_id", "terms")))
    key = sa.tuple_(records.c.tenant, records.c.id)
    after, seen = ("", 0), 0
    read = context.config.attributes.get("read")
    while True:
        rows = connection.execute(
            sa.select(records)
            .where(key > sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
            .order_by(records.c.tenant, records.c.id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        values = [
            {"tenant": r.tenant, "request_id": r.id, "terms": " ".join(terms_of(f"{r.text}\n{r.place_text}"))}
            for r in rows
        ]
        connection.execute(kept.insert(), values)
        after, seen = (rows[-1].tenant, rows[-1].id), seen + len(rows)
        if read is not None:
            read(seen)
