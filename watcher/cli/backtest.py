"""`watcher backtest`: rules over past days, without a look ahead, and what they would have been worth."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher import clock
from watcher.cli.number import Within
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.preview import basis_notes, days_of
from watcher.cli.progress import progress
from watcher.cli.rulebook import find_rules
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_json, print_rows
from watcher.core.errors import ExitCode, UsageError
from watcher.core.message.phrase import counted
from watcher.core.period import DAY, Period, duration, duration_text

if TYPE_CHECKING:
    from watcher.backtest.figures import Backtest
    from watcher.backtest.trial import Knowledge, Plan, Trial
    from watcher.config.settings import Settings
    from watcher.core.rule import Rule, RuleSet
    from watcher.core.score import Labelled
    from watcher.replay import Progress
    from watcher.store.schema import Tx

_HOUR = timedelta(hours=1)
_CSV = (
    *(Column(name) for name in ("trial", "rule", "fired", "ended", "how", "days", "severity", "group")),
    *(Column(name) for name in ("fingerprint", "headline", "values")),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, read."""

    first: str | None
    last: str | None
    every: timedelta
    early: timedelta
    labels: Path | None
    against: str | None
    knowledge: tuple[Knowledge, ...]


@click.command("backtest")
@config_option
@click.argument("names", metavar="RULE...", nargs=-1, required=True)
@click.option("--from", "first", metavar="DATE", help="The first day to go through; else the first in the store.")
@click.option("--to", "last", metavar="DATE", help="The last day to go through; else the last in the store.")
@click.option("--step", default="1d", show_default=True, metavar="DURATION", help="The time from one turn to the next.")
@click.option(
    "--as-known", is_flag=True, help="Judge each day by what was known on it; so it is unless asked otherwise."
)
@click.option("--hindsight", is_flag=True, help="Judge each day by what is known of it now; with --as-known: both.")
@click.option("--labels", type=click.Path(path_type=Path), metavar="FILE", help="A CSV of episodes: from,to,label,...")
@click.option(
    "--early",
    default="0d",
    show_default=True,
    metavar="DURATION",
    help="An alert that ended this short a time before a labelled episode found it.",
)
@click.option("--against", metavar="FILE|REV", help="Also with other rules: a file, a folder, or a revision of git.")
@click.option("--max-alerts-per-year", "budget", type=Within(0), metavar="N", help="Exit 1 when there are more.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write one page.")
@format_option(*LIST_FORMATS)
def command(
    config: Path | None,
    names: tuple[str, ...],
    *,
    first: str | None,
    last: str | None,
    step: str,
    as_known: bool,
    hindsight: bool,
    labels: Path | None,
    early: str,
    against: str | None,
    budget: float | None,
    html: Path | None,
    style: str,
) -> int:
    r"""Go through past days with rules, as the desk would have lived them, and tell what they would have been worth.

    Each day is judged by what was known at its first instant, with the whole life of an alert, and nothing is written
    to the store. It tells the alerts and messages a year, and against labels what was found, what was missed, and how
    late. By hindsight the same days are judged by what is known of them now. RULE is a rule's name, the beginning of the
    names of some, or the name of a file with rules.

    \b
    watcher backtest mozambique --from 2018-01-01 --to 2020-12-31
    watcher backtest mozambique --labels episodes.csv --as-known --hindsight --html backtest.html
    watcher backtest mozambique --against HEAD~1
    watcher backtest mozambique sahel --max-alerts-per-year 12        # in CI: exit 1 when there are more

    \b
    Exit codes: 0 done   1 more alerts a year than --max-alerts-per-year
      2 no such rule, day, file or revision   78 rules, settings or labels invalid
    """
    asked = Asked(
        first,
        last,
        _step(step),
        _span("--early", early),
        labels,
        against,
        _knowledge(as_known=as_known, hindsight=hindsight),
    )
    settings = open_settings(config)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        with progress() as line:
            found = _backtest(tx, settings, names, asked, line)
        # What an alert says is read when it is asked for, out of the same snapshots.
        if html is not None:
            _write_page(html, found)
        _print(found, style)
    return _within(found, budget)


def _print(found: Backtest, style: str) -> None:
    from watcher.backtest.figures import document, episode_rows

    if style == "json":
        print_json(document(found))
    elif style == "csv":
        print_rows(episode_rows(found), _CSV, style)
    else:
        from watcher.cli.backtest_text import print_text

        print_text(found)


def _within(found: Backtest, budget: float | None) -> int:
    """Whether the alerts a year are within the budget."""
    if budget is None or found.per_year <= budget:
        return ExitCode.OK
    said = f"{found.per_year:.1f} alerts a year, and --max-alerts-per-year is {budget:g}"
    print(f"watcher: {said}", file=sys.stderr)
    return ExitCode.FIRING


def _write_page(path: Path, found: Backtest) -> None:
    from watcher.backtest.page import page

    try:
        path.write_text(page(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", todo="name another file with --html") from None


# --- what is asked for ------------------------------------------------------------------------------------------------


def _knowledge(*, as_known: bool, hindsight: bool) -> tuple[Knowledge, ...]:
    from watcher.backtest.trial import Knowledge

    known = (Knowledge.AS_KNOWN,) if as_known or not hindsight else ()
    return (*known, Knowledge.HINDSIGHT) if hindsight else known


def _span(option: str, text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _step(text: str) -> timedelta:
    every = _span("--step", text)
    if every < _HOUR or (every % DAY and DAY % every):
        raise UsageError(f"--step {text} does not fit into days", todo="write 1h, 6h, 12h, 1d, 7d")
    return every


def _backtest(tx: Tx, settings: Settings, names: Iterable[str], asked: Asked, line: Progress | None) -> Backtest:
    from watcher.backtest.figures import Backtest, notes_on_labels
    from watcher.backtest.trial import take
    from watcher.wiring import load_rule_set

    rules = load_rule_set(settings)
    versions: list[tuple[str, RuleSet]] = [("", rules)]
    if asked.against is not None:
        versions.append((asked.against, _other(settings, asked.against)))
    chosen = find_rules(rules, settings, names)
    plan = _plan(tx, settings, asked)
    trials = tuple(
        take(tx, each, _of(each, chosen, version), plan, knowledge=knowledge, version=version, progress=line)
        for version, each in versions
        for knowledge in asked.knowledge
    )
    _refuse_other_labels(plan, trials)
    notes = (*_notes(tx, rules, chosen, plan, asked), *notes_on_labels(trials))
    return Backtest(plan, trials, notes)


def _other(settings: Settings, text: str) -> RuleSet:
    from watcher.backtest.version import load_version

    return load_version(text, settings.rules)


def _of(rules: RuleSet, chosen: Sequence[Rule], version: str) -> list[Rule]:
    """The same rules in a version."""
    by_name = {name: each for each in rules.rules for name in (each.identity, *each.formerly)}
    found = [
        next((by_name[name] for name in (each.identity, *each.formerly) if name in by_name), None) for each in chosen
    ]
    missing = [each.alert for each, other in zip(chosen, found, strict=True) if other is None]
    if missing:
        raise UsageError(f"{version} has no rule {missing[0]!r}", todo="a rule keeps its identity with an 'id'")
    return [each for each in found if each is not None]


def _plan(tx: Tx, settings: Settings, asked: Asked) -> Plan:
    from watcher.backtest.post import wordless_board
    from watcher.backtest.trial import Plan
    from watcher.feeds import query_offsets

    return Plan(
        days=_days(tx, asked),
        every=asked.every,
        offsets=query_offsets(settings),
        board=wordless_board(settings),
        now=clock.wall(),
        labels=_labels(asked.labels) if asked.labels else None,
        early=asked.early,
    )


def _days(tx: Tx, asked: Asked) -> Period:
    """The days to go through; by hindsight from the first event on, because records were known from their day."""
    from watcher.backtest.trial import Knowledge
    from watcher.store.sources import find_sources

    oldest = [each.oldest_event for each in find_sources(tx) if each.oldest_event is not None]
    if asked.knowledge == (Knowledge.HINDSIGHT,) and not asked.first and oldest:
        return days_of(tx, (min(oldest) + DAY).isoformat(), asked.last)
    return days_of(tx, asked.first, asked.last)


def _labels(path: Path) -> tuple[Labelled, ...]:
    from watcher.backtest.labels import read_labels

    return read_labels(path)


def _refuse_other_labels(plan: Plan, trials: Iterable[Trial]) -> None:
    """A column that no alert has a label for would find nothing, and say that nothing was found."""
    replays = [course.replay for trial in trials for course in trial.courses]
    groups = {group for each in replays for group in each.judged} | {
        each.alert.group for one in replays for each in one.steps
    }
    known = {name for group in groups for name, _ in group}
    asked = {name for each in plan.labels or () for name, _ in each.group}
    if groups and asked - known:
        there = ", ".join(sorted(known)) or "none"
        raise UsageError(
            f"--labels: no alert of these rules has a label {min(asked - known)!r}", todo=f"there are: {there}"
        )


# --- what the numbers rest on -----------------------------------------------------------------------------------------


def _notes(tx: Tx, rules: RuleSet, chosen: Sequence[Rule], plan: Plan, asked: Asked) -> Iterator[str]:
    from watcher.backtest.trial import Knowledge
    from watcher.store.basis import when_known
    from watcher.store.rule_sets import rule_set_in_force
    from watcher.store.snapshot import StoreSnapshot

    if rule_set_in_force(tx) != rules.content_hash:
        yield "The rules changed since the last turn: facts and stated numbers are those of that turn."
    if plan.every != DAY:
        yield f"A turn every {duration_text(plan.every)}: what came and went in between is not seen."
    if Knowledge.HINDSIGHT in asked.knowledge:
        yield "By hindsight each record counts from the end of its day, as it reads now."
    if Knowledge.AS_KNOWN not in asked.knowledge:
        return
    snapshot = StoreSnapshot(tx, as_known=plan.now, offsets=plan.offsets)
    indicators = {each.scope_key: each for rule in chosen for each in rule.indicators(rules.catalogue)}
    yield from basis_notes(snapshot, rules, chosen)
    wanted = {name for each in indicators.values() for name in each.sources}
    for each in when_known(tx):
        if each.is_of_one_day and (not wanted or each.source in wanted):
            yield (
                f"All {counted(each.records, 'record')} of {each.source} are known only since they were loaded, on "
                f"{each.first:%Y-%m-%d}: before that day nothing of them was known, and as known says nothing about it. "
                "--hindsight does, and so does a lag for the source in watcher.yaml, set before the load."
            )
