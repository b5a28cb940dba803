"""`watcher alerts`: the alerts, and the history of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.opening import as_known_option, config_option, end_of, open_settings, open_store
from watcher.cli.rulebook import Rulebook, find_alert, identity_of
from watcher.cli.table import LIST_FORMATS, Column, format_option, paint, print_csv, print_json, print_rows, safe
from watcher.core.acknowledgement import Acknowledgement
from watcher.core.alert import OURS, Alert, State
from watcher.core.delivery import DeliveryState
from watcher.core.errors import UsageError
from watcher.core.message.phrase import acknowledged_text, counted, span_text
from watcher.core.reading import Output, Value
from watcher.core.verdict import Verdict
from watcher.store.alerts import StoredTransition, find_alerts, find_transitions
from watcher.store.basis import assumed
from watcher.store.past_alerts import alerts_at
from watcher.store.reviews import standing_acknowledgement, verdict_on
from watcher.store.schema import Tx
from watcher.store.told import Telling, tellings
from watcher.store.waiting import Held, find_held

_OPEN = (State.PENDING, State.FIRING, State.RECOVERING)
_COLUMNS = (
    Column("severity"),
    Column("state"),
    Column("since"),
    Column("ended"),
    Column("acknowledged"),
    Column("fingerprint"),
    Column("alert", gives=True),
    Column("group", gives=True),
    Column("headline", gives=True),
)

#: Columns that are shown only where they say something.
_OFTEN_EMPTY = frozenset({"ended", "acknowledged", "group"})


@click.command()
@config_option
@click.argument("fingerprint", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option("--rule", metavar="RULE", help="Only those of one rule, by its name or the beginning of it.")
@as_known_option("As they stood at the end of this day, or at this moment.")
@format_option(*LIST_FORMATS)
def command(
    config: Path | None,
    *,
    fingerprint: str | None,
    everything: bool,
    rule: str | None,
    as_known: str | None,
    style: str,
) -> int:
    r"""The alerts that fire or are about to; with a FINGERPRINT, the history of one.

    A unique beginning of the fingerprint is enough. The history says at each step what changed and why, by which
    values, and who was told.

    \b
    watcher alerts
    watcher alerts --all --rule mozambique
    watcher alerts 4f1c
    watcher alerts --as-known 2020-07-07
    """
    settings = open_settings(config)
    moment = end_of(as_known) if as_known else None
    book = Rulebook(settings)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        if fingerprint:
            _show(tx, _as_it_stood(tx, find_alert(tx, fingerprint), moment), book, style, moment)
            return 0
        rows = [_row(tx, alert, book, moment) for alert in _found(tx, identity_of(tx, rule, book), moment, everything)]
        notes = assumed(tx) if moment is not None and style == "text" else ()
    rows.sort(key=lambda row: str(row["since"] or ""), reverse=True)
    then = " then" if moment is not None else ""
    print_rows(
        rows, _columns(rows), style, empty=f"no alert{then}" if everything else f"nothing fires{then} (see: --all)"
    )
    for note in notes:
        print(safe(note))
    return 0


def _found(tx: Tx, rule: str, moment: datetime | None, everything: bool) -> list[Alert]:
    states = () if everything else _OPEN
    return (
        find_alerts(tx, rule=rule, states=states) if moment is None else alerts_at(tx, moment, rule=rule, states=states)
    )


def _as_it_stood(tx: Tx, alert: Alert, moment: datetime | None) -> Alert:
    if moment is None:
        return alert
    then = next(
        (each for each in alerts_at(tx, moment, rule=alert.rule) if each.fingerprint == alert.fingerprint), None
    )
    if then is None:
        raise UsageError(f"nothing was known of {alert.fingerprint} on {moment:%Y-%m-%d}", todo="give a later day")
    return then


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """The columns that say something."""
    return [column for column in _COLUMNS if column.name not in _OFTEN_EMPTY or any(r[column.name] for r in rows)]


def _row(tx: Tx, alert: Alert, book: Rulebook, moment: datetime | None) -> dict[str, Any]:
    newest = find_transitions(tx, fingerprint=alert.fingerprint, up_to=moment, limit=1)
    seen = standing_acknowledgement(tx, alert, moment or clock.wall())
    return {
        "severity": alert.severity.value,
        "state": alert.state.value,
        "since": alert.fired_at or alert.active_at,
        "ended": alert.ended_at,
        "acknowledged": f"by {seen.author}" if seen else "",
        "acknowledgement": _seen(seen),
        "verdict": _judged(verdict_on(tx, alert)),
        "fingerprint": alert.fingerprint,
        "alert": book.name(alert.rule),
        "rule": alert.rule,
        "group": dict(alert.group),
        "episode": alert.episode,
        "told": alert.told,
        "headline": newest[0].transition.evidence.get("headline", "") if newest else "",
    }


def _seen(said: Acknowledgement | None) -> dict[str, Any] | None:
    if said is None:
        return None
    text = acknowledged_text(said, "UTC")
    return {"author": said.author, "at": said.at, "until": said.until, "note": said.note, "text": text}


def _judged(said: Verdict | None) -> dict[str, Any] | None:
    if said is None:
        return None
    note = f": {said.note}" if said.note else ""
    text = f"verdict on this episode: {said.word.value}, by {said.author} on {said.at:%Y-%m-%d %H:%M}{note}"
    return {"verdict": said.word.value, "author": said.author, "at": said.at, "note": said.note, "text": text}


# --- one alert --------------------------------------------------------------------------------------------------------


def _show(tx: Tx, alert: Alert, book: Rulebook, style: str, moment: datetime | None) -> None:
    history = find_transitions(tx, fingerprint=alert.fingerprint, up_to=moment)[::-1]
    told: dict[int, list[Telling]] = defaultdict(list)
    for telling in tellings(tx, alert.fingerprint):
        if moment is None or telling.written_at <= moment:
            told[telling.seq].append(telling)
    held: dict[int, list[Held]] = defaultdict(list)
    for each in find_held(tx, fingerprint=alert.fingerprint, dropped=True):
        held[each.seq].append(each)
    rule = book.rule(alert.rule)
    outputs = rule.detector.OUTPUTS if rule else {}
    steps = [
        {**_step(stored, told[seq], outputs), "held": [each._asdict() for each in held[seq]]}
        for stored in history
        for seq in [stored.transition.seq]
    ]
    if style == "json":
        reminders = [telling._asdict() for telling in told[0]]
        print_json({**_row(tx, alert, book, moment), "history": steps, "reminders": reminders})
    elif style == "csv":
        flat = ({**step, "values": step["shown"], "told": [_told(each) for each in step["told"]]} for step in steps)
        print_csv(flat, ("seq", "tick", "before", "after", "severity", "reason", "watermark", "values", "told"))
    else:
        _print(_row(tx, alert, book, moment), steps, told[0])


def _step(stored: StoredTransition, told: Sequence[Telling], outputs: Mapping[str, Output]) -> dict[str, Any]:
    transition = stored.transition
    return {
        "seq": transition.seq,
        "episode": transition.episode,
        "tick": transition.tick,
        "before": transition.before.value,
        "after": transition.after.value,
        "severity": transition.severity.value,
        "reason": transition.reason.value,
        "watermark": transition.watermark,
        "values": dict(transition.values),
        "shown": {name: _shown(outputs.get(name), value) for name, value in transition.values.items()},
        "sentence": transition.evidence.get("sentence", ""),
        "because": transition.evidence.get("because", []),
        "difference": transition.evidence.get("difference"),
        "recorded_at": stored.recorded_at,
        "notify": transition.notify,
        "told": [telling._asdict() for telling in told],
    }


def _shown(output: Output | None, value: Value) -> str:
    return output.format(value) if output else str(value)


def _print(row: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], reminders: Sequence[Telling]) -> None:
    group = ", ".join(f"{name}={value}" for name, value in row["group"].items())
    print(safe(f"{row['alert']}{f' ({group})' if group else ''}"))
    print(f"{row['fingerprint']}, {paint(row['severity'], row['severity'])}, {_standing(row)}")
    for said in filter(None, (row["acknowledgement"], row["verdict"])):
        print(safe(said["text"]))
    for step in steps:
        print()
        print(
            f"{step['tick']:%Y-%m-%d %H:%M}  {step['before']} → {step['after']}, {step['severity']}: {step['reason']}"
        )
        for line in _lines(step):
            print(f"    {safe(line)}")
    if reminders:
        newest = reminders[-1]
        print(
            f"\n{counted(len(reminders), 'reminder')}, the last on {newest.written_at:%Y-%m-%d %H:%M} to {newest.endpoint}"
        )
    why = "watcher status" if row["rule"].startswith(OURS) else f"watcher explain {row['fingerprint']}"
    print(f"\nTimes are UTC. Why: {why}")


def _standing(row: Mapping[str, Any]) -> str:
    if row["ended"] and row["since"] and row["state"] not in {state.value for state in _OPEN}:
        return f"{row['state']} after {span_text(row['ended'] - row['since'])}, episode {row['episode']}"
    since = f" since {row['since']:%Y-%m-%d %H:%M}" if row["since"] else ""
    return f"{row['state']}{since}, episode {row['episode']}"


def _lines(step: Mapping[str, Any]) -> list[str]:
    values = ", ".join(f"{name} {value}" for name, value in step["shown"].items() if value not in {"", "unknown"})
    lines = [step["sentence"], values, f"data to {step['watermark']}" if step["watermark"] else ""]
    if step["difference"]:
        lines.append(f"taken back: {step['difference'].get('text', '')}")
    lines += [_told(telling) for telling in step["told"]]
    lines += [_held(each) for each in step["held"]]
    if not step["told"] and not step["held"]:
        lines.append("nobody was told" if not step["notify"] else "to be told, and no message was written")
    return [line for line in lines if line]


def _told(telling: Mapping[str, Any]) -> str:
    to = " ".join(filter(None, (telling["endpoint"], telling["recipient"])))
    match telling["state"]:
        case DeliveryState.DELIVERED:
            return f"told {to} on {telling['delivered_at']:%Y-%m-%d %H:%M}"
        case DeliveryState.DEAD | DeliveryState.CANCELLED:
            return f"{to} was not told: {telling['why']}"
        case _:
            return f"waiting for {to}{': ' + telling['why'] if telling['why'] else ''}"


def _held(held: Mapping[str, Any]) -> str:
    if held["dropped_at"]:
        return f"{held['endpoint']} was not told: {held['why']}"
    return f"waiting for {held['endpoint']}: {held['why']}"
