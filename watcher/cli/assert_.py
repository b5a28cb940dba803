"""`watcher assert`: state a fact in the desk's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.desk import open_desk, read, refuse_transition, sentence
from watcher.cli.opening import config_option
from watcher.core.fact import DESK, Verified
from watcher.store.alerts import mark_dirty
from watcher.store.facts import assert_fact, find_facts


@click.command()
@config_option
@click.argument("state")
@click.argument("key")
@click.argument("value")
@click.option("--from", "from", required=True, metavar="DATE", help="First day it held: 2020-06-03, 2020-06, unknown.")
@click.option("--until", metavar="DATE", help="Last day it held; leave it out while it holds.")
@click.option("--known", metavar="DATE", help="When it was known; else the citation's date, else now.")
@click.option("--ended", metavar="HOW", help="How it ended: killed, captured, replaced.")
@click.option("--extent", type=click.Choice(["all", "most", "some"]), help="Over how much of the key it holds.")
@click.option("--claimed-by", metavar="WHO", help="Who claims it; leave it out when the desk states it itself.")
@click.option("--verified", type=click.Choice([each.value for each in Verified]), help="Whether others confirmed it.")
@click.option("--note", metavar="TEXT", help="Context in the desk's own words.")
@click.option("--cite", metavar="NAME", help="The citation it rests on, by its name in the rule files.")
@click.option("--at-least", is_flag=True, help="The extent is a lower bound.")
def command(config: Path | None, state: str, key: str, value: str, **rest: Any) -> int:
    r"""State a fact in the desk's name: the STATE of KEY is VALUE, from a day on.

    It is stored with the source `desk` and checked as a fact in a file is; the files stay as they are. The desk's word
    wins over a file's on the same fact, and over what is derived from records. Stating the same STATE, KEY and --from
    again is a revision of it. Where a state has `transitions`, a value that may not follow the one before is refused.
    The first turn in the next minute judges it, or at the next tick of a group with a longer `interval`.

    KEY is two actors (`isgs,jnim`), one actor, an area, a country, or named parts (`group=aqim,role=head`). Actors are
    written without the `$` that files use, because a shell would take it for a variable.

    \b
    watcher assert rivalry isgs,jnim truce --from 2020-09-14 --claimed-by al-Naba
    watcher assert leader group=aqim,role=head 'Yazid Mubarak' --from 2020-11-21 --verified true
    watcher assert control 'Malian Gourma' contested --from 2020-10 --note 'two patrols report fighting'
    """
    now = clock.wall()
    with open_desk(config) as desk:
        fact = read(desk.state(state), key, value, rest, desk.rules.catalogue)
        with desk.store.writing() as tx:
            refuse_transition(tx, desk.state(state), fact, now)
            before = {each.version for each in find_facts(tx, state=state, key=fact.key) if each.source == DESK}
            version = assert_fact(tx, fact, now=now)
            is_new = version.version not in before
            if is_new:
                mark_dirty(tx, "facts", version.known_from)
            print(f"{'asserted' if is_new else 'nothing new'}: {sentence(version, tx)}")
    return 0
