"""What a test file says: made-up records and facts, and the alerts and messages that are expected of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from watcher.core.document import Document
from watcher.core.period import Duration, day_start, partial_date

#: What the files are called in a folder.
PATTERNS = ("*_test.yaml", "*_test.yml")
#: Who is told where a file names no routes.
DESK_RECEIVER = "desk"
#: Moments outside these years are slips of the pen, and would take hours to step through.
FIRST_YEAR, LAST_YEAR = 1900, 2100
#: From the first to the last minute of a day.
_LAST_MINUTE = timedelta(hours=23, minutes=59)
#: Events of one ``spread``.
MOST_EVENTS = 20_000

StateName = Literal["pending", "firing", "recovering", "resolved", "retracted", "expired"]
ReasonName = Literal["first", "new_alerts", "worse", "some_resolved", "all_resolved", "retracted", "state_at_start"]


class Span(NamedTuple):
    """A moment, or any moment of a day."""

    first: datetime
    last: datetime
    text: str

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.first <= moment <= self.last

    def __str__(self) -> str:
        return self.text


def read_span(value: object) -> Span:
    """Read ``2020-07-07``, which is that day, or ``2020-07-07T03:00:00Z``.

    :raises ValueError: for anything else.
    """
    text = str(value)
    span = _moment_in(text) if "T" in text or " " in text else _day_in(text)
    if span is None:
        msg = f"{text!r} is no moment; write 2020-07-07 or 2020-07-07T03:00:00Z"
        raise ValueError(msg)
    if not FIRST_YEAR <= span.first.year <= LAST_YEAR:
        msg = f"{text!r} is no day of our time; a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(msg)
    return span


def _moment_in(text: str) -> Span | None:
    try:
        read = datetime.fromisoformat(text)
        moment = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return Span(moment, moment, f"{moment:%Y-%m-%d %H:%M}")


def _day_in(text: str) -> Span | None:
    try:
        day = partial_date(text)
    except ValueError:
        return None
    if day.first is None or not day.is_exact:
        return None
    begin = day_start(day.first)
    return Span(begin, begin + _LAST_MINUTE, text)


def _day(value: object) -> date:
    span = _day_in(str(value))
    if span is None or not FIRST_YEAR <= span.first.year <= LAST_YEAR:
        msg = f"{str(value)!r} is no date; write 2020-06-03"
        raise ValueError(msg)
    return span.first.date()


Day = Annotated[date, BeforeValidator(_day)]
#: ``2020-07-07``, which is its first instant in UTC, or ``2020-07-07T03:00:00Z``.
Moment = Annotated[datetime, BeforeValidator(lambda value: read_span(value).first)]
#: The same, but a day is any moment of it.
AnyMoment = Annotated[Span, BeforeValidator(read_span)]
#: A value as it is written in a test.
Literal_ = bool | int | float | str | None


# --- what is put in -----------------------------------------------------------------------------------------------------


class Spread(Document):
    """Many events, distributed evenly over a period, with exact totals."""

    first: Day = Field(alias="from")
    """First day; the first event lies on it (``from``)."""
    last: Day = Field(alias="to")
    """Last day; the last event lies on it (``to``)."""
    events: Annotated[int, Field(ge=1, le=MOST_EVENTS)]
    """How many events there are in all."""
    fatalities: Annotated[int, Field(ge=0)] | None = None
    """How many deaths there are in all; absent: no event carries a number."""

    @model_validator(mode="after")
    def _forwards(self) -> Spread:
        if self.last < self.first:
            msg = f"'to' lies before 'from'; the period begins on {self.first}"
            raise ValueError(msg)
        return self


class InputEvent(Document):
    """One made-up event, or many with ``spread``; the same ``event_id`` again is a revision."""

    event_id: str = ""
    """The source's key; absent: one is made up."""
    event_date: Day | None = None
    """The day it happened."""
    spread: Spread | None = None
    """Instead of ``event_date``: many events over a period."""
    known: Moment | None = None
    """When it became known."""
    known_lag: Duration | None = None
    """Instead of ``known``: how long after the beginning of its day; absent: 1d."""
    deleted: bool = False
    """The source takes the event back."""
    source: str = "acled"
    """The name of the source that carries it."""
    country: str = ""
    """Country: a name in any spelling, or an ISO code."""
    admin1: str = ""
    """First-level area."""
    admin2: str = ""
    """Second-level area."""
    admin3: str = ""
    """Third-level area."""
    location: str = ""
    """Place."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Degrees."""
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Degrees."""
    time_precision: Annotated[int, Field(ge=1, le=5)] = 1
    """1 the day is known, 2 the week, 3 the month, 4 the quarter, 5 the year."""
    geo_precision: Annotated[int, Field(ge=1, le=3)] | None = None
    """1 the place is known, 2 nearby, 3 the region."""
    disorder_type: str = ""
    """ACLED's disorder type."""
    event_type: str = ""
    """ACLED's event type: Battles."""
    sub_event_type: str = ""
    """ACLED's sub-event type: Armed clash."""
    actor1: str = ""
    """First side, as the source writes it; ``$name`` is the first alias of an actor of the rules."""
    actor2: str = ""
    """Second side."""
    assoc_actor_1: str = ""
    """With the first side; several with ``;`` between them."""
    assoc_actor_2: str = ""
    """With the second side."""
    actors: tuple[str, ...] = ()
    """Instead of the four keys above: first side, second side, and whoever stands with the first."""
    fatalities: Annotated[int, Field(ge=0)] | None = None
    """Reported deaths; absent: no number, which is not zero."""
    fatalities_low: Annotated[int, Field(ge=0)] | None = None
    """The lowest figure."""
    fatalities_high: Annotated[int, Field(ge=0)] | None = None
    """The highest figure."""
    incidents: Annotated[int, Field(ge=0)] | None = None
    """How many incidents an aggregate speaks of; absent: a single one."""
    civilian_targeting: bool | None = None
    """Whether civilians were the target."""
    publishers: str = ""
    """Who reported it."""
    url: str = ""
    """Where."""
    notes: str = ""
    """The source's text."""
    tags: str = ""
    """The source's tags."""


# --- what is expected ---------------------------------------------------------------------------------------------------


class Wanted(Document):
    """A value that is expected: itself, or its bounds."""

    eq: Literal_ = None
    """Exactly this; a number as exactly as it is written."""
    gt: Literal_ = None
    """More than this."""
    gte: Literal_ = None
    """At least this."""
    lt: Literal_ = None
    """Less than this."""
    lte: Literal_ = None
    """At most this."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        if isinstance(value, Mapping) and not value:
            msg = "no bound is given; write e.g. {gte: 1.31, lte: 1.32}"
            raise ValueError(msg)
        return value if isinstance(value, Mapping | Wanted) else {"eq": value}


class Words(Document):
    """A text that is expected: itself, or what it contains."""

    eq: str | None = None
    """Exactly this."""
    contains: tuple[str, ...] = ()
    """Each of these is part of it."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        if isinstance(value, Mapping) and isinstance(value.get("contains"), str):
            return {**value, "contains": [value["contains"]]}
        return value if isinstance(value, Mapping | Words) else {"eq": value}

    def matches(self, text: str) -> bool:
        """Whether the text is as expected; non-breaking spaces are spaces."""
        plain = text.replace("\N{NO-BREAK SPACE}", " ")
        return (self.eq is None or plain == self.eq) and all(part in plain for part in self.contains)

    def __str__(self) -> str:
        parts = [] if self.eq is None else [repr(self.eq)]
        return ", ".join([*parts, *(f"contains {part!r}" for part in self.contains)])


class ExpectedWords(Document):
    """What a message says of an alert, by the names of a webhook's annotations."""

    summary: Words | None = None
    """The headline."""
    description: Words | None = None
    """The first lines."""
    contact: Words | None = None
    """Whom to call."""
    runbook: Words | None = None
    """What to do, in words."""
    runbook_url: Words | None = None
    """Where it says what to do."""

    @property
    def named(self) -> Mapping[str, Words]:
        """Those that are compared."""
        return {name: words for name in type(self).model_fields if (words := getattr(self, name)) is not None}


#: The states in which an alert fires.
FIRING: Sequence[str] = ("firing", "recovering")


class ExpectedAlert(Document):
    """One alert; what is not named is not compared."""

    exp_state: StateName | None = None
    """How it stands; absent: it fires (``firing`` or ``recovering``)."""
    exp_labels: Mapping[str, str] = Field(default_factory=dict)
    """Labels it is routed by: severity, those of its group and of its rule."""
    exp_values: Mapping[str, Wanted] = Field(default_factory=dict)
    """Outputs of its detector."""
    exp_annotations: ExpectedWords = ExpectedWords()
    """What the last message said of it."""


class AlertTest(Document):
    """What is expected of one rule at one moment."""

    eval_time: Moment
    """When: what was known then is what counts."""
    alertname: str
    """The rule's name."""
    exp_alerts: tuple[ExpectedAlert, ...]
    """The alerts that fire, all of them; and those that stand otherwise, where ``exp_state`` asks."""


class ExpectedMessage(Document):
    """One message to one receiver; what is not named is not compared."""

    at: AnyMoment | None = None
    """When it was written; a day stands for any moment of it."""
    receiver: str = ""
    """Who is told."""
    status: Literal["firing", "resolved"] | None = None
    """Whether anything in it still fires."""
    reason: ReasonName | None = None
    """Why it was sent."""
    alertname: str = ""
    """A rule whose alert it tells."""
    severity: Literal["critical", "warning", "info"] | None = None
    """The worst severity in it."""
    subject: Words | None = None
    """Its one line."""


class RuleTest(Document):
    """One story: what comes in, and what is expected to come out."""

    name: str
    """Its name, a sentence."""
    start: Moment | None = None
    """When the rules come into force; absent: the day before anything becomes known."""
    input_events: tuple[InputEvent, ...] = ()
    """Made-up events."""
    input_facts: tuple[Mapping[str, Any], ...] = ()
    """Made-up facts, written as in a rule file; ``withdrawn`` says when the desk takes one back."""
    alert_rule_test: tuple[AlertTest, ...] = ()
    """What is expected of rules, moment by moment."""
    exp_notifications: tuple[ExpectedMessage, ...] | None = None
    """Every message about the rules that are tested, in any order; absent: messages are not compared."""


class RuleTestFile(Document):
    """A test file."""

    rule_files: tuple[str, ...]
    """The rules under test, one set; relative to this file."""
    notify_file: str = ""
    """The routes, relative to this file; absent: everything goes to ``desk``, rules on test to ``test``."""
    query_offset: Duration = timedelta()
    """How many of the newest days of every source are left out, where neither rule nor group says it."""
    tests: tuple[RuleTest, ...]
    """The tests."""
