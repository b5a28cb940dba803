"""Methods: which of them judges a history, and the judgement itself.

A new method is a module with a prediction, and one entry of :data:`METHODS`. Where one has no answer,
:mod:`predictive <watcher.core.detectors.aberration.predictive>` stands in: a series that was quiet for a year must not
stay quiet when it breaks out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from watcher.core.detectors.aberration import predictive, recent, zscore
from watcher.core.detectors.aberration.prediction import Prediction

Asked = Literal["auto", "recent", "predictive", "zscore"]

#: The count that ``min_count`` is held against is that of so many newest weeks, the judged one among them.
COUNTED_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Method:
    """One way to predict the next week from those before."""

    name: str
    #: What a window of weeks gives for the next one; None where it has no answer.
    predict: Callable[[Sequence[int]], Prediction | None]
    #: How many weeks it looks at, at most and at least.
    most_weeks: int
    least_weeks: int
    #: How many of the newest weeks of history it leaves out.
    guard: int = 0
    #: A week with less is never beyond its history.
    least_count: int = 0
    #: Where fewer than this many were counted in the window, ``predictive`` judges as well, and the milder of both.
    least_total: int = 0

    @property
    def least_history(self) -> int:
        """Weeks of history without which it does not judge."""
        return self.least_weeks + self.guard

    def window(self, history: Sequence[int]) -> Sequence[int]:
        """The weeks of a history that it looks at."""
        return history[: len(history) - self.guard][-self.most_weeks :]


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            "recent",
            recent.predict,
            most_weeks=recent.WINDOW,
            least_weeks=recent.LEAST,
            guard=recent.GUARD,
            least_count=recent.LEAST_COUNT,
            least_total=recent.LEAST_EVENTS,
        ),
        Method("predictive", predictive.predict, most_weeks=predictive.WINDOW, least_weeks=predictive.LEAST),
        Method("zscore", zscore.predict, most_weeks=zscore.WINDOW, least_weeks=zscore.LEAST),
    )
}
_RECENT, _PREDICTIVE = METHODS["recent"], METHODS["predictive"]

#: The longest history that any method looks at, in weeks.
LONGEST = max(method.most_weeks + method.guard for method in METHODS.values())


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
    #: The smallest whole number that is exceeded with a chance of at most alpha.
    bound: float
    #: Least ``observed`` and least ``lately`` for a week to be beyond its history.
    floors: tuple[int, int]

    @property
    def expected(self) -> float:
        """The mean of the prediction."""
        return self.prediction.expected

    @property
    def is_counted(self) -> bool:
        """Whether there is enough to speak of: small numbers are beyond any history of zeros."""
        return self.observed >= self.floors[0] and self.lately >= self.floors[1]

    @property
    def ratio(self) -> float:
        """Observed over expected; no method expects nothing at all."""
        return self.observed / self.expected

    @property
    def exceedance(self) -> float:
        """How far it is from the expected count, in units of the way to the bound; above 1 is beyond the bound."""
        if self.bound > self.expected:
            return (self.observed - self.expected) / (self.bound - self.expected)
        return math.inf if self.observed > self.bound else 0.0


def least_history(asked: Asked) -> int:
    """How many weeks of history a rule needs before anything is judged."""
    return (_PREDICTIVE if asked == "auto" else METHODS[asked]).least_history


def judge(weeks: Sequence[int], *, asked: Asked, alpha: float, min_count: int) -> Verdict:
    """Judge the last week by those before; there are :func:`least_history` of them or more."""
    *history, observed = weeks
    able = _able(asked, history)
    answers = [(method, answer) for method in able if (answer := method.predict(method.window(history))) is not None]
    if not answers:
        answers = [(_PREDICTIVE, predictive.predict(_PREDICTIVE.window(history)))]
    method, prediction = max(answers, key=lambda each: each[1].tail(observed))
    return Verdict(
        method=method,
        prediction=prediction,
        history=method.window(history),
        observed=observed,
        lately=sum(weeks[-COUNTED_WEEKS:]),
        p=prediction.tail(observed),
        bound=prediction.bound(alpha),
        floors=(max(method.least_count for method in able), min_count),
    )


def _able(asked: Asked, history: Sequence[int]) -> tuple[Method, ...]:
    """The methods that judge a history; of several the one with the largest p counts."""
    if asked == "auto":
        is_long = len(history) >= _RECENT.least_history
        return (_RECENT,) if is_long and _is_enough(_RECENT, history) else (_PREDICTIVE,)
    method = METHODS[asked]
    return (method,) if _is_enough(method, history) else (method, _PREDICTIVE)


def _is_enough(method: Method, history: Sequence[int]) -> bool:
    return sum(method.window(history)) >= method.least_total
