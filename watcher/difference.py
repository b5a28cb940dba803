"""The difference between two looks at what stands behind an alert: which records, which days, which baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.detectors.frame import event_value, period_text
from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.reading import Value, period_of
from watcher.core.rule import Rule
from watcher.core.snapshot import Snapshot

#: Ids of one kind that are named; all are counted.
NAMED = 200
#: The outputs that are what an indicator comes to.
_TOTALS = ("observed", "value")
#: The outputs that speak of the baseline; where the window has moved, only the first is of the same days.
_BASELINE = ("baseline_total", "expected")
_VERBS = {"deleted": "deleted", "revised": "revised", "new": "added"}

Key = tuple[str, str]


class Look(NamedTuple):
    """What was seen of a group at a moment."""

    snapshot: Snapshot
    #: Empty where the group could not be read.
    values: Mapping[str, Value]
    #: The days whose events were counted.
    period: Period


def look(snapshot: Snapshot, values: Mapping[str, Value], otherwise: Period | None = None) -> Look | None:
    """A look by the values that were read; None when they count no days.

    :param otherwise: the days that are meant where nothing could be read.
    """
    period = period_of(values) or otherwise
    return None if period is None else Look(snapshot, values, period)


def difference(rule: Rule, then: Look, now: Look, *, catalogue: Catalogue, group: Labels) -> dict[str, object]:
    """How what stands behind an alert changed between two looks; empty for a rule that counts nothing."""
    indicator = next(iter(rule.indicators(catalogue)), None)
    if indicator is None:
        return {}
    old, new = _events(then, indicator, group, then.period), _events(now, indicator, group, now.period)
    has_moved = then.period != now.period
    still = _events(now, indicator, group, then.period) if has_moved else new
    known = _events(then, indicator, group, now.period) if has_moved else old
    kinds = {
        "new": new.keys() - old.keys() - known.keys(),
        "deleted": old.keys() - new.keys() - still.keys(),
        "revised": {key for key in old.keys() & (new.keys() | still.keys()) if _revised(old[key], new, still)},
        "left": (old.keys() & still.keys()) - new.keys(),
        "entered": (new.keys() & known.keys()) - old.keys(),
    }
    counts = {kind: len(keys) for kind, keys in kinds.items()}
    baseline = {} if rule.is_event_like else _baseline(rule, then, now, has_moved=has_moved)
    before, after = _total(indicator, then, old), _total(indicator, now, new)
    what = "; ".join(_said(counts, then, now, baseline))
    totals = f"{before} → {after} {indicator.noun}"
    return {
        **{kind: sorted(name for _, name in kinds[kind])[:NAMED] for kind in kinds},
        "counts": counts,
        "window": {"before": _days(then.period), "after": _days(now.period)} if has_moved else {},
        "baseline": baseline,
        "before": before,
        "after": after,
        "what": what,
        "text": f"{what}: {totals}" if what else totals,
    }


def _events(seen: Look, indicator: Indicator, group: Labels, period: Period) -> dict[Key, EventVersion]:
    found = seen.snapshot.events(indicator, group, period)
    return {(version.event.source, version.event.external_id): version for version in found}


def _revised(before: EventVersion, new: Mapping[Key, EventVersion], still: Mapping[Key, EventVersion]) -> bool:
    key = (before.event.source, before.event.external_id)
    return (new.get(key) or still[key]).version != before.version


def _total(indicator: Indicator, seen: Look, events: Mapping[Key, EventVersion]) -> int:
    """What was read, else what the records come to: a stated number has no records."""
    read = next((seen.values[name] for name in _TOTALS if isinstance(seen.values.get(name), int)), None)
    if isinstance(read, int):
        return read
    if indicator.count == "days":
        return len({version.event.date_end for version in events.values()})
    return sum(event_value(indicator, version) for version in events.values())


def _baseline(rule: Rule, then: Look, now: Look, *, has_moved: bool) -> dict[str, object]:
    """What became of the baseline: ``{output, before, after}``; empty when it is what it was."""
    names = [name for name in _BASELINE if name in rule.detector.OUTPUTS][:1]
    for name in () if has_moved and names != [_BASELINE[0]] else names:
        before, after = then.values.get(name), now.values.get(name)
        if before is not None and after is not None and before != after:
            return {"output": name, "before": before, "after": after}
    return {}


def _days(period: Period) -> list[str]:
    return [period.start.isoformat(), period.last.isoformat()]


def _said(counts: Mapping[str, int], then: Look, now: Look, baseline: Mapping[str, object]) -> Iterator[str]:
    parts = [f"{verb} {_records(counts[kind])}" for kind, verb in _VERBS.items() if counts[kind]]
    if parts:
        yield f"the source {' and '.join(parts)}"
    if then.period != now.period:
        yield f"the window moved on to {period_text(now.period)}{_moved(counts)}"
    if baseline:
        yield f"the baseline changed from {_plain(baseline['before'])} to {_plain(baseline['after'])}"


def _moved(counts: Mapping[str, int]) -> str:
    parts: Sequence[str] = [
        f"{_records(counts[kind])} {verb} it"
        for kind, verb in (("left", "left"), ("entered", "entered"))
        if counts[kind]
    ]
    return f" ({' and '.join(parts)})" if parts else ""


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


def _records(number: int) -> str:
    return "1 record" if number == 1 else f"{number} records"
