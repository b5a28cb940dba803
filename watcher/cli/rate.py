"""`watcher rate`: two totals worked through every test, without a rule, a record or a store."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import click

from watcher.cli.argument import part
from watcher.cli.number import Whole, Within
from watcher.cli.table import Column, format_option, print_json, print_rows
from watcher.core.errors import UsageError
from watcher.core.reading import number_of_days
from watcher.core.statistics import rates
from watcher.core.statistics.comparison import Comparison, Judgement, Totals, compare, largest_dispersion_of
from watcher.core.statistics.rates import Tally

_TALLY = re.compile(r"(\d{1,9})/(\d{1,5})d", re.ASCII)
_YEARS = (365, 366)
TOO_EARLY = f"it takes {rates.SEQUENTIAL_DAYS} days and {rates.SEQUENTIAL_EVENTS} events"
#: From this ratio on, "3.2 times" reads better than "220 % above".
_TIMES = 3
_COLUMNS = (
    Column("totals"),
    Column("d", right=True),
    Column("test"),
    Column("ratio_95_%", right=True),
    Column("p", right=True),
    Column("score", right=True),
    Column("evidence"),
    Column("projected", right=True),
    Column("visible_from", right=True),
)


@click.command()
@click.argument("now", metavar="NOW")
@click.argument("before", metavar="BEFORE")
@click.option("--attacks", type=Whole(), metavar="N", help="Attacks behind the total BEFORE.")
@click.option("--now-attacks", type=Whole(), metavar="N", help="Attacks behind the total NOW.")
@click.option("--dispersion", type=Within(1, 1_000), metavar="D", help="Variance over mean, where known.")
@click.option("--year-days", type=click.IntRange(1, 36_600), metavar="N", help="Days of the period to project to.")
@format_option("text", "json")
def command(
    now: str,
    *,
    before: str,
    attacks: int | None,
    now_attacks: int | None,
    dispersion: float | None,
    year_days: int | None,
    style: str,
) -> int:
    r"""Is a rate above another? Two totals, each with its days, through every test that totals allow.

    Without --attacks and --dispersion the totals are taken for counts, of which each counts for itself. Deaths come in
    lumps: say how many attacks brought them.

    \b
    watcher rate 447/188d 660/365d
    watcher rate 447/188d 660/365d --attacks 309 --year-days 366
    watcher rate 447/188d 660/365d --dispersion 4.8 --format json
    """
    tally = _tally("NOW", now)
    found = compare(
        Totals(tally, _tally("BEFORE", before), now_attacks, attacks, dispersion, _whole_days(tally, year_days))
    )
    if style == "json":
        print_json(_document(found))
        return 0
    for line in _opening(found):
        print(line)
    print()
    print_rows([_row(each) for each in found.judgements], _COLUMNS, "text")
    print()
    for line in _closing(found):
        print(line)
    return 0


def _tally(name: str, text: str) -> Tally:
    match = _TALLY.fullmatch(text)
    if match is None:
        raise UsageError(f"{name} {text!r} is no total with its days", todo="write e.g. 447/188d: 447 in 188 days")
    total, days = map(int, match.groups())
    if not days:
        raise UsageError(f"{name} {text!r} has no day", todo="count the days with both ends: 1 to 31 January is 31d")
    return Tally(total, days)


def _whole_days(now: Tally, given: int | None) -> int | None:
    """The days to project to: those given, else a year, while the period is shorter."""
    if given is None:
        return next((days for days in _YEARS if now.days <= days), None)
    if given < now.days:
        raise UsageError(f"NOW has {now.days:g} days already, and --year-days {given} is less", todo="give more days")
    return given


# --- as a document ----------------------------------------------------------------------------------------------------


def _document(found: Comparison) -> dict[str, Any]:
    totals = found.totals
    return {
        "now": {"total": totals.now.total, "days": totals.now.days, "attacks": totals.now_attacks},
        "before": {"total": totals.before.total, "days": totals.before.days, "attacks": totals.before_attacks},
        "rate": totals.now.rate,
        "baseline_rate": totals.before.rate,
        "ratio": found.ratio,
        "expected": found.expected,
        "projected": found.projected,
        "year_days": totals.whole_days,
        "llr": found.llr,
        "attack_ratio": found.split.attacks if found.split else None,
        "severity_ratio": found.split.severity if found.split else None,
        "attacks_p": found.attacks_p,
        "judgements": [_judgement(each) for each in found.judgements],
        "largest_dispersion": dict(_turns(found)),
        "evidence": found.main.evidence,
        "verdict": _verdict(found),
    }


def _judgement(each: Judgement) -> dict[str, Any]:
    result, projected = each.result, each.projected
    return {
        "test": each.test,
        "dispersion": each.dispersion,
        "p_value": result.p if result else None,
        "ci_low": result.low if result else None,
        "ci_high": result.high if result else None,
        "score": each.score,
        "evidence": each.evidence,
        "projected_low": projected[0] if projected else None,
        "projected_high": projected[1] if projected else None,
        "smallest_visible_ratio": each.smallest_visible_ratio,
    }


def _turns(found: Comparison) -> Iterator[tuple[str, float]]:
    """Up to which dispersion p stays below a level, and the score on or above one."""
    now, before = found.totals.now, found.totals.before
    yield "p_5_percent", rates.largest_dispersion(now, before, p=0.05)
    yield "p_1_percent", rates.largest_dispersion(now, before, p=0.01)
    yield "moderate", largest_dispersion_of(found, rates.MODERATE_SCORE)
    yield "strong", largest_dispersion_of(found, rates.STRONG_SCORE)


# --- as text ----------------------------------------------------------------------------------------------------------


def _opening(found: Comparison) -> Iterator[str]:
    totals, split = found.totals, found.split
    now, before = totals.now, totals.before
    yield from part("NOW", [_counted(now, totals.now_attacks)])
    yield from part("BEFORE", [_counted(before, totals.before_attacks)])
    rest = f"the rate before gives {found.expected:.1f} in {number_of_days(now.days)}"
    yield from part("RATIO", [f"{now.rate:.4f} / {before.rate:.4f} = {_number(found.ratio)}; {rest}"])
    if split is not None and found.attacks_p is not None:
        more = f"{split.attacks:.3f} times their rate, exact p {found.attacks_p:.2g}"
        yield from part("ATTACKS", [f"{more}; with {split.severity:.3f} times as much in each"])
    if found.projected is not None:
        yield from part("AHEAD", [f"{now.rate:.4f} x {totals.whole_days} days = {found.projected:.0f} by the end"])
    yield from part("SCORE", [f"log-likelihood ratio {found.llr:.2f}, over the dispersion D"])


def _counted(side: Tally, attacks: int | None) -> str:
    behind = f", in {attacks} attacks of {side.total / attacks:.3f}" if attacks else ""
    return f"{side.total} / {number_of_days(side.days)} = {side.rate:.4f} a day{behind}"


def _row(each: Judgement) -> dict[str, str]:
    result, projected = each.result, each.projected
    return {
        "totals": each.reading,
        "d": f"{each.dispersion:.3g}",
        "test": each.test,
        "ratio_95_%": f"{result.low:.2f}-{result.high:.2f}" if result else "",
        "p": f"{result.p:.2g}" if result else "",
        "score": f"{each.score:.2f}",
        "evidence": each.evidence,
        "projected": f"{projected[0]:.0f}-{projected[1]:.0f}" if projected else "",
        "visible_from": _number(each.smallest_visible_ratio),
    }


def _closing(found: Comparison) -> Iterator[str]:
    if found.ratio > 1:
        turns = {name: f"{value:.3g}" for name, value in _turns(found)}
        p = f"p stays under 5 % up to D {turns['p_5_percent']}, under 1 % up to D {turns['p_1_percent']}"
        score = f"the evidence is moderate up to D {turns['moderate']}, strong up to D {turns['strong']}"
        yield from part("TURNS", [*([f"{p}."] if found.totals.before.total else []), f"{score}."])
    yield from part("VERDICT", [_verdict(found)])


def _verdict(found: Comparison) -> str:
    """``31 % above the rate before (projected 870, against 660); evidence weak at D 5, assumed: attack counts needed.``."""
    main = found.main
    if main.score > 0 and main.evidence == "none":
        return f"{_compared(found)}; too early to say: {TOO_EARLY}."
    if main.evidence == "none":
        return f"{_compared(found)}; no evidence of a rise at D {main.dispersion:.3g}{_missing(found.totals)}."
    alone = "" if found.totals.are_sums else ", each counted for itself (deaths come in lumps: --attacks)"
    return f"{_compared(found)}; evidence {main.evidence} at D {main.dispersion:.3g}{alone}{_missing(found.totals)}."


def _compared(found: Comparison) -> str:
    now, before, whole = found.totals.now, found.totals.before, found.totals.whole_days
    if not before.total:
        return f"{now.total}, and none before" if now.total else "None, as before"
    said = f"{_above(found.ratio)} the rate before"
    if found.projected is None or whole is None:
        return said
    same = before.total if {before.days, whole} <= set(_YEARS) else before.rate * whole
    return f"{said} (projected {found.projected:.0f}, against {same:.0f})"


def _missing(totals: Totals) -> str:
    """What would tell more."""
    if totals.dispersion is not None or not totals.are_sums:
        return ""
    lacking = totals.now_attacks is None or totals.before_attacks is None
    return f", assumed: {'attack counts' if lacking else 'the deaths of each attack are'} needed"


def _above(ratio: float) -> str:
    if ratio >= _TIMES:
        return f"{ratio:.1f} times"
    percent = round(abs(ratio - 1) * 100)
    return "At" if not percent else f"{percent} % {'above' if ratio > 1 else 'below'}"


def _number(value: float) -> str:
    return "infinite" if math.isinf(value) else f"{value:.3f}"
