"""Many rows at once, and fast: the one place where the two engines differ in how they take them.

SQLite is fastest with a statement written once and tuples handed to the driver; PostgreSQL with COPY. Values are as
the database holds them (days as text, moments as milliseconds): nothing is converted on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table

#: Values in one ``in (...)``: SQLite before 3.32 takes 999 parameters.
SLICE = 900

Row = Sequence[Any]


def insert_rows(tx: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows, which must be new."""
    if not rows:
        return
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(_insert(table.name, columns, "?"), list(rows))
        return
    cursor = tx.connection.cursor()
    with cursor.copy(f"copy {_quoted(table.name)} ({_listed(columns)}) from stdin") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.close()


def insert_missing(tx: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows, leaving out those that break a unique key: somebody else was faster."""
    if rows:
        statement = _insert(table.name, columns, _mark(tx))
        tx.exec_driver_sql(f"{statement} on conflict do nothing", [tuple(row) for row in rows])


def add_up_rows(tx: Connection, table: Table, key: tuple[str, ...], sum_: str, rows: Sequence[Row]) -> None:
    """Insert rows of a key and a number; where the key is there already, add the number to its own."""
    if rows:
        statement = _insert(table.name, (*key, sum_), _mark(tx))
        adding = f"{_quoted(sum_)} = {_quoted(table.name)}.{_quoted(sum_)} + excluded.{_quoted(sum_)}"
        tx.exec_driver_sql(f"{statement} on conflict ({_listed(key)}) do update set {adding}", list(rows))


def update_rows(tx: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], *, key: str) -> None:
    """Set columns of single rows; the last value of each row is the key's."""
    if rows:
        mark = _mark(tx)
        setting = ", ".join(f"{_quoted(column)} = {mark}" for column in columns)
        statement = f"update {_quoted(table.name)} set {setting} where {_quoted(key)} = {mark}"
        tx.exec_driver_sql(statement, [tuple(row) for row in rows])


def select_rows(tx: Connection, statement: str, *parameters: Any) -> list[Any]:
    """The rows of a statement that is written out, with ``?`` for every parameter, on either engine."""
    return list(tx.exec_driver_sql(statement.replace("?", _mark(tx)), parameters))


def select_among(tx: Connection, statement: str, values: Sequence[Any], *, before: Row = ()) -> Iterator[Any]:
    """The rows of a statement for many values, a slice at a time.

    :param statement: with ``?`` for every parameter, and ``(??)`` for the list of values, which comes last.
    :param before: the parameters before the list.
    """
    mark = _mark(tx)
    remaining = iter(values)
    while batch := tuple(islice(remaining, SLICE)):
        marks = f"({', '.join([mark] * len(batch))})"
        yield from tx.exec_driver_sql(statement.replace("(??)", marks).replace("?", mark), (*before, *batch)).all()


def _mark(tx: Connection) -> str:
    return "?" if tx.dialect.name == "sqlite" else "%s"


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...], mark: str) -> str:
    marks = ", ".join([mark] * len(columns))
    return f"insert into {_quoted(table)} ({_listed(columns)}) values ({marks})"


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(_quoted(column) for column in columns)


def _quoted(name: str) -> str:
    return f'"{name}"'
