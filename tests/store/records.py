"""Hand-made records, and short ways to store them and ask about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from watcher.core.event import Actor, Deletion, Event, EventVersion, Role
from watcher.core.indicator import Indicator
from watcher.core.selector import EVERYTHING, selector
from watcher.store.engine import Store
from watcher.store.events import Change, Recorded, history, record_events
from watcher.store.revision import Join
from watcher.store.series import ensure_scopes, fold
from watcher.store.sources import ensure_source

A_CLASH = Event(
    source="acled",
    external_id="BFO1",
    date_start=date(2020, 10, 1),
    date_end=date(2020, 10, 1),
    time_precision=1,
    iso3="BFA",
    country="Burkina Faso",
    admin1="Sahel",
    admin2="Soum",
    admin3="Djibo",
    location="Djibo",
    latitude=14.1,
    longitude=-1.63,
    geo_precision=1,
    disorder_type="Political violence",
    event_type="Battles",
    sub_event_type="Armed clash",
    actors=(Actor(Role.A, "JNIM"), Actor(Role.B, "Military Forces of Burkina Faso")),
    fatalities=5,
    fatalities_low=None,
    fatalities_high=None,
    civilian_targeting=False,
    publishers="Le Pays",
    url="",
    notes="A clash.",
    tags="",
    stamp=datetime(2020, 10, 6, tzinfo=UTC),
)

#: When the tests load records, unless they say otherwise.
NOW = datetime(2020, 12, 1, tzinfo=UTC)


def moment(day: str) -> datetime:
    """00:00 UTC of a day written as 2020-10-06; with a time where one is written."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def clash(external_id: str = "BFO1", *, day: str = "", stamp: str | None = "", **changes) -> Event:
    """A clash that differs from A_CLASH in a few fields."""
    if day:
        changes |= {"date_start": date.fromisoformat(day), "date_end": date.fromisoformat(day)}
    if stamp != "":
        changes["stamp"] = None if stamp is None else moment(stamp)
    return A_CLASH._replace(external_id=external_id, **changes)


def deletion(external_id: str = "BFO1", *, stamp: str | None) -> Deletion:
    """A source takes an event back."""
    return Deletion("acled", external_id, None if stamp is None else moment(stamp))


def keep(
    store: Store,
    *records: Event | Deletion,
    now: datetime = NOW,
    lag: timedelta | None = None,
    trust_stamp: bool = True,
    join: Join | None = None,
) -> tuple[Recorded, list[Change]]:
    """Store records of one source in one chunk."""
    source = records[0].source
    with store.writing() as tx:
        ensure_source(tx, source, kind="acled")
        return record_events(tx, records, source=source, now=now, lag=lag, trust_stamp=trust_stamp, join=join)


def versions(store: Store, external_id: str = "BFO1", source: str = "acled") -> list[EventVersion]:
    """Every version of an event."""
    with store.reading() as tx:
        return history(tx, source, external_id)


def counted(changes: Iterable[Change]) -> list[tuple[str, int | None, int, datetime]]:
    """Changes as (id, deaths, sign, known from)."""
    return [(each.event.external_id, each.event.fatalities, each.sign, each.known_from) for each in changes]


def indicator(where: object = None, **keys) -> Indicator:
    """An indicator; deaths unless it says otherwise."""
    measure = {} if "count" in keys else {"sum": "fatalities"}
    return Indicator(indicator="tested", where=EVERYTHING if where is None else selector(where), **{**measure, **keys})


def build(store: Store, *indicators: Indicator) -> int:
    """Build the series of indicators, and of nothing else."""
    with store.writing() as tx:
        return ensure_scopes(tx, indicators, now=NOW)


def take(
    store: Store,
    *records: Event | Deletion,
    indicators: Iterable[Indicator],
    now: datetime = NOW,
    lag: timedelta | None = None,
    trust_stamp: bool = True,
) -> None:
    """Store records of one source and fold them into the series, in one transaction as a turn does."""
    source = records[0].source
    with store.writing() as tx:
        ensure_source(tx, source, kind="acled")
        _, changes = record_events(tx, records, source=source, now=now, lag=lag, trust_stamp=trust_stamp)
        fold(tx, changes, indicators)
