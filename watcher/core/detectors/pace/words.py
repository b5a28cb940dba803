"""What ``pace`` says: the headline, and the sentences of the message."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from watcher.core.baseline import Baseline
from watcher.core.detectors.frame import counted, missing_values, period_text, subject, whole
from watcher.core.detectors.pace.sides import Side, Sides
from watcher.core.detectors.pace.verdict import Verdict
from watcher.core.fact import Citation
from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.reading import day_text
from watcher.core.statistics import rates
from watcher.core.statistics.rates import RateTest, Tally

#: From this ratio on, "3.2 times" reads better than "220 % above".
_TIMES = 3
#: Rates are told per day, per 30 days or per year: the first in which the larger one reaches this.
_TELLING_RATE = 0.1
_UNITS = ((1, "a day"), (30, "in 30 days"), (365, "a year"))
#: From this share of a sum on, one event is named, even when there is a rise without it.
_TELLING_SHARE = 0.1
#: A number from here on is told without a fraction.
_WHOLE_FROM = 10


@dataclass(frozen=True, slots=True)
class Told:
    """Everything there is to tell."""

    indicator: Indicator
    group: Labels
    sides: Sides
    verdict: Verdict
    #: Looks for the largest event, which costs a search that most readings can do without.
    find_largest: Callable[[], int | None] = lambda: None
    #: The year it is told in: days of another year are told with it.
    this_year: int | None = None

    @property
    def largest(self) -> int | None:
        """The largest event's value; None without records, and for counts."""
        return self.find_largest()

    @property
    def noun(self) -> str:
        """``deaths``."""
        return self.indicator.noun

    @property
    def now(self) -> Side:
        """The current period."""
        return self.sides.now

    @property
    def before(self) -> Side:
        """The baseline."""
        return self.sides.before

    @property
    def without_largest(self) -> float | None:
        """The ratio, had the largest event not been; None where there is none to leave out."""
        largest = self.largest
        if not largest:
            return None
        return rates.rate_ratio(Tally(self.now.total - largest, self.now.tally.days), self.before.tally)

    @property
    def pace(self) -> str:
        """What the rate is compared with: ``the 2019 pace``."""
        if self.sides.is_trailing:
            return f"the pace of the {counted(self.before.period.days, 'days')} before"
        if self.sides.same_days_of is not None:
            return f"the pace of the same days of {self.sides.same_days_of}"
        year = _whole_year(self.before.period)
        return f"the {year} pace" if year else f"the pace of {period_text(self.before.period)}"

    @property
    def there(self) -> str:
        """When the baseline was: ``in 2019``."""
        if self.sides.is_trailing:
            return f"in the {counted(self.before.period.days, 'days')} before"
        if self.sides.same_days_of is not None:
            return f"on the same days of {self.sides.same_days_of}"
        year = _whole_year(self.before.period)
        return f"in {year}" if year else f"from {period_text(self.before.period)}"


def headline(told: Told) -> str:
    """``Deaths, Mozambique: 31 % above the 2019 pace, 447 deaths to 6 Jul (weak evidence)``."""
    last, evidence = told.now.period.last, told.verdict.evidence
    seen = f"{counted(told.now.total, told.noun)} to {_short(last, told.this_year)}"
    if not told.before.total:
        said = f"{seen}, {'none' if told.now.total else 'as'} {told.there}"
    elif not told.now.total:
        said = f"{seen}, where {told.pace} gives {number(told.verdict.expected)}"
    else:
        said = f"{above(told.verdict.ratio)} {told.pace}, {seen}"
    words = "no evidence of a rise" if evidence == "none" else f"{evidence} evidence"
    return f"{subject(told.indicator, told.group)}: {said} ({words})"


def above(ratio: float) -> str:
    """``31 % above``, ``12 % below``, ``3.2 times`` or ``at``, for a finite ratio."""
    if ratio >= _TIMES:
        return f"{ratio:.1f} times"
    percent = round(abs(ratio - 1) * 100)
    return "at" if not percent else f"{percent} % {'above' if ratio > 1 else 'below'}"


def sentence(told: Told) -> str:
    """``447 deaths in 188 days; the 2019 pace gives 340 (ratio 1.315).``."""
    seen = f"{_capital(counted(told.now.total, told.noun))} in {counted(told.now.days, 'days')}{_known_so_far(told)}"
    if not told.before.total:
        return f"{seen}; there were none {told.there}." if told.now.total else f"{seen}, and none {told.there}."
    ratio = f" (ratio {told.verdict.ratio:.3f})" if told.now.total else ""
    return f"{seen}; {told.pace} gives {number(told.verdict.expected)}{ratio}."


def _known_so_far(told: Told) -> str:
    """``, about 92 % of what will be known``; nothing where all is taken to be known."""
    return f", about {told.now.seen.completeness * 100:.0f} % of what will be known" if told.now.seen else ""


def what(told: Told) -> str:
    """``2.38 deaths a day against 1.81 in 2019 (660 deaths in 309 attacks). At this pace 870 by 31 December.``.

    Where the attacks are known: ``Attacks at 1.19 times their pace, with 1.10 times the deaths each.``.
    """
    days, unit = _unit(told.now.tally, told.before.tally)
    now, before = told.now.tally.rate * days, told.before.tally.rate * days
    said = f"{now:.2f} {told.noun} {unit} against {before:.2f} {told.there} ({made_of(told.before, told.indicator)})."
    projection, split = told.verdict.projection, told.verdict.split
    if split is not None:
        said += (
            f" Attacks at {split.attacks:.2f} times their pace, with {split.severity:.2f} times the {told.noun} each."
        )
    if projection is None:
        return said
    last = projection.whole.last
    by = _day(last, told.this_year)
    span = f"{whole(projection.low)} to {whole(projection.high)}"
    return f"{said} At this pace {number(projection.total)} by {by} (95 % interval {span})."


def sure(told: Told) -> str:
    """How far the rise can be believed, and what would make it more."""
    verdict = told.verdict
    opening = "No evidence of a rise" if verdict.evidence == "none" else verdict.evidence.capitalize()
    parts = [_interval_words(told), _score_words(told), _without_largest_words(told)]
    return f"{opening}: {'; '.join(part for part in parts if part)}."


def unknown(told: Told) -> tuple[str, ...]:
    """What is assumed, missing or differs, one sentence each."""
    return (*_stated_gaps(told), *_missing(told), *told.sides.notes)


def source(told: Told, citations: Mapping[str, Citation], records: str) -> tuple[str, ...]:
    """Where the numbers come from: records, and each publication with what it counted."""
    lines = [records] if told.now.totals or told.before.totals else []
    return (*lines, *(_reference(cite, _stated(told), citations) for cite in cites(told)))


def cites(told: Told) -> tuple[str, ...]:
    """The citations that the numbers rest on."""
    return tuple(dict.fromkeys(each.cite for each in _stated(told)))


def made_of(side: Side, indicator: Indicator) -> str:
    """``660 deaths in 309 attacks``."""
    total = counted(side.total, indicator.noun)
    if not indicator.is_sum or side.events is None:
        return total
    return f"{total} in {counted(side.events, 'attacks' if side.stated else 'events')}"


def number(value: float) -> str:
    """``340``, ``3.4`` or ``0.34``: no more digits than mean something."""
    if value >= _WHOLE_FROM or value == round(value):
        return whole(value)
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def ratio_text(ratio: float) -> str:
    """``1.315``, or ``infinite``."""
    return "infinite" if math.isinf(ratio) else f"{ratio:.3f}"


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _whole_year(period: Period) -> int | None:
    return period.start.year if period == Period.of_year(period.start.year) else None


def _unit(now: Tally, before: Tally) -> tuple[int, str]:
    rate = max(now.rate, before.rate)
    return next((unit for unit in _UNITS if rate * unit[0] >= _TELLING_RATE), _UNITS[-1])


def _stated(told: Told) -> list[Baseline]:
    return [side.stated for side in (told.now, told.before) if side.stated is not None]


def _reference(cite: str, stated: list[Baseline], citations: Mapping[str, Citation]) -> str:
    citation = citations.get(cite)
    reference = citation.reference if citation else cite
    definitions = dict.fromkeys(each.definition for each in stated if each.cite == cite and each.definition)
    differs = f". Definition differs from the indicator's filter: {'; '.join(definitions)}" if definitions else ""
    return f"{reference}{differs}"


def _stated_gaps(told: Told) -> Iterator[str]:
    for side in (told.now, told.before):
        if side.stated is None:
            continue
        if side.stated.attacks is None:
            yield f"No {_when(side.period)} attack count."
        if side.stated.period.cutoff == "assumed":
            yield f"The day to which {whole(side.total)} counts is assumed ({_day(side.period.last, told.this_year)})."
        if side.stated.at_least:
            yield f"{whole(side.total)} is a lower bound."


def _when(period: Period) -> str:
    return str(period.start.year) if period.start.year == period.last.year else period_text(period)


def _short(day: date, this_year: int | None) -> str:
    return day_text(day).removesuffix(f" {day.year}") if this_year in {None, day.year} else day_text(day)


def _day(day: date, this_year: int | None) -> str:
    year = "" if this_year in {None, day.year} else f" {day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]}{year}"


def _missing(told: Told) -> Iterator[str]:
    for side, period in ((told.now, ""), (told.before, f" {told.there}")):
        if side.totals is not None:
            for text in missing_values(told.indicator, side.totals):
                yield text if not period else f"{text.removesuffix('.')}{period}."


def _interval_words(told: Told) -> str:
    found = told.verdict.interval
    if found.result is None:
        no_test = found.test in {"none", "sequential"}
        return _dispersion_words(told) if no_test else f"no interval, because {found.why}"
    reach = f"{found.result.low:.2f} or more" if math.isinf(found.result.high) else _between(found.result)
    return f"interval of the ratio {reach}{_basis(told)}"


def _between(result: RateTest) -> str:
    return f"{result.low:.2f}-{result.high:.2f}"


def _basis(told: Told) -> str:
    """What an interval rests on, as far as a reader must know it."""
    match told.verdict.interval.test:
        case "exact":
            return _caution(told, "exact")
        case "midp":
            return _caution(told, "mid-p")
        case "quasi":
            return ", by the spread of the weeks"
        case _ if _is_by_attack(told):
            return ", attack by attack"
        case _:
            words = _dispersion_words(told)
            return f" with {words}" if words else ""


def _is_by_attack(told: Told) -> bool:
    """Whether each period goes by the sizes of its own attacks, and not by one dispersion."""
    return told.verdict.interval.test == "compound" and not told.verdict.interval.step


def _dispersion_words(told: Told) -> str:
    spread = told.verdict.dispersion
    return f"{spread.word} dispersion {spread.value:.3g}" if spread.word else ""


def _caution(told: Told, test: str) -> str:
    """What a test of the totals assumes of a sum; of a count it is true enough."""
    if not told.indicator.is_sum:
        return ""
    return f", far too narrow, because the {test} test takes all {told.noun} for independent of each other"


def _score_words(told: Told) -> str:
    verdict = told.verdict
    if verdict.llr <= 0:
        return "the rate is not above the baseline's"
    if not verdict.is_judged:
        return f"too early: judged from {rates.SEQUENTIAL_DAYS} days and {rates.SEQUENTIAL_EVENTS} events on"
    # The interval has not named the dispersion that the score is divided by.
    words = _dispersion_words(told) if _is_by_attack(told) or verdict.interval.test == "quasi" else ""
    by = f" with {words}" if words else ""
    word = "strong from" if verdict.evidence == "strong" else "strong needs"
    return f"sequential score {verdict.score:.2f}{by}, {word} {rates.STRONG_SCORE:g}"


def _without_largest_words(told: Told) -> str:
    """Said of a rise of which one event is a good part, or all: ``one attack is 28 % of the deaths; without it ...``."""
    without = told.without_largest
    if not told.largest or without is None or told.verdict.ratio <= 1:
        return ""
    share = told.largest / told.now.total
    if share < _TELLING_SHARE and without > 1:
        return ""
    return f"one attack is {share * 100:.0f} % of the {told.noun}; without it the ratio is {without:.2f}"
