"""What `watcher backtest` prints on a terminal: tables, and a line of bars for each group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from watcher.backtest.figures import Backtest, message_rows, pair_row, rule_rows, score_rows
from watcher.backtest.trial import Course
from watcher.cli.opening import draws
from watcher.cli.picture import on_screen
from watcher.cli.table import Column, fitted, print_rows, safe, screen_width
from watcher.core.label import Labels
from watcher.core.message.phrase import counted
from watcher.core.period import DAY, day_start, duration_text
from watcher.core.reading import day_text

#: Columns of a chart where nothing says how wide the screen is.
_WIDTH = 78
#: Groups of a rule that are drawn, those with the most episodes.
_MOST_GROUPS = 8
#: Differences that are listed; all are in JSON.
_MOST_PAIRS = 20

_RULES = (
    Column("rule", gives=True),
    Column("trial", gives=True),
    *(Column(name, right=True) for name in ("episodes", "a_year", "groups", "retracted", "median_days")),
)
_MESSAGES = (
    Column("receiver", gives=True),
    Column("trial", gives=True),
    *(Column(name, right=True) for name in ("messages", "a_year", "reminders", "digests", "most_a_day")),
)
_SCORES = (
    Column("rule", gives=True),
    Column("trial", gives=True),
    *(Column(name, right=True) for name in ("found", "false_alarms", "delay", "lead", "precision", "recall", "f1")),
)
_BY_DAY = (*_SCORES[:2], *_SCORES[-3:])
_PAIRS = (
    Column("fires"),
    Column("as_known"),
    Column("by_hindsight"),
    Column("later_by", right=True),
    Column("rule", gives=True),
    Column("group", gives=True),
)


def print_text(found: Backtest) -> None:
    """Print everything."""
    days = found.plan.days
    print(
        f"{day_text(days.start)} to {day_text(days.last)}, {found.plan.years:.1f} years, "
        f"a turn every {duration_text(found.plan.every)}"
    )
    for note in found.notes:
        print(safe(note))
    print()
    print_rows(_rules(found), _RULES, "text")
    for row in rule_rows(found):
        if row["problem"] and not row["judgements"]:
            print(safe(f"{row['alert']}, {row['trial']}: it could be judged on no day: {row['problem']}."))
    for line in _charts(found):
        print(line)
    _print_last(found)
    print("\nMESSAGES, by the routes as they stand")
    print_rows(_messages(found), _MESSAGES, "text", empty="nobody would have been told of anything")
    _print_scores(found)
    _print_difference(found)


def _print_last(found: Backtest) -> None:
    """What the last alert of each rule was seen by."""
    for course in found.trials[0].courses:
        last = course.episodes[-1] if course.episodes else None
        lines = on_screen(last.finding.reading.telling.drawing, last.since.date()) if last else []
        if last and lines:
            print()
            print(safe(f"LAST ALERT  {day_text(last.since.date())}: {last.finding.reading.telling.headline}"))
            print("\n".join(lines))


def _rules(found: Backtest) -> Iterator[dict[str, Any]]:
    for row in rule_rows(found):
        groups = f"{row['groups_fired']} of {row['groups_judged']}"
        yield {**row, "rule": row["alert"], "a_year": row["episodes_per_year"], "groups": groups}


def _messages(found: Backtest) -> Iterator[dict[str, Any]]:
    return ({**row, "a_year": row["messages_per_year"]} for row in message_rows(found))


# --- labels and hindsight ---------------------------------------------------------------------------------------------


def _print_scores(found: Backtest) -> None:
    if found.plan.labels is None:
        return
    rows = list(score_rows(found))
    print(f"\nLABELS  {counted(len(found.plan.labels), 'episode')} that people say were there")
    print_rows(map(_by_episode, rows), _SCORES, "text")
    print("\nBY DAY  on how many days the alerts say what the labels say")
    print_rows(map(_by_day, rows), _BY_DAY, "text")


def _by_episode(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "rule": row["alert"], "delay": _d(row["delay_days"]), "lead": _d(row["lead_days"])} | {
        "precision": _share(row["precision"]),
        "recall": _share(row["hit_rate"]),
        "f1": _share(row["f1"]),
    }


def _by_day(row: Mapping[str, Any]) -> dict[str, Any]:
    shares = {name: _share(row[f"day_{name}"]) for name in ("precision", "recall", "f1")}
    return {"rule": row["alert"], "trial": row["trial"], **shares}


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _d(days: float | None) -> str:
    return "-" if days is None else f"{days:g} d"


def _print_difference(found: Backtest) -> None:
    pairs = found.pairs
    if not pairs:
        return
    differing = [each for each in pairs if each.delay is None or each.delay]
    print(f"\nLATER KNOWLEDGE  changes {len(differing)} of {counted(len(pairs), 'alert')}")
    rows = [pair_row(each) for each in differing[:_MOST_PAIRS]]
    told = (
        {
            "fires": row["which"],
            "as_known": _date(row["as_known"]),
            "by_hindsight": _date(row["hindsight"]),
            "later_by": _d(row["later_by_days"]),
            "rule": row["alert"],
            "group": " ".join(row["group"].values()),
        }
        for row in rows
    )
    print_rows(told, _PAIRS, "text")
    if len(differing) > _MOST_PAIRS:
        print(f"and {len(differing) - _MOST_PAIRS} more: --format json")


def _date(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "-"


# --- charts -----------------------------------------------------------------------------------------------------------


def _charts(found: Backtest) -> Iterator[str]:
    """For each rule, a line for each group and trial that fired."""
    drawn = False
    for place, first in enumerate(found.trials[0].courses):
        courses = [(trial.name, trial.courses[place]) for trial in found.trials]
        groups = _groups(course for _, course in courses)
        if not groups:
            continue
        drawn = True
        yield ""
        yield safe(first.rule.alert)
        for group in groups[:_MOST_GROUPS]:
            yield from _lines(found, group, courses)
        if len(groups) > _MOST_GROUPS:
            yield f"and {len(groups) - _MOST_GROUPS} more groups"
    if drawn:
        yield _legend(labelled=found.plan.labels is not None)


def _legend(*, labelled: bool) -> str:
    firing, alone, label, nothing = _signs()
    if not labelled:
        return f"{firing} firing  {nothing} not"
    return f"{firing} firing and labelled  {alone} firing only  {label} labelled only  {nothing} neither"


def _signs() -> tuple[str, str, str, str]:
    return ("█", "▒", "░", "·") if draws() else ("#", "+", "-", ".")


def _groups(courses: Iterable[Course]) -> list[Labels]:
    number: dict[Labels, int] = {}
    for course in courses:
        for each in course.episodes:
            number[each.group] = number.get(each.group, 0) + 1
    return sorted(number, key=lambda group: (-number[group], group))


def _lines(found: Backtest, group: Labels, courses: list[tuple[str, Course]]) -> Iterator[str]:
    width = min(screen_width() or _WIDTH, 100)
    name = " ".join(value for _, value in group)
    for trial, course in courses:
        if name or len(courses) > 1:
            yield fitted(safe(", ".join(filter(None, (name, trial if len(courses) > 1 else "")))), width)
        yield "".join(_marks(found, group, course, min(width, found.plan.days.days)))


def _marks(found: Backtest, group: Labels, course: Course, columns: int) -> Iterator[str]:
    """Under each column whether the alert went on then, and whether people say that something was there."""
    days, labels = found.plan.days, found.plan.labels
    firing, alone, label, nothing = _signs()
    begin = day_start(days.start)
    edges = [begin + round(column * days.days / columns) * DAY for column in range(columns + 1)]
    mine = [each for each in course.episodes if each.group == group]
    there = [each.period for each in labels or () if each.speaks_of(group)]
    for start, end in pairwise(edges):
        goes_on = any(each.since < end and (each.until is None or each.until > start) for each in mine)
        is_labelled = any(day_start(each.start) < end and day_start(each.end) > start for each in there)
        if labels is None:
            yield firing if goes_on else nothing
        else:
            yield (firing if goes_on else label) if is_labelled else (alone if goes_on else nothing)
