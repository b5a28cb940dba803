"""How Alembic runs: in the transaction that watcher.store.migrate has begun."""

from __future__ import annotations

from alembic import context

from watcher.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a table; Alembic rebuilds it.
    render_as_batch=True,
)
context.run_migrations()
