"""A backtest as one page: a file that can be sent, and that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from watcher.backtest.figures import Backtest, document, episode_rows, message_rows, pair_row, rule_rows, score_rows
from watcher.backtest.timeline import Bar, Row, timeline
from watcher.backtest.trial import Course
from watcher.core.label import Labels
from watcher.core.message.phrase import clean
from watcher.core.period import day_start
from watcher.core.picture import Caption
from watcher.core.picture.drawing import svg
from watcher.core.reading import day_text
from watcher.core.score import Labelled
from watcher.replayed import PastEpisode

#: Groups of a rule that are drawn, those with the most episodes; the tables hold all.
MOST_ROWS = 40

#: Characters of one text.
_LONGEST = 2_000


def _shown(value: object) -> object:
    """Text from anywhere on one line, in which nothing is hidden; the pictures are whole."""
    return clean(value, limit=_LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


_TEMPLATES = Environment(
    loader=PackageLoader("watcher", "backtest"),
    autoescape=True,
    finalize=_shown,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def page(found: Backtest) -> str:
    """The whole document; everything in it is escaped."""
    return _TEMPLATES.get_template("page.html.j2").render(
        title=f"Backtest, {day_text(found.plan.days.start)} to {day_text(found.plan.days.last)}",
        told=document(found),
        pictures=list(_pictures(found)),
        rules=list(rule_rows(found)),
        messages=list(message_rows(found)),
        scores=list(score_rows(found)),
        pairs=[pair_row(each) for each in found.pairs],
        episodes=list(episode_rows(found)),
    )


def _pictures(found: Backtest) -> Iterator[dict[str, Any]]:
    """A timeline for each rule: under each group what people say, and each trial."""
    for place, course in enumerate(found.trials[0].courses):
        courses = [(trial.name, trial.courses[place]) for trial in found.trials]
        groups = _groups([each for _, each in courses])
        rows = [row for group in groups[:MOST_ROWS] for row in _rows(group, courses, found.plan.labels or ())]
        alt = f"{course.rule.alert}: when its alerts went on; the same episodes are listed in a table below"
        picture = timeline(rows, found.plan.days, title=alt) if rows else ""
        yield {
            "alert": course.rule.alert,
            "svg": Markup(picture),  # noqa: S704 - every text in it is escaped where it is drawn
            "left_out": max(0, len(groups) - MOST_ROWS),
            "last": Markup(_last(course)),  # noqa: S704 - as above
        }


def _last(course: Course) -> str:
    """What the last alert was seen by, as a message would show it; empty where there is nothing to draw."""
    each = course.episodes[-1] if course.episodes else None
    telling = each.finding.reading.telling if each else None
    if each is None or telling is None or telling.drawing is None:
        return ""
    return svg(telling.drawing, Caption(telling.headline, "; ".join(telling.source), each.since.date()))


def _groups(courses: list[Course]) -> list[Labels]:
    """The groups that fired, those with the most episodes first."""
    number: dict[Labels, int] = {}
    for course in courses:
        for each in course.episodes:
            number[each.group] = number.get(each.group, 0) + 1
    return sorted(number, key=lambda group: (-number[group], group))


def _rows(group: Labels, courses: list[tuple[str, Course]], labels: tuple[Labelled, ...]) -> Iterator[Row]:
    name = ", ".join(value for _, value in group) or "all"
    mine = [each for each in labels if each.speaks_of(group)]
    if mine:
        yield Row(f"{name}: labels", tuple(_label_bar(each) for each in mine))
    for trial, course in courses:
        bars = tuple(_bar(each) for each in course.episodes if each.group == group)
        yield Row(f"{name}: {trial}" if len(courses) > 1 or mine else name, bars)


def _label_bar(label: Labelled) -> Bar:
    said = f"{day_text(label.period.start)} to {day_text(label.period.last)}"
    return Bar(day_start(label.period.start), day_start(label.period.end), said, "label")


def _bar(each: PastEpisode) -> Bar:
    end = f"{each.end} {day_text(each.until.date())}" if each.until and each.end else "goes on"
    said = f"{each.finding.reading.telling.headline} ({each.worst}; fired {day_text(each.since.date())}, {end})"
    return Bar(each.since, each.until, said, each.worst.value)
