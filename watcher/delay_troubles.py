"""Sources that report sooner or later than they did, as troubles that are told like any other."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.core.label import labels
from watcher.core.message.phrase import counted
from watcher.core.statistics.delay import Move, moved, reported_to
from watcher.own_alerts import Trouble
from watcher.store.delays import find_moves, note_move, two_curves, unseen_sources
from watcher.store.schema import Tx

DELAY_MOVED = "WatcherDelayMoved"
#: The delays of the last so many days' events are held against those of as many days before. Whole weeks: of a source that
#: is released once a week both curves then end as long after a release.
DAYS = 91
#: A delay moves slowly, and every look is a chance to be wrong.
EVERY = timedelta(weeks=1)


def look_at_delays(tx: Tx, now: datetime) -> None:
    """Look at the delay of each source, once a week."""
    today = reported_to(now)
    for source in unseen_sources(tx, today - EVERY):
        move = moved(*two_curves(tx, source, as_of=today, now=now, days=DAYS))
        note_move(tx, source, seen=today, moved=_said(move) if move else "")


def delay_troubles(tx: Tx) -> list[Trouble]:
    """What somebody must know about the delay of our sources."""
    return [
        Trouble(
            DELAY_MOVED,
            labels({"source": source}),
            f"{source}: its records come otherwise than before",
            f"{said} What query_offset leaves out may be too little now, or more than is needed: watcher delay {source}",
        )
        for source, said in find_moves(tx).items()
    ]


def _said(move: Move) -> str:
    word = "Later" if move.now < move.before else "Sooner"
    when = f"{counted(move.age, 'day')} after they happened" if move.age else "on the day on which they happened"
    return (
        f"{word}: of the events of the last {DAYS} days {move.now * 100:.0f} % were known {when}; of those of the {DAYS} days "
        f"before it were {move.before * 100:.0f} %."
    )
