"""What the records say of a state, beside what people assert, at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.records import raid, write

WAYS = """
    derived:
      - {becomes: clashing, when: clashes >= 3 in 30d}
      - {becomes: strained, when: clashes = 0 in 90d, from: clashing}
    transitions: {strained: [clashing, truce], truce: []}
    review_after: 180d
"""
CLASHES = "indicators:\n  - {indicator: clashes, count: events, where: {dyad: [$isgs, $jnim]}}\n"
SIDES = {"actor1": "ISGS", "actor2": "JNIM"}

Row = dict[str, object]


@pytest.fixture
def rivals(home, it_is, good) -> Callable[..., None]:
    """Three clashes up to 12 June 2020 are known, and other records up to a day; the files say what is given."""

    def rivals(*, facts: bool, until: str = "2020-12-20", now: str = "2020-12-28T09:00") -> None:
        path: Path = home / "rules" / "sahel.yaml"
        text = path.read_text()
        line = "  - {state: rivalry, title: Rivalry, key: dyad, values: [cordial, strained, clashing, truce]}\n"
        assert line in text
        block = line.replace("{state", "state").replace("}\n", "").replace(", title", "\n    title")
        block = block.replace(", key", "\n    key").replace(", values", "\n    values")
        text = text.replace(line, block + WAYS).replace("indicators:\n", CLASHES, 1)
        if not facts:
            text = "\n".join(row for row in text.splitlines() if not row.startswith("  - {rivalry:"))
        path.write_text(text)
        rows = [raid(n, f"2020-06-{day:02}", 1, **SIDES) for n, day in enumerate((1, 5, 12))]
        others = [raid(100, "2020-01-01", 0), raid(101, until, 0)]
        write(home / "inbox" / "rivals.csv", [*rows, *others])
        it_is(now)
        good("check", "--no-notify")

    return rivals


def told(good, *options: str) -> list[Row]:
    found: list[Row] = json.loads(good("facts", "rivalry", *options, "--format", "json"))
    return found


def brief(rows: list[Row]) -> list[tuple[object, object, object]]:
    return [(row["value"], row["source"], row["holds"]) for row in rows]


def test_what_is_derived_is_listed_as_derived(rivals, good):
    rivals(facts=False)
    rows = told(good)
    assert [(row["value"], row["from"], row["known"], row["holds"]) for row in rows] == [
        ("clashing", "2020-06-12", "2020-06-19", "no"),
        ("strained", "2020-09-10", "2020-09-11", "yes"),
    ]
    assert [row["said_by"] for row in rows] == [
        "derived: clashes >= 3 in 30d: 3 on 12 Jun 2020",
        "derived: clashes = 0 in 90d: 0 on 10 Sep 2020",
    ]
    assert [(row["source"], row["basis"], row["version"], row["note"]) for row in rows] == [
        ("derived", "derived", None, "")
    ] * 2
    text = " ".join(good("facts", "rivalry").split())
    assert "yes rivalry isgs, jnim strained 2020-09-10 derived: clashes = 0 in 90d: 0 on 10 Sep 2020" in text


def test_what_was_not_derived_then_is_not_shown(rivals, good):
    rivals(facts=False)
    assert told(good, "--as-of", "2020-06-18") == []


def test_a_fresh_fact_wins_and_both_are_shown(rivals, good):
    rivals(facts=True, until="2020-10-20", now="2020-10-28T09:00")
    assert brief(told(good)) == [
        ("cordial", "file:sahel.yaml", "no"),
        ("strained", "file:sahel.yaml", "no"),
        ("clashing", "file:sahel.yaml", "yes"),
        ("clashing", "derived", "no"),
        ("strained", "derived", "no"),
    ]


def test_a_stale_fact_is_marked_and_no_longer_wins_until_it_is_confirmed(rivals, good, it_is):
    rivals(facts=True)
    rows = told(good)
    assert brief(rows)[2:] == [
        ("clashing", "file:sahel.yaml", "stale"),
        ("clashing", "derived", "no"),
        ("strained", "derived", "yes"),
    ]
    assert [row["stale_since"] for row in rows] == [None, None, "2020-11-03", None, None]
    good("confirm", "rivalry", "isgs,jnim", "--from", "2020-04-17")
    it_is("2020-12-29T09:00")
    assert [row for row in brief(told(good)) if row[2] != "no"] == [("clashing", "desk", "yes")]


def test_the_alert_is_told_as_derived_with_what_is_not_confirmed(rivals, good):
    rivals(facts=True)
    [alert] = json.loads(good("alerts", "--all", "--rule", "isgs-jnim", "--format", "json"))
    assert (
        "clashing -> strained since 3 Nov 2020 (derived from clashes = 0 in 90d: 0 on 10 Sep 2020)"
        in (alert["headline"])
    )
    said = " ".join(good("explain", "isgs-jnim").split())
    assert "Whether clashing still holds: not confirmed since 7 May 2020, stale since 3 Nov 2020." in said
    assert "claimed by al-Naba, not verified; known 7 May 2020; stale since 3 Nov 2020" in said


def test_a_value_that_may_not_follow_is_refused_with_what_may(rivals, run):
    rivals(facts=True)
    before = run("assert", "rivalry", "isgs,jnim", "cordial", "--from", "2020-03")
    assert (before.code, before.err) == (
        2,
        (
            "watcher: VALUE: 'rivalry' does not go from 'strained' (from 2019-09) to 'cordial' (from 2020-03) "
            "(after 'strained' may come: clashing, truce)\n"
        ),
    )
    after = run("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-03")
    assert after.code == 2
    assert "does not go from 'truce' (from 2020-03) to 'clashing' (from 2020-04-17)" in after.err
    assert "after 'truce' may come: nothing" in after.err


def test_a_value_that_may_follow_is_stated_and_can_be_revised(rivals, good):
    rivals(facts=True)
    assert good("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-12-20").startswith("asserted: ")
    assert good("assert", "rivalry", "isgs,jnim", "strained", "--from", "2020-12-20").startswith("asserted: ")
    assert brief(told(good))[-1] == ("strained", "desk", "yes")


@pytest.mark.parametrize("command", ["confirm", "withdraw"])
def test_what_is_derived_cannot_be_confirmed_or_withdrawn(rivals, run, command):
    rivals(facts=False)
    said = run(command, "rivalry", "isgs,jnim")
    assert (said.code, said.err) == (
        2,
        (
            "watcher: nobody asserts rivalry of 'isgs,jnim', and what is derived from records is not confirmed or "
            "withdrawn (to state it yourself: watcher assert rivalry)\n"
        ),
    )


def test_a_slip_in_the_key_is_still_answered_with_the_nearest(rivals, run):
    rivals(facts=True)
    assert "did you mean 'isgs, jnim'?" in run("confirm", "rivalry", "isgs,jnin").err
