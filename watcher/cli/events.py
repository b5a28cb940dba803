"""`watcher events`: list or export the records behind any selector."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click

from watcher import clock
from watcher.cli.number import Whole
from watcher.cli.opening import config_option, end_of, open_settings, open_store
from watcher.cli.rulebook import did_you_mean, find_alert, rule_behind
from watcher.cli.table import Column, Row, format_option, print_csv, print_rows, safe
from watcher.config.document import MarkedDocument, load_document
from watcher.config.settings import Settings
from watcher.core.errors import ConfigError, UsageError
from watcher.core.event import Event, EventVersion, Role
from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.message.phrase import counted
from watcher.core.period import PartialDate, Period, partial_date
from watcher.core.reading import reading_period
from watcher.core.rule import RuleSet
from watcher.core.selector import EVERYTHING, Names, Selector, SelectorError, selector
from watcher.feeds import query_offsets
from watcher.inquiry import inquire
from watcher.store.alerts import find_transitions
from watcher.store.events import find_events
from watcher.store.measure import groups_of
from watcher.store.schema import Tx
from watcher.store.sources import find_sources
from watcher.wiring import load_rule_set

#: Rows of text unless a limit is given.
_SHOWN = 100
_ROLES = {Role.A: "actor1", Role.WITH_A: "assoc_actor_1", Role.B: "actor2", Role.WITH_B: "assoc_actor_2"}
_COLUMNS = (
    Column("date"),
    Column("id"),
    Column("deaths", right=True),
    Column("event_type", gives=True),
    Column("place", gives=True),
    Column("actors", gives=True),
    Column("publishers", gives=True),
)
#: The columns of an export. All but the last six are what a source of the kind `table` calls them.
EXPORTED = (
    *("id", "date", "date_end", "time_precision", "country", "admin1", "admin2", "admin3", "location"),
    *("latitude", "longitude", "geo_precision", "disorder_type", "event_type", "sub_event_type"),
    *("actor1", "assoc_actor_1", "actor2", "assoc_actor_2"),
    *("fatalities", "fatalities_low", "fatalities_high", "incidents", "civilian_targeting"),
    *("publishers", "url", "notes", "tags", "stamp"),
    *("source", "iso3", "revision", "known_from", "basis", "version"),
)


class Selection(NamedTuple):
    """Which records are meant."""

    selector: Selector = EVERYTHING
    sources: tuple[str, ...] = ()
    #: Whose group of ``by`` is meant; None when all are.
    indicator: Indicator | None = None
    group: Labels = ()
    period: Period | None = None


@click.command()
@config_option
@click.option("--where", metavar="SELECTOR", help="As in a rule file: '{country: Mozambique, event_type: Battles}'.")
@click.option("--indicator", metavar="NAME", help="The records that an indicator counts.")
@click.option("--alert", metavar="FINGERPRINT", help="The records behind the current period of an alert.")
@click.option("--from", "since", metavar="DATE", help="From this day, month or year on: 2020-04-17, 2020-04, 2020.")
@click.option("--to", "until", metavar="DATE", help="Up to the last day of it.")
@click.option("--as-known", metavar="MOMENT", help="As they were known at the end of this day, or at this moment.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only of this source; may be repeated.")
@click.option("--limit", type=Whole(0), help=f"At most so many, the newest; text: {_SHOWN}; 0: all.")
@format_option("text", "csv", "json", "jsonl")
def command(
    config: Path | None, *, where: str | None, indicator: str | None, alert: str | None, style: str, **options: Any
) -> int:
    r"""List or export the records behind a selector, an indicator or an alert.

    Selectors read as in a rule file, `$name` included. As text the last line adds up everything that was selected,
    whatever was shown. Deaths that nobody reported stay empty: missing is not zero.

    \b
    watcher events --where '{country: Mozambique, event_type: Battles}' --from 2020-04
    watcher events --where 'actor: $jnim' --format csv > jnim.csv
    watcher events --indicator moz_fatalities --as-known 2020-07-07
    watcher events --alert 4f1c

    An export can be read back as a source of the kind `table` whose `columns` name each part by itself: {id: id, date:
    date, country: country, ...}.
    """
    if sum(each is not None for each in (where, indicator, alert)) > 1:
        raise UsageError("--where, --indicator and --alert exclude each other", todo="give one of them")
    settings = open_settings(config)
    as_known = end_of(options["as_known"]) if options["as_known"] else None
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        selection = _selection(tx, settings, (where, indicator, alert), as_known)
        _refuse_unknown(tx, settings, options["sources"])
        selection = _narrowed(selection, options)
        limit = _SHOWN if options["limit"] is None and style == "text" else options["limit"]
        with closing(_find(tx, selection, as_known, newest_first=bool(limit))) as found:
            _print(found, limit or None, style)
    return 0


# --- which records ----------------------------------------------------------------------------------------------------


def _selection(
    tx: Tx, settings: Settings, asked: tuple[str | None, str | None, str | None], as_known: datetime | None
) -> Selection:
    where, indicator, alert = asked
    if where is not None:
        return Selection(_read(where, load_rule_set(settings).catalogue.names if "$" in where else Names()))
    if indicator is not None:
        return _of_indicator(load_rule_set(settings), indicator)
    if alert is not None:
        return _of_alert(tx, settings, alert, as_known or clock.wall())
    return Selection()


def _read(where: str, names: Names) -> Selector:
    """A selector from the command line, with the place of a mistake in it."""
    try:
        document = load_document(where)
        return selector(document.value, names)
    except ConfigError as error:
        problem = error.problems[0]
        raise UsageError(f"--where, column {problem.column}: {problem.summary}", todo=problem.hint) from None
    except SelectorError as error:
        raise _misread(error, document) from None


def _misread(error: SelectorError, document: MarkedDocument) -> UsageError:
    at_key = bool(error.path) and repr(error.path[-1]) in error.summary
    _, column = document.mark(error.path, key=at_key)
    return UsageError(f"--where, column {column}: {error.summary}", todo=error.hint)


def _of_indicator(rules: RuleSet, name: str) -> Selection:
    known = rules.catalogue.indicators
    if name not in known:
        raise UsageError(f"there is no indicator {name!r}", todo=did_you_mean(name, known))
    return Selection(known[name].where, known[name].sources)


def _of_alert(tx: Tx, settings: Settings, text: str, moment: datetime) -> Selection:
    alert = find_alert(tx, text)
    rules = load_rule_set(settings)
    rule = rule_behind(rules, alert)
    indicator = next(iter(rule.indicators(rules.catalogue)), None)
    if indicator is None:
        if rule.combine is not None:
            raise UsageError(f"{rule.alert!r} rests on other alerts", todo=f"watcher explain {alert.fingerprint}")
        raise UsageError(f"{rule.alert!r} rests on facts, not on records", todo="watcher facts")
    answer = inquire(tx, rules, rule, offsets=query_offsets(settings), moment=moment).answer(alert.group)
    period = reading_period(answer.reading) if answer else None
    if period is None:
        period = _last_period(tx, alert.fingerprint)
    return Selection(indicator.where, indicator.sources, indicator, alert.group, period)


def _last_period(tx: Tx, fingerprint: str) -> Period | None:
    """The days that the alert's newest judgement counted."""
    for stored in find_transitions(tx, fingerprint=fingerprint):
        first, last = (stored.transition.values.get(name) for name in ("period_start", "as_of"))
        if isinstance(first, date) and isinstance(last, date):
            return Period.between(first, last)
    return None


def _refuse_unknown(tx: Tx, settings: Settings, sources: Iterable[str]) -> None:
    """Refuse a source that is neither in the store nor in the settings, where one may wait for its first record."""
    known = sorted({*settings.sources, *(each.name for each in find_sources(tx))})
    for name in sources:
        if name not in known:
            raise UsageError(f"there is no source {name!r}", todo=did_you_mean(name, known))


def _narrowed(selection: Selection, options: dict[str, Any]) -> Selection:
    """The selection within ``--from``, ``--to`` and ``--source``."""
    first = _day(options["since"], "--from").first if options["since"] else None
    last = _day(options["until"], "--to").last if options["until"] else None
    inside = selection.period or Period(date.min, date.max)
    period = Period(
        max(first or date.min, inside.start), min(Period.between(last, last).end if last else date.max, inside.end)
    )
    sources = tuple(options["sources"]) or selection.sources
    if options["sources"] and selection.sources:
        sources = tuple(set(options["sources"]) & set(selection.sources)) or ("",)
    return selection._replace(sources=sources, period=period)


def _day(text: str, option: str) -> PartialDate:
    try:
        read = partial_date(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    if read.first is None:
        raise UsageError(f"{option}: an unknown date bounds nothing", todo="write 2020-04-17, 2020-04 or 2020")
    return read


def _find(
    tx: Tx, selection: Selection, as_known: datetime | None, *, newest_first: bool
) -> Generator[EventVersion, None, None]:
    """The records, to be closed before the store is."""
    found = find_events(
        tx,
        selection.selector,
        period=selection.period,
        as_known=as_known,
        sources=selection.sources,
        newest_first=newest_first,
    )
    indicator = selection.indicator
    for version in found:
        if indicator is None or (
            indicator.covers(version.event.date_end) and selection.group in groups_of(indicator, version.event)
        ):
            yield version


# --- what is printed --------------------------------------------------------------------------------------------------


def _print(found: Iterator[EventVersion], limit: int | None, style: str) -> None:
    if style == "text":
        sums = Sums()
        shown = islice(map(_line, map(sums.add, found)), limit)
        print_rows(shown, _COLUMNS, "text")
        for version in found:
            sums.add(version)
        print(safe(sums.sentence(limit)))
        return
    rows = map(exported, islice(found, limit))
    if style == "csv":
        print_csv(rows, EXPORTED)
    else:
        print_rows(rows, (), style)


class Sums:
    """Adds up what goes by."""

    def __init__(self) -> None:
        self.events = 0
        self.deaths = 0
        self.missing = 0
        self.days: set[date] = set()
        self.sources: set[str] = set()

    def add(self, version: EventVersion) -> EventVersion:
        """Count an event, and hand it on."""
        event = version.event
        self.events += 1
        self.deaths += event.fatalities or 0
        self.missing += event.fatalities is None
        self.days.add(event.date_end)
        self.sources.add(event.source)
        return version

    def sentence(self, limit: int | None) -> str:
        """What it all comes to."""
        if not self.events:
            return "no event"
        more = f" (the newest {limit} are shown; --limit 0 shows all)" if limit and self.events > limit else ""
        missing = f", {self.missing} of them without a number of deaths" if self.missing else ""
        span = f"{min(self.days)} to {max(self.days)}"
        total = f"{counted(self.events, 'event')}{missing}; {counted(self.deaths, 'death')}"
        return f"{total}; {span}; {', '.join(sorted(self.sources))}{more}"


def _line(version: EventVersion) -> Row:
    event = version.event
    return {
        "date": event.date_end,
        "id": event.external_id,
        "deaths": event.fatalities,
        "event_type": event.sub_event_type or event.event_type,
        "place": ", ".join(name for name in (event.location, event.admin1, event.country) if name),
        "actors": [actor.name for actor in event.actors],
        "publishers": event.publishers,
    }


def exported(version: EventVersion) -> Row:
    """An event as a row of an export."""
    event = version.event
    own = {name: getattr(event, name) for name in EXPORTED if name in Event._fields}
    sides = {
        column: "; ".join(actor.name for actor in event.actors if actor.role is role) for role, column in _ROLES.items()
    }
    return {
        **own,
        **sides,
        "id": event.external_id,
        "date": event.date_start,
        "revision": version.revision,
        "known_from": version.known_from,
        "basis": version.basis.value,
        "version": version.version,
    }
