"""What ``aberration`` says: the headline, the sentences of the message, and the arithmetic step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from watcher.core.detectors.aberration.method import METHODS, Lack, Method
from watcher.core.detectors.aberration.parameters import Asked
from watcher.core.detectors.aberration.verdict import COUNTED_WEEKS, Verdict
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
#: Of methods whose p is nominal: measured false alarms in 100 weeks (docs/reference/false-alarms.md).
_FALSE_ALARMS = {"ears_c1": "3 to 7", "ears_c2": "3 to 7", "ears_c3": "11 to 21", "zscore": "1 to 3"}
_WHY = {
    Lack.SEASON: "nothing was ever counted at this time of the year",
    Lack.FIT: "its fit does not settle",
    Lack.SCATTER: "all weeks are alike",
}


class Known(NamedTuple):
    """How much of the judged week is known yet."""

    #: Of what will be known; 1 where late reports are not allowed for.
    share: float = 1.0
    #: Why nobody can say how much it is; empty when somebody can, or when nobody asked.
    missing: str = ""


ALL_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Told:
    """Everything there is to tell."""

    indicator: Indicator
    group: Labels
    weeks: Weeks
    verdict: Verdict
    asked: Asked
    #: The p-value corrected for the number of groups.
    q: float
    #: Among how many groups the week was looked for.
    groups: int = 1
    #: Whether the week is seven days that end on any day.
    by_day: bool = False
    #: How much of the week is known yet.
    known: Known = ALL_KNOWN

    @property
    def noun(self) -> str:
        """``attacks``."""
        return self.indicator.noun

    @property
    def unseen(self) -> int:
        """How many weeks before the judged one the sources did not cover."""
        return len(self.weeks.unseen(self.indicator))

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
    season = " at this time of the year" if verdict.method.name == "seasonal" else ""
    by = f"from {_looked_at(told)} one would expect {_number(verdict.expected)}{season}"
    return f"{seen}; {by}{_alarm(told)}."


def _alarm(told: Told) -> str:
    """What an alarm would be, for an alarm is a count, or a sum over several weeks."""
    verdict = told.verdict
    if verdict.score is not None and verdict.limit is not None:
        held = f"{_score(verdict.score)}, and more than {_score(verdict.limit)} is an alarm"
        if verdict.method.name == "shift":
            return f"; the evidence of the newest weeks for a lasting rise comes to {held}"
        return f"; what the last three weeks lie beyond one deviation comes to {held}"
    if math.isinf(verdict.bound):
        return ""
    return f", and more than {whole(verdict.bound)} at most once in {whole(1 / verdict.alpha)} weeks"


def what(told: Told) -> str:
    """``4.2 times the expected number. 21 attacks in the last 4 weeks; 164 attacks in the 52 weeks to ...``."""
    verdict = told.verdict
    lately = f"{counted(verdict.lately, told.noun)} in the last {COUNTED_WEEKS} weeks"
    history = f"{counted(sum(verdict.history), told.noun)} in {_looked_at(told)}, {_range(told)}"
    return f"{_above(verdict)}. {_capital(lately)}; {history}."


def sure(told: Told) -> str:
    """How rare such a week is by chance, among how many it was found, and what else weakens it."""
    parts = [_rarity(told), _measured(told), _among(told), _floors(told), _lumps(told)]
    return " ".join(part for part in parts if part)


def unknown(told: Told) -> Iterator[str]:
    """What the history lacks."""
    verdict = told.verdict
    if verdict.completeness < 1:
        yield f"Some {verdict.completeness * 100:.0f} % of the week's {told.noun} are known by now; expected is that share."
    if lost := told.unseen:
        weeks = "1 week of the history lies" if lost == 1 else f"{lost} weeks of the history lie"
        yield f"{weeks} in coverage gaps, and {'is' if lost == 1 else 'are'} not looked at."
    if told.known.missing:
        yield f"Late reports are not allowed for: {told.known.missing}."
    for name, lack in verdict.lacks.items():
        if told.asked != "auto":
            why, by = _why(told, METHODS[name], lack), verdict.method.name
            yield f"Method {name} has no answer of its own here ({why}); {by} stands in."
        elif name == "recent" and verdict.method.name == "predictive":
            why = _why(told, METHODS[name], lack)
            yield f"The history is too short or too empty to show how far weeks scatter ({why})."
        elif lack in {Lack.SEASON, Lack.FIT}:
            yield f"The season is not allowed for ({_why(told, METHODS[name], lack)}); {verdict.method.name} stands in."


def missing(told: Told, totals: Totals) -> tuple[str, ...]:
    """Events of the week that carry no number."""
    return missing_values(told.indicator, totals)


def arithmetic(told: Told) -> Iterator[str]:
    """Every step with its numbers, for whoever wants to check them by hand."""
    verdict, alpha = told.verdict, f"{told.verdict.alpha:.15g}"
    yield f"Observed: {counted(verdict.observed, told.noun)}, {period_text(told.weeks.judged)}"
    yield f"History: {_looked_at(told)}, {counted(sum(verdict.history), told.noun)}, the oldest first: {_listed(verdict)}"
    yield f"Method {verdict.method.name}{_chosen(told)}: {verdict.prediction.text}"
    if verdict.completeness < 1:
        yield f"Complete to {verdict.completeness * 100:.0f} %: mean and scatter are those of so many of the {told.noun}"
    if verdict.score is not None and verdict.limit is not None:
        yield f"Score: {_score(verdict.score)}, limit {_score(verdict.limit)}"
        yield f"Bound: {_least_alarm(verdict)}"
    else:
        yield f"Bound: {_bound(verdict)} that is exceeded with a chance of at most {alpha}"
    yield _chance(told)
    if told.groups > 1:
        yield f"q: {told.q:.3g}, corrected for {told.groups} groups (Benjamini and Hochberg)"
    yield f"Exceedance: {_exceedance(verdict)}"
    least, least_lately = verdict.floors
    yield (
        f"Least numbers: {whole(verdict.observed)} in the week, {least} needed; "
        f"{whole(verdict.lately)} in {COUNTED_WEEKS} weeks, {least_lately} needed"
    )


def _chance(told: Told) -> str:
    verdict = told.verdict
    if verdict.method.name == "shift":
        return f"p: the chance of such a score is at most {verdict.p:.3g}, e to the power of minus the score"
    alpha = f"{verdict.p:.3g}; alpha {verdict.alpha:.15g}"
    if verdict.score is not None:
        return f"p: the chance that a standard normal is above the score is {alpha}"
    return f"p: the chance of {whole(verdict.observed)} or more is {alpha}"


def _score(value: float) -> str:
    return f"{value:.2f}"


def _least_alarm(verdict: Verdict) -> str:
    if verdict.bound < 0:
        return "none, because the weeks before are enough for an alarm"
    return f"{_bound(verdict)} with which the score is not above the limit".replace("the smallest", "the largest")


def _looked_at(told: Told) -> str:
    """``the 52 weeks to 29 May 2020``: the history, without the newest weeks that the method leaves out."""
    verdict = told.verdict
    last = told.weeks.newest(1 + verdict.method.guard).start - DAY
    return f"the {len(verdict.history)} weeks to {day_text(last)}"


def _judged(told: Told) -> str:
    if not told.verdict.is_beyond:
        return "within its own history"
    return "beyond its own history" if told.verdict.is_counted else "too few to speak of"


def _range(told: Told) -> str:
    counts = told.verdict.history
    return f"{whole(min(counts))} to {whole(max(counts))} a week"


def _above(verdict: Verdict) -> str:
    if math.isinf(verdict.ratio):
        return "None was expected"
    if verdict.ratio >= _TIMES:
        return f"{verdict.ratio:.1f} times the expected number"
    percent = round(abs(verdict.ratio - 1) * 100)
    if not percent:
        return "As expected"
    return f"{percent} % {'above' if verdict.ratio > 1 else 'below'} the expected number"


def _rarity(told: Told) -> str:
    p, name, is_sum = told.verdict.p, told.verdict.method.name, told.verdict.score is not None
    much = "such a score" if is_sum else "so much"
    if p > _USUAL:
        at_most = " at most" if name == "shift" else ""
        return f"Nothing unusual: {much} comes by chance in {p * 100:.0f} of 100 weeks{at_most}."
    once = f"once in {whole(_two_digits(1 / p))} weeks" if p * _RAREST > 1 else "once in a million weeks at most"
    if name == "shift" and p * _RAREST > 1:
        once = f"at most {once}"
    return f"Were nothing to change, {much} would come {once} (p {p:.2g}, by the method {name})."


def _measured(told: Told) -> str:
    """How often a method is wrong whose p is nominal only."""
    weeks = _FALSE_ALARMS.get(told.verdict.method.name)
    return (
        f"On series in which nothing changes, this method raises a false alarm in {weeks} of 100 weeks."
        if weeks
        else ""
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
    if told.verdict.method.name == "compound":
        return f"That {told.noun} come in lumps is allowed for, up to the largest event of the history."
    return (
        f"{_capital(told.noun)} come in lumps, which no method here allows for: look at the number of events as well."
    )


def _why(told: Told, method: Method, lack: Lack) -> str:
    """What a method did not find."""
    if lack is Lack.WEEKS:
        return f"{told.weeks.before - told.unseen} weeks, {method.name} needs {method.least_weeks + method.guard}"
    if lack is Lack.COUNTED:
        return f"fewer than {max(1, method.least_total)} {told.noun}"
    return _WHY[lack]


def _chosen(told: Told) -> str:
    """``, chosen by auto (56 weeks, seasonal needs 160)``."""
    if told.asked == told.verdict.method.name:
        return ""
    lacks = [_why(told, METHODS[name], lack) for name, lack in told.verdict.lacks.items()]
    return f", chosen by {told.asked} ({'; '.join(lacks)})" if lacks else f", chosen by {told.asked}"


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
