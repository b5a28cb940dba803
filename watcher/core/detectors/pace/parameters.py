"""What a rule says under ``pace``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from watcher.core.detectors.pace.interval import Test
from watcher.core.document import Document, shown
from watcher.core.period import DAY, Duration, Period

FIRST_YEAR, LAST_YEAR = 1900, 2200


def _year(value: object) -> object:
    if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
        if FIRST_YEAR <= int(value) <= LAST_YEAR:
            return int(value)
        msg = f"{shown(value)} is no year between {FIRST_YEAR} and {LAST_YEAR}; write a year or a baseline's name"
        raise ValueError(msg)
    return value


class Parameters(Document):
    """What stands under ``pace``."""

    indicator: str
    """The indicator whose rate is judged."""
    above: Annotated[int | str, BeforeValidator(_year)] | None = None
    """A year (2019), or the name of a baseline; not with ``compare: trailing``."""
    current: Literal["ytd", "mtd", "since", "last"] = "ytd"
    """Which period: the year so far, the month so far, since a day, or the last days."""
    since: date | None = None
    """First day, with ``current: since``."""
    last: Duration | None = None
    """How many days, with ``current: last``."""
    compare: Literal["annual", "same_period", "trailing"] = "annual"
    """With the whole baseline, the same calendar days of the year ``above``, or the days just before (both need records)."""
    against: Duration | None = None
    """How many days just before the last days are the baseline, with ``compare: trailing``."""
    test: Test = "auto"
    """Where interval and p come from; auto: exact for counts, compound or inflated for sums. Never the evidence."""
    assumed_dispersion: Annotated[float, Field(ge=1, le=1_000)] = 5
    """Least variance over mean of a sum, while a period has fewer than 20 attacks and no dispersion is stated."""
    dispersion: Annotated[float, Field(ge=1, le=1_000)] | None = None
    """Variance over mean, where the author knows it; wins over everything else, for counts as well."""

    delay: Literal["none", "estimated"] = "none"
    """Late reports; estimated: a day counts for the share of it that is known at its age, none: all is known."""

    vintage: Literal["latest", "same_age"] = "latest"
    """The baseline's knowledge: the latest, or that at the age of the current period (with ``same_period``)."""

    @model_validator(mode="before")
    @classmethod
    def _trailing_ends_now(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("compare") == "trailing":
            return {"current": "last", **given}
        return given

    @field_validator("last", "against")
    @classmethod
    def _whole_days(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and (value < DAY or value % DAY):
            msg = "events are dated by the day; write whole days, at least 1d"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _same_age(self) -> Parameters:
        if self.vintage == "same_age" and self.compare != "same_period":
            msg = "'vintage: same_age' compares days of the same age; it goes with 'compare: same_period'"
            raise ValueError(msg)
        if self.vintage == "same_age" and self.delay == "estimated":
            msg = "of days of the same age as much is missing on both sides; leave 'delay: estimated' out"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _companions(self) -> Parameters:
        for name, value, example in (("since", self.since, "2020-04-17"), ("last", self.last, "90d")):
            if self.current == name and value is None:
                msg = f"'current: {name}' needs '{name}', e.g. {name}: {example}"
                raise ValueError(msg)
            if self.current != name and value is not None:
                msg = f"'{name}' goes with 'current: {name}'"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_baseline(self) -> Parameters:
        is_trailing = self.compare == "trailing"
        if is_trailing and self.current != "last":
            msg = (
                "'compare: trailing' holds the last days against the days before; leave out 'current', and give 'last'"
            )
        elif is_trailing and (self.against is None or self.above is not None):
            msg = (
                "'compare: trailing' needs 'against' and no 'above', e.g. {compare: trailing, last: 28d, against: 365d}"
            )
        elif not is_trailing and self.against is not None:
            msg = "'against' goes with 'compare: trailing'"
        elif not is_trailing and self.above is None:
            msg = "'above' is missing: a year, or the name of a baseline, e.g. above: 2019"
        else:
            return self
        raise ValueError(msg)

    def window(self, last: date) -> Period:
        """The current period, given its last day; empty when it has not begun."""
        if self.current == "last":
            return Period.ending(last, self.last or timedelta(days=1))
        first = {"ytd": last.replace(month=1, day=1), "mtd": last.replace(day=1)}.get(self.current, self.since)
        return Period.between(first or last, last)

    def whole(self, window: Period) -> Period | None:
        """The year or month that a window is the beginning of; None for windows that move."""
        if self.current == "ytd":
            return Period.of_year(window.start.year)
        if self.current == "mtd":
            return Period(window.start, (window.start + timedelta(days=31)).replace(day=1))
        return None
