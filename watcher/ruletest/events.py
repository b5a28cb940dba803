"""Made-up events become records, each with the moment at which it became known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from watcher.config.problem import Mistake, near
from watcher.core.catalogue import Catalogue
from watcher.core.country import Country, find_country, suggest
from watcher.core.event import Actor, Deletion, Event, Role
from watcher.core.period import day_start
from watcher.ruletest.document import InputEvent, Spread
from watcher.sources.names import actors

#: An event that does not say when it became known was known on the day after.
LAG = timedelta(days=1)
#: Keys of an input that say how it comes in, and nothing about the event.
_MANNER = {"event_id", "spread", "known", "known_lag", "deleted"}
#: Keys that name actors: the role they give, and what separates several names.
_SIDES = (
    ("actor1", Role.A, ""),
    ("assoc_actor_1", Role.WITH_A, ";"),
    ("actor2", Role.B, ""),
    ("assoc_actor_2", Role.WITH_B, ";"),
)


class Known(NamedTuple):
    """A record, and when it became known."""

    moment: datetime
    record: Event | Deletion


class Read(NamedTuple):
    """The records of a test in the order in which they became known, or what is wrong with them."""

    records: tuple[Known, ...]
    mistakes: tuple[Mistake, ...]


def read_events(inputs: Sequence[InputEvent], catalogue: Catalogue) -> Read:
    """All inputs of a test; paths of mistakes begin with the input's position."""
    reader = _Reader(catalogue)
    for position, each in enumerate(inputs):
        reader.take(position, each)
    # Sorting is stable: what became known together stays in the order of writing.
    records = sorted(reader.records, key=lambda known: known.moment)
    return Read(tuple(records), tuple(reader.mistakes))


class _Last(NamedTuple):
    """What is known of an event id so far."""

    said: Mapping[str, Any]
    known: datetime
    source: str
    deleted: bool = False


class _Reader:
    """Reads inputs in their order, and remembers every event for its revisions."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._last: dict[str, _Last] = {}
        self.records: list[Known] = []
        self.mistakes: list[Mistake] = []

    def take(self, position: int, given: InputEvent) -> None:
        """One input."""
        found = list(_shape_mistakes(given))
        if not found and given.deleted:
            found = list(self._delete(given))
        elif not found:
            last = self._last.get(given.event_id)
            found = list(self._revise(given, last) if last else self._add(position, given))
        self.mistakes += [mistake.below((position,)) for mistake in found]

    def _delete(self, given: InputEvent) -> Iterator[Mistake]:
        last = self._last.get(given.event_id)
        if last is None:
            hint = near(given.event_id, self._last) or "write the event before its deletion"
            yield Mistake(("event_id",), f"no event {given.event_id!r} to delete", hint)
        elif given.known is None or given.known <= last.known:
            yield _too_early(last.known)
        else:
            self.records.append(Known(given.known, Deletion(last.source, given.event_id, given.known)))
            self._last[given.event_id] = last._replace(known=given.known, deleted=True)

    def _revise(self, given: InputEvent, last: _Last) -> Iterator[Mistake]:
        """The same id again: what it does not say stays as it was."""
        if given.spread is not None:
            yield Mistake(("event_id",), f"a second event {given.event_id!r}", "give each an id of its own")
        elif given.known is None or given.known <= last.known:
            yield _too_early(last.known)
        else:
            whole = InputEvent.model_validate({**last.said, **_said(given), "source": last.source})
            yield from self._put(given.event_id, whole, whole.event_date, given.known, whole.fatalities)

    def _add(self, position: int, given: InputEvent) -> Iterator[Mistake]:
        if given.spread is None and given.event_date is None:
            yield Mistake((), "an event needs 'event_date', or 'spread' for many", "write event_date: 2020-04-08")
            return
        prefix = given.event_id or f"event-{position + 1}"
        for event_id, day, deaths in _each(prefix, given):
            if given.known is not None and given.known < day_start(day):
                yield Mistake(("known",), f"it would be known before it happened, on {day}", "write a later moment")
                return
            known = given.known or day_start(day) + (LAG if given.known_lag is None else given.known_lag)
            wrong = list(self._put(event_id, given, day, known, deaths))
            yield from wrong
            if wrong:
                return

    def _put(
        self, event_id: str, given: InputEvent, day: date | None, known: datetime, deaths: int | None
    ) -> Iterator[Mistake]:
        country, sides = _country(given.country), self._sides(given)
        wrong = [each for each in (country, sides) if isinstance(each, Mistake)]
        yield from wrong
        if wrong or day is None or isinstance(country, Mistake) or isinstance(sides, Mistake):
            return
        event = _event(given, event_id=event_id, day=day, country=country, sides=sides, deaths=deaths, known=known)
        self.records.append(Known(known, event))
        said = {**_said(given), "event_date": day, "fatalities": deaths}
        self._last[event_id] = _Last(said, known, given.source)

    def _sides(self, given: InputEvent) -> tuple[Actor, ...] | Mistake:
        found: list[Actor] = []
        roles = (Role.A, Role.B)
        listed = [(("actors", n), text, (*roles, Role.WITH_A)[min(n, 2)], "") for n, text in enumerate(given.actors)]
        named = [((key,), getattr(given, key), role, separator) for key, role, separator in _SIDES]
        for path, text, role, separator in listed or named:
            name = self._spelled(text)
            if name is None:
                hint = near(text[1:], self._catalogue.actors) or "add it to 'actors' of the rules, or write the name"
                return Mistake(path, f"no actor {text!r}", hint)
            found += actors(role, separator)(name)
        return tuple(found)

    def _spelled(self, text: str) -> str | None:
        """A name as a source would write it; None for a ``$name`` that nobody knows."""
        if not text.startswith("$"):
            return text
        entry = self._catalogue.actors.get(text[1:])
        return None if entry is None else (*entry.aliases, entry.name)[0]


def _shape_mistakes(given: InputEvent) -> Iterator[Mistake]:
    """Keys that contradict each other, or that need another one."""
    said = given.model_fields_set
    for one, other in (("event_date", "spread"), ("known", "known_lag"), ("fatalities", "spread")):
        if {one, other} <= said:
            hint = "write the deaths into 'spread'" if one == "fatalities" else "remove one of them"
            yield Mistake((one,), f"{one!r} and {other!r} exclude each other", hint, at_key=True)
    if given.actors and {key for key, *_ in _SIDES} & said:
        yield Mistake(("actors",), "'actors' stands instead of 'actor1', 'actor2' and their companions", at_key=True)
    if given.deleted:
        for key in ("event_id", "known"):
            if key not in said:
                yield Mistake(
                    (), f"a deletion needs {key!r}", "write {event_id: ..., deleted: true, known: 2020-08-04}"
                )


def _too_early(last: datetime) -> Mistake:
    hint = f"write known: and a moment after {last:%Y-%m-%dT%H:%MZ}"
    return Mistake((), "a revision or deletion becomes known after what it changes", hint)


def _said(given: InputEvent) -> dict[str, Any]:
    """What an input says about the event itself."""
    return {key: getattr(given, key) for key in given.model_fields_set - _MANNER}


def _each(prefix: str, given: InputEvent) -> Iterator[tuple[str, date, int | None]]:
    """The id, day and deaths of each event of an input."""
    if given.spread is None:
        if given.event_date is not None:
            yield prefix, given.event_date, given.fatalities
        return
    for number, (day, deaths) in enumerate(distribute(given.spread), 1):
        yield f"{prefix}-{number}", day, deaths


def distribute(spread: Spread) -> Iterator[tuple[date, int | None]]:
    """The day and the deaths of each event: the first on the first day, the last on the last, the totals exact."""
    days, last = (spread.last - spread.first).days, spread.events - 1
    for n in range(spread.events):
        # Rounded half up in whole numbers. A single event lies on the last day: by it the period ends there.
        offset = (2 * n * days + last) // (2 * last) if last else days
        deaths = None
        if spread.fatalities is not None:
            deaths = (n + 1) * spread.fatalities // spread.events - n * spread.fatalities // spread.events
        yield spread.first + timedelta(days=offset), deaths


def _country(text: str) -> Country | Mistake | None:
    found = find_country(text) if text else None
    if text and found is None:
        suggestion = suggest(text)
        hint = f"did you mean {suggestion!r}?" if suggestion else "a name, or an ISO code"
        return Mistake(("country",), f"unknown country {text!r}", hint)
    return found


def _event(
    given: InputEvent,
    *,
    event_id: str,
    day: date,
    country: Country | None,
    sides: tuple[Actor, ...],
    deaths: int | None,
    known: datetime,
) -> Event:
    return Event(
        source=given.source,
        external_id=event_id,
        date_start=day,
        date_end=day,
        time_precision=given.time_precision,
        iso3=country.iso3 if country else "",
        country=country.name if country else "",
        admin1=given.admin1,
        admin2=given.admin2,
        admin3=given.admin3,
        location=given.location,
        latitude=given.latitude,
        longitude=given.longitude,
        geo_precision=given.geo_precision,
        disorder_type=given.disorder_type,
        event_type=given.event_type,
        sub_event_type=given.sub_event_type,
        actors=sides,
        fatalities=deaths,
        fatalities_low=given.fatalities_low,
        fatalities_high=given.fatalities_high,
        civilian_targeting=given.civilian_targeting,
        publishers=given.publishers,
        url=given.url,
        notes=given.notes,
        tags=given.tags,
        stamp=known.astimezone(UTC),
        incidents=given.incidents,
    )
