"""Any history, cut into turns in any way, gives the same transitions: cron, daemon, crashes, restarts, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from tests.installation import Installation, at, installed
from tests.stories.records import deletions_file
from watcher import ingest as loading
from watcher.app import evaluate, ingest
from watcher.core.alert import OURS

#: One rule of each kind of life, and of each detector that looks at the clock or at other alerts.
RULES = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}, by: [location]}
  - {indicator: attacks, title: Attacks, count: events, where: {country: Mozambique}}
groups:
  - group: hourly
    interval: 1h
    rules:
      - alert: At once
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 10]
        severity: {critical: value >= 20, otherwise: warning}
      - alert: After a while
        threshold: {indicator: deaths, window: 6d}
        condition: [value >= 10]
        for: 30h
      - alert: For a while
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 10]
        keep_firing_for: 50h
      - alert: One only
        threshold: {indicator: deaths, window: 4d}
        condition: [value >= 4]
        limit: 1
      - alert: A deadly attack
        match: {where: {country: Mozambique, fatalities: {above: 9}}, cluster: 48h}
        keep_firing_for: 4d
      - alert: A new place
        first_seen: {field: location, where: {country: Mozambique}, lookback: 20d}
        keep_firing_for: 3d
  - group: now and then
    interval: 7h
    rules:
      - alert: Until it is much better
        threshold: {indicator: deaths, window: 8d}
        condition: [value >= 15]
        recovery: [value < 5]
      - alert: Nobody was attacked
        absence: {of: events, longer_than: 4d, where: {country: Mozambique}}
      - alert: Two at a time
        combine: {all: [At once, Until it is much better], within: 2d}
      - alert: One without the other
        combine: {all: [For a while], not: [A deadly attack], within: 3d}
"""
BEGIN = at("2020-06-01 13:00")
DAYS = 11
END = BEGIN + timedelta(days=DAYS)
IDS = [f"MOZ{number}" for number in range(1, 7)]
PLACES = ["Palma", "Mueda", "Macomia"]
#: Histories that are tried: a slice in the fast suite, enough in `make fuzz`.
EXAMPLES = min(500, settings().max_examples // 2)


class Row(NamedTuple):
    """One record of a release: new, revised, or late by many days."""

    id: str
    days_ago: int
    deaths: int
    place: str


class Release(NamedTuple):
    """What a source publishes at one moment."""

    rows: Sequence[Row]
    deleted: frozenset[str]


class Stop(NamedTuple):
    """A moment at which somebody takes a turn, and how it goes."""

    hours: int
    #: ``turn``, ``restart`` before it, ``crash`` in it.
    how: str = "turn"
    #: The commit at which it crashes, and whether that was still made.
    commit: int = 1
    is_made: bool = False


class Crash(BaseException):
    """The process is gone."""


Rows = st.lists(
    st.builds(
        Row,
        st.sampled_from(IDS),
        st.integers(0, 9),
        st.sampled_from([0, 4, 10, 25]),
        st.sampled_from(PLACES),
    ),
    max_size=4,
    unique_by=lambda row: row.id,
)
Histories = st.dictionaries(
    st.integers(2, 24 * (DAYS - 2)),
    st.builds(Release, Rows, st.frozensets(st.sampled_from(IDS), max_size=2)),
    min_size=1,
    max_size=6,
)
Drawn = st.lists(
    st.builds(
        Stop,
        st.integers(1, 24 * DAYS),
        st.sampled_from(["turn", "restart", "crash", "crash"]),
        st.integers(1, 7),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda stop: stop.hours,
)
CRON = tuple(Stop(hours) for hours in range(24, 24 * DAYS, 24))
DAEMON = tuple(Stop(hours) for hours in range(1, 24 * DAYS, 9))


@contextmanager
def crashing(it: Installation, stop: Stop) -> Iterator[None]:
    """The n-th commit from here on is the last thing that the process does, or the thing it does not come to."""
    store, begun = it.app.store, 0
    commit = store.writing

    @contextmanager
    def writing(**how: Any) -> Iterator[Any]:
        nonlocal begun
        begun += 1
        with commit(**how) as tx:
            yield tx
            if begun == stop.commit and not stop.is_made:
                raise Crash
        if begun == stop.commit:
            raise Crash

    store.writing = writing  # type: ignore[method-assign]
    with suppress(Crash):
        yield
    it.restart()


def take(it: Installation, stop: Stop) -> None:
    """A turn without its deliveries: these change no alert."""
    it.now = BEGIN + timedelta(hours=stop.hours)
    if stop.how == "restart":
        it.restart()
    if stop.how != "crash":
        ingest(it.app, it.now)
        evaluate(it.app, it.now)
        return
    with crashing(it, stop):
        ingest(it.app, it.now)
        evaluate(it.app, it.now)


def publish(it: Installation, moment: datetime, release: Release) -> None:
    rows = [
        f"{row.id}  {moment.date() - timedelta(days=row.days_ago)}  {row.deaths}  {row.place}" for row in release.rows
    ]
    if rows:
        it.release(f"{moment:%Y-%m-%d %H:%M}", *rows)
    deleted = release.deleted - {row.id for row in release.rows}
    if deleted:
        path = it.folder / "inbox" / f"{moment:%Y-%m-%dT%H%M}-deleted.csv"
        path.write_text(deletions_file(sorted(deleted), moment))


def play(folder: Path, history: Mapping[int, Release], stops: Sequence[Stop], chunk: int) -> list[tuple[object, ...]]:
    """The transitions, when turns are taken at these moments and each commit stores so many records."""
    folder.mkdir()
    with installed(folder, rules=RULES) as it, pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "CHUNK", chunk)
        it.release(f"{BEGIN - timedelta(hours=1):%Y-%m-%d %H:%M}", "MOZ0  2020-05-31  0  Palma")
        take(it, Stop(0))
        waiting = sorted(history.items())
        for stop in [*sorted(stops), Stop(24 * DAYS)]:
            while waiting and waiting[0][0] <= stop.hours:
                hours, release = waiting.pop(0)
                publish(it, BEGIN + timedelta(hours=hours), release)
            take(it, stop)
        return [
            (
                *(each.rule, each.group, each.seq, each.episode, f"{each.tick:%m-%d %H:%M}"),
                *(each.before.value, each.after.value, each.severity.value, each.reason.value, each.notify),
                *(each.watermark, dict(each.values)),
            )
            for each in sorted(it.transitions(), key=lambda each: (each.rule, each.fingerprint, each.seq))
            if not each.rule.startswith(OURS)
        ]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    derandomize=EXAMPLES < 100,
)
@given(
    history=Histories,
    stops=st.one_of(Drawn, Drawn, st.just(CRON), st.just(DAEMON)),
    chunk=st.sampled_from([1, 2, 1_000]),
)
def test_any_split_into_turns_gives_the_transitions_of_one_late_turn(history, stops, chunk, tmp_path_factory):
    folder = tmp_path_factory.mktemp("split")
    late = play(folder / "late", history, (), 1_000)
    event(f"transitions: {min(len(late) // 10 * 10, 60)}")
    assert play(folder / "split", history, stops, chunk) == late
