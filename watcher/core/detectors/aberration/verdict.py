"""Verdicts: which method judges a history, and the judgement itself.

A series that was quiet for a year must not stay quiet when it breaks out, so where a method has no answer another stands
in; where two do, the milder of both decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from watcher.core.detectors.aberration.method import METHODS, Attacks, Lack, Method, Past
from watcher.core.detectors.aberration.parameters import Parameters
from watcher.core.detectors.aberration.prediction import Prediction

#: The count that ``min_count`` is held against is that of so many newest weeks, the judged one among them.
COUNTED_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the weeks of one group come to."""

    #: The method that judged.
    method: Method
    prediction: Prediction
    #: What the weeks came to that it looked at.
    history: Sequence[int]
    observed: int
    #: What the newest weeks came to, the judged one among them.
    lately: int
    #: The chance of at least so much, were nothing to change.
    p: float
    #: The largest whole number that is no alarm.
    bound: float
    #: Of a method that adds up several weeks: the sum, and the one above which it is an alarm.
    score: float | None
    limit: float | None
    #: The accepted chance of a false alarm.
    alpha: float
    #: Least ``observed`` and least ``lately`` for a week to be beyond its history.
    floors: tuple[int, int]
    #: What the methods lacked, by name, that were asked before the one that judged.
    lacks: Mapping[str, Lack]
    #: The share of the week's events that is known.
    completeness: float = 1.0

    @property
    def expected(self) -> float:
        """The mean of the prediction."""
        return self.prediction.expected

    @property
    def is_beyond(self) -> bool:
        """Whether it is an alarm, were it enough to speak of."""
        if self.score is not None and self.limit is not None:
            return self.score > self.limit
        return self.p <= self.alpha

    @property
    def is_counted(self) -> bool:
        """Whether there is enough to speak of: small numbers are beyond any history of zeros."""
        return self.observed >= self.floors[0] and self.lately >= self.floors[1]

    @property
    def ratio(self) -> float:
        """Observed over expected."""
        if self.expected:
            return self.observed / self.expected
        return math.inf if self.observed else 1.0

    @property
    def exceedance(self) -> float:
        """How far it is from the expected count, in units of the way to the bound; above 1 is beyond the bound."""
        if self.bound > self.expected:
            return (self.observed - self.expected) / (self.bound - self.expected)
        return math.inf if self.observed > self.bound else 0.0


def least_history(parameters: Parameters) -> int:
    """How many weeks of history a rule needs before anything is judged."""
    return METHODS["predictive" if parameters.method == "auto" else parameters.method].least_history(parameters)


def judge(
    weeks: Sequence[int],
    parameters: Parameters,
    *,
    day: date,
    attacks: Attacks | None = None,
    completeness: float = 1.0,
    unseen: frozenset[int] = frozenset(),
) -> Verdict:
    """Judge the last week by those before; there are :func:`least_history` of them or more.

    :param day: first day of the last week.
    :param attacks: what a sum is made of; only ``compound`` asks for it.
    :param completeness: the share of the last week's events that is known by now, each with the same chance.
    :param unseen: the places of the weeks before that the sources did not cover; at least as many others are needed.
    """
    *before, observed = weeks
    past, alpha = Past(before, day, attacks, unseen), parameters.alpha
    answers, lacks = _answers(past, parameters)
    if completeness < 1:
        answers = [(method, answer.thinned(completeness)) for method, answer in answers]
    method, prediction = max(answers, key=lambda each: each[1].tail(observed))
    return Verdict(
        method=method,
        prediction=prediction,
        history=method.window(method.of(past), parameters),
        observed=observed,
        lately=sum(weeks[-COUNTED_WEEKS:]),
        p=prediction.tail(observed),
        bound=prediction.bound(alpha),
        score=prediction.score(observed),
        limit=prediction.limit(alpha),
        alpha=alpha,
        floors=(max(each.least_count for each, _ in answers), parameters.min_count),
        lacks=lacks,
        completeness=completeness,
    )


Answers = list[tuple[Method, Prediction]]


def _answers(past: Past, parameters: Parameters) -> tuple[Answers, Mapping[str, Lack]]:
    """The predictions of which the mildest counts, and what the methods lacked that were asked before."""
    if parameters.method == "auto":
        return _auto(past, parameters)
    method = METHODS[parameters.method]
    answer = method.answer(method.of(past), parameters)
    if not isinstance(answer, Lack):
        return [(method, answer)], {}
    names = ("recent", "predictive") if method.name in {"seasonal", "recent"} else ("predictive",)
    return _stand_ins(names, past, parameters), {method.name: answer}


def _auto(past: Past, parameters: Parameters) -> tuple[Answers, Mapping[str, Lack]]:
    """The first of ``seasonal``, ``recent`` and ``predictive`` that has enough to go by.

    Where there are years enough and still no answer for this time of the year, two others judge, as without ``auto``.
    """
    lacks: dict[str, Lack] = {}
    for name in ("seasonal", "recent", "predictive"):
        method = METHODS[name]
        answer = method.answer(method.of(past), parameters)
        if not isinstance(answer, Lack):
            return [(method, answer)], lacks
        lacks[name] = answer
        if answer in {Lack.SEASON, Lack.FIT}:
            break
    return _stand_ins(("recent", "predictive"), past, parameters), lacks


def _stand_ins(names: Sequence[str], past: Past, parameters: Parameters) -> Answers:
    found = []
    for name in names:
        method = METHODS[name]
        seen = method.of(past)
        if len(seen.counts) >= method.least_history(parameters):
            answer = method.predict(seen, parameters)
            if not isinstance(answer, Lack):
                found.append((method, answer))
    return found
