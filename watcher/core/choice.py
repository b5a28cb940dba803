"""Choice: the readings of a rule, or of all rules of its group, weighed together before any alert takes a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from watcher.core.across import Candidate, Weighed, weigh
from watcher.core.catalogue import Catalogue
from watcher.core.label import Labels
from watcher.core.reading import Reading, Status
from watcher.core.rule import Group, Rule, judge

#: What a rule reads at the moment in question.
Read = Callable[[Rule], Iterable[Reading]]


def weigh_together(group: Group, rule: Rule, catalogue: Catalogue, read: Read) -> Mapping[Labels, Weighed]:
    """What each series of a rule for which the condition holds comes to among all of them; empty without ``across``."""
    across = group.across_of(rule)
    if across is None:
        return {}
    together = [
        candidate for each in group.weighed_with(rule) for candidate in _candidates(each, group, catalogue, read(each))
    ]
    found = weigh(across, together)
    return {labels: weighed for (identity, labels), weighed in found.items() if identity == rule.identity}


def _candidates(rule: Rule, group: Group, catalogue: Catalogue, readings: Iterable[Reading]) -> Iterator[Candidate]:
    """The series of a rule; one that cannot be judged is none."""
    every = max(group.interval, rule.look_every)
    for reading in readings:
        if reading.status is Status.OK:
            yield Candidate(
                rule=rule.identity,
                labels=reading.labels,
                holds=judge(rule, reading, catalogue).holds,
                p=_number(reading, "p_value"),
                ratio=_number(reading, "ratio"),
                every=every,
            )


def _number(reading: Reading, output: str) -> float | None:
    value = reading.values.get(output)
    return value if isinstance(value, int | float) else None
