"""What ``aberration`` says: the headline, the sentences of the message, and the arithmetic step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from watcher.core.detectors.aberration.method import COUNTED_WEEKS, METHODS, Asked, Verdict
from watcher.core.detectors.aberration.weeks import Weeks
from watcher.core.detectors.frame import counted, missing_values, period_text, subject, whole
from watcher.core.indicator import Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import DAY
from watcher.core.reading import day_text

#: From this ratio on, "3.2 times" reads better than "220 % above".
_TIMES = 3
#: A number from here on is told without a fraction.
_WHOLE_FROM = 10
#: Chances smaller than one in this many weeks are all told alike.
_RAREST = 1_000_000
#: A p from here on is no sign of anything.
_USUAL = 0.05


@dataclass(frozen=True, slots=True)
class Told:
    """Everything there is to tell."""

    indicator: Indicator
    group: Labels
    weeks: Weeks
    verdict: Verdict
    asked: Asked
    #: The accepted chance of a false alarm.
    alpha: float
    #: The p-value corrected for the number of groups.
    q: float
    #: Among how many groups the week was looked for.
    groups: int = 1
    #: Whether the week is seven days that end on any day.
    by_day: bool = False

    @property
    def noun(self) -> str:
        """``attacks``."""
        return self.indicator.noun

    @property
    def week(self) -> str:
        """``the week to 3 Jul 2020``."""
        return f"the {'7 days' if self.by_day else 'week'} to {day_text(self.weeks.judged.last)}"


def headline(told: Told) -> str:
    """``Attacks, Palma: 12 attacks in the week to 3 Jul 2020, 3.1 expected (beyond its own history)``."""
    verdict = told.verdict
    said = f"{counted(verdict.observed, told.noun)} in {told.week}, {_number(verdict.expected)} expected"
    return f"{subject(told.indicator, told.group)}: {said} ({_judged(told)})"


def sentence(told: Told) -> str:
    """``12 attacks, 27 Jun 2020 to 3 Jul 2020; from the 52 weeks to 29 May 2020 one would expect ...``."""
    verdict = told.verdict
    seen = f"{_capital(counted(verdict.observed, told.noun))}, {period_text(told.weeks.judged)}"
    by = f"from {_looked_at(told)} one would expect {_number(verdict.expected)}"
    if math.isinf(verdict.bound):
        return f"{seen}; {by}."
    return f"{seen}; {by}, and more than {whole(verdict.bound)} at most once in {whole(1 / told.alpha)} weeks."


def what(told: Told) -> str:
    """``4.2 times the expected number. 21 attacks in the last 4 weeks; 164 attacks in the 52 weeks to ...``."""
    verdict = told.verdict
    lately = f"{counted(verdict.lately, told.noun)} in the last {COUNTED_WEEKS} weeks"
    history = f"{counted(sum(verdict.history), told.noun)} in {_looked_at(told)}, {_range(told)}"
    return f"{_above(verdict)}. {_capital(lately)}; {history}."


def sure(told: Told) -> str:
    """How rare such a week is by chance, among how many it was found, and what else weakens it."""
    parts = [_rarity(told), _among(told), _floors(told), _lumps(told)]
    return " ".join(part for part in parts if part)


def unknown(told: Told) -> Iterator[str]:
    """What the history lacks."""
    verdict = told.verdict
    if told.asked not in {"auto", verdict.method.name}:
        yield f"Method {told.asked} has no answer of its own here ({_why(told)}); {verdict.method.name} stands in."
    elif told.asked == "auto" and verdict.method.name == "predictive":
        yield f"The history is too short or too empty to show how far weeks scatter ({_why(told)})."


def missing(told: Told, totals: Totals) -> tuple[str, ...]:
    """Events of the week that carry no number."""
    return missing_values(told.indicator, totals)


def arithmetic(told: Told) -> Iterator[str]:
    """Every step with its numbers, for whoever wants to check them by hand."""
    verdict, alpha = told.verdict, f"{told.alpha:.15g}"
    yield f"Observed: {counted(verdict.observed, told.noun)}, {period_text(told.weeks.judged)}"
    yield f"History: {_looked_at(told)}, {counted(sum(verdict.history), told.noun)}, the oldest first: {_listed(verdict)}"
    yield f"Method {verdict.method.name}{_chosen(told)}: {verdict.prediction.text}"
    yield f"Bound: {_bound(verdict)} that is exceeded with a chance of at most {alpha}"
    yield f"p: the chance of {whole(verdict.observed)} or more is {verdict.p:.3g}; alpha {alpha}"
    if told.groups > 1:
        yield f"q: {told.q:.3g}, corrected for {told.groups} groups (Benjamini and Hochberg)"
    yield f"Exceedance: {_exceedance(verdict)}"
    least, least_lately = verdict.floors
    yield (
        f"Least numbers: {whole(verdict.observed)} in the week, {least} needed; "
        f"{whole(verdict.lately)} in {COUNTED_WEEKS} weeks, {least_lately} needed"
    )


def _looked_at(told: Told) -> str:
    """``the 52 weeks to 29 May 2020``: the history, without the newest weeks that the method leaves out."""
    verdict = told.verdict
    last = told.weeks.newest(1 + verdict.method.guard).start - DAY
    return f"the {len(verdict.history)} weeks to {day_text(last)}"


def _judged(told: Told) -> str:
    if told.verdict.p > told.alpha:
        return "within its own history"
    return "beyond its own history" if told.verdict.is_counted else "too few to speak of"


def _range(told: Told) -> str:
    counts = told.verdict.history
    return f"{whole(min(counts))} to {whole(max(counts))} a week"


def _above(verdict: Verdict) -> str:
    if verdict.ratio >= _TIMES:
        return f"{verdict.ratio:.1f} times the expected number"
    percent = round(abs(verdict.ratio - 1) * 100)
    return f"{percent} % {'above' if verdict.ratio > 1 else 'below'} the expected number"


def _rarity(told: Told) -> str:
    p = told.verdict.p
    if p > _USUAL:
        return f"Nothing unusual: so much comes by chance in {p * 100:.0f} of 100 weeks."
    once = f"in {whole(_two_digits(1 / p))} weeks" if p * _RAREST > 1 else "in a million weeks at most"
    return (
        f"Were nothing to change, so much would come once {once} (p {p:.2g}, by the method {told.verdict.method.name})."
    )


def _among(told: Told) -> str:
    if told.groups == 1:
        return ""
    return f"It was looked for in {told.groups} groups; corrected for that q is {told.q:.2g}."


def _floors(told: Told) -> str:
    verdict, (least, least_lately) = told.verdict, told.verdict.floors
    if verdict.observed < least:
        return f"No alert: fewer than {least} in the week."
    if verdict.lately < least_lately:
        return f"No alert: fewer than {least_lately} in the last {COUNTED_WEEKS} weeks."
    return ""


def _lumps(told: Told) -> str:
    if not told.indicator.is_sum:
        return ""
    return (
        f"{_capital(told.noun)} come in lumps, which no method here allows for: look at the number of events as well."
    )


def _why(told: Told) -> str:
    """What the method that was asked for, or ``recent`` for ``auto``, did not find."""
    method = METHODS["recent" if told.asked == "auto" else told.asked]
    if told.weeks.before < method.least_history:
        return f"{told.weeks.before} weeks, {method.name} needs {method.least_history}"
    if method.least_total:
        return f"fewer than {method.least_total} {told.noun}"
    return "all weeks are alike"


def _chosen(told: Told) -> str:
    return f", chosen by {told.asked}" if told.asked != told.verdict.method.name else ""


def _listed(verdict: Verdict) -> str:
    return " ".join(str(count) for count in verdict.history)


def _bound(verdict: Verdict) -> str:
    return "no number up to a billion" if math.isinf(verdict.bound) else f"{whole(verdict.bound)}, the smallest number"


def _exceedance(verdict: Verdict) -> str:
    if not (verdict.expected < verdict.bound < math.inf):
        return "none, because there is no bound above the expected number"
    observed, expected, bound = whole(verdict.observed), f"{verdict.expected:.4g}", whole(verdict.bound)
    return f"({observed} - {expected}) / ({bound} - {expected}) = {verdict.exceedance:.2f}"


def _number(value: float) -> str:
    """``340``, ``3.4`` or ``0.34``: no more digits than mean something."""
    if value >= _WHOLE_FROM or value == round(value):
        return whole(value)
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
