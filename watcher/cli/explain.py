"""`watcher explain`: why an alert fired, or a rule did not, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli import argument
from watcher.cli.argument import STEPS, Past
from watcher.cli.opening import as_known_option, config_option, end_of, open_settings, open_store
from watcher.cli.picture import on_screen, write_picture
from watcher.cli.rulebook import find_alert, find_rule, match_alert, match_rule, rule_behind, rule_places
from watcher.cli.table import Column, format_option, print_json, print_rows
from watcher.core.catalogue import Catalogue
from watcher.core.label import Labels
from watcher.core.message.phrase import mappings, moment_of
from watcher.core.picture.drawing import from_evidence
from watcher.core.rule import Rule, RuleSet
from watcher.feeds import query_offsets
from watcher.inquiry import Answer, Inquiry, inquire
from watcher.store import alerts
from watcher.store.schema import Tx
from watcher.store.told import tellings
from watcher.wiring import load_rule_set

#: Groups of a rule that are explained in full; all are listed.
_IN_FULL = 3


@click.command()
@config_option
@click.argument("what", metavar="ALERT|RULE")
@as_known_option("By what was known at the end of this day, or at this moment.", "--at", "--as-of")
@click.option(
    "--picture",
    "drawing",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the picture as well: FILE ends in .svg or .png.",
)
@format_option("text", "json")
def command(config: Path | None, what: str, *, as_known: str | None, drawing: Path | None, style: str) -> int:
    r"""Why an alert fired, or a rule did not: the reading, the arithmetic, the condition, the sources, the history.

    Name an ALERT by its fingerprint, or a RULE by its name; the beginning of either is enough. The rule is read anew,
    as a turn would, and nothing is changed by asking. With --as-known the answer rests on what was known then.

    \b
    watcher explain 4f1c
    watcher explain 'Mozambique fatality rate exceeds 2019 pace'
    watcher explain mozambique-fatality --as-known 2020-08-01
    watcher explain 4f1c --picture pace.png
    """
    settings = open_settings(config)
    rules = load_rule_set(settings)
    moment = end_of(as_known) if as_known else clock.wall()
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        rule, group = _resolve(tx, rules, what)
        found = inquire(tx, rules, rule, offsets=query_offsets(settings), moment=moment)
        if drawing is not None:
            _draw(tx, found, group, drawing)
        if style == "json":
            print_json(_document(tx, found, group))
        else:
            place = rule_places(settings).get(rule.alert, "")
            _print(tx, found, group, rules.catalogue, place)
    return 0


def _resolve(tx: Tx, rules: RuleSet, what: str) -> tuple[Rule, Labels | None]:
    """The rule that is meant, and the group where an alert was named."""
    alert = match_alert(tx, what)
    if alert is not None:
        return rule_behind(rules, alert), alert.group
    if match_rule(rules, what) is None and what and not set(what) - set("0123456789abcdef"):
        find_alert(tx, what)
    return find_rule(rules, what), None


def _draw(tx: Tx, found: Inquiry, group: Labels | None, path: Path) -> None:
    """Write the picture of the first group that is explained."""
    chosen = next(iter(_chosen(found, group)), None)
    past = _past(tx, found.rule, chosen.reading.labels) if chosen else None
    write_picture(path, chosen.evidence if chosen else {}, _begun(past, found))


def _begun(past: Past | None, found: Inquiry) -> date | None:
    """The day on which the alert began, if it had by then."""
    begun = past.alert.fired_at if past else None
    return begun.date() if begun and begun <= found.moment else None


def _past(tx: Tx, rule: Rule, group: Labels) -> Past | None:
    alert = alerts.alert(tx, rule.fingerprint(group))
    if alert is None:
        return None
    history = tuple(alerts.find_transitions(tx, fingerprint=alert.fingerprint))
    return Past(alert, history, tuple(tellings(tx, alert.fingerprint)))


# --- as text ----------------------------------------------------------------------------------------------------------


def _print(tx: Tx, found: Inquiry, group: Labels | None, catalogue: Catalogue, place: str) -> None:
    for line in argument.opening(found, catalogue, place):
        print(line)
    if group is None and len(found.answers) > 1:
        _print_groups(found)
    chosen = _chosen(found, group)
    for answer in chosen:
        print()
        if answer.reading.labels:
            _print_lines("GROUP", [", ".join(f"{name} {value}" for name, value in answer.reading.labels)])
        for line in argument.body(found, answer, catalogue):
            print(line)
        past = _past(tx, found.rule, answer.reading.labels)
        for line in (
            *argument.standing(past, found, answer),
            *argument.changed(found.since(past.alert) if past else None),
        ):
            print(line)
        _print_picture(answer, _begun(past, found))
        _print_records(answer)
        _print_numbers(found, answer)
    if not chosen:
        print()
        _print_lines("FOUND", ["Nothing to judge: no record and no change of a fact is known that it speaks of."])
        for line in argument.standing(_past(tx, found.rule, group or ()), found, None):
            print(line)


def _print_picture(answer: Answer, begun: date | None) -> None:
    lines = on_screen(from_evidence(answer.evidence), begun)
    if lines:
        print()
    for line in lines:
        print(line)


def _chosen(found: Inquiry, group: Labels | None) -> list[Answer]:
    """What is explained in full: the group that was asked for, else those for which the rule holds, else the first."""
    if group is not None:
        answer = found.answer(group)
        return [answer] if answer else []
    holding = [answer for answer in found.answers if answer.holds]
    return (holding or list(found.answers[:1]))[:_IN_FULL]


def _print_lines(label: str, lines: list[str]) -> None:
    for line in argument.part(label, lines):
        print(line)


def _print_groups(found: Inquiry) -> None:
    rows = [
        {
            "group": ", ".join(value for _, value in answer.reading.labels),
            "holds": answer.holds,
            "severity": answer.finding.severity.value if answer.holds else "",
            "fingerprint": found.rule.fingerprint(answer.reading.labels),
            "because": answer.reading.reason or "; ".join(answer.finding.because),
        }
        for answer in found.answers
    ]
    print()
    columns = (Column("group", gives=True), Column("holds"), Column("severity"), Column("fingerprint"))
    print_rows(rows, (*columns, Column("because", gives=True)), "text")


def _print_records(answer: Answer) -> None:
    records = mappings(answer.evidence["records"])
    rows = [{**row, "deaths": row["fatalities"], "known_from": moment_of(row["known_from"])} for row in records]
    if rows:
        print("\nRECORDS that weigh most, and the latest (all: watcher events --alert)")
    columns = (Column("date"), Column("id"), Column("deaths", right=True), Column("place", gives=True))
    print_rows(rows, (*columns, Column("publishers", gives=True), Column("known_from")), "text")


def _print_numbers(found: Inquiry, answer: Answer) -> None:
    outputs = found.rule.detector.OUTPUTS
    rows = [
        {"output": name, "value": outputs[name].format(value), "meaning": outputs[name].meaning}
        for name, value in answer.reading.values.items()
        if name in outputs
    ]
    if rows:
        print()
    print_rows(rows, (Column("output"), Column("value"), Column("meaning", gives=True)), "text")


# --- as JSON ----------------------------------------------------------------------------------------------------------


def _document(tx: Tx, found: Inquiry, group: Labels | None) -> dict[str, Any]:
    chosen = found.answers if group is None else [answer for answer in [found.answer(group)] if answer]
    return {
        "rule": found.rule.identity,
        "alert": found.rule.alert,
        "moment": found.moment,
        "rules_in_force": found.is_in_force,
        "answers": [_answer(tx, found, answer) for answer in chosen],
    }


def _answer(tx: Tx, found: Inquiry, answer: Answer) -> dict[str, Any]:
    reading, finding = answer.reading, answer.finding
    return {
        "group": dict(reading.labels),
        "fingerprint": found.rule.fingerprint(reading.labels),
        "status": reading.status.value,
        "reason": reading.reason,
        "holds": answer.holds,
        "severity": finding.severity.value,
        "condition": [each._asdict() for each in answer.parts],
        "watermark": reading.watermark,
        "values": dict(reading.values),
        "evidence": dict(answer.evidence),
        "history": list(_history(_past(tx, found.rule, reading.labels))),
    }


def _history(past: Past | None) -> Iterator[dict[str, Any]]:
    for stored in reversed(past.history[:STEPS] if past else ()):
        transition = stored.transition
        yield {
            "seq": transition.seq,
            "tick": transition.tick,
            "before": transition.before.value,
            "after": transition.after.value,
            "severity": transition.severity.value,
            "reason": transition.reason.value,
        }
