"""Metrics: how we stand, in Prometheus's words, from the store alone, so that a daemon and a cron job say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watcher.core.alert import State
from watcher.ingest import Feed
from watcher.later import Later
from watcher.source_troubles import source_troubles
from watcher.store.alerts import find_alerts, rule_states
from watcher.store.deliveries import OutboxSummary, outbox_summary
from watcher.store.engine import Store
from watcher.store.quarantine import count_quarantined
from watcher.store.runs import last_runs
from watcher.store.schema import Tx
from watcher.store.sources import SourceState, find_sources, load_totals

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import CollectorRegistry

# A hundred milliseconds that only those wait for who want metrics.
_client = Later("prometheus_client")
_core = Later("prometheus_client.core")

#: Kinds of trouble with a source → the metric that is 1 while it lasts.
_TROUBLES = {
    "WatcherSourceFailing": "watcher_source_failing",
    "WatcherSourceStale": "watcher_source_stale",
    "WatcherSourceHeld": "watcher_source_held",
    "WatcherSourceDrift": "watcher_source_drifted",
    "WatcherSourceGap": "watcher_source_gap",
}
_WORDS = {
    "watcher_source_failing": "Whether the source cannot be read.",
    "watcher_source_stale": "Whether the source has brought nothing new for longer than it should.",
    "watcher_source_held": "Whether a bulk change of the source waits for a person.",
    "watcher_source_drifted": "Whether the rows of the source have keys that nobody knows.",
    "watcher_source_gap": "Whether something is missing between what the source has brought.",
}


class Gauges:
    """A collector that reads the store each time it is asked."""

    def __init__(self, store: Store, feeds: Mapping[str, Feed], now: datetime) -> None:
        self._store = store
        self._feeds = feeds
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every metric, as of one moment of the store."""
        with self._store.reading() as tx:
            yield from _house(tx, self._store)
            yield from _alerts(tx)
            yield from _outbox(outbox_summary(tx, self._now), self._now)
            yield from _sources(tx, self._feeds, self._now)


def exposition(store: Store, feeds: Mapping[str, Feed], now: datetime) -> bytes:
    """The metrics in Prometheus's text format, with those of this process."""
    registry = _registry(store, feeds, now)
    _client.ProcessCollector(registry=registry)
    text: bytes = _client.generate_latest(registry)
    return text


def write_textfile(path: Path, store: Store, feeds: Mapping[str, Feed], now: datetime) -> None:
    """The metrics as a file that node_exporter's textfile collector reads; replaced as a whole.

    :raises OSError: when it cannot be written.
    """
    _client.write_to_textfile(str(path), _registry(store, feeds, now))


def _registry(store: Store, feeds: Mapping[str, Feed], now: datetime) -> CollectorRegistry:
    registry: CollectorRegistry = _client.CollectorRegistry()
    registry.register(Gauges(store, feeds, now))
    return registry


def _gauge(name: str, words: str, samples: Mapping[Any, float], *labels: str) -> GaugeMetricFamily:
    """A gauge; its samples by the values of the labels."""
    family: GaugeMetricFamily = _core.GaugeMetricFamily(name, words, labels=labels)
    for values, number in sorted(samples.items()):
        family.add_metric(list(values), number)
    return family


def _house(tx: Tx, store: Store) -> Iterator[GaugeMetricFamily]:
    yield _gauge("watcher_build_info", "The version that is at work.", {(version("watcher"),): 1}, "version")
    runs = [run for run in last_runs(tx, 5) if run.finished_at is not None]
    if runs:
        yield _gauge(
            "watcher_last_run_timestamp_seconds",
            "When the last check, or turn that was asked for, ended.",
            {(): _seconds(runs[0].finished_at)},
        )
        yield _gauge("watcher_last_run_exit_code", "How it ended.", {(): float(runs[0].exit_code or 0)})
    states = rule_states(tx).values()
    judged = [state.last_tick for state in states]
    if judged:
        words = "The newest tick at which every rule was judged."
        yield _gauge("watcher_last_tick_timestamp_seconds", words, {(): _seconds(min(judged))})
    yield _gauge("watcher_rules", "Rules in force.", {(): len(states)})
    not_judged = sum(bool(state.problem) for state in states)
    yield _gauge("watcher_rules_not_judged", "Rules that could not be judged at their last tick.", {(): not_judged})
    if store.path is not None and store.path.exists():
        yield _gauge("watcher_store_bytes", "Size of the store's file.", {(): store.path.stat().st_size})


def _alerts(tx: Tx) -> Iterator[GaugeMetricFamily]:
    counts = Counter(
        (alert.state.value, alert.severity.value)
        for alert in find_alerts(tx, states=(State.PENDING, State.FIRING, State.RECOVERING))
    )
    yield _gauge("watcher_alerts", "Alerts by state and severity.", counts, "state", "severity")


def _outbox(outbox: OutboxSummary, now: datetime) -> Iterator[GaugeMetricFamily]:
    counts = {(state.value,): float(number) for state, number in outbox.counts.items()}
    yield _gauge("watcher_deliveries", "Deliveries by state.", counts, "state")
    oldest = 0.0 if outbox.oldest is None else (now - outbox.oldest).total_seconds()
    yield _gauge("watcher_deliveries_oldest_seconds", "How long the oldest open delivery has waited.", {(): oldest})
    failing = {(each.endpoint,): 1.0 for each in outbox.failing}
    yield _gauge("watcher_endpoint_failing", "Endpoints that take nothing.", failing, "endpoint")


def _sources(tx: Tx, feeds: Mapping[str, Feed], now: datetime) -> Iterator[GaugeMetricFamily]:
    states = find_sources(tx)
    for name, words, moment in _MOMENTS:
        samples = {(state.name,): _seconds(value) for state in states if (value := moment(state)) is not None}
        yield _gauge(f"watcher_source_{name}_timestamp_seconds", words, samples, "source")
    standing = {(trouble.alert, dict(trouble.labels)["source"]) for trouble in source_troubles(tx, feeds, now)}
    for alert, name in _TROUBLES.items():
        samples = {(state.name,): float((alert, state.name) in standing) for state in states if state.name in feeds}
        yield _gauge(name, _WORDS[name], samples, "source")
    waiting = {(source,): float(number) for source, number in count_quarantined(tx).items()}
    yield _gauge("watcher_source_quarantined_rows", "Rows that wait in quarantine.", waiting, "source")
    totals = {(source, what): float(number) for (source, what), number in load_totals(tx).items()}
    words = "Records by what became of them, since the store was made."
    yield _gauge("watcher_source_records", words, totals, "source", "outcome")


def _seconds(moment: datetime | date | None) -> float:
    if isinstance(moment, datetime):
        return moment.timestamp()
    return 0.0 if moment is None else datetime.combine(moment, time(), UTC).timestamp()


def _newest_event(state: SourceState) -> date | None:
    return state.newest_event


def _newest_change(state: SourceState) -> datetime | None:
    return state.newest_change


def _last_success(state: SourceState) -> datetime | None:
    return state.last_success


_MOMENTS: tuple[tuple[str, str, Any], ...] = (
    ("newest_event", "Day of the newest event.", _newest_event),
    ("newest_change", "When it last brought anything new.", _newest_change),
    ("last_success", "When it could last be read.", _last_success),
)
