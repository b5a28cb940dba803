"""`watcher ingest`: read files of records into the store."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.number import Within
from watcher.cli.opening import config_option, open_settings, open_store, quiet_log
from watcher.cli.table import format_option, safe
from watcher.config.rules import load_rules
from watcher.core.errors import ExitCode, WatcherError
from watcher.feeds import feed_of
from watcher.ingest import Feed, Ingested, ingest_file, rows_waiting
from watcher.singleton import holding
from watcher.sources import READY
from watcher.store.engine import Store
from watcher.store.rule_sets import rule_set_history
from watcher.wiring import load_rule_set

_BAR = 30
#: What the file is called that standard input is kept in.
_STANDARD_INPUT = "standard input"


@click.command()
@config_option
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--source", required=True, metavar="NAME", help=f"A source of watcher.yaml, or a kind: {', '.join(READY)}."
)
@click.option("--bad-rows", type=Within(0, 1), metavar="SHARE", help="Refuse a file with more bad rows than this.")
@click.option("--strict", is_flag=True, help="Exit 65 when rows are in quarantine.")
@format_option("text", "json")
def command(config: Path | None, paths: tuple[Path, ...], *, source: str, style: str, **options: Any) -> int:
    r"""Read files of records into the store; `-` is standard input.

    A file that was read before changes nothing. Rows that cannot be read go to quarantine, with the reason; a file
    with too many of them is refused whole. Nothing is judged or sent: the next `watcher check` does that. No rule need be
    written yet: `watcher vocabulary` shows what names the records hold, for the first one.

    \b
    watcher ingest exports/*.csv --source acled
    curl ... | watcher ingest - --source acled
    """
    settings = open_settings(config)
    quiet_log(settings)
    feed = feed_of(settings, source)
    if options["bad_rows"] is not None:
        feed = _tolerating(feed, options["bad_rows"])
    rules = load_rules(settings.rules)
    code = ExitCode.OK
    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings))
        if not rules.rules and _were_in_force(store):
            # Their series would miss what is read now.
            rules = load_rule_set(settings)
        stack.enter_context(holding(settings.state_dir / "turn.lock", who="an ingest", patience=timedelta(minutes=5)))
        for path in stack.enter_context(_files(paths)):
            code = max(code, _ingest(store, feed, path, rules, style, strict=options["strict"]))
    return code


def _were_in_force(store: Store) -> bool:
    """Whether there were rules at the last turn: the first records may be read before the first rule is written."""
    with store.reading() as tx:
        newest = rule_set_history(tx, limit=1)
    return any(name.startswith("rule ") for rule_set in newest for name in rule_set.entries)


def _ingest(store: Store, feed: Feed, path: Path, rules: Any, style: str, *, strict: bool) -> ExitCode:
    progress = _show_progress if sys.stderr.isatty() else None
    now = clock.wall()
    try:
        done = ingest_file(store, feed, path, rules, now=now, progress=progress)
        waiting = rows_waiting(store, feed, path, today=now.date()) if done.seen else done.quarantined
    except WatcherError as error:
        if path.name == _STANDARD_INPUT:
            error.where = error.where.replace(str(path), _STANDARD_INPUT)
        print(f"watcher: {safe(str(error))}", file=sys.stderr)
        return error.exit_code
    finally:
        if progress:
            print("\r\033[K", end="", file=sys.stderr)
    if style == "json":
        print(json.dumps({**done._asdict(), "waiting": waiting}, sort_keys=True))
    elif not done.held:
        print(safe(_sentence(done, waiting)))
    if done.warning:
        print(f"watcher: {safe(done.warning)}", file=sys.stderr)
    if done.held:
        return ExitCode.SOURCE
    return ExitCode.DATA if strict and waiting else ExitCode.OK


def _sentence(done: Ingested, waiting: int) -> str:
    rest = f"; {waiting} in quarantine (see: watcher quarantine list)" if waiting else ""
    if done.seen:
        return f"{done.name}: the same file was read before; nothing changed{rest}"
    counts = {
        "new": done.added,
        "revised": done.revised,
        "deleted": done.deleted,
        "unchanged": done.unchanged,
        "older than what is stored": done.older,
    }
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number or word == "new")
    return f"{done.name}: {done.rows} rows: {told}{rest}"


def _show_progress(done: int, rows: int) -> None:
    full = _BAR * done // max(1, rows)
    print(f"\r[{'#' * full}{'.' * (_BAR - full)}] {done} of {rows} rows", end="", file=sys.stderr, flush=True)


def _tolerating(feed: Feed, share: float) -> Feed:
    from dataclasses import replace

    return replace(feed, bad_rows=share)


@contextmanager
def _files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The files to read; standard input is kept in a temporary one, because a file is read twice."""
    with tempfile.TemporaryDirectory(prefix="watcher-") as folder:
        yield [_spool(Path(folder)) if str(path) == "-" else path for path in paths]


def _spool(folder: Path) -> Path:
    target = folder / _STANDARD_INPUT
    with target.open("wb") as out:
        shutil.copyfileobj(sys.stdin.buffer, out)
    return target
