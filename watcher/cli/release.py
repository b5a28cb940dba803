"""`watcher release`: let a bulk change in that is held, or throw it away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.number import Whole
from watcher.cli.opening import PATIENCE, config_option, open_settings, open_store
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_rows, safe
from watcher.core.errors import UsageError
from watcher.feeds import feed_of
from watcher.ingest import Ingested, ingest_file
from watcher.singleton import holding
from watcher.spool import Spool
from watcher.store.held import DISCARDED, RELEASED, Held, decide, find_held, held_load
from watcher.wiring import load_rule_set

_COLUMNS = (
    Column("id", right=True),
    Column("source"),
    Column("file"),
    Column("held"),
    Column("because", gives=True),
)


@click.command()
@config_option
@click.argument("number", metavar="[ID]", type=Whole(), required=False)
@click.option("--list", "listing", is_flag=True, help="What is held, and why; the same as no ID.")
@click.option("--discard", is_flag=True, help="Throw it away: it is not asked about again.")
@format_option(*LIST_FORMATS)
def command(config: Path | None, number: int | None, *, listing: bool, discard: bool, style: str) -> int:
    r"""Let a bulk change in that is held, or throw it away.

    A file that would revise or delete more of a source's records than `hold_above` allows waits here, and nothing of it is
    stored or judged. Released, it is stored at once, and the next turn judges it.

    \b
    watcher release                 # what is held, and why
    watcher release 12
    watcher release 12 --discard
    """
    settings = open_settings(config)
    if listing or number is None:
        if discard:
            raise UsageError("say what to throw away", todo="watcher release ID --discard")
        with open_store(settings, read_only=True) as store, store.reading() as tx:
            print_rows(map(_row, find_held(tx)), _COLUMNS, style, empty="nothing is held")
        return 0
    with open_store(settings) as store, holding(settings.state_dir / "turn.lock", who="a release", patience=PATIENCE):
        with store.reading() as tx:
            held = held_load(tx, number)
        feed = feed_of(settings, held.source)
        spool = Spool(settings.state_dir / "pulls")
        batch = next((each for each in spool.batches(held.source) if str(each.path.absolute()) == held.path), None)
        path = Path(held.path)
        if not (discard or path.exists()):
            todo = "put it back, or: watcher release --discard"
            raise UsageError(f"the file is not there any more: {held.path}", todo=todo)
        with store.writing() as tx:
            decide(tx, number, how=DISCARDED if discard else RELEASED, now=clock.wall())
        if path.exists():
            done = ingest_file(store, feed, path, load_rule_set(settings), now=clock.wall(), batch=batch)
            print(safe(_sentence(held, done, discard=discard)))
        else:
            print(safe(f"{held.name}: thrown away"))
        if batch is not None:
            spool.drop(batch)
    return 0


def _sentence(held: Held, done: Ingested, *, discard: bool) -> str:
    if discard:
        return f"{held.name}: thrown away; the file itself is left where it is"
    return f"{held.name}: {done.rows} rows: {done.added} new, {done.revised} revised, {done.deleted} deleted"


def _row(held: Held) -> dict[str, Any]:
    return {
        "id": held.id,
        "source": held.source,
        "file": held.name,
        "held": f"{held.held_at:%Y-%m-%d %H:%M}",
        "because": held.held,
        "path": held.path,
        "held_at": held.held_at,
    }
