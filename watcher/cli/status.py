"""`watcher status`: how things stand. It reads and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import click

from watcher import clock
from watcher.cli import nagios
from watcher.cli.opening import as_known_option, config_option, end_of, open_settings, open_store
from watcher.cli.rulebook import Rulebook
from watcher.cli.table import Column, format_option, paint, print_json, print_rows, safe
from watcher.config.settings import Settings
from watcher.control import ask
from watcher.core.alert import Alert, State
from watcher.core.delivery import DeliveryState
from watcher.core.errors import Locked, StoreError, UsageError
from watcher.core.period import duration, duration_text
from watcher.core.severity import Severity
from watcher.singleton import is_held
from watcher.store.alerts import find_alerts, find_transitions, rule_states
from watcher.store.basis import assumed
from watcher.store.deliveries import outbox_summary
from watcher.store.past_alerts import alerts_at
from watcher.store.quarantine import count_quarantined
from watcher.store.reviews import standing_acknowledgement
from watcher.store.rule_sets import rule_set_in_force
from watcher.store.runs import last_runs
from watcher.store.schema import SCHEMA_REVISION, Tx
from watcher.store.sources import find_sources
from watcher.store.waiting import Held, find_held

_OPEN = (State.FIRING, State.RECOVERING)
#: Runs that are shown.
_RUNS = 5
#: How long a daemon may take to answer before we go on without it.
_PATIENCE_S = 2.0


class Standing(NamedTuple):
    """How an installation stands, by part."""

    house: Mapping[str, Any]
    counts: Mapping[str, int]
    alerts: Sequence[Mapping[str, Any]]
    rules: Mapping[str, Any]
    daemon: Mapping[str, Any]
    sources: Sequence[Mapping[str, Any]]
    outbox: Mapping[str, Any]
    #: What is to be told and is not yet, with the reason.
    held: Sequence[Mapping[str, Any]]
    runs: Sequence[Mapping[str, Any]]
    #: When a turn last judged, or last ended; None when none ever did.
    last_turn: datetime | None
    #: One line each: what somebody has to look at.
    problems: Sequence[str]


@click.command()
@config_option
@click.option("--max-age", metavar="DURATION", help="It is a problem when the last turn is older than this: 26h.")
@as_known_option("The alerts as they stood at the end of this day, or at this moment; nothing else.")
@format_option("text", "json", "nagios")
def command(config: Path | None, *, max_age: str | None, as_known: str | None, style: str) -> int:
    r"""How things stand: what fires, which rules cannot be judged and why, the sources, the outbox, the last runs.

    It only reads; it can be asked at any time, also while the daemon runs or a rule file is broken.

    \b
    watcher status
    watcher status --format json | jq .outbox
    watcher status --format nagios --max-age 26h
    watcher status --as-known 2020-07-07

    As a Nagios plugin it prints one line and exits 0 when nothing fires, 1 for a warning, 2 when something is critical,
    and 3 when that cannot be known: a source or an endpoint fails, a rule file is broken, or the last turn is too old.
    """
    if as_known is not None:
        return _print_past(config, end_of(as_known), style)
    if style == "nagios":
        return nagios.guarded(lambda: _print_nagios(_standing(config, max_age)))
    standing = _standing(config, max_age)
    if style == "json":
        print_json(standing._asdict())
    else:
        _print(standing)
    return 0


def _print_past(config: Path | None, moment: datetime, style: str) -> int:
    """The alerts as they stood; of daemon, sources, outbox and runs nobody keeps how they stood."""
    if style == "nagios":
        raise UsageError("--as-known is about the past, and --format nagios about now", todo="leave one out")
    settings = open_settings(config)
    book = Rulebook(settings)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        alerts = alerts_at(tx, moment, states=(*_OPEN, State.PENDING))
        rows, notes = [_alert(tx, alert, book, moment) for alert in alerts], assumed(tx)
    if style == "json":
        print_json({"as_known": moment, "counts": _counts(alerts), "alerts": rows, "notes": notes})
        return 0
    print(f"{settings.instance}, as known on {moment:%Y-%m-%d %H:%M} UTC")
    for note in notes:
        print(safe(note))
    _print_alerts(_counts(alerts), rows)
    return 0


def _standing(config: Path | None, max_age: str | None) -> Standing:
    oldest = _max_age(max_age)
    settings, now = open_settings(config), clock.wall()
    book, daemon = Rulebook(settings), _daemon(settings)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        alerts = find_alerts(tx, states=(*_OPEN, State.PENDING))
        rules = _rules(tx, book)
        sources = list(_sources(tx))
        outbox = _outbox(tx, now)
        runs = [run._asdict() for run in last_runs(tx, _RUNS)]
        last_turn = _last_turn(tx, runs)
        return Standing(
            house={"instance": settings.instance, "version": version("watcher"), "now": now}
            | {"store": store.shown, "schema": SCHEMA_REVISION},
            counts=_counts(alerts),
            alerts=[_alert(tx, alert, book, None) for alert in alerts],
            rules=rules,
            daemon=daemon,
            sources=sources,
            outbox=outbox,
            held=_held(tx),
            runs=runs,
            last_turn=last_turn,
            problems=[
                *_failures(sources, outbox),
                *_rule_problems(rules, daemon),
                *_staleness(last_turn, oldest, daemon, now),
            ],
        )


def _max_age(text: str | None) -> timedelta | None:
    try:
        return duration(text) if text else None
    except ValueError as error:
        raise UsageError(f"--max-age: {error}") from None


# --- what is read -----------------------------------------------------------------------------------------------------


def _counts(alerts: Sequence[Alert]) -> dict[str, int]:
    firing = {
        level.value: sum(alert.state in _OPEN and alert.severity is level for alert in alerts)
        for level in reversed(Severity)
    }
    return {**firing, "pending": sum(alert.state is State.PENDING for alert in alerts)}


def _alert(tx: Tx, alert: Alert, book: Rulebook, moment: datetime | None) -> dict[str, Any]:
    newest = find_transitions(tx, fingerprint=alert.fingerprint, up_to=moment, limit=1)
    seen = standing_acknowledgement(tx, alert, moment or clock.wall())
    return {
        "fingerprint": alert.fingerprint,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "since": alert.fired_at or alert.active_at,
        "alert": book.name(alert.rule),
        "group": dict(alert.group),
        "acknowledged": f"by {seen.author}" if seen else "",
        "headline": newest[0].transition.evidence.get("headline", "") if newest else "",
    }


def _rules(tx: Tx, book: Rulebook) -> dict[str, Any]:
    states = rule_states(tx)
    rules = book.rules.rules if book.rules else ()
    known = {rule.identity for rule in rules} if rules else set(states)
    return {
        "loaded": len(rules),
        "on_disk": book.rules.content_hash if book.rules else "",
        "in_force": rule_set_in_force(tx),
        "problems": [str(problem) for problem in book.problem.problems] if book.problem else [],
        "not_judged": [
            {"rule": book.name(name), "reason": state.problem, "last_tick": state.last_tick}
            for name, state in sorted(states.items())
            if name in known and state.problem
        ],
        "never_judged": [rule.alert for rule in rules if rule.identity not in states],
    }


def _daemon(settings: Settings) -> dict[str, Any]:
    """How the daemon does; ``running`` is None where whoever asks may not see it."""
    try:
        if not is_held(settings.state_dir / "daemon.lock"):
            return {"running": False, "problem": ""}
    except StoreError:
        return {"running": None, "problem": ""}
    try:
        said = ask(settings.state_dir / "daemon.sock", {"ask": "status"}, timeout_s=_PATIENCE_S)
    except Locked:
        return {"running": True, "problem": "", "answers": False}
    return {"running": True, "problem": said.get("problem", ""), "answers": True}


def _sources(tx: Tx) -> Iterator[dict[str, Any]]:
    waiting = count_quarantined(tx)
    for source in find_sources(tx):
        yield {**source._asdict(), "quarantined": waiting.get(source.name, 0)}


def _outbox(tx: Tx, now: datetime) -> dict[str, Any]:
    summary = outbox_summary(tx, now)
    return {
        "counts": {state.value: summary.counts.get(state, 0) for state in DeliveryState},
        "oldest_waiting": summary.oldest,
        "failing": [each._asdict() for each in summary.failing],
    }


def _held(tx: Tx) -> list[dict[str, Any]]:
    """What waits, one line for each endpoint and reason."""
    reasons: dict[tuple[str, str], list[Held]] = {}
    for each in find_held(tx):
        reasons.setdefault((each.endpoint, each.why), []).append(each)
    return [
        {"endpoint": endpoint, "waits": len(items), "since": items[0].added_at, "because": why}
        for (endpoint, why), items in reasons.items()
    ]


def _last_turn(tx: Tx, runs: Sequence[Mapping[str, Any]]) -> datetime | None:
    moments = [run["finished_at"] for run in runs if run["finished_at"] and run["exit_code"] is not None]
    moments += [state.last_tick for state in rule_states(tx).values()]
    return max(moments, default=None)


# --- what somebody has to look at -------------------------------------------------------------------------------------


def _failures(sources: Sequence[Mapping[str, Any]], outbox: Mapping[str, Any]) -> Iterator[str]:
    for source in sources:
        if source["failure"]:
            yield f"source {source['name']}: {source['failure']}"
    for each in outbox["failing"]:
        yield f"{each['endpoint']}: failing since {each['since']:%Y-%m-%d %H:%M} UTC: {each['why']}"


def _rule_problems(rules: Mapping[str, Any], daemon: Mapping[str, Any]) -> Iterator[str]:
    if daemon["problem"]:
        yield daemon["problem"]
    elif rules["problems"]:
        yield f"the rules on disk do not load: {rules['problems'][0]}"
    if daemon["running"] and not daemon["answers"]:
        yield "the daemon is running and does not answer"


def _staleness(
    last_turn: datetime | None, oldest: timedelta | None, daemon: Mapping[str, Any], now: datetime
) -> Iterator[str]:
    if daemon["running"]:
        return
    if last_turn is None:
        yield "no turn was ever taken"
    elif oldest is not None and now - last_turn > oldest:
        age = duration_text(timedelta(minutes=(now - last_turn) // timedelta(minutes=1)))
        yield f"the last turn was {age} ago{'' if daemon['running'] is None else ', and no daemon is running'}"


# --- what is printed --------------------------------------------------------------------------------------------------


def _print_nagios(standing: Standing) -> int:
    rules, counts = standing.rules, standing.outbox["counts"]
    data = {
        "not_judged": len(rules["not_judged"]) + len(rules["never_judged"]),
        "waiting": counts["pending"] + counts["leased"] + counts["retry"],
        "dead": counts["dead"],
        "quarantined": sum(source["quarantined"] for source in standing.sources),
    }
    line, status = nagios.of_check(standing.counts, standing.problems, data)
    print(line)
    return status


def _print(standing: Standing) -> None:
    house = standing.house
    print(f"watcher {house['version']}, {house['instance']}, {house['now']:%Y-%m-%d %H:%M} UTC")
    print(f"store   {safe(house['store'])}, tables {house['schema']}")
    print(f"daemon  {_daemon_words(standing.daemon)}")
    print(f"turn    {f'last {standing.last_turn:%Y-%m-%d %H:%M} UTC' if standing.last_turn else 'none yet'}")
    for problem in standing.problems:
        print(f"{paint('LOOK', 'error')}    {safe(problem)}")
    _print_alerts(standing.counts, standing.alerts)
    _print_rules(standing.rules)
    _print_sources(standing.sources)
    _print_outbox(standing.outbox)
    _print_held(standing.held)
    _print_runs(standing.runs)


def _daemon_words(daemon: Mapping[str, Any]) -> str:
    if daemon["running"] is None:
        return "not to be seen by this user"
    if not daemon["running"]:
        return "not running"
    return "running" if daemon["answers"] else "running, and does not answer"


def _print_alerts(counts: Mapping[str, int], alerts: Sequence[Mapping[str, Any]]) -> None:
    told = ", ".join(paint(f"{number} {level}", level) for level, number in counts.items() if number)
    print(f"\nALERTS  {told or 'nothing fires'}")
    columns = [Column("severity"), Column("state"), Column("since"), Column("fingerprint"), Column("alert", gives=True)]
    columns += [Column("acknowledged")] if any(each["acknowledged"] for each in alerts) else []
    print_rows(alerts, (*columns, Column("headline", gives=True)), "text")


def _print_rules(rules: Mapping[str, Any]) -> None:
    changed = rules["loaded"] and rules["on_disk"] != rules["in_force"]
    waiting = "; they changed since the last turn" if changed else ""
    print(f"\nRULES   {rules['loaded']} on disk{waiting}" if not rules["problems"] else "\nRULES   they do not load")
    for problem in rules["problems"]:
        print(f"        {safe(problem)}")
    rows = [{"cannot_be_judged": each["rule"], "because": each["reason"]} for each in rules["not_judged"]]
    rows += [{"cannot_be_judged": name, "because": "no turn has seen it yet"} for name in rules["never_judged"]]
    print_rows(rows, (Column("cannot_be_judged", gives=True), Column("because", gives=True)), "text")


def _print_sources(sources: Sequence[Mapping[str, Any]]) -> None:
    print("\nSOURCES" if sources else "\nSOURCES none has brought anything yet")
    names = ("name", "kind", "newest_event", "last_success")
    numbers = (Column("loads", right=True), Column("quarantined", right=True))
    print_rows(sources, (*map(Column, names), *numbers, Column("failure", gives=True)), "text")


def _print_outbox(outbox: Mapping[str, Any]) -> None:
    told = ", ".join(f"{number} {state}" for state, number in outbox["counts"].items() if number)
    oldest = outbox["oldest_waiting"]
    print(
        f"\nOUTBOX  {told or 'nothing was ever sent'}{f'; the oldest since {oldest:%Y-%m-%d %H:%M}' if oldest else ''}"
    )
    print_rows(outbox["failing"], (Column("endpoint"), Column("since"), Column("why", gives=True)), "text")


def _print_held(held: Sequence[Mapping[str, Any]]) -> None:
    if held:
        print("\nWAITING TO BE TOLD")
    columns = (Column("endpoint"), Column("waits", right=True), Column("since"), Column("because", gives=True))
    print_rows(held, columns, "text")


def _print_runs(runs: Sequence[Mapping[str, Any]]) -> None:
    if runs:
        print("\nRUNS")
    columns = (Column("started_at"), Column("finished_at"), Column("door"), Column("exit_code", right=True))
    print_rows(runs, columns, "text")
