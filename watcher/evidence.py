"""Evidence: what stands behind a transition, stored with it, told to people, and printed by `watcher explain`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from watcher.core.catalogue import Catalogue
from watcher.core.event import EventVersion
from watcher.core.fact import Citation
from watcher.core.indicator import Indicator
from watcher.core.newly_reported import Counted, newly_reported
from watcher.core.picture.drawing import to_evidence
from watcher.core.reading import Reading, Telling, reading_period
from watcher.core.rule import Finding, Rule
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.delay import reported_to

#: How many records and contributors an alert names; the rest is a `watcher events` away.
RECORDS_NAMED = 5
CONTRIBUTORS_NAMED = 3


def evidence(rule: Rule, finding: Finding, catalogue: Catalogue, snapshot: Snapshot) -> dict[str, object]:
    """Everything needed to tell a finding and to explain it, as JSON."""
    reading, told = finding.reading, finding.reading.telling
    events = _events(rule, reading, catalogue, snapshot)
    return {
        "alert": rule.alert,
        "headline": told.headline,
        "sentence": told.sentence,
        "what": told.what,
        "sure": told.sure,
        "unknown": [
            *told.unknown,
            *_added_up(_indicator(rule, catalogue), events),
            *_newly_reported(rule, reading, events, catalogue, snapshot),
            *_basis(rule, catalogue, snapshot),
        ],
        "source": [*told.source, *_references(told, catalogue.citations)],
        "arithmetic": list(told.arithmetic),
        "cites": list(told.cites),
        "because": list(finding.because),
        **({"across": finding.weighed._asdict()} if finding.weighed else {}),
        "chart": [[day.isoformat(), observed, expected] for day, observed, expected in told.chart],
        **({"picture": to_evidence(told.picture)} if told.picture else {}),
        "records": [_record(version) for version in _named(events, reading)],
        "records_in_all": len(events),
        "versions": _ranges(sorted(version.version for version in events)),
        "sources": _sources(events),
        "cited": [_cited(catalogue.citations[name]) for name in told.cites if name in catalogue.citations],
        **_completeness(rule, reading, catalogue, snapshot),
        "contributors": _contributors(events, _indicator(rule, catalogue)),
    }


def _indicator(rule: Rule, catalogue: Catalogue) -> Indicator | None:
    """What the rule counts; None when it counts nothing."""
    return next(iter(rule.indicators(catalogue)), None)


def _basis(rule: Rule, catalogue: Catalogue, snapshot: Snapshot) -> list[str]:
    indicator = _indicator(rule, catalogue)
    note = snapshot.basis_note(indicator) if indicator else ""
    return [note] if note else []


def _added_up(indicator: Indicator | None, events: Sequence[EventVersion]) -> Sequence[str]:
    """Whether several sources are added up because the indicator names none: then one event may count twice."""
    sources = sorted({version.event.source for version in events})
    if indicator is None or indicator.sources or len(sources) < 2:  # noqa: PLR2004 - one source adds up nothing
        return ()
    names = f"{', '.join(sources[:-1])} and {sources[-1]}"
    return (
        f"The records of {names} are added up: what more than one of them reports counts twice; name one: 'source'.",
    )


def _newly_reported(
    rule: Rule, reading: Reading, events: Sequence[EventVersion], catalogue: Catalogue, snapshot: Snapshot
) -> Sequence[str]:
    """Whether new reporting, and no new events, may be what is seen."""
    indicator, period = _indicator(rule, catalogue), reading_period(reading)
    if indicator is None or period is None or rule.is_event_like:
        return ()
    return newly_reported(Counted(indicator, reading.labels, period, events), snapshot)


def _references(told: Telling, citations: Mapping[str, Citation]) -> list[str]:
    """The citations that the detector's own source line does not spell out."""
    said = " ".join(told.source)
    references = (citations[name].reference for name in told.cites if name in citations)
    return [reference for reference in references if reference not in said]


def _events(rule: Rule, reading: Reading, catalogue: Catalogue, snapshot: Snapshot) -> Sequence[EventVersion]:
    if rule.is_event_like:
        return snapshot.numbered(reading.telling.records)
    indicator = _indicator(rule, catalogue)
    period = reading_period(reading)
    if indicator is None or period is None or not reading.telling.records:
        return ()
    return snapshot.events(indicator, reading.labels, period)


def _named(events: Sequence[EventVersion], reading: Reading) -> list[EventVersion]:
    """The latest records, and the ones that weigh most, the latest first."""
    latest = {version.version: version for version in events[-RECORDS_NAMED:]}
    heavy = {
        version.version: version for version in events if version.version in reading.telling.records[:RECORDS_NAMED]
    }
    return sorted((latest | heavy).values(), key=lambda version: version.event.date_end, reverse=True)


def _ranges(numbers: Sequence[int]) -> str:
    """Every record version behind an alert: ``1-40, 55``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)


def _sources(events: Sequence[EventVersion]) -> list[dict[str, object]]:
    """Whose records stand behind an alert: each source with its publishers, those of most records first."""
    publishers: dict[str, Counter[str]] = {}
    for version in events:
        names = publishers.setdefault(version.event.source, Counter())
        names.update(name for name in version.event.publishers.split("; ") if name)
    records = Counter(version.event.source for version in events)
    return [
        {"name": name, "records": records[name], "publishers": sorted(told, key=lambda each: (-told[each], each))}
        for name, told in sorted(publishers.items())
    ]


def _cited(citation: Citation) -> dict[str, object]:
    """A publication with its terms, and how far the desk trusts it."""
    return citation.model_dump(mode="json")


def _completeness(rule: Rule, reading: Reading, catalogue: Catalogue, snapshot: Snapshot) -> dict[str, object]:
    """Which share of what will be known of the days is known already, or why nobody can say."""
    indicator, period = _indicator(rule, catalogue), reading_period(reading)
    if indicator is None or period is None or rule.is_event_like:
        return {}
    known = snapshot.completeness(indicator)
    share = known.of_period(period, reported_to(snapshot.as_known)) if known.is_known else None
    return {"completeness": {"share": share, "reports": known.reports, "missing": known.missing}}


def _record(version: EventVersion) -> dict[str, object]:
    event = version.event
    return {
        "version": version.version,
        "source": event.source,
        "id": event.external_id,
        "revision": version.revision,
        "date": event.date_end.isoformat(),
        "place": ", ".join(name for name in (event.location, event.admin2, event.admin1, event.country) if name),
        "event_type": event.event_type,
        **({"title": event.title} if event.title else {}),
        "actors": list(dict.fromkeys(actor.name for actor in event.actors)),
        "fatalities": event.fatalities,
        "publishers": event.publishers,
        "url": event.url,
        "latitude": event.latitude,
        "longitude": event.longitude,
        "known_from": version.known_from.isoformat(),
    }


def _contributors(events: Sequence[EventVersion], indicator: Indicator | None) -> list[dict[str, object]]:
    """The districts that contribute most, with their share."""
    if indicator is None:
        return []
    weights: Counter[str] = Counter()
    for version in events:
        event = version.event
        weight = event.number(indicator.sum) if indicator.sum else 1
        weights[event.admin2 or event.admin1 or event.country] += weight or 0
    whole = weights.total()
    return [
        {"name": name, "total": total, "share": round(total / whole, 4)}
        for name, total in weights.most_common(CONTRIBUTORS_NAMED)
        if name and total
    ]
