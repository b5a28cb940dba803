from __future__ import annotations

import shutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from watcher.core.errors import SchemaMismatch, StoreError
from watcher.shipped import shipped
from watcher.store import migrate, schema

_NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_table("later", sa.Column("name", sa.Text, primary_key=True))
    with op.batch_alter_table("source") as source:
        source.add_column(sa.Column("colour", sa.Text))
        source.alter_column("kind", nullable=True)
"""


@pytest.fixture
def next_migration(tmp_path, monkeypatch):
    """A second migration; its file, to be changed."""
    folder = tmp_path / "migrations"
    shutil.copytree(shipped("migrations"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    script = folder / "versions" / "0002_next.py"
    script.write_text(_NEXT)
    monkeypatch.setattr(migrate, "shipped", lambda _: folder)
    return script


def test_on_postgresql_the_migrations_make_the_tables_that_the_schema_describes(postgresql_store):
    with postgresql_store.reading() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True, "compare_server_default": True})
        found = compare_metadata(context, schema.metadata)
    # Comments are for the readers of schema.py; the database does not hold them.
    assert [each for each in found if not _is_comment(each)] == []


def test_on_sqlite_they_write_every_table_as_the_schema_does(sqlite_store):
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as described, sqlite_store.reading() as made:
        assert _definitions(made) == _definitions(described)
    engine.dispose()


def test_every_legal_edge_of_a_delivery_is_a_row(store):
    with store.reading() as tx:
        edges = {tuple(row) for row in tx.execute(text("select previous, state from delivery_edge"))}
    assert edges == set(schema.EDGES)


def test_the_newest_migration_is_the_one_that_the_store_asks_for(store):
    scripts = sorted(path.name for path in (shipped("migrations") / "versions").glob("[0-9]*.py"))
    assert scripts[-1].partition("_")[0] == schema.SCHEMA_REVISION
    assert migrate.current(store.url) == schema.SCHEMA_REVISION


def test_a_new_sqlite_file_is_marked_as_ours_and_private(tmp_path):
    path = tmp_path / "new" / "watcher.db"
    with migrate.create(f"sqlite:///{path}") as store, store.reading() as tx:
        assert tx.execute(text("pragma application_id")).scalar() == schema.APPLICATION_ID
    assert [each.stat().st_mode & 0o777 for each in (path.parent, path)] == [0o700, 0o600]


def test_making_a_store_that_exists_only_opens_it(store):
    with store.writing() as tx:
        tx.execute(text("insert into source (name, kind) values ('acled', 'acled')"))
    with migrate.create(store.url) as again, again.reading() as tx:
        assert tx.execute(text("select count(*) from source")).scalar() == 1


def test_a_store_in_memory_has_its_tables():
    with migrate.create("sqlite://") as store:
        assert store.revision() == schema.SCHEMA_REVISION


def test_migrating_a_store_of_this_version_applies_nothing(store):
    assert migrate.migrate(store.url) == []


def test_migrating_says_what_it_applied_and_keeps_the_rows(store, next_migration):
    with store.writing() as tx:
        tx.execute(text("insert into source (name, kind) values ('acled', 'acled')"))
    assert migrate.migrate(store.url) == ["0002"]
    assert migrate.current(store.url) == "0002"
    with store.reading() as tx:
        assert tx.execute(text("select name, colour from source")).all() == [("acled", None)]


def test_a_migration_that_fails_half_way_leaves_nothing_behind(store, next_migration):
    next_migration.write_text(f"{_NEXT}    raise RuntimeError('half way')\n")
    with pytest.raises(RuntimeError, match="half way"):
        migrate.migrate(store.url)
    assert migrate.current(store.url) == "0001"
    with store.reading() as tx:
        assert "later" not in inspect(tx).get_table_names()
        assert "colour" not in [column["name"] for column in inspect(tx).get_columns("source")]


def test_a_migration_may_not_leave_a_dangling_reference(sqlite_store, next_migration):
    next_migration.write_text(f"{_NEXT}    op.execute(\"insert into event_actor values (7, 1, 'a', 7)\")\n")
    with pytest.raises(StoreError, match="dangling reference in event_actor"):
        migrate.migrate(sqlite_store.url)
    assert migrate.current(sqlite_store.url) == "0001"


def test_a_newer_store_cannot_be_migrated(store):
    with store.writing() as tx:
        tx.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="install a newer watcher"):
        migrate.migrate(store.url)


def test_there_is_nothing_to_migrate_without_a_store(tmp_path):
    with pytest.raises(StoreError, match="there is no store"):
        migrate.migrate(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


def test_an_empty_file_is_no_store_to_migrate(tmp_path):
    (tmp_path / "empty.db").touch(0o600)
    with pytest.raises(StoreError, match="no store of watcher"):
        migrate.migrate(f"sqlite:///{tmp_path}/empty.db")


def _is_comment(difference) -> bool:
    flat = difference[0] if isinstance(difference, list) else difference
    return flat[0] in {"modify_comment", "add_table_comment", "remove_table_comment"}


def _definitions(tx) -> dict[str, list[str]]:
    found = tx.execute(text("select name, sql from sqlite_schema where sql is not null and name <> 'alembic_version'"))
    # The order of a table's constraints means nothing.
    return {name: sorted(line.strip(" \t,") for line in sql.splitlines()) for name, sql in found}
