"""What a turn tells its operator: counts, problems and an exit code."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from watcher.app import Turn
from watcher.core.alert import OURS, State
from watcher.core.errors import ExitCode
from watcher.core.message.phrase import counted
from watcher.core.severity import Severity
from watcher.source_troubles import SOURCE_FAILING, SOURCE_HELD, SOURCE_STALE
from watcher.store.alerts import find_alerts
from watcher.store.deliveries import OutboxSummary, outbox_summary
from watcher.store.schema import Tx

#: Rules of alerts about ourselves that say that records are missing.
_SOURCES_AT_FAULT = frozenset(f"{OURS}{name}" for name in (SOURCE_FAILING, SOURCE_STALE, SOURCE_HELD))


def summary_of(done: Turn) -> dict[str, Any]:
    """The canonical line of a turn, as counts."""
    read = [each for each in done.ingested if not each.seen]
    counts = {
        "files": len(read),
        "added": sum(each.added for each in read),
        "revised": sum(each.revised for each in read),
        "deleted": sum(each.deleted for each in read),
        "quarantined": sum(each.quarantined for each in read),
        "held": sum(bool(each.held) for each in read),
        "judged": done.evaluated.judged,
        "transitions": done.evaluated.transitions,
        "messages": done.messages,
        "delivered": done.delivered.delivered,
        "waiting": done.delivered.waiting,
        "dead": done.delivered.dead,
    }
    return {"now": done.now.isoformat(), **counts}


def problems_of(done: Turn) -> list[str]:
    """One line per problem: what, where, next step."""
    return [
        *(str(failure) for failure in done.failures),
        *(
            f"{each.name}: {each.quarantined} of {each.rows} rows could not be read and lie in quarantine"
            f" (see: watcher quarantine list --source {each.source})"
            for each in done.ingested
            if each.quarantined
        ),
        *(each.warning for each in done.ingested if each.warning and not each.seen),
    ]


def outbox_problems(done: Turn, summary: OutboxSummary) -> list[str]:
    """What stands in the way of messages: deliveries that were given up, endpoints that keep failing."""
    dead = done.delivered.dead
    lines = [f"{counted(dead, 'message')} given up, for good (see: watcher status)"] if dead else []
    failing = tuple(f"{each.endpoint}:" for each in summary.failing)
    refused = [said for said in done.delivered.refused if not said.startswith(failing)]
    lines += [f"{said} (kept, and tried again; see: watcher status)" for said in refused]
    lines += [
        f"{endpoint}: failing since {since:%Y-%m-%d %H:%M} UTC: {why}" for endpoint, since, why in summary.failing
    ]
    return lines


class Conclusion(NamedTuple):
    """What a turn comes to, for whoever called it."""

    exit_code: ExitCode
    #: Counts, and the alerts that fire by severity under ``firing``.
    summary: dict[str, Any]
    problems: list[str]

    @property
    def worst(self) -> Severity | None:
        """The worst severity that fires; None when nothing does."""
        return max((Severity(name) for name, n in self.summary.get("firing", {}).items() if n), key=_rank, default=None)


def _rank(level: Severity) -> int:
    return level.rank


def conclude(tx: Tx, done: Turn, *, strict: bool, now: datetime) -> Conclusion:
    """Sum a turn up: what it did, what fires now, what stands in the way."""
    outbox = outbox_summary(tx, now)
    firing = dict.fromkeys((level.value for level in Severity), 0)
    alerts = find_alerts(tx, states=(State.FIRING, State.RECOVERING))
    for alert in alerts:
        firing[alert.severity.value] += 1
    problems = [*problems_of(done), *outbox_problems(done, outbox)]
    code = exit_code_of(done, outbox, strict=strict)
    if code is ExitCode.OK and any(alert.rule in _SOURCES_AT_FAULT for alert in alerts):
        # Told once as an alert, and without a line here, so that cron does not mail it every few minutes.
        code = ExitCode.SOURCE
    return Conclusion(code, {**summary_of(done), "firing": firing}, problems)


def exit_code_of(done: Turn, summary: OutboxSummary, *, strict: bool) -> ExitCode:
    """The one code that says most: a message that cannot be told outweighs a source that cannot be read."""
    if done.delivered.dead or done.delivered.refused or summary.failing:
        return ExitCode.DELIVERY
    if done.failures:
        return done.failures[0].exit_code
    if any(each.held for each in done.ingested):
        return ExitCode.SOURCE
    if strict and any(each.quarantined for each in done.ingested):
        return ExitCode.DATA
    return ExitCode.OK
