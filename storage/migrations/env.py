"""Alembic's entry: runs the steps on the connection that `storage.migrate` hands over."""

from __future__ import annotations

from alembic import context

from storage import tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the caller's transaction holds every step
    on_version_apply=context.config.attributes.get("applied"),
)
context.run_migrations()
