"""What changed since somebody was last told of an alert: records, days, baseline and values, then and now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from watcher.bench import Bench, Told
from watcher.core.period import tick_at_or_before
from watcher.core.reading import Value
from watcher.difference import Look, difference, look
from watcher.store.alerts import find_transitions
from watcher.store.order import Bound, bound_at
from watcher.store.told import Spoken, last_spoken


class Since(NamedTuple):
    """What changed since a message."""

    #: When it was written.
    moment: datetime
    #: The outputs as they were told in it.
    values: Mapping[str, Value]
    difference: Mapping[str, object]


class _Then(NamedTuple):
    """What a message was about."""

    tick: datetime
    values: Mapping[str, Value]
    bound: Bound


def since(bench: Bench, told: Told, endpoint: str) -> Since | None:
    """What changed since an endpoint was last told of this episode; None when it was not, or nothing is counted."""
    rule = told.rule
    if not rule.detector_name or rule.is_event_like or told.alert.fired_at is None:
        return None
    spoken = last_spoken(bench.tx, endpoint, told.alert.fingerprint)
    if spoken is None or spoken.moment < told.alert.fired_at:
        return None
    then = _then(bench, told, spoken)
    if then is None:
        return None
    before = look(bench.look(then.tick, told.offset, bound=then.bound), then.values)
    now = look(bench.snapshot(rule, told.group, told.transition.tick), told.transition.values)
    return Since(spoken.moment, then.values, _difference(bench, told, before, now))


def _difference(bench: Bench, told: Told, before: Look | None, now: Look | None) -> Mapping[str, object]:
    if before is None or now is None:
        return {}
    return difference(told.rule, before, now, catalogue=bench.catalogue, group=told.alert.group)


def _then(bench: Bench, told: Told, spoken: Spoken) -> _Then | None:
    """What was told: of a transition what is stored with it, of a reminder what was read for it."""
    if spoken.seq:
        history = find_transitions(bench.tx, fingerprint=told.alert.fingerprint, episode=told.alert.episode)
        stored = next((each for each in history if each.transition.seq == spoken.seq), None)
        return None if stored is None else _Then(stored.transition.tick, stored.transition.values, stored.bound)
    tick = tick_at_or_before(spoken.moment, told.group.interval)
    bound = bound_at(bench.tx, spoken.moment)
    reading = bench.reread(told.rule, told.group, tick, bound=bound).readings.get(told.alert.group)
    return None if reading is None else _Then(tick, dict(reading.values), bound)
