"""`watcher withdraw`: take back what the desk asserted."""

from __future__ import annotations

from pathlib import Path

import click

from watcher import clock
from watcher.cli.desk import identify, open_desk, sentence
from watcher.cli.opening import config_option
from watcher.store.alerts import mark_dirty
from watcher.store.facts import withdraw_fact


@click.command()
@config_option
@click.argument("state")
@click.argument("key")
@click.option(
    "--from", "since", metavar="DATE", help="Which fact, by its date as written; needed when there are several."
)
def command(config: Path | None, state: str, key: str, *, since: str | None) -> int:
    r"""Take back what the desk asserted or confirmed.

    It is known no longer from now on, and stays visible as known before: `watcher facts --as-known`. What stands in a file
    is withdrawn by editing the file.

    \b
    watcher withdraw rivalry isgs,jnim --from 2020-09-14
    """
    now = clock.wall()
    with open_desk(config) as desk, desk.store.writing() as tx:
        version = withdraw_fact(tx, identify(tx, desk.state(state), key, since, ours=True), now=now)
        mark_dirty(tx, "facts", version.known_to or now)
        print(f"withdrawn: {sentence(version, tx)}")
    return 0
