"""`watcher replay`: what an alert rested on, worked out again from the store, and compared to the last digit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.rulebook import find_alert
from watcher.cli.table import Column, format_option, print_json, print_rows, safe
from watcher.core.errors import UsageError
from watcher.core.message.phrase import counted
from watcher.recompute import Recomputed, Recomputer
from watcher.store.alerts import find_transitions
from watcher.store.schema import Tx

#: Differences of one transition that are shown as text; JSON has all.
_SHOWN = 10
_LONGEST = 60
_COLUMNS = (
    Column("alert"),
    Column("seq", right=True),
    Column("tick"),
    Column("change", gives=True),
    Column("compared", right=True),
    Column("result", gives=True),
)


@click.command()
@config_option
@click.argument("alert", metavar="[ALERT]", required=False)
@click.option("--all", "every", is_flag=True, help="Every alert that the store holds.")
@format_option("text", "json")
def command(config: Path | None, alert: str | None, *, every: bool, style: str) -> int:
    r"""Work the evidence of an alert out again from the store, and compare every value to the last digit.

    Each transition is judged by the rules that were in force, by what was known at its moment and had been recorded by
    then: later revisions, deletions, withdrawn facts and edits of rules change nothing. Nothing is written. It exits 1
    when anything differs.

    \b
    watcher replay 4f1c
    watcher replay --all --format json
    """
    if every == bool(alert):
        raise UsageError("name an ALERT, or say --all", todo="watcher alerts --all lists them")
    settings = open_settings(config)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        fingerprint = find_alert(tx, alert).fingerprint if alert else ""
        found = list(_recomputed(tx, fingerprint))
    if style == "json":
        print_json(_document(found))
    else:
        _print(found)
    return 0 if all(each.agrees for each in found) else 1


def _recomputed(tx: Tx, fingerprint: str) -> Iterator[Recomputed]:
    recomputer = Recomputer(tx)
    for stored in reversed(find_transitions(tx, fingerprint=fingerprint)):
        yield recomputer.recompute(stored)


# --- as text ----------------------------------------------------------------------------------------------------------


def _print(found: Sequence[Recomputed]) -> None:
    rows = [{**_row(each), "result": each.nothing or _result(each)} for each in found]
    print_rows(rows, _COLUMNS, "text", empty="no alert has changed yet: there is nothing to replay")
    for each in found:
        _print_differences(each)
    if found:
        print(f"\n{_summary(found)}")


def _result(each: Recomputed) -> str:
    if each.agrees:
        return "agrees to the last digit"
    return f"{len(each.differences)} {'value differs' if len(each.differences) == 1 else 'values differ'}"


def _print_differences(each: Recomputed) -> None:
    for number, difference in enumerate(each.differences):
        if number == _SHOWN:
            print(f"  and {len(each.differences) - _SHOWN} more (--format json has all)")
            return
        if number == 0:
            transition = each.stored.transition
            print(f"\n{transition.fingerprint}, step {transition.seq}: stored, and worked out again")
        print(f"  {safe(difference.where)}: {_brief(difference.stored)} | {_brief(difference.again)}")


def _brief(value: Any) -> str:
    text = safe(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _summary(found: Sequence[Recomputed]) -> str:
    judged = [each for each in found if not each.nothing]
    differing = [each for each in judged if not each.agrees]
    values = sum(each.compared for each in judged)
    if differing:
        verb = "differs" if len(judged) == 1 else "differ"
        return (
            f"{len(differing)} of {counted(len(judged), 'transition')} {verb}. The store was changed by other hands, or another version "
            "of watcher wrote them: compare the program's versions, then watcher doctor."
        )
    nothing = len(found) - len(judged)
    rest = f"; {nothing} had nothing to work out" if nothing else ""
    return f"{counted(len(judged), 'transition')}, {values} values: all agree to the last digit{rest}."


# --- as JSON ----------------------------------------------------------------------------------------------------------


def _document(found: Sequence[Recomputed]) -> dict[str, Any]:
    return {
        "agrees": all(each.agrees for each in found),
        "transitions": [
            {
                **_row(each),
                "agrees": None if each.nothing else each.agrees,
                "nothing": each.nothing,
                "differences": [difference._asdict() for difference in each.differences],
            }
            for each in found
        ],
    }


def _row(each: Recomputed) -> dict[str, Any]:
    transition = each.stored.transition
    return {
        "alert": transition.fingerprint,
        "seq": transition.seq,
        "tick": transition.tick,
        "change": f"{transition.before.value} → {transition.after.value}",
        "compared": each.compared,
    }
