"""The ledger becomes a chain: what happened so far is chained, words said with events move to a table of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.chain import START, digest, micros, moment
from storage.ids import Ids

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BATCH = 1000
_WORDS = ("words", "why")
"""Keys of event data under which people's words were kept."""
_CODES = frozenset({"reporter", "satisfied", "partly_solved", "unsolved", "low_stars", "place", ""})
"""What "why" says of its own accord: no words of people."""
_FACTS = (
    "queue",
    "item",
    "grid",
    "reporter_id",
    "spot_id",
    "received_at",
    "started_at",
    "respond_due_at",
    "resolve_due_at",
    "responded_at",
    "resolved_at",
    "closed_at",
    "resolution",
    "reopened",
    "supervised",
)


def upgrade() -> None:
    """New tables and columns, the chain over the events that are there, then the triggers that keep it."""
    _tables()
    _unprotect()
    if not op.get_context().as_sql:  # a script for another database has no rows to chain
        bind = op.get_bind()
        for (tenant,) in bind.execute(sa.text("SELECT DISTINCT tenant FROM events ORDER BY tenant")).all():
            _chain(bind, tenant)
    with op.batch_alter_table("events") as batch:
        batch.alter_column("seq", existing_type=sa.BigInteger(), nullable=False)
        batch.alter_column("previous", existing_type=sa.String(length=64), nullable=False)
        batch.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        batch.create_unique_constraint(op.f("uq_events_tenant_seq"), ["tenant", "seq"])
    _protect()


def _tables() -> None:
    op.create_table(
        "ledgers",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_ledgers")),
    )
    op.create_table(
        "remarks",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "event_id", name=op.f("pk_remarks")),
    )
    op.create_index(
        op.f("ix_remarks_tenant_subject_subject_id"), "remarks", ["tenant", "subject", "subject_id"], unique=False
    )
    for column in (
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
    ):
        op.add_column("events", column)
    op.add_column("requests", sa.Column("spot_id", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE requests SET spot_id = (SELECT min(o.id) FROM requests o WHERE o.tenant = requests.tenant "
        "AND o.reporter_id = requests.reporter_id AND o.place_text = requests.place_text)"
    )


# -------------------------------------------------------------------- the events that are there


def _chain(bind: sa.Connection, tenant: str) -> None:
    seq, last = 0, START
    for rows in _batches(bind, tenant):
        remarks: list[dict[str, Any]] = []
        for seq, row in enumerate(rows, seq + 1):  # noqa: B020
            _take_words(row, remarks)
            row |= {"seq": seq, "previous": last, "at": moment(row["at"])}
            last = row["hash"] = digest(row)
        _write(bind, rows, remarks)
    carried = [*_requests(bind, tenant), *_wishes(bind, tenant)]
    for seq, row in enumerate(carried, seq + 1):  # noqa: B020
        row |= {"seq": seq, "previous": last}
        last = row["hash"] = digest(row)
    _add(bind, carried)
    head = {"tenant": tenant, "seq": seq, "hash": last}
    bind.execute(sa.text("INSERT INTO ledgers VALUES (:tenant, :seq, :hash)"), head)


def _batches(bind: sa.Connection, tenant: str) -> Iterator[list[dict[str, Any]]]:
    after = -1
    statement = sa.text("SELECT * FROM events WHERE tenant = :tenant AND id > :after ORDER BY id LIMIT :most")
    while rows := bind.execute(statement, {"tenant": tenant, "after": after, "most": _BATCH}).mappings().all():
        found = [dict(row) for row in rows]
        for row in found:
            row["data"] = json.loads(row["data"]) if isinstance(row["data"], str) else row["data"]
        after = found[-1]["id"]
        yield found


def _take_words(row: dict[str, Any], remarks: list[dict[str, Any]]) -> None:
    for key in _WORDS:
        words = row["data"].get(key)
        if not isinstance(words, str) or (key == "why" and words in _CODES):
            continue
        del row["data"][key]
        if words:
            same = ("tenant", "subject", "subject_id")
            remarks.append({**{k: row[k] for k in same}, "event_id": row["id"], "words": words})


def _write(bind: sa.Connection, rows: list[dict[str, Any]], remarks: list[dict[str, Any]]) -> None:
    bind.execute(
        sa.text(
            "UPDATE events SET seq = :seq, previous = :previous, hash = :hash, data = :data "
            "WHERE tenant = :tenant AND id = :id"
        ).bindparams(sa.bindparam("data", type_=sa.JSON)),
        [{k: row[k] for k in ("tenant", "id", "seq", "previous", "hash", "data")} for row in rows],
    )
    if remarks:
        columns = "tenant, event_id, subject, subject_id, words"
        values = ":tenant, :event_id, :subject, :subject_id, :words"
        bind.execute(sa.text(f"INSERT INTO remarks ({columns}) VALUES ({values})"), remarks)  # noqa: S608


# -------------------------------------------------------------------- how records stood


def _requests(bind: sa.Connection, tenant: str) -> Iterator[dict[str, Any]]:
    """One event a record that says how it stands: earlier events did not carry all that figures are counted from."""
    given: dict[int, list[list[Any]]] = {}
    for table in ("ratings", "supporter_ratings"):
        found = bind.execute(
            sa.text(f"SELECT request_id, resolution, person_id, solved, stars FROM {table} WHERE tenant = :tenant"),  # noqa: S608
            {"tenant": tenant},
        )
        for request_id, *rating in found:
            given.setdefault(request_id, []).append(rating)
    columns = ", ".join(_FACTS)
    statement = sa.text(f"SELECT id, number, state, {columns} FROM requests WHERE tenant = :tenant ORDER BY id")  # noqa: S608
    for row in bind.execute(statement, {"tenant": tenant}).mappings():
        facts = {name: row[name] for name in _FACTS} | {"supervised": bool(row["supervised"])}
        data = {"number": row["number"], "set": facts, "ratings": given.get(row["id"], [])}
        yield _carried(tenant, "request", row["id"], row["state"], data)


def _wishes(bind: sa.Connection, tenant: str) -> Iterator[dict[str, Any]]:
    statement = sa.text("SELECT id, number, state FROM wishes WHERE tenant = :tenant ORDER BY id")
    for row in bind.execute(statement, {"tenant": tenant}):
        yield _carried(tenant, "wish", row.id, row.state, {"number": row.number})


_ids = Ids()


def _carried(tenant: str, subject: str, subject_id: int, state: str, data: dict[str, Any]) -> dict[str, Any]:
    name = {"request": "request.carried", "wish": "wish.carried"}[subject]
    return {
        "tenant": tenant,
        "id": _ids.new(),
        "subject": subject,
        "subject_id": subject_id,
        "name": name,
        "at": datetime.now(UTC),
        "actor_id": None,
        "origin": "",
        "target": state,
        "data": data,
    }


def _add(bind: sa.Connection, rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), _BATCH):
        part = [row | {"at": micros(row["at"])} for row in rows[first : first + _BATCH]]
        columns = list(part[0])
        values = ", ".join(f":{c}" for c in columns)
        statement = sa.text(f"INSERT INTO events ({', '.join(columns)}) VALUES ({values})")  # noqa: S608
        bind.execute(statement.bindparams(sa.bindparam("data", type_=sa.JSON)), part)


# -------------------------------------------------------------------- triggers


def _unprotect() -> None:
    dialect = op.get_context().dialect.name
    if dialect == "sqlite":
        op.execute("DROP TRIGGER events_no_update")
        op.execute("DROP TRIGGER events_no_delete")
    elif dialect == "postgresql":
        op.execute("DROP TRIGGER events_final ON events")


def _protect() -> None:
    """Events stay as they were written and the head only grows; a distributed table relies on rights instead."""
    dialect = op.get_context().dialect.name
    if dialect == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
                "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
            )
        op.execute(
            "CREATE TRIGGER ledgers_no_return BEFORE UPDATE ON ledgers "
            "WHEN NEW.seq <= OLD.seq OR NEW.tenant <> OLD.tenant "
            "BEGIN SELECT RAISE(ABORT, 'a ledger never goes back'); END"
        )
        op.execute(
            "CREATE TRIGGER ledgers_no_delete BEFORE DELETE ON ledgers "
            "BEGIN SELECT RAISE(ABORT, 'a ledger never goes back'); END"
        )
    elif dialect == "postgresql":
        op.execute(
            "CREATE TRIGGER events_final BEFORE UPDATE OR DELETE ON events "
            "FOR EACH ROW EXECUTE FUNCTION events_are_final()"
        )
        op.execute(
            "CREATE FUNCTION ledgers_only_grow() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF TG_OP = 'UPDATE' AND NEW.seq > OLD.seq AND NEW.tenant = OLD.tenant THEN RETURN NEW; END IF; "
            "RAISE EXCEPTION 'a ledger never goes back'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledgers_grow BEFORE UPDATE OR DELETE ON ledgers "
            "FOR EACH ROW EXECUTE FUNCTION ledgers_only_grow()"
        )
        for table, function in (("events", "events_are_final"), ("ledgers", "ledgers_only_grow")):
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            )
