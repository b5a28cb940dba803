"""`watcher quarantine`: rows that could not be read: list, show, retry, dismiss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.number import Whole
from watcher.cli.opening import PATIENCE, config_option, open_settings, open_store
from watcher.cli.rulebook import did_you_mean
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_json, print_rows, safe
from watcher.core.errors import ExitCode, UsageError
from watcher.core.message.phrase import counted
from watcher.feeds import feed_of
from watcher.retry import Retried, retry
from watcher.singleton import holding
from watcher.store.engine import Store
from watcher.store.quarantine import Quarantined, find_quarantined, quarantined, release
from watcher.store.sources import find_sources
from watcher.wiring import load_rule_set

#: Rows of a list unless a limit is given.
_SHOWN = 100
_COLUMNS = (
    Column("id", right=True),
    Column("source"),
    Column("row", right=True),
    Column("line", right=True),
    Column("column"),
    Column("reason", gives=True),
    Column("raw", gives=True),
)


@click.group()
def command() -> None:
    r"""Rows that could not be read. Nothing of them is lost: each keeps its text, its place and the reason.

    \b
    watcher quarantine list --source acled
    watcher quarantine show 12
    watcher quarantine retry --all          # after an update, or a change of the settings
    watcher quarantine dismiss 12           # it will never be a record
    """


@command.command("list")
@config_option
@click.option("--source", metavar="NAME", help="Only of this source.")
@click.option("--all", "everything", is_flag=True, help="Also rows that have left quarantine.")
@click.option("--limit", type=Whole(), default=_SHOWN, show_default=True, help="At most so many.")
@format_option(*LIST_FORMATS)
def list_(config: Path | None, *, source: str | None, everything: bool, limit: int, style: str) -> int:
    """List the rows, with what is wrong with each."""
    with open_store(open_settings(config), read_only=True) as store, store.reading() as tx:
        if source is not None:
            _refuse_unknown(source, [each.name for each in find_sources(tx)])
        rows = find_quarantined(tx, source=source, open_only=not everything, limit=limit + 1)
    columns = _COLUMNS if not everything else (*_COLUMNS[:1], Column("released"), *_COLUMNS[1:])
    print_rows(map(_row, rows[:limit]), columns, style, empty="quarantine is empty")
    if style == "text" and len(rows) > limit:
        print(f"(the first {limit} rows; see --limit)")
    return 0


@command.command()
@config_option
@click.argument("number", metavar="ID", type=Whole())
@format_option("text", "json")
def show(config: Path | None, number: int, *, style: str) -> int:
    """Show one row as it stood in its file, under its header."""
    with open_store(open_settings(config), read_only=True) as store, store.reading() as tx:
        found = quarantined(tx, number)
    row = {**_row(found), "header": found.rejection.header, "at": found.at, "released_at": found.released_at}
    if style == "json":
        print_json(row)
        return 0
    for name in ("id", "source", "row", "line", "column", "reason", "at", "released_at", "released"):
        if row[name] not in {None, ""}:
            print(f"{name.replace('_', ' '):<12}{safe(str(row[name]))}")
    for name in ("header", "raw"):
        print(f"{name}:")
        for line in str(row[name]).splitlines():
            print(f"  {safe(line)}")
    return 0


@command.command("retry")
@config_option
@click.argument("numbers", metavar="[ID...]", nargs=-1, type=Whole())
@click.option("--all", "everything", is_flag=True, help="Every row that waits.")
@click.option("--source", metavar="NAME", help="With --all: only of this source.")
def retry_(config: Path | None, numbers: tuple[int, ...], *, everything: bool, source: str | None) -> int:
    """Read rows again, by the settings of today.

    What can be read now is stored, and the next turn judges it. What cannot stays, with what is wrong with it now;
    then the exit code is 65.
    """
    if everything == bool(numbers):
        raise UsageError("say which rows to read again", todo="numbers, or --all")
    settings = open_settings(config)
    rules = load_rule_set(settings)
    done: list[Retried] = []
    with open_store(settings) as store, holding(settings.state_dir / "turn.lock", who="a retry", patience=PATIENCE):
        waiting = sorted(_waiting(store, numbers, source), key=lambda row: (row.source, row.id))
        for name, rows in groupby(waiting, key=lambda row: row.source):
            done += retry(store, feed_of(settings, name), list(rows), rules, now=clock.wall())
    return _report(done)


@command.command()
@config_option
@click.argument("numbers", metavar="ID...", nargs=-1, type=Whole(), required=True)
def dismiss(config: Path | None, numbers: tuple[int, ...]) -> int:
    """Let rows leave quarantine unread: they will never be records.

    The same row in a later file is not brought back.
    """
    with open_store(open_settings(config)) as store, store.writing() as tx:
        for number in numbers:
            _refuse_released(quarantined(tx, number))
            release(tx, number, how="dismissed", now=clock.wall())
    print(f"dismissed {counted(len(numbers), 'row')}")
    return 0


def _waiting(store: Store, numbers: Sequence[int], source: str | None) -> list[Quarantined]:
    with store.reading() as tx:
        if source is not None:
            _refuse_unknown(source, [each.name for each in find_sources(tx)])
        if not numbers:
            return find_quarantined(tx, source=source)
        rows = [quarantined(tx, number) for number in dict.fromkeys(numbers)]
    for row in rows:
        _refuse_released(row)
    return rows


def _refuse_unknown(source: str, known: Iterable[str]) -> None:
    names = list(known)
    if source not in names:
        raise UsageError(f"there is no source {source!r} in the store", todo=did_you_mean(source, names))


def _refuse_released(row: Quarantined) -> None:
    if row.released_at is not None:
        raise UsageError(f"row {row.id} has left quarantine: {row.released_how} {row.released_at:%Y-%m-%d %H:%M} UTC")


def _report(done: Sequence[Retried]) -> int:
    still = [each for each in done if not each.is_read]
    for each in still:
        print(f"{each.row.id}: still not readable: {safe(each.problem)}")
    if not done:
        print("quarantine is empty")
    else:
        print(f"{counted(len(done) - len(still), 'row')} read, {len(still)} stay in quarantine")
    return ExitCode.DATA if still else ExitCode.OK


def _row(found: Quarantined) -> dict[str, Any]:
    rejection = found.rejection
    return {
        "id": found.id,
        "released": found.released_how,
        "source": found.source,
        "row": rejection.row,
        "line": rejection.line,
        "column": rejection.column,
        "reason": rejection.reason,
        "raw": rejection.raw,
        "load": found.load,
        "at": found.at,
    }
