"""`watcher prune`: let go of what nobody needs any more."""

from __future__ import annotations

from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import PATIENCE, config_option, open_settings, open_store
from watcher.cli.table import format_option, print_json
from watcher.core.errors import UsageError
from watcher.core.period import duration
from watcher.singleton import holding
from watcher.store.engine import Store
from watcher.store.prune import Pruned, count_prunable, prune

_WORDS = {
    "messages": "messages that were told",
    "deliveries": "their deliveries",
    "attempts": "attempts to deliver them",
    "runs": "runs",
    "quarantined": "rows that have left quarantine",
    "dropped": "items that were decided not to be told",
    "links": "links that were used",
}


@click.command()
@config_option
@click.option("--older-than", default="400d", show_default=True, metavar="DURATION", help="Nothing younger leaves.")
@click.option("--dry-run", is_flag=True, help="Say what would leave, and let nothing go.")
@click.option("--vacuum", is_flag=True, help="Give the room back to the disk; rewrites the file, and takes as long.")
@format_option("text", "json")
def command(config: Path | None, *, older_than: str, dry_run: bool, vacuum: bool, style: str) -> int:
    r"""Let go of what nobody needs any more: old messages with their deliveries, runs, settled rows of quarantine.

    What a number, an alert or a judgement rests on is never pruned: record versions, facts, baselines, citations,
    transitions with their evidence, the texts of rules, verdicts, acknowledgements, silences. Nor is what waits or is dead in
    the outbox, or any message about an alert that is open or ended in that time.

    \b
    watcher prune --dry-run
    watcher prune --older-than 2y --vacuum      # once a month, from cron
    """
    settings = open_settings(config)
    try:
        span = duration(older_than)
        if dry_run:
            with open_store(settings, read_only=True) as store, store.reading() as tx:
                done = count_prunable(tx, older_than=span, now=clock.wall())
        else:
            lock = settings.state_dir / "turn.lock"
            with open_store(settings) as store, holding(lock, who="a prune", patience=PATIENCE):
                done = prune(store, older_than=span, now=clock.wall())
                if vacuum:
                    _vacuum(store)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}", todo="write 400d, or more") from None
    _print(done, style, dry_run=dry_run)
    return 0


def _vacuum(store: Store) -> None:
    if not store.is_sqlite:
        raise UsageError("PostgreSQL gives room back by itself", todo="leave --vacuum out, or: VACUUM FULL there")
    store.vacuum()


def _print(done: Pruned, style: str, *, dry_run: bool) -> None:
    if style == "json":
        print_json({"dry_run": dry_run, **done._asdict()})
        return
    print("would leave:" if dry_run else "left:")
    for name, number in done._asdict().items():
        print(f"{number:>9}  {_WORDS[name]}")
