"""`watcher rules preview`: where a rule would have fired in the stored history, and how the message would read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli.opening import (
    as_known_option,
    config_option,
    draws,
    end_of,
    moment,
    open_settings,
    open_store,
)
from watcher.cli.progress import progress
from watcher.cli.rulebook import find_rule, rule_places
from watcher.cli.table import LIST_FORMATS, Column, fitted, format_option, print_json, print_rows, safe, screen_width
from watcher.core.errors import UsageError
from watcher.core.label import Labels
from watcher.core.message.chart import sparkline
from watcher.core.message.phrase import counted
from watcher.core.period import DAY, Period, day_start, tick_at_or_after
from watcher.core.reading import day_text

if TYPE_CHECKING:
    from watcher.config.settings import Settings
    from watcher.core.alert import Transition
    from watcher.core.message import Item
    from watcher.core.rule import Rule, RuleSet
    from watcher.core.snapshot import Snapshot
    from watcher.replay import Player
    from watcher.replayed import PastEpisode, Replay
    from watcher.store.schema import Tx

_COLUMNS = (
    Column("fired"),
    Column("ended"),
    Column("days", right=True),
    Column("severity"),
    Column("group", gives=True),
    Column("values", gives=True),
)
_CSV = (*_COLUMNS[:-1], Column("how"), Column("headline"), Column("values"))
#: Columns of a chart where nothing says how wide the screen is.
_WIDTH = 78
#: Values of an episode that the table shows.
_SHOWN = 3
_CHANGED = "The rules changed since the last turn: facts and stated numbers are those of that turn."
_EVER = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


@click.command("preview")
@config_option
@click.argument("name", metavar="RULE")
@click.option("--from", "first", metavar="DATE", help="The first day to go through; else the first in the store.")
@click.option("--to", "last", metavar="DATE", help="The last day to go through; else the last in the store.")
@as_known_option("As it would have answered at the end of this day, or at this moment: no later day is gone through.")
@format_option(*LIST_FORMATS)
def command(
    config: Path | None, name: str, *, first: str | None, last: str | None, as_known: str | None, style: str
) -> int:
    r"""Show where a rule would have fired in the stored history; the beginning of its name is enough.

    Each day is judged by what was known at its first instant, as a turn would have judged it, and nothing is written:
    write a rule, preview it, change a number, preview it again. The message of the last episode is shown as it would
    read.

    \b
    watcher rules preview mozambique
    watcher rules preview "Many deaths" --from 2020-01-01 --to 2020-06-30
    watcher rules preview mozambique --format csv > episodes.csv
    """
    from watcher.feeds import query_offsets
    from watcher.replay import Player
    from watcher.wiring import load_rule_set

    settings = open_settings(config)
    rules = load_rule_set(settings)
    rule = find_rule(rules, name)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        days = days_of(tx, first, last, known=end_of(as_known) if as_known else _EVER[1])
        with progress() as line:
            player = Player(tx, rules, offsets=query_offsets(settings), days=days, progress=line)
            past = player.play(rule)
        if style == "text":
            basis = basis_notes(player.stage.last_snapshot(rule), rules, [rule])
            notes = ["" if _is_in_force(tx, rules) else _CHANGED, _loaded_at_once(tx, rule), *basis]
            _print(past, player, settings, notes=notes)
        else:
            _print_as(style, past)
    return 0


def days_of(tx: Tx, first: str | None, last: str | None, *, known: datetime = _EVER[1]) -> Period:
    """The days to go through, of those that the store knows anything of.

    :param known: no day is gone through whose first instant comes after this moment.
    :raises UsageError: when it knows nothing, or the days lie the wrong way round.
    """
    from watcher.store.alerts import moments_of_knowledge

    moments = moments_of_knowledge(tx, _EVER[0], known)
    if not moments:
        raise UsageError("there is nothing in the store to go through", todo="watcher check, or watcher ingest")
    # What became known on a day is judged at the first instant after it.
    begin = moment(first).date() if first else tick_at_or_after(moments[0], DAY).date()
    end = min(moment(last).date() if last else tick_at_or_after(moments[-1], DAY).date(), known.date())
    if end < begin:
        raise UsageError(f"{end} lies before {begin}", todo="give --from the earlier day")
    return Period.between(begin, end)


def basis_notes(snapshot: Snapshot, rules: RuleSet, chosen: Iterable[Rule]) -> Iterator[str]:
    """What the knowledge times of the records rest on that these rules count, where not all are stamps."""
    indicators = {each.scope_key: each for rule in chosen for each in rule.indicators(rules.catalogue)}
    for note in dict.fromkeys(snapshot.basis_note(each) for each in indicators.values()):
        if note:
            yield f"As known: {note}."


def _is_in_force(tx: Tx, rules: RuleSet) -> bool:
    from watcher.store.rule_sets import rule_set_in_force

    return rule_set_in_force(tx) == rules.content_hash


def _loaded_at_once(tx: Tx, rule: Rule) -> str:
    """What is to be said of newcomers among records of which only the day of their loading is known."""
    from watcher.store.events import known_by_loading

    if rule.first_seen is None:
        return ""
    loaded, total = known_by_loading(tx)
    if loaded * 2 <= total:
        return ""
    return (
        f"{loaded} of {counted(total, 'record')} are known only since they were loaded. Before that day nothing is "
        "known of them, and on it what is old looks newly known: in use, only what comes later is told."
    )


# --- what would have happened -----------------------------------------------------------------------------------------


def _print_as(style: str, past: Replay) -> None:
    rows = [_row(past, each) for each in past.episodes]
    if style == "csv":
        print_rows(rows, _CSV, style)
        return
    judged = [{"group": dict(group), "days": days} for group, days in sorted(past.judged.items())]
    known = {"alert": past.rule.alert, "rule": past.rule.identity, "from": past.days.start, "to": past.days.last}
    print_json({**known, "problem": past.problem, "judged": judged, "episodes": rows})


def _row(past: Replay, each: PastEpisode) -> dict[str, Any]:
    reading = each.finding.reading
    return {
        "fired": each.since.date(),
        "ended": each.until.date() if each.until else None,
        "days": _length(past, each).days,
        "severity": list(dict.fromkeys(severity.value for _, severity in each.severities)),
        "group": dict(each.group),
        "fingerprint": each.fingerprint,
        "how": each.end.value if each.end else "goes on",
        "headline": reading.telling.headline,
        "values": dict(reading.values),
    }


def _length(past: Replay, each: PastEpisode) -> timedelta:
    return (each.until or day_start(past.days.end)) - each.since


def _print(past: Replay, player: Player, settings: Settings, *, notes: Sequence[str]) -> None:
    print(safe(past.rule.alert))
    print(safe(rule_places(settings).get(past.rule.alert, "")))
    print()
    for line in (_opening(past), *notes):
        if line:
            print(safe(line))
    if not past.episodes:
        return
    print()
    print_rows((_line(past, each) for each in past.episodes), _COLUMNS, "text")
    print()
    last = past.episodes[-1]
    for line in _chart(past, last):
        print(line)
    print()
    print("The last of them would have been told like this:")
    print()
    for line in _message(past, last, player, settings):
        print(f"  {line}".rstrip())


def _opening(past: Replay) -> str:
    """What came of the replay, in a sentence or two."""
    days = f"{day_text(past.days.start)} to {day_text(past.days.last)}"
    if not past.judged and not past.episodes:
        why = f": {past.problem}" if past.problem else "; nothing like it happened" if past.rule.is_event_like else ""
        return f"From {days} it could be judged on no day{why}."
    fired = {each.group for each in past.episodes}
    groups = f" in {len(fired)} of {counted(len(past.judged), 'group')}" if fired and len(past.judged) > 1 else ""
    episodes = counted(len(past.episodes), "episode") if past.episodes else "no episode"
    return f"From {days}, by what was known on each day: {episodes}{groups}."


def _line(past: Replay, each: PastEpisode) -> dict[str, Any]:
    """An episode as a line of the table."""
    outputs = past.rule.detector.OUTPUTS
    names = dict.fromkeys(name for name in (past.output, *outputs) if each.values.get(name) is not None)
    shown = [f"{name} {outputs[name].format(each.values[name])}" for name in list(names)[:_SHOWN]]
    row = _row(past, each)
    return {
        **row,
        "ended": f"{row['ended']} {row['how']}" if each.until else "goes on",
        "severity": " → ".join(row["severity"]),
        "group": " ".join(row["group"].values()),
        "values": ", ".join(shown),
    }


def _chart(past: Replay, each: PastEpisode) -> Iterator[str]:
    """What was seen when it fired; and, where that is no running total, the course of the group day by day."""
    from watcher.cli.picture import on_screen

    telling = each.finding.reading.telling
    yield from on_screen(telling.drawing, each.since.date())
    if not telling.chart:
        yield from ("",) if telling.drawing is not None else ()
        yield from _course(past, each.group, min(screen_width() or _WIDTH, 100))


def _course(past: Replay, group: Labels, width: int) -> Iterator[str]:
    values = list(_by_day(past, group))
    if not values:
        return
    name = " ".join([*(value for _, value in group), past.output])
    top = past.rule.detector.OUTPUTS[past.output].format(max(values))
    columns = min(width, len(values))
    yield safe(f"{name}, day by day, at most {top}:")
    yield sparkline(values, width=width, ascii_only=not draws())
    yield "".join(_marks(past, group, columns))
    yield fitted(f"{day_text(past.days.start)} to {day_text(past.days.last)}; ▀ firing", width)


def _by_day(past: Replay, group: Labels) -> Iterator[float]:
    """The value that held on each day: that of the last tick at which it was judged."""
    points = past.course.get(group, ())
    ends = [*(point.tick for point in points[1:]), day_start(past.days.end)]
    first = points[0].tick if points else day_start(past.days.start)
    yield from [0.0] * ((first - day_start(past.days.start)) // DAY if points else 0)
    for point, end in zip(points, ends, strict=False):
        yield from [point.value] * ((end - point.tick) // DAY)


def _marks(past: Replay, group: Labels, columns: int) -> Iterator[str]:
    """Under each column whether the alert went on then."""
    begin, days = day_start(past.days.start), past.days.days
    edges = [begin + round(column * days / columns) * DAY for column in range(columns + 1)]
    mine = [each for each in past.episodes if each.group == group]
    for start, end in pairwise(edges):
        goes_on = any(each.since < end and (each.until is None or each.until > start) for each in mine)
        yield "▀" if goes_on else " "


# --- the message ------------------------------------------------------------------------------------------------------


def _message(past: Replay, each: PastEpisode, player: Player, settings: Settings) -> Iterator[str]:
    """The message as it would read."""
    from watcher.core.message import Notification, NotifyReason
    from watcher.core.message.wording import subject, text
    from watcher.wiring import desk

    notification = Notification(
        endpoint="preview",
        receiver="preview",
        group_key="",
        group_labels={},
        reason=NotifyReason.FIRST,
        items=(_item(past.rule, each, player),),
        created_at=each.since,
    )
    yield f"Subject: {subject(notification, desk(settings))}"
    yield ""
    yield from text(notification, desk(settings)).splitlines()


def _item(rule: Rule, each: PastEpisode, player: Player) -> Item:
    """The episode at its beginning, with everything a message says about it."""
    from watcher.core.message import Item
    from watcher.core.template import render

    outputs, catalogue = rule.detector.OUTPUTS, player.stage.rules.catalogue
    keys, severity = rule.defaults(catalogue), each.severities[0][1]
    own = {"alertname": rule.alert, "severity": severity.value}
    return Item(
        transition=_transition(rule, each, player),
        alert=rule.alert,
        labels={**player.stage.group_of(rule).labels, **rule.labels, **dict(each.group), **own},
        starts_at=each.since,
        summary=render(rule.summary, outputs, each.values) if rule.summary else "",
        description=render(rule.description, outputs, each.values) if rule.description else "",
        runbook=rule.runbook,
        contact=rule.contact,
        falsepositives=rule.falsepositives,
        ends_when=str(keys.recovery) if keys.recovery else "",
        outputs=outputs,
    )


def _transition(rule: Rule, each: PastEpisode, player: Player) -> Transition:
    from watcher.core.alert import Reason, State, Transition
    from watcher.evidence import evidence

    snapshot = player.stage.snapshot(rule, each.since)
    return Transition(
        fingerprint=each.fingerprint,
        rule=rule.identity,
        group=each.group,
        seq=1,
        episode=each.number,
        before=State.INACTIVE,
        after=State.FIRING,
        severity=each.severities[0][1],
        reason=Reason.OCCURRED if rule.is_event_like else Reason.HOLDS,
        tick=each.since,
        watermark=each.finding.reading.watermark,
        rule_hash=rule.rule_hash,
        values=each.values,
        notify=True,
        evidence=evidence(rule, each.finding, player.stage.rules.catalogue, snapshot),
    )
