"""What the checks ask of a rule's last stored year; worked out once, and kept until the rule or the records change."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.rule import ORDER, RuleSet
from watcher.replayed import Replay


@dataclass(frozen=True, slots=True)
class Past:
    """What a rule would have done in the days that it was replayed over."""

    days: Period
    #: On how many days each group could be judged.
    judged: Mapping[Labels, int]
    #: On how many days the alert of each group that fired went on.
    firing_days: Mapping[Labels, int]
    #: How many times it began or ended.
    changes: Mapping[Labels, int]
    #: The output that the rule watches, and the largest value that was seen of it; None when it is no number.
    output: str
    largest: float | None
    #: Why it could not be judged on the last day; empty when it could.
    problem: str

    @property
    def has_fired(self) -> bool:
        """Whether it fired at all."""
        return bool(self.changes)

    @classmethod
    def of(cls, replay: Replay) -> Self:
        """A replay, in short."""
        fired = sorted({each.group for each in replay.episodes})
        return cls(
            days=replay.days,
            judged=replay.judged,
            firing_days={group: replay.firing_days(group) for group in fired},
            changes={group: replay.changes(group) for group in fired},
            output=replay.output,
            largest=max((point.value for points in replay.course.values() for point in points), default=None),
            problem=replay.problem,
        )


class PastYears:
    """The replays that are kept between two runs, in one file; without a file they are kept for this run only.

    :param stamp: names the records and the days: anything kept under another stamp is forgotten.
    """

    def __init__(self, path: Path | None, *, stamp: str, days: Period) -> None:
        self._path = path
        self._stamp = f"{metadata.version('watcher')} {stamp} {days.start} {days.end}"
        self._days = days
        self._kept = self._read()
        self._asked: dict[str, Past] = {}

    def get(self, key: str) -> Past | None:
        """What is kept under a key."""
        past = self._asked.get(key) or self._kept.get(key)
        if past is not None:
            self._asked[key] = past
        return past

    def put(self, key: str, past: Past) -> None:
        """Keep one more."""
        self._asked[key] = past

    def save(self) -> None:
        """Write down what was asked for; the next run merely takes longer where that is not possible."""
        if self._path is None or self._asked.keys() <= self._kept.keys():
            return
        document = {"stamp": self._stamp, "past": {key: _document(past) for key, past in self._asked.items()}}
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            beside.write_text(json.dumps(document), encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            with suppress(OSError):
                beside.unlink()

    def _read(self) -> dict[str, Past]:
        if self._path is None:
            return {}
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            if document["stamp"] != self._stamp:
                return {}
            return {key: _past(each, self._days) for key, each in document["past"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # It only saves time: what cannot be read is worked out again.
            return {}


def keys_of(rules: RuleSet, offsets: Mapping[str, object]) -> dict[str, str]:
    """Names, by the identity of each rule, everything that its replay depends on but the records.

    What rules speak about (indicators, places, states, ...) is taken as a whole; a rule that combines others depends on
    them, and here on all.
    """
    entries = {name: text for name, text in rules.entries.items() if name != ORDER and not name.startswith("rule ")}
    around = _hash(entries, {name: str(offset) for name, offset in offsets.items()})
    every = _hash([rule.rule_hash for rule in rules.rules])
    return {
        rule.identity: _hash(around, group.group, rule.rule_hash, every if rule.members else "")
        for group in rules.groups
        for rule in group.rules
    }


def _hash(*parts: Any) -> str:
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=12).hexdigest()


def _document(past: Past) -> dict[str, Any]:
    return {
        "judged": _pairs(past.judged),
        "firing_days": _pairs(past.firing_days),
        "changes": _pairs(past.changes),
        "output": past.output,
        "largest": past.largest,
        "problem": past.problem,
    }


def _past(document: Mapping[str, Any], days: Period) -> Past:
    return Past(
        days=days,
        judged=_numbers(document["judged"]),
        firing_days=_numbers(document["firing_days"]),
        changes=_numbers(document["changes"]),
        output=str(document["output"]),
        largest=document["largest"],
        problem=str(document["problem"]),
    )


def _pairs(numbers: Mapping[Labels, int]) -> list[tuple[Labels, int]]:
    return sorted(numbers.items())


def _numbers(pairs: Any) -> Counter[Labels]:
    return Counter({tuple((name, value) for name, value in group): int(number) for group, number in pairs})
