"""`watcher simulate`: how often a rule would fire in years in which nothing changes, and how soon it finds a rise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher import clock
from watcher.cli.number import Within
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.rulebook import find_rule
from watcher.cli.table import Column, format_option, print_json, print_rows, safe
from watcher.core.errors import UsageError
from watcher.core.message.phrase import counted
from watcher.core.period import DAY, duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from watcher.config.settings import Settings
    from watcher.core.rule import Rule, RuleSet
    from watcher.core.statistics.simulation import World
    from watcher.simulation import Found, Simulation, Worlds

RATIOS = (1.5, 2.0, 3.0)
#: The spans within which a rise is told to be found, in weeks.
_WITHIN = (4, 13)
_WEEK = 7

_COLUMNS = (
    Column("rate", right=True),
    *(Column(f"in {weeks} weeks", right=True) for weeks in _WITHIN),
    Column("while it lasts", right=True),
    Column("half found after", right=True),
    Column("went on already", right=True),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the world is said to be like; nothing where the records are to say it."""

    events_per_week: float | None
    dispersion: float | None
    deaths_per_event: float | None


@click.command("simulate")
@config_option
@click.argument("name", metavar="RULE")
@click.option(
    "--runs", type=click.IntRange(10, 100_000), default=200, show_default=True, help="Made-up years of each kind."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same years.")
@click.option(
    "--ratio",
    "ratios",
    type=Within(1, 100, min_open=True),
    multiple=True,
    help="A rise of the rate to try; 1.5, 2 and 3 unless given.",
)
@click.option("--for", "lasts", default="26w", show_default=True, metavar="DURATION", help="How long a rise lasts.")
@click.option(
    "--events-per-week",
    type=Within(0, 100_000, min_open=True),
    help="What is usual, where no records say it.",
)
@click.option("--dispersion", type=Within(1, 1_000), help="Variance over mean of the events of a week; 1 unless given.")
@click.option("--deaths-per-event", type=Within(0.01, 10_000), help="The mean, for an indicator that is a sum.")
@format_option("text", "json")
def command(
    config: Path | None,
    name: str,
    *,
    runs: int,
    seed: int,
    ratios: tuple[float, ...],
    lasts: str,
    events_per_week: float | None,
    dispersion: float | None,
    deaths_per_event: float | None,
    style: str,
) -> int:
    r"""Try a rule on made-up years: its false alarms, and its power.

    The years are like the last two years of records: as many events a week, in as large swings, with the same deaths.
    In the first kind nothing changes, so that every alert is a false one. In the others the rate of events rises on one
    day of the first half of the year.

    \b
    watcher simulate mozambique
    watcher simulate "Many attacks" --ratio 2 --for 4w
    watcher simulate mozambique --events-per-week 6 --dispersion 2 --deaths-per-event 2.1
    """
    from watcher.wiring import load_rule_set

    settings = open_settings(config)
    rules = load_rule_set(settings)
    rule = find_rule(rules, name)
    asked = Asked(events_per_week, dispersion, deaths_per_event)
    with _progress() as progress:
        played = _simulate(
            settings,
            rules,
            rule,
            asked,
            runs=runs,
            seed=seed,
            ratios=ratios or RATIOS,
            lasts=_span(lasts),
            progress=progress,
        )
    if style == "json":
        print_json(_document(played, seed))
    else:
        _print(played)
    return 0


def _span(text: str) -> timedelta:
    try:
        span = duration(text)
    except ValueError as error:
        raise UsageError(f"--for {text}: {error}", todo="write 4w or 90d") from None
    if span < DAY:
        raise UsageError(f"--for {text}: a rise lasts a day at least", todo="write 4w or 90d")
    return span


def _simulate(
    settings: Settings,
    rules: RuleSet,
    rule: Rule,
    asked: Asked,
    *,
    runs: int,
    seed: int,
    ratios: Sequence[float],
    lasts: timedelta,
    progress: Callable[[int, int], None] | None,
) -> Simulation:
    from watcher.feeds import query_offsets
    from watcher.simulation import simulate, stated_world, worlds_of
    from watcher.store.snapshot import StoreSnapshot

    now = clock.wall()
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        snapshot = StoreSnapshot(tx, as_known=now, offsets=query_offsets(settings))
        world = _described(asked)
        worlds = worlds_of(rule, rules, snapshot) if world is None else stated_world(rule, rules, world)
        baselines = [each for one in rule.indicators(rules.catalogue) for each in snapshot.baselines(one)]
    return simulate(
        rule,
        rules,
        worlds,
        year=now.year,
        runs=runs,
        seed=seed,
        ratios=ratios,
        lasts=lasts,
        baselines=baselines,
        progress=progress,
    )


def _described(asked: Asked) -> World | None:
    from watcher.core.statistics.simulation import World, spread_values

    if asked.events_per_week is None:
        if asked.dispersion is not None or asked.deaths_per_event is not None:
            raise UsageError("--dispersion and --deaths-per-event go with --events-per-week", todo="add it")
        return None
    values = () if asked.deaths_per_event is None else spread_values(asked.deaths_per_event, 5)
    return World(asked.events_per_week, asked.dispersion or 1.0, values)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A line on a terminal that says how far it is; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return

    def line(done: int, total: int) -> None:
        print(f"\r\033[Kyear {done} of {total}", end="", file=sys.stderr, flush=True)

    try:
        yield line
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


# --- what is printed --------------------------------------------------------------------------------------------------


def _print(played: Simulation) -> None:
    print(safe(played.rule.alert))
    print()
    print(safe(_world(played.worlds, played)))
    print()
    always = f"{played.years_with_any * 100:.0f} % of the years have at least one"
    print(f"Nothing changes: {played.per_year:.2g} ± {played.error:.1g} false alarms a year; {always}.")
    print()
    lasts = f"for {counted(played.lasts, 'day')}"
    where = " in the largest group" if len(played.worlds.by_group) > 1 else ""
    print(f"The rate rises on one day {lasts}{where}; a new alert comes:")
    print_rows((_row(each, played.lasts) for each in played.found), _COLUMNS, "text")


def _world(worlds: Worlds, played: Simulation) -> str:
    """What the made-up years are like."""
    each = list(worlds.by_group.values())
    groups = f" in {len(each)} groups" if len(each) > 1 else ""
    spreads = sorted(world.dispersion for world in each)
    spread = f"{spreads[0]:.1f}" if spreads[0] == spreads[-1] else f"{spreads[0]:.1f} to {spreads[-1]:.1f}"
    values = [sum(world.values) / len(world.values) for world in each if world.values]
    sums = f", {sum(values) / len(values):.2g} an event" if values else ""
    rate = f"{sum(world.events_per_week for world in each):.3g}"
    runs = len(played.false_alarms)
    return (
        f"{runs} made-up years like {worlds.source}: {rate} {'event' if rate == '1' else 'events'} a week{groups}{sums}; "
        f"variance over mean of a week {spread}."
    )


def _row(found: Found, lasts: int) -> dict[str, Any]:
    median = found.median_delay
    return {
        "rate": f"x {found.ratio:g}",
        **{f"in {weeks} weeks": f"{found.within(weeks * _WEEK) * 100:.0f} %" for weeks in _WITHIN},
        "while it lasts": f"{found.within(lasts) * 100:.0f} %",
        "half found after": "more" if median is None else counted(median, "day"),
        "went on already": f"{found.going_on / found.runs * 100:.0f} %",
    }


def _document(played: Simulation, seed: int) -> dict[str, Any]:
    return {
        "alert": played.rule.alert,
        "rule": played.rule.identity,
        "seed": seed,
        "runs": len(played.false_alarms),
        "world": {
            "source": played.worlds.source,
            "groups": [
                {"group": dict(group), "events_per_week": world.events_per_week, "dispersion": world.dispersion}
                for group, world in played.worlds.by_group.items()
            ],
        },
        "false_alarms_per_year": played.per_year,
        "standard_error": played.error,
        "years_with_any": played.years_with_any,
        "rises": [
            {
                "ratio": found.ratio,
                "days": played.lasts,
                **{f"found_within_{weeks}w": found.within(weeks * _WEEK) for weeks in _WITHIN},
                "found": found.within(played.lasts),
                "median_days": found.median_delay,
                "went_on_already": found.going_on / found.runs,
            }
            for found in played.found
        ],
    }
