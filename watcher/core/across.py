"""Across: which of many series may begin an alert, when all of them are looked at together.

The condition of a rule judges each series by itself. Of a thousand series at a chance of 1 in 200, five are beyond it in
every week in which nothing has changed; so ``across`` looks at all of them and lets only some of those begin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Annotated, Any, NamedTuple

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

from watcher.core.document import Document, shown
from watcher.core.label import Labels
from watcher.core.statistics.multiplicity import budget_level, false_discovery

#: What a budget may be counted by.
TIMES: Mapping[str, timedelta] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
#: So many of the series that are not told are named with each that is.
NAMED = 5
_LINE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s+per\s+(day|week|month|year)", re.ASCII)
_SCHEMA_PATTERN = r"^\s*[0-9]{1,6}(\.[0-9]{1,6})?\s+per\s+(day|week|month|year)\s*$"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many false alarms are accepted in a time: ``1 per week``."""

    number: float
    #: day, week, month (30 days) or year (365 days).
    time: str

    def __str__(self) -> str:
        return f"{self.number:.15g} per {self.time}"

    @property
    def span(self) -> timedelta:
        """The time."""
        return TIMES[self.time]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            budget, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": _SCHEMA_PATTERN, "examples": ["1 per week"]}


def budget(value: object) -> Budget:
    """Read one line.

    :raises ValueError: with what was expected.
    """
    if isinstance(value, Budget):
        return value
    match = _LINE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not float(match[1]):
        msg = f"{shown(value)} is no budget; write <number> per day, week, month or year, e.g. 1 per week"
        raise ValueError(msg)
    return Budget(float(match[1]), match[2])


class Across(Document):
    """How many of the series that are looked at together may begin an alert; exactly one of the three."""

    budget: Budget | None = None
    """The false alarms that are accepted in a time, over all series: 1 per week, 2 per month, 1 per year."""
    fdr: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The share of false alarms that is accepted among the alerts of one evaluation: 0.1 is one in ten."""
    top: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Only the so many that stand out most: the smallest p-values, then the largest ratios."""

    @model_validator(mode="after")
    def _one_way(self) -> Across:
        if [self.budget, self.fdr, self.top].count(None) != 2:  # noqa: PLR2004 - one of three
            msg = "'across' has exactly one of 'budget' (1 per week), 'fdr' (0.1) and 'top' (10)"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        if self.budget is not None:
            return f"{_alarms(self.budget.number)} per {self.budget.time} over all series"
        if self.fdr is not None:
            return f"a share of {self.fdr:g} of false alarms among the alerts over all series"
        return f"the first {self.top} over all series"

    @property
    def needs(self) -> tuple[str, ...]:
        """The outputs of which a detector must have one."""
        return ("p_value", "ratio") if self.top is not None else ("p_value",)


class Candidate(NamedTuple):
    """One series among those that are looked at together."""

    #: The identity of the rule that looks at it.
    rule: str
    labels: Labels
    #: Whether the rule's condition holds for it.
    holds: bool
    #: None without a test.
    p: float | None
    ratio: float | None
    #: How often days are looked at that were not looked at before.
    every: timedelta


class Weighed(NamedTuple):
    """What a series comes to among all of them."""

    #: Whether an alert may begin.
    begins: bool
    #: Why, or why not.
    text: str
    #: Of one that may begin: which ones stand out as well and may not, because only so many are told; empty for none.
    further: str = ""


Key = tuple[str, Labels]


def weigh(across: Across, candidates: Sequence[Candidate]) -> dict[Key, Weighed]:
    """Decide which of the series for which the condition holds may begin an alert.

    All p-values of the evaluation count among the many, those for which no condition holds as well.
    """
    tested = [each for each in candidates if each.p is not None]
    if across.top is not None:
        return _first(across.top, candidates)
    if across.fdr is not None:
        found = _by_share(across.fdr, tested)
    else:
        found = _within(across.budget or Budget(1, "week"), tested)
    without = Weighed(begins=False, text=f"no p-value, by which it could be weighed among {len(tested)} series")
    return {_key(each): found.get(_key(each), without) for each in candidates if each.holds}


def _key(candidate: Candidate) -> Key:
    return candidate.rule, candidate.labels


def _by_share(share: float, tested: Sequence[Candidate]) -> dict[Key, Weighed]:
    q_values = false_discovery([each.p or 0.0 for each in tested])
    return {
        _key(each): Weighed(
            begins=q <= share,
            text=f"p {each.p:.2g}, over {_series(len(tested))} q {q:.2g} {'<=' if q <= share else '>'} {share:g}, "
            "the accepted share of false alarms",
        )
        for each, q in zip(tested, q_values, strict=True)
    }


def _within(budget_: Budget, tested: Sequence[Candidate]) -> dict[Key, Weighed]:
    if not tested:
        return {}
    each_looks = [budget_.span / each.every for each in tested]
    level = budget_level(budget_.number, sum(each_looks))
    why = f"the budget of {_alarms(budget_.number)} per {budget_.time} over {_looks(each_looks, budget_.time)}"
    return {
        _key(each): Weighed(
            begins=(each.p or 0.0) <= level,
            text=f"p {each.p:.2g} {'<=' if (each.p or 0.0) <= level else '>'} {level:.2g}, {why}",
        )
        for each in tested
    }


def series_name(rule: str, labels: Labels) -> str:
    """What a person calls a series: its group, else its rule."""
    return ", ".join(value for _, value in labels if value) or rule


def several(names: Sequence[str], *, most: int) -> str:
    """``Ibo, Meluco and 5 more``."""
    shown, more = names[:most], len(names) - most
    *first, last = [*shown, *([f"{more} more"] if more > 0 else [])] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _first(number: int, candidates: Sequence[Candidate]) -> dict[Key, Weighed]:
    ranked = sorted((each for each in candidates if each.holds), key=_rank)
    behind = several([series_name(each.rule, each.labels) for each in ranked[number:]], most=NAMED)
    further = f"behind the first {number}: {behind}" if behind else ""
    return {
        _key(each): Weighed(
            begins=place <= number,
            text=f"{_standing(each)}, {'number' if place <= number else f'not among the first {number}: number'} "
            f"{place} of {len(ranked)} for which the condition holds",
            further=further if place <= number else "",
        )
        for place, each in enumerate(ranked, start=1)
    }


def _rank(candidate: Candidate) -> tuple[float, float, Labels, str]:
    """What stands out most comes first; among equals the labels decide, so that every evaluation decides alike."""
    p, ratio = candidate.p, candidate.ratio
    return inf if p is None else p, inf if ratio is None else -ratio, candidate.labels, candidate.rule


def _standing(candidate: Candidate) -> str:
    p, ratio = candidate.p, candidate.ratio
    return f"p {p:.2g}" if p is not None else f"ratio {ratio:.3f}" if ratio is not None else "neither p nor ratio"


def _series(number: int) -> str:
    return f"{number} series"


def _alarms(number: float) -> str:
    return f"{number:g} false {'alarm' if number == 1 else 'alarms'}"


def _looks(each_looks: Sequence[float], time: str) -> str:
    """``83 series and 2 looks a week``; where they are not looked at equally often, how often in all."""
    least, most = min(each_looks), max(each_looks)
    if least == most:
        return f"{_series(len(each_looks))} and {least:.3g} {'look' if least == 1 else 'looks'} a {time}"
    return f"{_series(len(each_looks))} with {sum(each_looks):.4g} looks a {time} in all"
