"""`watcher delay`: how late the records of a source come in, and the query offset that follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher import clock
from watcher.cli.argument import part
from watcher.cli.opening import config_option, draws, end_of, open_settings, open_store
from watcher.cli.rulebook import did_you_mean
from watcher.cli.table import format_option, print_json
from watcher.core.errors import UsageError
from watcher.core.indicator import Indicator
from watcher.core.message.chart import bar
from watcher.core.message.phrase import counted
from watcher.core.period import DAY, duration_text
from watcher.core.reading import day_text
from watcher.core.statistics.delay import ENOUGH, LEAST_REPORTS, LONGEST, WINDOW, Completeness, Exclusion, reported_to

if TYPE_CHECKING:
    from watcher.config.settings import Settings
    from watcher.store.schema import Tx

#: Shares whose ages are named.
_SHARES = (0.5, ENOUGH, 0.9, 0.95)
#: Ages that the chart shows.
_AGES = (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 42, LONGEST)
_BAR = 40


@dataclass(frozen=True, slots=True)
class _Answer:
    """What there is to say about a source."""

    source: str
    #: The last day of reports that it rests on.
    as_of: date
    #: Whether the store was asked about an earlier moment.
    is_past: bool
    known: Completeness
    #: The offset that holds for the source where no rule says otherwise.
    offset: timedelta
    #: When the first load of the source was done; None before it.
    begun: datetime | None = None

    @property
    def proposed(self) -> timedelta | None:
        """The smallest offset after which enough is known of every day that is counted."""
        age = self.known.age_of(ENOUGH)
        return None if age is None else timedelta(days=age)


@click.command()
@config_option
@click.argument("source", metavar="SOURCE")
@click.option("--as-known", metavar="MOMENT", help="As it could be told at the end of this day, or at this moment.")
@format_option("text", "json")
def command(config: Path | None, *, source: str, as_known: str | None, style: str) -> int:
    r"""How late the records of a source come in: which share of what will be known of a day is known at its age.

    It proposes a `query_offset`: the smallest number of whole days after which at least 80 % is known. Only records that
    came after the source's first load are asked, those of the last 180 days' events; what else tells no delay is counted
    with the reason.

    \b
    watcher delay acled
    watcher delay acled --as-known 2020-07-07
    watcher delay acled --format json
    """
    settings = open_settings(config)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        _refuse_unknown(tx, settings, source)
        found = _ask(tx, settings, source, as_known)
    if style == "json":
        print_json(_document(found))
        return 0
    for line in _text(found):
        print(line)
    return 0


def _refuse_unknown(tx: Tx, settings: Settings, name: str) -> None:
    from watcher.store.sources import find_sources

    loaded = [each.name for each in find_sources(tx) if each.newest_known is not None]
    if name in loaded:
        return
    if name in settings.sources:
        raise UsageError(f"there are no records of {name!r} yet", todo="see: watcher ingest")
    raise UsageError(f"there is no source {name!r}", todo=did_you_mean(name, sorted({*settings.sources, *loaded})))


def _ask(tx: Tx, settings: Settings, source: str, as_known: str | None) -> _Answer:
    from watcher.feeds import query_offsets
    from watcher.store.arrivals import kept_since
    from watcher.store.snapshot import StoreSnapshot

    moment = end_of(as_known) if as_known else clock.wall()
    offsets = query_offsets(settings)
    snapshot = StoreSnapshot(tx, as_known=moment, offsets=offsets)
    known = snapshot.completeness(Indicator(indicator=source, count="events", source=source))
    offset, begun = offsets.get(source, timedelta()), kept_since(tx, source)
    return _Answer(source, reported_to(moment), as_known is not None, known, offset, begun)


# --- how it is printed ------------------------------------------------------------------------------------------------


def _document(found: _Answer) -> dict[str, Any]:
    known, proposed = found.known, found.proposed
    return {
        "source": found.source,
        "as_of": found.as_of,
        "reports": known.reports,
        "excluded": [
            {"why": why.name.lower(), "text": why.value, "records": records} for why, records in known.excluded.items()
        ],
        "missing": known.missing,
        "curve": [round(share, 6) for share in known.curve],
        "ages": {f"{share:.0%}": known.age_of(share) for share in _SHARES} if known.is_known else {},
        "query_offset": duration_text(found.offset) if found.offset else "0d",
        "known_at_query_offset": round(known.share(found.offset.days), 6) if known.is_known else None,
        "proposed_query_offset": f"{proposed.days}d" if proposed is not None else None,
    }


def _text(found: _Answer) -> Iterator[str]:
    known = found.known
    when = f"as known on {day_text(found.as_of)}" if found.is_past else f"up to {day_text(found.as_of)}"
    yield from part("SOURCE", [f"{found.source}, {when}"])
    yield from part("REPORTS", [_rests_on(known)])
    left_out = [f"- {counted(records, 'record')}: {why.value}" for why, records in known.excluded.items()]
    yield from part("LEFT OUT", left_out)
    if not known.is_known:
        yield from part("UNKNOWN", [f"The delay of {found.source} cannot be told: {known.missing}."])
        yield from part(
            "OFFSET", [f"query_offset is {_days(found.offset)}, and nothing here speaks for or against it."]
        )
        yield from part("DO", list(_to_do(found)))
        return
    yield ""
    yield from _chart(known)
    yield ""
    yield from part("KNOWN", [_ages(known)])
    yield from part("OFFSET", [_verdict(found)])


def _to_do(found: _Answer) -> Iterator[str]:
    """What brings a store to tell the delay that it cannot tell yet."""
    excluded = found.known.excluded
    if Exclusion.LAG in excluded:
        yield (
            "The source's time stamps are not used. With `trust_stamp: true`, where its stamps are the times of publication, "
            "or without `lag`, the store's own time of loading counts."
        )
        return
    if Exclusion.BULK in excluded:
        yield "Load each release on the day on which it comes: what comes in bulk tells no delay."
        return
    if found.begun is None:
        yield "Load the source to its end: what comes after that tells its delay."
        return
    first = found.begun.date() + DAY
    ready = first + LONGEST * DAY
    earliest = f": on {day_text(ready)} at the earliest" if ready > found.as_of else ""
    yield (
        f"Go on loading every release of the source when it comes. Events from {day_text(first)} on tell their delay, once "
        f"there are {LEAST_REPORTS} of them and the oldest is {LONGEST} days old{earliest}."
    )


def _rests_on(known: Completeness) -> str:
    """How many records speak, of which days."""
    verb = "tells when it" if known.reports == 1 else "tell when they"
    return f"{counted(known.reports, 'record') if known.reports else 'no record'} of the last {WINDOW} days' events {verb} came"


def _chart(known: Completeness) -> Iterator[str]:
    """How much is known of a day by its age."""
    yield "age of a day   known of what will be known"
    for age in _AGES:
        share = known.share(age)
        yield f"{counted(age, 'day'):>12}   {bar(share, _BAR, ascii_only=not draws())} {share:>4.0%}".replace("%", " %")


def _ages(known: Completeness) -> str:
    """``50 % after 3 days, 80 % after 10 days, ...``."""
    return ", ".join(f"{share * 100:.0f} % after {counted(known.age_of(share) or 0, 'day')}" for share in _SHARES)


def _verdict(found: _Answer) -> str:
    """What the configured offset is worth, and what to write instead."""
    proposed = found.proposed or timedelta()
    share = f"{found.known.share(found.offset.days) * 100:.0f} %"
    now = f"query_offset is {_days(found.offset)}: of the newest day that is counted {share} is known"
    if proposed == found.offset:
        return f"{now}. It fits."
    if proposed > found.offset:
        return f"{now}. Rates that end there are too low; write query_offset: {_days(proposed)}."
    return f"{now}. query_offset: {_days(proposed)} would be enough, and alerts come that much sooner."


def _days(offset: timedelta) -> str:
    return duration_text(offset) if offset else "0d"
