"""``rule/contradiction``: comparisons that no value can satisfy, such as ``[ratio > 2, ratio < 1]``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from watcher.config.document import KeyPath
from watcher.config.rules import Site
from watcher.core.condition import Comparison, Condition, comparison
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.reading import Kind, Output
from watcher.lint.bound import doubt
from watcher.lint.check import Context, found, name_of

NAME = "rule/contradiction"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A condition, a recovery or a severity that can never hold."

#: So many ways of satisfying a condition are tried; nobody writes more.
MOST_WAYS = 1_000
_NEVER_NEGATIVE = frozenset({Kind.COUNT, Kind.DAYS, Kind.PER_DAY, Kind.RATIO, Kind.PROBABILITY})
_WHOLE = frozenset({Kind.COUNT})


def check(context: Context) -> Iterator[Problem]:
    """Hold the comparisons of each rule against each other."""
    for site in context.sites:
        keys = site.rule.defaults(context.catalogue)
        outputs = site.rule.detector.OUTPUTS
        if keys.condition and (clash := impossible([keys.condition], outputs)):
            if not _is_doubted(clash, outputs):
                yield _problem(site, "condition", "the condition can never hold", clash)
            continue
        if keys.recovery and (clash := impossible([keys.recovery], outputs)) and not _is_doubted(clash, outputs):
            yield _problem(site, "recovery", "the alert can never recover", clash)
        for tier in keys.severity:
            wanted = [each for each in (keys.condition, tier.when) if each is not None]
            if tier.when and (clash := impossible(wanted, outputs)) and not _is_doubted(clash, outputs):
                yield _problem(site, "severity", f"the severity {tier.severity!r} is never reached", clash)


def _is_doubted(clash: Sequence[Comparison], outputs: Mapping[str, Output]) -> bool:
    """Whether `rule/bound` says what is wrong with it, and what was probably meant."""
    return len(clash) == 1 and bool(doubt(clash[0], outputs[clash[0].output]))


def _problem(site: Site, key: str, what: str, clash: Sequence[Comparison]) -> Problem:
    told = " and ".join(map(str, clash))
    sentence = f"{what}: no value is {told}; change one of them" if len(clash) > 1 else f"{what}: nothing is {told}"
    return found(NAME, site.page.document, _place(site, key, clash[-1]), sentence)


def _place(site: Site, key: str, last: Comparison) -> KeyPath:
    """Where a comparison is written; the rule's name when it is a default."""
    path = (*site.path, key)
    raw = site.page.document.at(path)
    entries = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for step, each in entries:
        if isinstance(each, str) and str(last) in {str(part) for part in _read(each)}:
            return (*path, step)
    return path if raw is not None else name_of(site)


def _read(text: str) -> tuple[Comparison | Condition, ...]:
    try:
        return (comparison(text),)
    except ValueError:
        return ()


def impossible(conditions: Sequence[Condition], outputs: Mapping[str, Output]) -> tuple[Comparison, ...]:
    """Comparisons of one output that exclude each other, in the way to satisfy all conditions that comes last.

    Empty when there is a way to satisfy them.
    """
    clash: tuple[Comparison, ...] = ()
    for clash in clashes(conditions, outputs):
        if not clash:
            return ()
    return clash


def clashes(conditions: Sequence[Condition], outputs: Mapping[str, Output]) -> Iterator[tuple[Comparison, ...]]:
    """What excludes each other in each way to satisfy all conditions; empty in a way that can be gone."""
    together = tuple(part for each in conditions for part in ((each,) if each.any else each.parts))
    for number, way in enumerate(_ways(Condition(together))):
        yield _clash(way, outputs) if number < MOST_WAYS else ()


def _ways(condition: Condition) -> Iterator[tuple[Comparison, ...]]:
    """The sets of comparisons of which one has to be satisfied whole; there may be very many."""
    parts = [list(_ways(part)) if isinstance(part, Condition) else [(part,)] for part in condition.parts]
    if condition.any:
        yield from (way for ways in parts for way in ways)
    else:
        yield from (tuple(each for way in ways for each in way) for ways in product(*parts))


def _clash(comparisons: Iterable[Comparison], outputs: Mapping[str, Output]) -> tuple[Comparison, ...]:
    by_output: dict[str, list[Comparison]] = {}
    for each in comparisons:
        by_output.setdefault(each.output, []).append(each)
    for name, mine in by_output.items():
        room = _Room.of(outputs[name])
        for number, each in enumerate(mine, start=1):
            room.narrow(each, outputs[name])
            if room.is_empty:
                return tuple(mine[:number])
    return ()


@dataclass(slots=True)
class _Room:
    """The values that are still possible: a range, or a list of words."""

    low: float = float("-inf")
    high: float = float("inf")
    low_is_in: bool = True
    high_is_in: bool = True
    whole: bool = False
    words: set[str] | None = None
    refused: set[float | str] = field(default_factory=set)

    @classmethod
    def of(cls, output: Output) -> _Room:
        """Everything that an output can be."""
        high = 1.0 if output.kind is Kind.PROBABILITY else float("inf")
        low = 0.0 if output.kind in _NEVER_NEGATIVE else float("-inf")
        whole = output.kind in _WHOLE or bool(output.words)
        if output.words:
            low, high = 0.0, float(len(output.words) - 1)
        return cls(low=low, high=high, whole=whole)

    def narrow(self, each: Comparison, output: Output) -> None:
        """Leave out what a comparison refuses."""
        if output.kind is Kind.TEXT and not output.words:
            self._narrow_words(each)
        elif isinstance(each.literal, tuple):
            ranks = [_number(word, output) for word in each.literal]
            self._at_least(min(ranks), is_in=True)
            self._at_most(max(ranks), is_in=True)
        else:
            self._narrow_range(each.op, _number(each.literal, output))

    def _narrow_words(self, each: Comparison) -> None:
        wanted = set(each.literal) if isinstance(each.literal, tuple) else {str(each.literal)}
        if each.op == "!=":
            self.refused |= wanted
        else:
            self.words = wanted if self.words is None else self.words & wanted

    def _narrow_range(self, op: str, number: float) -> None:
        if op in {">", ">=", "="}:
            self._at_least(number, is_in=op != ">")
        if op in {"<", "<=", "="}:
            self._at_most(number, is_in=op != "<")
        if op == "!=":
            self.refused.add(number)

    def _at_least(self, number: float, *, is_in: bool) -> None:
        if number > self.low or (number == self.low and not is_in):
            self.low, self.low_is_in = number, is_in

    def _at_most(self, number: float, *, is_in: bool) -> None:
        if number < self.high or (number == self.high and not is_in):
            self.high, self.high_is_in = number, is_in

    @property
    def is_empty(self) -> bool:
        """Whether no value is left."""
        if self.words is not None:
            return not self.words - {str(each) for each in self.refused}
        if self.low > self.high or (self.low == self.high and not (self.low_is_in and self.high_is_in)):
            return True
        if self.low == self.high:
            return self.low in self.refused
        return self.whole and self._between() < 1

    def _between(self) -> int:
        """How many whole numbers are left, at least."""
        if float("inf") in {abs(self.low), abs(self.high)}:
            return 1
        first = -int(-self.low // 1) + (self.low == self.low // 1 and not self.low_is_in)
        last = int(self.high // 1) - (self.high == self.high // 1 and not self.high_is_in)
        return sum(number not in self.refused for number in range(first, min(last, first + len(self.refused)) + 1))


def _number(literal: float | str, output: Output) -> float:
    """A literal on the line of its output's values."""
    if output.words:
        return float(output.words.index(str(literal)))
    if output.kind is Kind.DATE:
        return float(date.fromisoformat(str(literal)).toordinal())
    return float(literal)
