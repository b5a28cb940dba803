"""Baselines: stated numbers with a citation, for years or parts of years that the store may not cover."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from watcher.core.document import Document
from watcher.core.event import Basis
from watcher.core.indicator import Indicator
from watcher.core.period import LooseDate, Period

Count = Annotated[int, Field(ge=0, strict=True)]


class StatedPeriod(Document):
    """The days a stated number speaks of."""

    first: Annotated[date, Field(alias="from")]
    """First day."""
    last: Annotated[date, Field(alias="to")]
    """Last day."""
    cutoff: Literal["stated", "assumed"] = "stated"
    """Whether the publication names the last day, or the desk assumed it."""

    @model_validator(mode="after")
    def _in_order(self) -> StatedPeriod:
        if self.last < self.first:
            msg = "'to' lies before 'from'"
            raise ValueError(msg)
        return self


def _whole_year(value: object) -> object:
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return {"from": date(int(value), 1, 1), "to": date(int(value), 12, 31)}
    return value


class Baseline(Document):
    """A stated number: deaths, attacks or both, over a period, with its citation."""

    baseline: str
    """Its name, used in ``above``."""
    title: str = ""
    """What a person calls it."""
    period: Annotated[StatedPeriod, BeforeValidator(_whole_year)]
    """A year (2019), or {from, to, cutoff: assumed}."""
    indicators: tuple[str, ...] = ()
    """The indicators it speaks for."""
    fatalities: Count | None = None
    """Stated deaths."""
    attacks: Count | None = None
    """Stated attacks."""
    at_least: bool = False
    """The numbers are lower bounds."""
    dispersion: Annotated[float, Field(ge=1)] | None = None
    """Variance over mean of the deaths, where it is known."""
    definition: str = ""
    """What the publication counted, in its words; not the indicator's own filter."""
    known: LooseDate | None = None
    """When it was known; absent means the citation's date."""
    cite: str
    """Name of the citation: a number without a citation is no baseline."""
    note: str = ""
    """Context in the desk's own words."""

    @model_validator(mode="after")
    def _says_something(self) -> Baseline:
        if self.fatalities is None and self.attacks is None:
            msg = "a baseline states 'fatalities', 'attacks' or both"
            raise ValueError(msg)
        return self

    @property
    def days(self) -> Period:
        """Its period as days."""
        return Period.between(self.period.first, self.period.last)

    def total_for(self, indicator: Indicator) -> int | None:
        """The stated number that an indicator is compared with; None when it states none."""
        return self.fatalities if indicator.is_sum else self.attacks


class BaselineVersion(NamedTuple):
    """A baseline at one revision, with its knowledge time."""

    version: int
    #: ``file:`` and the name of the YAML file it stands in.
    source: str
    baseline: Baseline
    known_from: datetime
    known_to: datetime | None
    basis: Basis
    recorded_at: datetime
