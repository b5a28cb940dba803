from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex

from watcher.store import schema

PARTIAL = [
    pytest.param(index, id=str(index.name))
    for table in schema.metadata.sorted_tables
    for index in sorted(table.indexes, key=lambda index: str(index.name))
    if "where" in index.info
]


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize("index", PARTIAL)
def test_an_index_over_some_rows_is_over_the_same_rows_on_both_engines(index, dialect):
    schema.speak_postgresql()
    assert str(CreateIndex(index).compile(dialect=dialect)).endswith(f" WHERE {index.info['where']}")


def test_there_are_indexes_over_some_rows():
    assert len(PARTIAL) == 11
