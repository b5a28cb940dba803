"""What is wrong with our sources, as troubles that are told like any other: a quiet source must not look like a quiet week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from watcher.core.label import labels
from watcher.core.message.phrase import counted
from watcher.core.severity import Severity
from watcher.ingest import Feed
from watcher.own_alerts import Trouble
from watcher.store.held import Held, find_held
from watcher.store.pulls import PullState, find_pulls
from watcher.store.schema import Tx
from watcher.store.sources import SourceState, find_sources

SOURCE_FAILING = "WatcherSourceFailing"
SOURCE_STALE = "WatcherSourceStale"
SOURCE_HELD = "WatcherSourceHeld"
SOURCE_DRIFT = "WatcherSourceDrift"
SOURCE_GAP = "WatcherSourceGap"
#: A source that cannot be read for so long is a trouble; before that it may be a short one of its own.
PATIENCE = timedelta(minutes=30)
#: The label that says which source it is about.
ABOUT = "source"
_NAMED = 5


def source_troubles(tx: Tx, feeds: Mapping[str, Feed], now: datetime) -> list[Trouble]:
    """What somebody must know about the sources of the settings."""
    states = [state for state in find_sources(tx) if state.name in feeds]
    pulls = {each.source: each for each in find_pulls(tx)}
    held = [each for each in find_held(tx) if each.source in feeds]
    found = [trouble for state in states for trouble in _of(state, feeds[state.name], pulls.get(state.name), now)]
    return [*found, *_held(held)]


def _of(state: SourceState, feed: Feed, pulled: PullState | None, now: datetime) -> Iterator[Trouble]:
    if state.failing_since is not None and (state.needs_person or now - state.failing_since >= PATIENCE):
        yield _failing(state, state.failing_since)
    if (since := stale_since(state, feed, now)) is not None:
        yield _stale(state, since)
    if pulled is not None and pulled.unknown:
        yield _drift(state, pulled)
    if missing := gaps_of(state, feed, now):
        yield _gap(state, missing)


def stale_since(state: SourceState, feed: Feed, now: datetime) -> datetime | None:
    """Since when a source has brought nothing new, where that is too long; None while it is not."""
    since = state.newest_change or state.first_seen
    if feed.stale_after is None or since is None or now - since <= feed.stale_after:
        return None
    return since


def gaps_of(state: SourceState, feed: Feed, now: datetime) -> Sequence[str]:
    """What is missing between what a source has brought, and comes no more; as people call it."""
    find = None if feed.pull is None else feed.pull.module.DEFAULTS.gaps
    return () if find is None else find(state.cursor, now)


def _failing(state: SourceState, since: datetime) -> Trouble:
    headline = f"{state.name} cannot be read"
    todo = f"What is stored stays; nothing new of it is judged. See: watcher source test {state.name}"
    sentence = f"Since {since:%Y-%m-%d %H:%M} UTC: {state.failure or 'no reason was noted'}. {todo}"
    return Trouble(SOURCE_FAILING, labels({ABOUT: state.name}), headline, sentence)


def _stale(state: SourceState, since: datetime) -> Trouble:
    newest = "no event at all" if state.newest_event is None else f"its newest event is of {state.newest_event}"
    read = "never" if state.last_success is None else f"{state.last_success:%Y-%m-%d %H:%M} UTC"
    sentence = (
        f"Nothing new since {since:%Y-%m-%d %H:%M} UTC, which is longer than it should take; {newest}, and it was last read "
        f"{read}. A silent source is no quiet week. See: watcher source test {state.name}"
    )
    return Trouble(SOURCE_STALE, labels({ABOUT: state.name}), f"{state.name} brings nothing new", sentence)


def _held(held: list[Held]) -> list[Trouble]:
    """One trouble a source, whatever number of its files waits."""
    first = {each.source: each for each in reversed(held)}
    return [_waits(each, sum(other.source == each.source for other in held)) for each in first.values()]


def _waits(first: Held, number: int) -> Trouble:
    what = first.name if number == 1 else f"{first.name} and {counted(number - 1, 'more file')}"
    sentence = (
        f"{what}: {first.held}. Nothing of it is stored or judged. Compare it with what is stored, and then: "
        f"watcher release {first.id}, or: watcher release {first.id} --discard"
    )
    return Trouble(SOURCE_HELD, labels({ABOUT: first.source}), f"{first.source}: a bulk change is held", sentence)


def _drift(state: SourceState, pulled: PullState) -> Trouble:
    named = ", ".join(repr(name) for name in pulled.unknown[:_NAMED])
    more = f" and {len(pulled.unknown) - _NAMED} more" if len(pulled.unknown) > _NAMED else ""
    sentence = (
        f"Its rows have {counted(len(pulled.unknown), 'key')} that this version does not know: {named}{more}. What it knows "
        "is read as before. See whether a newer watcher knows them"
    )
    headline = f"{state.name} has changed its layout"
    return Trouble(SOURCE_DRIFT, labels({ABOUT: state.name}), headline, sentence, severity=Severity.INFO)


def _gap(state: SourceState, missing: Sequence[str]) -> Trouble:
    named = ", ".join(missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    sentence = (
        f"It has nothing of {named}{more} (UTC), and was asked for it again and again. What was reported then is not counted: "
        "a low number of those days may be none"
    )
    headline = f"{state.name} has a gap"
    return Trouble(SOURCE_GAP, labels({ABOUT: state.name}), headline, sentence, severity=Severity.INFO)
