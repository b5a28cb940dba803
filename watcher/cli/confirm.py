"""`watcher confirm`: the desk has checked a fact."""

from __future__ import annotations

from pathlib import Path

import click

from watcher import clock
from watcher.cli.desk import identify, open_desk, sentence
from watcher.cli.opening import config_option
from watcher.store.alerts import mark_dirty
from watcher.store.facts import confirm_fact


@click.command()
@config_option
@click.argument("state")
@click.argument("key")
@click.option(
    "--from", "since", metavar="DATE", help="Which fact, by its date as written; needed when there are several."
)
@click.option("--note", default="", metavar="TEXT", help="How it was checked.")
def command(config: Path | None, state: str, key: str, *, since: str | None, note: str) -> int:
    r"""Confirm a fact: the desk has checked it today, whoever said it first.

    A claim becomes a confirmed fact of the desk, known from now on; what was known before stays as it was known. The
    file it came from is left alone. A fact that was stale counts again. What is derived from records is not confirmed:
    assert it.

    \b
    watcher facts rivalry
    watcher confirm rivalry isgs,jnim --from 2020-04-17 --note 'two independent reports'
    """
    now = clock.wall()
    with open_desk(config) as desk, desk.store.writing() as tx:
        version = confirm_fact(tx, identify(tx, desk.state(state), key, since), now=now, note=note)
        mark_dirty(tx, "facts", version.known_from)
        print(f"confirmed: {sentence(version, tx)}")
    return 0
