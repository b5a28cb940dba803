"""What detectors share: defaults for the keys a rule leaves out, and the words of their problems and readings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from watcher.core.catalogue import Catalogue
from watcher.core.condition import Condition
from watcher.core.coverage import CoverageGap, within
from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import DAY, Period
from watcher.core.reading import day_text

#: The way to a value below a detector's key: its parameter, then keys and positions.
Place = tuple[str | int, ...]

#: How many of the largest, and of the latest, records stand behind a reading.
SHOWN_RECORDS = 5


@dataclass(frozen=True, slots=True)
class Tier:
    """A severity and the condition under which it holds; the last tier has none (``otherwise``)."""

    severity: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where the rule says nothing."""

    condition: Condition | None = None
    recovery: Condition | None = None
    severity: tuple[Tier, ...] = (Tier("warning"),)
    keep_firing_for: timedelta = timedelta()
    #: Event-like detectors: no alert can be kept for longer, because its occurrence is then out of their sight.
    keep_at_most: timedelta | None = None


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Say what is missing and what is near: ``no indicator 'moz_fatalitys'; did you mean 'moz_fatalities'?``."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(names)) or 'none'}"
    return f"no {kind} {name!r}; {hint}"


def by_name(names: Mapping[str, object], kind: str, parameter: str, name: str) -> Iterable[tuple[str, str]]:
    """The problem of a parameter that names something that is not there."""
    if name not in names:
        yield parameter, unknown_name(kind, name, names)


def whole_days(parameter: str, span: timedelta) -> Iterable[tuple[str, str]]:
    """The problem of a span that is no number of days."""
    if span < DAY or span % DAY:
        yield parameter, f"{parameter!r} is whole days, at least one, because events are dated by the day"


def named_indicator(name: str, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The indicator that a parameter names, where there is one."""
    return (catalogue.indicators[name],) if name in catalogue.indicators else ()


def measured(indicator: Indicator, totals: Totals) -> int:
    """What an indicator comes to: its sum, its events, or its days with an event."""
    return totals.active_days if indicator.count == "days" else totals.total


def subject(indicator: Indicator, group: Labels) -> str:
    """What a headline speaks of: ``Attacks, Palma``."""
    return ", ".join([indicator.name, *(value for _, value in group)])


def counted(number: float, noun: str) -> str:
    """``447 deaths``, ``1 death``, ``no deaths``: a number and its noun, with thousands apart."""
    if number == 0:
        return f"no {noun}"
    if number == 1:
        return f"1 {_singular(noun)}"
    return f"{whole(number)} {noun}"


def _singular(noun: str) -> str:
    """``death`` of ``deaths``, ``clash`` of ``clashes``."""
    return noun.removesuffix("es") if noun.endswith(("shes", "ches", "sses", "xes")) else noun.removesuffix("s")


def whole(number: float) -> str:
    """``12 345``: a whole number with thousands apart."""
    return f"{number:,.0f}".replace(",", "\N{NO-BREAK SPACE}")


def period_text(period: Period) -> str:
    """``1 Jan 2020 to 6 Jul 2020``, both days included."""
    return f"{day_text(period.start)} to {day_text(period.last)}"


def beginning(indicator: Indicator, period: Period) -> str:
    """``records begin on 1 Jan 2020``, or why those before count no more; of the days that can be compared."""
    changed = indicator.changed_on(period.last)
    if changed == period.start:
        return f"sources report otherwise since {day_text(changed)} (coverage_change)"
    return f"records begin on {day_text(period.start)}"


def in_gap(indicator: Indicator, period: Period) -> str:
    """Why a period that coverage gaps take days from is not judged."""
    reasons = "; ".join(gap.because for gap in indicator.gaps_in(period))
    days = counted(indicator.missing_days(period), "days")
    lie = "lies" if days == "1 day" else "lie"
    return f"{days} of {period_text(period)} {lie} in a coverage gap ({reasons}), so it is not judged"


def gap_notes(indicator: Indicator, period: Period) -> tuple[str, ...]:
    """What is to be said of the coverage gaps of a period: how many days are left out, and why."""
    return notes_of_gaps(indicator.coverage_gaps, period)


def notes_of_gaps(gaps: Iterable[CoverageGap], period: Period) -> tuple[str, ...]:
    """The same of gaps that belong to no indicator."""
    return tuple(_gap_note(gap, days) for gap in gaps if (days := within(gap, period)).days)


def _gap_note(gap: CoverageGap, days: Period) -> str:
    if days.days == 1:
        return f"1 day, {day_text(days.start)}, is left out, a coverage gap: {gap.because}."
    return f"{days.days} days, {period_text(days)}, are left out, a coverage gap: {gap.because}."


def event_value(indicator: Indicator, version: EventVersion) -> int:
    """What one event adds to an indicator; 0 when it carries no value."""
    return (version.event.number(indicator.sum) or 0) if indicator.sum else 1


def contributors(indicator: Indicator, versions: Sequence[EventVersion]) -> tuple[int, ...]:
    """Version numbers of the largest events, largest first, then of the latest ones, latest first; none twice."""
    latest = sorted(versions, key=lambda v: (v.event.date_end, v.version), reverse=True)
    largest = sorted(latest, key=lambda v: -event_value(indicator, v)) if indicator.is_sum else []
    return tuple(dict.fromkeys(v.version for v in (*largest[:SHOWN_RECORDS], *latest[:SHOWN_RECORDS])))


def record_sources(indicator: Indicator, versions: Sequence[EventVersion]) -> str:
    """``records of acled``, naming the sources that the events come from."""
    names = sorted({version.event.source for version in versions} or indicator.sources)
    return f"records of {', '.join(names)}" if names else "stored records"


def missing_values(indicator: Indicator, totals: Totals) -> tuple[str, ...]:
    """What is to be said of events that carry no number for the measure: it is not taken for zero."""
    if not indicator.is_sum or not totals.missing:
        return ()
    verb = "carries" if totals.missing == 1 else "carry"
    return (f"{whole(totals.missing)} of {counted(totals.events, 'events')} {verb} no number of {indicator.noun}.",)
