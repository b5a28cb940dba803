"""What a lint check is, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.page import Page
from watcher.config.problem import Mistake
from watcher.config.rules import Loaded, Site
from watcher.core.catalogue import Catalogue
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.indicator import Indicator
from watcher.core.muting import Silence
from watcher.core.period import Period
from watcher.core.rule import Rule, RuleSet
from watcher.core.statistics.delay import Completeness

if TYPE_CHECKING:
    from watcher.config.notify import Notify
    from watcher.config.settings import Settings
    from watcher.lint.past import Past

#: Says why an address cannot be had; empty when it can.
Fetch = Callable[[str], str]


class Data(Protocol):
    """What the store says, for the checks that need records."""

    @property
    def days(self) -> Period:
        """The last stored year, by what was known: the days that rules are replayed over."""

    def past(self, rule: Rule) -> Past:
        """What a rule would have done on these days."""

    def values(self, field: str) -> Sequence[str]:
        """Every value that the current records have in a field: country (ISO3), admin1, event_type, actor, ..."""

    def sources_of(self, rule: Rule) -> Mapping[str, timedelta]:
        """The sources whose events a rule counts, each with the query offset that holds for it."""

    def counted_sources(self, indicator: Indicator) -> Sequence[str]:
        """The sources that have an event which an indicator counts, by name."""

    def watermark(self, rule: Rule) -> date | None:
        """The day up to which what a rule counts is complete; None when it counts nothing."""

    def rhythm(self, source: str) -> timedelta | None:
        """The usual time between two releases of a source; None when there were too few."""

    def completeness(self, source: str) -> Completeness:
        """Which share of what will be known of a day a source has reported by its age, as `watcher delay` shows it."""

    def silences(self) -> Sequence[Silence]:
        """What people do not want to be told of, or did not."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a check may look at."""

    loaded: Loaded
    today: date
    #: None where only rule files are looked at.
    settings: Settings | None = None
    #: None where only rule files are looked at, and when the routes cannot be read.
    routing: Notify | None = None
    #: None when there is no store, or nothing in it.
    data: Data | None = None
    #: None unless the network may be used.
    fetch: Fetch | None = None

    @property
    def rules(self) -> RuleSet:
        """The rules."""
        return self.loaded.rules

    @property
    def catalogue(self) -> Catalogue:
        """What the rules speak about."""
        return self.loaded.rules.catalogue

    @property
    def sites(self) -> Sequence[Site]:
        """Where each rule stands."""
        return self.loaded.sites

    def with_data(self, data: Data) -> Context:
        """The same, with what the store says."""
        return replace(self, data=data)

    @property
    def pages(self) -> Sequence[Page]:
        """The rule files."""
        return self.loaded.pages


class Check(Protocol):
    """The contract of a module that holds one lint check."""

    #: What it is called in output and in comments: ``rule/flaps``.
    NAME: str
    #: How bad its problems are, at worst.
    SEVERITY: ProblemSeverity
    #: Whether it has to be left out where there is no store.
    NEEDS_DATA: bool
    #: What it finds, in one line.
    FINDS: str

    def check(self, context: Context) -> Iterable[Problem]:
        """Everything it finds."""


def found(
    name: str,
    document: MarkedDocument,
    path: KeyPath,
    sentence: str,
    *,
    severity: ProblemSeverity = ProblemSeverity.WARNING,
    at_key: bool = False,
) -> Problem:
    """A problem at its place, from one sentence: ``what is wrong; what to do``."""
    mistake = Mistake.of(path, sentence, at_key=at_key)._replace(severity=severity)
    return mistake.placed(document, check=name)


def name_of(site: Site) -> KeyPath:
    """The path of a rule's name."""
    return (*site.path, "alert")


def days_text(span: timedelta) -> str:
    """``7 days``, ``1 day``: a length as people say it, to the next whole day."""
    days = -(-span // timedelta(days=1))
    return "1 day" if days == 1 else f"{days} days"
